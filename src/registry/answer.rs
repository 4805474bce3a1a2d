//! A server's answer: its status and headers, its body under limits and a clock.

use std::{
    fmt,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http::{HeaderMap, StatusCode};
use url::Url;

use super::{
    retry::{Again, Fault},
    wire,
};
use crate::store::{Error, ErrorKind, Result};

/// The largest error body that is read, in bytes.
const ERROR_LIMIT: u64 = 64 * 1024;

/// A body of which less comes in an idle time, in bytes, is one that trickles: it would hold a command for days.
const TRICKLE: usize = 1024;

/// What a server said when it did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The server, as `host[:port]`.
    pub host: String,
    /// The HTTP status.
    pub status: u16,
    /// The error code of its body, such as `DENIED`.
    pub code: Option<String>,
    /// Its own words, without control characters.
    pub message: String,
    /// Whether the answer was a web page.
    pub html: bool,
    /// Where the credentials came from that were shown.
    pub credentials: Option<String>,
}

impl Refusal {
    /// Returns whether the answer is that of a web server, and of no registry behind one.
    ///
    /// A proxy before a registry (nginx, a load balancer) answers with pages of its own when a body is too large, a rate is exceeded,
    /// a password is wrong, or the registry is down.
    pub fn is_of_a_web_server(&self) -> bool {
        self.html && !matches!(self.status, 401 | 403 | 408 | 413 | 429 | 500..)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_a_web_server() {
            return write!(formatter, "`{}` is not a registry: it answered text/html ({})", self.host, self.status);
        }
        write!(formatter, "`{}` answered {}", self.host, self.status)?;
        match &self.code {
            Some(code) => write!(formatter, " {code}")?,
            None => {
                if let Some(reason) =
                    StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason())
                {
                    write!(formatter, " {reason}")?;
                }
            }
        }
        if self.html {
            formatter.write_str(" with a web page")?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(formatter, ": {}", self.message) }
    }
}

impl std::error::Error for Refusal {}

/// An answer whose body was not read yet.
pub(super) struct Answer {
    pub(super) inner: reqwest::Response,
    pub(super) url: Url,
    pub(super) idle: Duration,
    /// Where the credentials came from that were shown.
    pub(super) credentials: Option<String>,
}

impl Answer {
    pub(super) fn status(&self) -> StatusCode {
        self.inner.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns `Content-Length` as the header says it (also of an answer to HEAD).
    pub(super) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    /// Returns the body, which may have `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Integrity`] where it is longer; a [`Fault`] that may be tried again where it breaks off.
    pub(super) async fn read(self, limit: u64, what: &str) -> Result<Bytes, Fault> {
        let too_long = || Error::new(ErrorKind::Integrity, format!("{what} is larger than {limit} bytes"));
        if self.content_length().is_some_and(|length| length > limit) {
            return Err(too_long().into());
        }
        let mut body = BytesMut::new();
        let mut pieces = Box::pin(self.into_pieces());
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| Fault { error, again: Again::Soon })?;
            if (body.len() + piece.len()) as u64 > limit {
                return Err(too_long().into());
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// Returns the body's pieces; each must come within the idle time, and in each idle time more than a trickle.
    pub(super) fn into_pieces(self) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        let (host, idle) = (host_of(&self.url), self.idle);
        let pieces = Box::pin(self.inner.bytes_stream());
        let state = Some((pieces, Flow::new(idle)));
        futures::stream::unfold(state, move |state| {
            let host = host.clone();
            async move {
                let (mut pieces, mut flow) = state?;
                let broken = |message: String| Error::new(ErrorKind::Unavailable, message);
                let asked = Instant::now();
                match tokio::time::timeout(idle, pieces.next()).await {
                    Ok(None) => None,
                    Ok(Some(Ok(piece))) => match flow.came(piece.len(), asked.elapsed()) {
                        Ok(()) => Some((Ok(piece), Some((pieces, flow)))),
                        Err(bytes) => {
                            let message = format!("`{host}` sent only {bytes} bytes in {} s", idle.as_secs());
                            Some((Err(broken(message)), None))
                        }
                    },
                    Ok(Some(Err(error))) => {
                        let message = format!("the download from `{host}` broke off");
                        Some((Err(broken(message).because(super::fault::root_cause(&error))), None))
                    }
                    Err(_) => {
                        let message = format!("`{host}` sent no byte for {} s", idle.as_secs());
                        Some((Err(broken(message)), None))
                    }
                }
            }
        })
    }

    /// Reads the body of an answer that is no success and returns what it means.
    pub(super) async fn into_refusal(self) -> Refusal {
        let (host, status, headers) = (host_of(&self.url), self.status(), self.headers().clone());
        let credentials = self.credentials.clone();
        // A body that is too long or breaks off says nothing; the status still does.
        let body = self.read(ERROR_LIMIT, "the error").await.unwrap_or_default();
        let (code, message) = wire::error_body(&body, &headers);
        Refusal { host, status: status.as_u16(), code, message, html: wire::is_html(&headers), credentials }
    }

    /// As [`Answer::into_refusal`], as an error whose kind follows from the status.
    pub(super) async fn into_error(self, message: impl Into<String>) -> Error {
        let refusal = self.into_refusal().await;
        Error::new(kind_of(&refusal), message).because(refusal)
    }
}

/// How much of a body came lately. Only the time in which it was waited for counts: a slow reader is not the server's fault.
struct Flow {
    idle: Duration,
    waited: Duration,
    bytes: usize,
}

impl Flow {
    fn new(idle: Duration) -> Self {
        Self { idle, waited: Duration::ZERO, bytes: 0 }
    }

