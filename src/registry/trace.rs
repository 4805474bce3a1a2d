//! What is told of a request: enough to see what happened, and nothing that must not be seen.
//!
//! A query may hold a secret (a presigned address of a blob, the state of an upload), so only what OCI distribution 1.1 and the token
//! specification define is shown of it. Headers and bodies are not shown.

use std::time::Instant;

use http::Method;
use url::Url;

use super::wire;
use crate::store::{Event, Observer, Trace};

/// The parameters whose values are shown.
const PLAIN: [&str; 10] =
    ["n", "last", "mount", "from", "digest", "service", "scope", "artifactType", "tag", "access_type"];

/// A request under way.
pub(super) struct Watch {
    trace: Trace,
    began: Instant,
}

impl Watch {
    pub(super) fn new(method: &Method, url: &Url, sent: u64, authorized: bool) -> Self {
        let trace = Trace {
            method: method.to_string(),
            url: shown(url),
            status: None,
            took: std::time::Duration::ZERO,
            sent,
            received: None,
            authorized,
        };
        Self { trace, began: Instant::now() }
    }

    /// Tells the observer of the answer, or that there was none.
    pub(super) fn tell(mut self, observer: &dyn Observer, answer: Option<&reqwest::Response>) {
        self.trace.took = self.began.elapsed();
        self.trace.status = answer.map(|answer| answer.status().as_u16());
        self.trace.received = answer.and_then(reqwest::Response::content_length);
        observer.event(Event::Request(&self.trace));
    }
}

/// Returns an address without user, password, fragment and the values of unknown parameters.
fn shown(url: &Url) -> String {
    let mut text = format!("{}://{}{}", url.scheme(), super::answer::host_of(url), wire::printable(url.path(), 500));
    let mut separator = '?';
    for pair in url.query().into_iter().flat_map(|query| query.split('&')).take(20) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = if PLAIN.contains(&name) { value } else { "…" };
        text.push(separator);
        text.push_str(&wire::printable(&format!("{name}={value}"), 200));
        separator = '&';
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_specification_defines_is_shown_of_a_query() {
        for (url, expected) in [
            ("https://reg.example/v2/a/tags/list?n=100&last=1.0", "https://reg.example/v2/a/tags/list?n=100&last=1.0"),
            (
                "https://user:hunter2@reg.example:5000/v2/a/blobs/uploads/u?_state=hunter2&digest=sha256%3Aab#x",
                "https://reg.example:5000/v2/a/blobs/uploads/u?_state=…&digest=sha256%3Aab",
            ),
            (
                "https://s3.example/b?X-Amz-Signature=hunter2&X-Amz-Security-Token=hunter2",
                "https://s3.example/b?X-Amz-Signature=…&X-Amz-Security-Token=…",
            ),
            (
                "https://reg.example/token?account=ci&client_id=hunter2",
                "https://reg.example/token?account=…&client_id=…",
            ),
        ] {
            let shown = shown(&Url::parse(url).unwrap());
            assert_eq!(shown, expected);
        }
    }
}
