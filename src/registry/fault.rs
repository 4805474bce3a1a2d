//! From what the HTTP client says to a fault, in words that name the server and no address with a secret in it.

use url::Url;

use super::{
    answer::host_of,
    retry::{Again, Fault},
    tls::TlsProblem,
    wire,
};
use crate::store::{Error, ErrorKind};

/// Returns what the HTTP client's error means: whose fault it is, and whether another try may help.
pub(super) fn fault(error: &reqwest::Error, url: &Url) -> Fault {
    let host = host_of(url);
    if let Some(problem) = TlsProblem::of(error) {
        // It will not be another one in a second.
        let error = Error::new(ErrorKind::Unavailable, format!("cannot reach `{host}`")).because(problem);
        return Fault { error, again: Again::Never };
    }
    let cause = root_cause(error);
    let error = if error.is_connect() {
        Error::new(ErrorKind::Unavailable, format!("cannot reach `{host}`")).because(Unreachable { host, cause })
    } else {
        Error::new(ErrorKind::Unavailable, format!("lost the connection to `{host}`")).because(cause)
    };
    Fault { error, again: Again::Soon }
}

/// Why no connection came about, in the system's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Unreachable {
    /// The server, as `host[:port]`.
    pub host: String,
    cause: String,
}

/// Returns the fault of a server that does not answer.
pub(super) fn too_slow(url: &Url) -> Fault {
    let message = format!("`{}` did not answer in time", host_of(url));
    Fault { error: Error::new(ErrorKind::Unavailable, message), again: Again::Soon }
}

/// Returns the innermost reason of an error as text: the layers above it say only that a request failed, and name its
/// whole address, in which a secret could stand.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    wire::printable(&cause.to_string(), 300)
}

/// Shows an error's innermost reason.
pub(super) struct Innermost<'a>(pub(super) &'a Error);

impl std::fmt::Display for Innermost<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cause = root_cause(self.0);
        let own = self.0.to_string();
        if cause == own { formatter.write_str(&own) } else { write!(formatter, "{own}: {cause}") }
    }
}