    /// Notes bytes that came after a wait; where an idle time is over and too few came in it, returns how many.
    fn came(&mut self, bytes: usize, after: Duration) -> std::result::Result<(), usize> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.waited += after;
        if self.waited < self.idle {
            return Ok(());
        }
        self.waited = Duration::ZERO;
        match std::mem::take(&mut self.bytes) {
            few if few < TRICKLE => Err(few),
            _ => Ok(()),
        }
    }
}

/// Returns the kind of an answer that is no success.
pub(super) fn kind_of(refusal: &Refusal) -> ErrorKind {
    match refusal.status {
        // 412: a rule of the registry (Harbor: quota, immutability), since what we ask with `If-None-Match` is looked at before.
        401 | 403 | 412 | 413 => ErrorKind::Denied,
        404 if !refusal.html => ErrorKind::NotFound,
        _ => ErrorKind::Unavailable,
    }
}

/// Returns `host[:port]` of an address.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trickles_is_told_from_what_is_slow() {
        let second = Duration::from_secs(1);
        let mut flow = Flow::new(3 * second);
        // Slow, but it comes to something; and a reader may take its time.
        for _ in 0..100 {
            assert_eq!(flow.came(400, second), Ok(()));
            assert_eq!(flow.came(1, Duration::ZERO), Ok(()));
        }
        let mut flow = Flow::new(3 * second);
        assert_eq!(flow.came(1, second), Ok(()));
        assert_eq!(flow.came(1, second), Ok(()));
        assert_eq!(flow.came(1, second), Err(3));
    }

    #[test]
    fn a_page_of_a_gateway_is_told_from_a_web_server() {
        let shown = |status, html| {
            let refusal = Refusal {
                host: "reg.example".into(),
                status,
                code: None,
                message: String::new(),
                html,
                credentials: None,
            };
            (refusal.is_of_a_web_server(), refusal.to_string())
        };
        for status in [200, 302, 404, 405] {
            assert!(shown(status, true).0, "{status}");
            assert!(!shown(status, false).0, "{status}");
        }
        for status in [401, 403, 408, 413, 429, 500, 502, 503, 504, 522] {
            assert!(!shown(status, true).0, "{status}");
        }
        assert_eq!(shown(413, true).1, "`reg.example` answered 413 Payload Too Large with a web page");
        assert_eq!(shown(404, true).1, "`reg.example` is not a registry: it answered text/html (404)");
    }
}
