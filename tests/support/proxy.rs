//! A proxy before a real registry that forwards everything verbatim, records it, and fails where it is told to.
//!
//! ```text
//! let proxy = FaultProxy::before(&registry);
//! proxy.on("PUT", "/blobs/uploads/").times(2).fault(Fault::Reset(Moment::DuringRequest(1000)));
//! sandbox.spectro(["pack", "push", "nginx", "-r", &proxy.host()]).run().success();
//! assert_eq!(proxy.count("PUT", "/manifests/"), 1, "{}", proxy.summary());
//! ```

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    forward,
    listener::{Handler, Listener},
    recorder::{Recorded, Recorder},
    registry::RealRegistry,
    reply::Reply,
};

/// When a connection is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The head of the request was read; the registry never hears of it.
    BeforeRequest,
    /// This many bytes of the request's body were read; the registry sees them and no more.
    DuringRequest(u64),
    /// The registry has done what was asked, and its answer is lost.
    AfterRequest,
    /// The head and this many bytes of the answer's body were sent.
    DuringAnswer(u64),
}

/// One thing that goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Waits before the request is forwarded.
    Delay(Duration),
    /// Resets the connection (RST, not an orderly end).
    Reset(Moment),
    /// Reads the request to its end and answers instead of the registry.
    Answer(Reply),
    /// Ends the connection in an orderly way after this many bytes of the answer's body.
    Truncate(u64),
    /// Inverts the answer's body byte at this offset.
    Flip(u64),
    /// Sends another body under the answer's head, with its true length.
    Body(Vec<u8>),
    /// Sets a header of the answer, true or not.
    Header(&'static str, String),
    /// Takes a header out of the answer.
    WithoutHeader(&'static str),
    /// Takes a header out of the request, such as `Authorization`.
    WithoutRequestHeader(&'static str),
    /// Sends the answer's body in pieces of so many bytes with a pause after each.
    Trickle(usize, Duration),
    /// Reads the request's body in pieces of so many bytes with a pause after each.
    SlowUpload(usize, Duration),
}

type Matcher = Box<dyn Fn(&Recorded) -> bool + Send + Sync>;

struct Rule {
    matches: Matcher,
    skip: usize,
    left: usize,
    fault: Fault,
}

/// The state that the proxy's threads and the test share.
pub(crate) struct Shared {
    pub(crate) upstream: String,
    pub(crate) recorder: Recorder,
    rules: Mutex<Vec<Rule>>,
}

impl Shared {
    /// Returns the faults that this request meets, and counts them as used.
    pub(crate) fn faults(&self, request: &Recorded) -> Vec<Fault> {
        let mut rules = self.rules.lock().expect("nobody panics with this lock");
        let mut faults = Vec::new();
        for rule in rules.iter_mut().filter(|rule| rule.left > 0) {
            if !(rule.matches)(request) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.left -= 1;
            faults.push(rule.fault.clone());
        }
        faults
    }
}

/// The proxy. It is asked like a [`Recorder`]: `proxy.count("GET", "/blobs/")`.
pub(crate) struct FaultProxy {
    listener: Option<Listener>,
    port: u16,
    shared: Arc<Shared>,
}

impl FaultProxy {
    /// Starts a proxy before this registry.
    pub(crate) fn before(registry: &RealRegistry) -> Self {
        Self::before_host(&registry.host())
    }

    /// Starts a proxy before any plain HTTP server.
    pub(crate) fn before_host(host: &str) -> Self {
        let shared =
            Arc::new(Shared { upstream: host.to_owned(), recorder: Recorder::default(), rules: Mutex::default() });
        let listener = Listener::start(0, handler(&shared));
        Self { port: listener.port(), listener: Some(listener), shared }
    }

    /// Returns `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Begins a rule for requests with this method (`*` for any) and `part` in their path and query.
    pub(crate) fn on(&self, method: &str, part: &str) -> RuleBuilder<'_> {
        let (method, part) = (method.to_owned(), part.to_owned());
        self.when(move |request| request.is(&method, &part))
    }

    /// Begins a rule for requests that a function picks. It sees the head of the request, not its body.
    pub(crate) fn when(&self, matches: impl Fn(&Recorded) -> bool + Send + Sync + 'static) -> RuleBuilder<'_> {
        RuleBuilder { proxy: self, matches: Box::new(matches), skip: 0, times: usize::MAX }
    }

    /// Removes all rules.
    pub(crate) fn heal(&self) {
        self.shared.rules.lock().expect("nobody panics with this lock").clear();
    }

    /// Refuses connections from now on, and ends the open ones.
    pub(crate) fn close(&mut self) {
        self.listener = None;
    }

    /// Listens again on the same port.
    pub(crate) fn reopen(&mut self) {
        if self.listener.is_none() {
            self.listener = Some(Listener::start(self.port, handler(&self.shared)));
        }
    }
}

impl Deref for FaultProxy {
    type Target = Recorder;

    fn deref(&self) -> &Recorder {
        &self.shared.recorder
    }
}

fn handler(shared: &Arc<Shared>) -> Handler {
    let shared = Arc::clone(shared);
    Arc::new(move |stream, number| forward::connection(&shared, &stream, number))
}

/// A rule that still lacks its fault.
#[must_use = "a rule without a fault does nothing"]
pub(crate) struct RuleBuilder<'a> {
    proxy: &'a FaultProxy,
    matches: Matcher,
    skip: usize,
    times: usize,
}

impl RuleBuilder<'_> {
    /// Spares the first `count` such requests.
    pub(crate) fn after(mut self, count: usize) -> Self {
        self.skip = count;
        self
    }

    /// Fails `count` times and then no more; without this, every time.
    pub(crate) fn times(mut self, count: usize) -> Self {
        self.times = count;
        self
    }

    /// Fails once.
    pub(crate) fn once(self) -> Self {
        self.times(1)
    }

    /// Adds the rule. Several rules that match one request all apply.
    pub(crate) fn fault(self, fault: Fault) {
        let rule = Rule { matches: self.matches, skip: self.skip, left: self.times, fault };
        self.proxy.shared.rules.lock().expect("nobody panics with this lock").push(rule);
    }

    /// Adds a rule that answers instead of the registry.
    pub(crate) fn answer(self, reply: Reply) {
        self.fault(Fault::Answer(reply));
    }
}
