//! What was asked of a server of ours, in the order in which it came, for tests that count requests and look for what never was sent.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use super::http::{Head, PATIENCE};

/// Of a request's body this much is kept.
pub(crate) const BODY_KEPT: usize = 64 * 1024;

/// One request, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) path: String,
    /// What follows the `?`, or an empty text.
    pub(crate) query: String,
    pub(crate) head: Head,
    /// The first [`BODY_KEPT`] bytes of the body.
    pub(crate) body: Vec<u8>,
    pub(crate) body_length: u64,
    /// The status of the answer; `None` where none was sent.
    pub(crate) status: Option<u16>,
    pub(crate) answer_length: u64,
    /// The number of the connection, counted from 0.
    pub(crate) connection: usize,
    pub(crate) started: Instant,
    /// Just before the last byte of the answer was sent.
    pub(crate) finished: Option<Instant>,
}

impl Recorded {
    pub(crate) fn new(head: Head, connection: usize) -> Self {
        let target = head.word(1);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: head.word(0).to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: Vec::new(),
            body_length: 0,
            status: None,
            answer_length: 0,
            connection,
            started: Instant::now(),
            finished: None,
            head,
        }
    }

    /// Returns the first header of this name, in whatever case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }

    /// Returns whether the request has this method (`*` for any) and `part` in its path and query.
    pub(crate) fn is(&self, method: &str, part: &str) -> bool {
        (method == "*" || self.method == method) && (self.path.contains(part) || self.target().contains(part))
    }

    /// Returns the path with the query.
    pub(crate) fn target(&self) -> &str {
        self.head.word(1)
    }

    /// Returns whether `text` stands anywhere in the request: in its first line, a header or the kept part of its body.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let head = String::from_utf8_lossy(&self.head.to_bytes()).into_owned();
        head.contains(text) || self.body.windows(text.len().max(1)).any(|window| window == text.as_bytes())
    }

    pub(crate) fn add_body(&mut self, bytes: &[u8]) {
        self.body_length += bytes.len() as u64;
        let room = BODY_KEPT - self.body.len();
        self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

#[derive(Default)]
struct State {
    requests: BTreeMap<usize, Recorded>,
    next: usize,
}

/// The list of requests, shared between a server's threads and the test.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<(Mutex<State>, Condvar)>);

impl Recorder {
    pub(crate) fn add(&self, recorded: Recorded) -> usize {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.requests.insert(number, recorded);
        self.0.1.notify_all();
        number
    }

    pub(crate) fn update(&self, number: usize, change: impl FnOnce(&mut Recorded)) {
        if let Some(recorded) = self.state().requests.get_mut(&number) {
            change(recorded);
        }
        self.0.1.notify_all();
    }

    /// Returns all requests in the order in which they came.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.state().requests.values().cloned().collect()
    }

    /// Returns the requests with this method (`*` for any) and `part` in their path and query.
    pub(crate) fn select(&self, method: &str, part: &str) -> Vec<Recorded> {
        self.state().requests.values().filter(|request| request.is(method, part)).cloned().collect()
    }

    /// Returns how many requests have this method (`*` for any) and `part` in their path and query.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.select(method, part).len()
    }

    /// Returns how many requests would change something: neither GET nor HEAD.
    pub(crate) fn writes(&self) -> usize {
        self.requests().iter().filter(|request| !matches!(request.method.as_str(), "GET" | "HEAD")).count()
    }

    /// Returns the bytes of all bodies that were sent to the server.
    pub(crate) fn bytes_sent(&self) -> u64 {
        self.requests().iter().map(|request| request.body_length).sum()
    }

    /// Returns whether `text` was sent in any request: first line, headers, or the first 64 KiB of a body.
    pub(crate) fn holds(&self, text: &str) -> bool {
        self.requests().iter().any(|request| request.holds(text))
    }

    /// Returns over how many connections the requests came.
    pub(crate) fn connections(&self) -> usize {
        self.requests().iter().map(|request| request.connection).collect::<std::collections::BTreeSet<_>>().len()
    }

    /// Returns the length of the longest chain of requests of which each began after the one before was answered: the round trips
    /// that a client spends, however many requests it has in flight.
    pub(crate) fn rounds(&self) -> usize {
        let mut spans: Vec<(Instant, Instant)> =
            self.requests().iter().filter_map(|request| Some((request.finished?, request.started))).collect();
        spans.sort_unstable();
        let mut rounds = 0;
        let mut last_end: Option<Instant> = None;
        for (finished, started) in spans {
            if last_end.is_none_or(|end| started >= end) {
                rounds += 1;
                last_end = Some(finished);
            }
        }
        rounds
    }

    /// Returns the most requests that were in flight at one moment.
    pub(crate) fn most_in_flight(&self) -> usize {
        let requests = self.requests();
        let runs_at = |moment: Instant| {
            let is_running = |request: &&Recorded| {
                request.started <= moment && request.finished.is_none_or(|finished| finished > moment)
            };
            requests.iter().filter(is_running).count()
        };
        requests.iter().map(|request| runs_at(request.started)).max().unwrap_or(0)
    }

    /// Forgets all requests so far.
    pub(crate) fn clear(&self) {
        self.state().requests.clear();
    }

    /// Waits until `count` such requests have come, so that a test can act in the middle of a run.
    #[track_caller]
    pub(crate) fn wait_for(&self, method: &str, part: &str, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state();
        while state.requests.values().filter(|request| request.is(method, part)).count() < count {
            assert!(Instant::now() < deadline, "no {method} {part} came {count} times");
            state = self.0.1.wait_timeout(state, Duration::from_millis(100)).expect("nobody panics with this lock").0;
        }
    }

    /// Returns one line a request, for the message of an assertion.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for request in self.requests() {
            let status = request.status.map_or("no answer".to_owned(), |status| status.to_string());
            let allowed = if request.header("authorization").is_some() { ", authorized" } else { "" };
            let Recorded { connection, method, body_length, .. } = &request;
            writeln!(text, "{connection}: {method} {} ({body_length} bytes{allowed}) {status}", request.target())
                .expect("a text takes a text");
        }
        text
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.0.lock().expect("nobody panics with this lock")
    }
}
