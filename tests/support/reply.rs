//! An answer that a server of ours gives instead of a real one.

use std::io::{self, Write};

use super::http::Head;

/// A status with headers and a body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// Returns an answer without headers and body.
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// Returns the error answer of the distribution specification.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"errors": [{"code": code, "message": message}]});
        Self::new(status).json(&body)
    }

    /// Adds a header. In a script `{host}` in its value becomes the server's own `127.0.0.1:PORT`.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Sets a JSON body and its type. In a script `{host}` in it becomes the server's own `127.0.0.1:PORT`.
    pub(crate) fn json(self, value: &serde_json::Value) -> Self {
        self.header("Content-Type", "application/json").body(value.to_string())
    }

    /// Returns the status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Returns the length of the body in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.body.len() as u64
    }

    /// Returns the reply with `{host}` replaced in headers and in a body that is text.
    pub(crate) fn at(mut self, host: &str) -> Self {
        for (_, value) in &mut self.headers {
            *value = value.replace("{host}", host);
        }
        if let Ok(text) = std::str::from_utf8(&self.body) {
            self.body = text.replace("{host}", host).into_bytes();
        }
        self
    }

    /// Writes the answer to a request with `method`. A `Content-Length` among the headers is kept, true or not.
    pub(crate) fn write(&self, stream: &mut impl Write, method: &str) -> io::Result<()> {
        let mut head = Head { start: format!("HTTP/1.1 {} Declared", self.status), headers: self.headers.clone() };
        if head.header("content-length").is_none() && self.status != 204 {
            head.set("Content-Length", self.body.len());
        }
        let mut bytes = head.to_bytes();
        if method != "HEAD" {
            bytes.extend_from_slice(&self.body);
        }
        stream.write_all(&bytes)?;
        stream.flush()
    }
}
