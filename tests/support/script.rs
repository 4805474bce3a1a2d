//! A server that gives declared answers to declared requests, for what a real registry on this machine won't do.
//!
//! ```text
//! let script = Script::ordered([
//!     Exchange::new("HEAD", "/v2/library/nginx/manifests/1.0").wants_no_header("Authorization").answers(
//!         Reply::new(401).header("WWW-Authenticate", "Bearer realm=\"http://{host}/service/token\",service=\"harbor-registry\""),
//!     ),
//!     Exchange::new("GET", "/service/token").answers(Reply::new(200).json(&json!({"token": "t", "access_token": ""}))),
//! ]);
//! sandbox.spectro(["pack", "inspect", "nginx:1.0", "-r", &format!("{}/library", script.host())]).run().fails(3);
//! ```
//!
//! A request that was not declared, and a declared one that did not come, fail the test when the script is dropped.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use super::{
    certificates::Authority,
    listener::Listener,
    recorder::{Recorded, Recorder},
    reply::Reply,
    serve,
};

type Check = Arc<dyn Fn(&Recorded) -> bool + Send + Sync>;

/// One request that may come, and its answer.
#[derive(Clone)]
pub(crate) struct Exchange {
    method: String,
    target: String,
    checks: Vec<(String, Check)>,
    /// How often it must come; `None` for any number, also none.
    times: Option<usize>,
    reply: Reply,
    used: usize,
}

impl Exchange {
    /// Declares a request. A target with a `?` is compared with the query, one that ends in `*` by what stands before.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            checks: Vec::new(),
            times: Some(1),
            reply: Reply::new(200),
            used: 0,
        }
    }

    /// Wants a header with exactly this value.
    pub(crate) fn wants_header(self, name: &str, value: impl Into<String>) -> Self {
        let (name, value): (String, String) = (name.to_owned(), value.into());
        self.wants(&format!("{name}: {value}"), move |request| request.header(&name) == Some(&value))
    }

    /// Wants that a header isn't there.
    pub(crate) fn wants_no_header(self, name: &str) -> Self {
        let name = name.to_owned();
        self.wants(&format!("no {name}"), move |request| request.header(&name).is_none())
    }

    /// Wants exactly this body (up to 64 KiB).
    pub(crate) fn wants_body(self, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        self.wants(&format!("a body of {} bytes", bytes.len()), move |request| request.body == bytes)
    }

    /// Wants whatever a function finds; `what` says it in a failure.
    pub(crate) fn wants(mut self, what: &str, check: impl Fn(&Recorded) -> bool + Send + Sync + 'static) -> Self {
        self.checks.push((what.to_owned(), Arc::new(check)));
        self
    }

    /// Expects the request so many times.
    pub(crate) fn times(mut self, count: usize) -> Self {
        self.times = Some(count);
        self
    }

    /// Allows the request any number of times, also none (not in an ordered script).
    pub(crate) fn any_number(mut self) -> Self {
        self.times = None;
        self
    }

    /// Sets the answer.
    pub(crate) fn answers(mut self, reply: Reply) -> Self {
        self.reply = reply;
        self
    }

    fn is_open(&self) -> bool {
        self.times.is_none_or(|times| self.used < times)
    }

    /// Returns why the request is not this one, or nothing where it is.
    fn objections(&self, request: &Recorded) -> Vec<String> {
        let same_target = match self.target.strip_suffix('*') {
            Some(prefix) => request.target().starts_with(prefix),
            None if self.target.contains('?') => request.target() == self.target,
            None => request.path == self.target,
        };
        if request.method != self.method || !same_target {
            return vec![format!("{} {}", self.method, self.target)];
        }
        let missing = self.checks.iter().filter(|(_, check)| !check(request));
        missing.map(|(what, _)| format!("{} {} with {what}", self.method, self.target)).collect()
    }
}

struct Plot {
    exchanges: Vec<Exchange>,
    is_ordered: bool,
    surprises: Vec<String>,
}

impl Plot {
    fn reply(&mut self, request: &Recorded) -> Reply {
        let mut objections = Vec::new();
        for exchange in self.exchanges.iter_mut().filter(|exchange| exchange.is_open()) {
            let found = exchange.objections(request);
            if found.is_empty() {
                exchange.used += 1;
                return exchange.reply.clone();
            }
            objections.extend(found);
            if self.is_ordered {
                break;
            }
        }
        let wanted = if objections.is_empty() { "nothing more".to_owned() } else { objections.join("\n    or ") };
        let headers = request.head.headers.iter().map(|(name, value)| format!("    {name}: {value}\n"));
        let surprise = format!(
            "  came {} {} ({} bytes)\n{}  expected\n       {wanted}",
            request.method,
            request.target(),
            request.body_length,
            headers.collect::<String>()
        );
        self.surprises.push(surprise);
        // No status that anybody tries again.
        Reply::new(418).body("the script has no such request")
    }

    fn complaints(&self) -> Vec<String> {
        let missing =
            self.exchanges.iter().filter(|exchange| exchange.times.is_some_and(|times| exchange.used < times));
        let missing = missing.map(|exchange| {
            let times = exchange.times.unwrap_or_default();
            format!("  {} {} came {} of {times} times", exchange.method, exchange.target, exchange.used)
        });
        self.surprises.iter().cloned().chain(missing).collect()
    }
}

/// The server. It is asked like a [`Recorder`]: `script.count("GET", "/v2/")`.
pub(crate) struct Script {
    listener: Listener,
    plot: Arc<Mutex<Plot>>,
    recorder: Recorder,
}

impl Script {
    /// Serves exchanges that must come in this order, over plain HTTP.
    pub(crate) fn ordered(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        Self::serve(exchanges, true, None)
    }

    /// Serves exchanges that may come in any order; of several that fit a request the first that is not used up answers.
    pub(crate) fn unordered(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        Self::serve(exchanges, false, None)
    }

    /// Serves exchanges in any order over TLS, with a certificate of this authority.
    pub(crate) fn unordered_tls(exchanges: impl IntoIterator<Item = Exchange>, authority: &Authority) -> Self {
        Self::serve(exchanges, false, Some(authority.server().server_config()))
    }

    /// As [`Script::unordered_tls`], with this certificate.
    pub(crate) fn unordered_with(
        exchanges: impl IntoIterator<Item = Exchange>,
        certificate: &super::Certificate,
    ) -> Self {
        Self::serve(exchanges, false, Some(certificate.server_config()))
    }

    fn serve(
        exchanges: impl IntoIterator<Item = Exchange>,
        is_ordered: bool,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let exchanges = exchanges.into_iter().collect();
        let plot = Arc::new(Mutex::new(Plot { exchanges, is_ordered, surprises: Vec::new() }));
        let recorder = Recorder::default();
        let plays = Arc::clone(&plot);
        let listener = serve::start(tls, recorder.clone(), move |request| {
            plays.lock().expect("nobody panics with this lock").reply(request)
        });
        Self { listener, plot, recorder }
    }

    /// Returns `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.listener.host()
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.listener.port()
    }

    /// Returns what came and was not declared, and what was declared and has not come.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.plot.lock().expect("nobody panics with this lock").complaints()
    }
}

impl Deref for Script {
    type Target = Recorder;

    fn deref(&self) -> &Recorder {
        &self.recorder
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let complaints = self.complaints();
        if complaints.is_empty() {
            return;
        }
        let message =
            format!("the script was not followed:\n{}\nall requests:\n{}", complaints.join("\n"), self.summary());
        if std::thread::panicking() {
            eprintln!("{message}");
        } else {
            panic!("{message}");
        }
    }
}
