//! HTTP/1.1 by hand: heads and framed bodies over any stream, and a client that sends exactly what it is told.
//!
//! The faulty proxy and the scripted server must cut, reset and lie in the middle of a message, which no HTTP library lets one do.
//! The client is for arranging a test (a hostile manifest put into a real registry) and for asking a registry without our own code.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Waiting longer than this for a peer is a failed test.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The first line and the headers of a request or of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    /// Reads a head, or `None` where the peer closed before its first byte.
    pub(crate) fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(start) = read_line(stream)? else { return Ok(None) };
        let mut headers = Vec::new();
        loop {
            let line = read_line(stream)?.ok_or_else(|| invalid("the peer closed within the headers"))?;
            if line.is_empty() {
                return Ok(Some(Self { start, headers }));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header without a colon"))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// Returns the bytes of the head, with the empty line that ends it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{}\r\n{}\r\n", self.start, headers.collect::<String>()).into_bytes()
    }

    /// Returns the first header of this name, in whatever case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Replaces all headers of this name by one.
    pub(crate) fn set(&mut self, name: &str, value: impl std::fmt::Display) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_string()));
    }

    /// Removes all headers of this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    }

    /// Returns one of the three words of the first line, or an empty text.
    pub(crate) fn word(&self, index: usize) -> &str {
        self.start.split(' ').nth(index).unwrap_or_default()
    }

    /// Returns the status of an answer, or 0 where there is none.
    pub(crate) fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or(0)
    }

    /// Returns whether this side closes the connection after the message.
    pub(crate) fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// Returns how the body of this request ends.
    pub(crate) fn request_framing(&self) -> Framing {
        self.declared_framing().unwrap_or(Framing::Length(0))
    }

    /// Returns how the body of this answer to a request with `method` ends.
    pub(crate) fn answer_framing(&self, method: &str) -> Framing {
        if method == "HEAD" || matches!(self.status(), 100..=199 | 204 | 304) {
            return Framing::Length(0);
        }
        self.declared_framing().unwrap_or(Framing::UntilClose)
    }

    fn declared_framing(&self) -> Option<Framing> {
        let chunked = self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        if chunked {
            return Some(Framing::Chunked);
        }
        self.header("content-length").and_then(|value| value.parse().ok()).map(Framing::Length)
    }
}

/// How the end of a body is found (RFC 9112, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// A body as a stream of its own bytes, without the framing.
pub(crate) struct Body<'a, S> {
    stream: &'a mut S,
    framing: Framing,
    /// Bytes left of the whole, or of the present chunk.
    left: u64,
    ended: bool,
}

impl<'a, S: BufRead> Body<'a, S> {
    pub(crate) fn new(stream: &'a mut S, framing: Framing) -> Self {
        let left = if let Framing::Length(length) = framing { length } else { 0 };
        Self { stream, framing, left, ended: framing == Framing::Length(0) }
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let line = read_line(self.stream)?.ok_or_else(|| invalid("the peer closed within a chunked body"))?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        self.left = u64::from_str_radix(digits, 16).map_err(|_| invalid("a chunk without a size"))?;
        if self.left == 0 {
            while read_line(self.stream)?.is_some_and(|trailer| !trailer.is_empty()) {}
            self.ended = true;
        }
        Ok(())
    }
}

impl<S: BufRead> Read for Body<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.framing == Framing::Chunked && self.left == 0 && !self.ended {
            self.next_chunk()?;
        }
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let most = match self.framing {
            Framing::UntilClose => buffer.len(),
            _ => usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len()),
        };
        let count = self.stream.read(&mut buffer[..most])?;
        if self.framing == Framing::UntilClose {
            self.ended = count == 0;
            return Ok(count);
        }
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        match self.framing {
            Framing::Chunked if self.left == 0 => drop(read_line(self.stream)?),
            Framing::Length(_) if self.left == 0 => self.ended = true,
            _ => {}
        }
        Ok(count)
    }
}

/// What a server answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Returns the first header of this name, in whatever case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// Returns the body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("the body is not JSON: {error}"))
    }

    /// Returns the body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the answer where it has this status, and panics otherwise.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "the server answered {}\n{}", self.head.start, self.text());
        self
    }
}

/// Sends one request over a connection of its own and reads the whole answer.
///
/// # Errors
///
/// Fails where the host does not listen, closes too early or does not speak HTTP.
pub(crate) fn request(
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head = Head { start: format!("{method} {path} HTTP/1.1"), headers: Vec::new() };
    head.set("Host", host);
    head.set("Connection", "close");
    if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
        head.set("Content-Length", body.len());
    }
    for (name, value) in headers {
        head.set(name, value);
    }
    stream.write_all(&head.to_bytes())?;
    stream.write_all(body)?;
    read_answer(&mut BufReader::new(stream), method)
}

/// Reads a whole answer to a request with `method`.
pub(crate) fn read_answer(stream: &mut impl BufRead, method: &str) -> io::Result<Answer> {
    let head = Head::read(stream)?.ok_or_else(|| invalid("the peer closed without an answer"))?;
    let mut body = Vec::new();
    Body::new(stream, head.answer_framing(method)).read_to_end(&mut body)?;
    Ok(Answer { status: head.status(), head, body })
}

fn read_line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if stream.take(1 << 20).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(invalid("the peer closed within a line"));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).map(Some).map_err(|_| invalid("a header that is no UTF-8"))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Reads a request's head and returns its method, its target and the host it is for.
pub(crate) fn first_line(stream: &std::net::TcpStream) -> Option<(String, String, String)> {
    use std::io::BufRead as _;
    let mut lines = std::io::BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut host = String::new();
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            value.trim().clone_into(&mut host);
        }
    }
    Some((method, target, host))
}
