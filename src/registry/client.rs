//! The only place that sends a request.
//!
//! It holds what every request needs: how many may be under way, the brake after a 429, the clock, redirects, and the rule
//! that credentials go to the registry's own scheme, host and port and nowhere else. `reqwest`'s own redirects, retries
//! and look-up of proxies are off.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::sync::Semaphore;
use url::Url;

use super::{
    Settings,
    ahead::ahead,
    answer::{Answer, host_of},
    auth::{Access, Authenticator},
    fault::{Innermost, fault, too_slow},
    http_client::HttpClients,
    pulse::Pulse,
    retry::{Again, Fault, Tries, come_back_in},
    tls::TlsProblem,
    trace::Watch,
    wire,
};
use crate::store::{BlobReader, Error, ErrorKind, Event, Result};

/// How many redirects are followed.
const REDIRECTS: usize = 10;

/// From which length on a wait is told of.
const LONG: Duration = Duration::from_secs(2);

/// A request that can be made several times.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl std::fmt::Debug for Request {
    /// Shows neither headers nor body: in them may stand a password, or the identity token.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Request({} {})", self.method, super::answer::host_of(&self.url))
    }
}

impl Request {
    pub(super) fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn header(mut self, name: header::HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("headers are made of names and numbers that were checked");
        self.headers.insert(name, value);
        self
    }

    pub(super) fn body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }
}

/// What a request for a small body ended with.
pub(super) enum Fetched {
    /// 200 with a body that is no web page, read to its end.
    Body { headers: HeaderMap, bytes: Bytes },
    /// Any other answer, not read yet.
    Other(Answer),
}

/// Sends requests to one registry, and to its token service.
pub(super) struct Client {
    pub(super) settings: Settings,
    pub(super) base: Url,
    pub(super) authenticator: Authenticator,
    http: HttpClients,
    permits: Semaphore,
    brake: Mutex<Option<Instant>>,
    warned: Mutex<BTreeSet<String>>,
    /// Whether any server has answered anything.
    answered: AtomicBool,
}

impl Client {
    pub(super) fn new(settings: Settings) -> Result<Self> {
        Ok(Self {
            base: settings.base_url()?,
            http: HttpClients::new(&settings),
            permits: Semaphore::new(settings.jobs.max(1)),
            authenticator: Authenticator::default(),
            brake: Mutex::default(),
            warned: Mutex::default(),
            answered: AtomicBool::new(false),
            settings,
        })
    }

    /// Returns the registry as `host[:port]`.
    pub(super) fn host(&self) -> String {
        host_of(&self.base)
    }

    /// Sends a request, again and again while that may help, and returns the last answer.
    pub(super) async fn send(&self, request: &Request, access: Option<&Access>) -> Result<Answer> {
        let mut tries = Tries::new(self.settings.retry);
        loop {
            match self.send_once(request, access).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.pause(&mut tries, fault).await?,
            }
        }
    }

    /// Sends a request and reads the body of its answer, of `limit` bytes at most, again and again while that may help.
    ///
    /// A body that breaks off is a fault like any other; `what` names it where it is too long.
    pub(super) async fn fetch(
        &self,
        request: &Request,
        access: Option<&Access>,
        limit: u64,
        what: &str,
    ) -> Result<Fetched> {
        let mut tries = Tries::new(self.settings.retry);
        loop {
            let fault = match self.send_once(request, access).await {
                Ok(answer) if answer.status() != StatusCode::OK || wire::is_html(answer.headers()) => {
                    return Ok(Fetched::Other(answer));
                }
                Ok(answer) => {
                    let headers = answer.headers().clone();
                    match answer.read(limit, what).await {
                        Ok(bytes) => return Ok(Fetched::Body { headers, bytes }),
                        Err(fault) => fault,
                    }
                }
                Err(fault) => fault,
            };
            self.pause(&mut tries, fault).await?;
        }
    }

    /// Says that there will be another try, and waits until it is due.
    pub(super) async fn pause(&self, tries: &mut Tries, fault: Fault) -> Result<()> {
        let reason = Innermost(&fault.error).to_string();
        let wait = tries.next(fault)?;
        // A short one is over before anybody has read of it.
        let when = if wait < LONG { String::new() } else { format!(" in {} s", wait.as_secs()) };
        self.settings.observer.event(Event::Note(&format!("trying again{when}: {reason}")));
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Sends a request once, with credentials where they are asked for. Transient statuses are faults.
    pub(super) async fn send_once(&self, request: &Request, access: Option<&Access>) -> Result<Answer, Fault> {
        let Some(access) = access else { return self.transient(self.exchange(request, None).await?).await };
        let used = self.authorization(access).await?;
        let answer = self.exchange(request, used.as_ref()).await?;
        if answer.status() == StatusCode::UNAUTHORIZED && wire::same_origin(&answer.url, &self.base) {
            let challenges = wire::challenges(answer.headers());
            if let Some(fresh) = self.renew(access, &challenges, used.as_ref()).await? {
                let mut answer = self.exchange(request, Some(&fresh)).await?;
                answer.credentials = self.origin_of_credentials(access).await;
                return self.transient(answer).await;
            }
        }
        let mut answer = answer;
        if used.is_some() {
            answer.credentials = self.origin_of_credentials(access).await;
        }
        self.transient(answer).await
    }

    /// Sends a request with this header and no other, again and again while that may help.
    pub(super) async fn send_with(&self, request: &Request, authorization: Option<&HeaderValue>) -> Result<Answer> {
        let mut tries = Tries::new(self.settings.retry);
        loop {
            let answered = match self.exchange(request, authorization).await {
                Ok(answer) => self.transient(answer).await,
                Err(fault) => Err(fault),
            };
            match answered {
                Ok(answer) => return Ok(answer),
                Err(fault) => self.pause(&mut tries, fault).await?,
            }
        }
    }

    /// Says where the credentials came from that were shown. They were looked up before, so this asks nobody.
    async fn origin_of_credentials(&self, access: &Access) -> Option<String> {
        let found = self.find_credentials(&access.path).await.ok()??;
        Some(found.to_string())
    }

    /// Sends a blob's bytes once, as the body of a PUT to `url`. They can't be sent again from here.
    ///
    /// A 401 renews the token and is a fault that may be tried again: with the new token, in a new session.
    pub(super) async fn send_blob(
        &self,
        url: &Url,
        size: u64,
        reader: BlobReader,
        access: &Access,
        pulse: &Arc<Pulse>,
    ) -> Result<Answer, Fault> {
        let own = wire::same_origin(url, &self.base);
        let used = if own { self.authorization(access).await? } else { None };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(header::CONTENT_LENGTH, size.into());
        if let Some(used) = &used {
            headers.insert(header::AUTHORIZATION, used.clone());
        }
        let failed = Arc::new(Mutex::new(None));
        let (beat, failure) = (pulse.clone(), failed.clone());
        let pieces = ahead(reader.into_stream()).map(move |piece| {
            beat.beat();
            piece.map_err(|error| {
                *failure.lock().expect("nobody panics with this lock") = Some(error);
                std::io::Error::other("the source failed")
            })
        });
        let ended = pulse.clone();
        let pieces = pieces.chain(futures::stream::poll_fn(move |_| {
            ended.end();
            std::task::Poll::Ready(None)
        }));
        let builder = self.http.for_url(url)?.put(url.clone()).headers(headers);
        let builder = builder.body(reqwest::Body::wrap_stream(pieces));
        let permit = self.permit().await?;
        pulse.begin();
        let watch = Watch::new(&Method::PUT, url, size, used.is_some());
        let sent = tokio::select! {
            sent = builder.send() => sent.map_err(|error| self.fault(&error, url)),
            () = pulse.stalled(self.settings.timeouts.idle, self.settings.timeouts.answer) => Err(too_slow(url)),
        };
        drop(permit);
        watch.tell(&*self.settings.observer, sent.as_ref().ok());
        if let Some(error) = failed.lock().expect("nobody panics with this lock").take() {
            return Err(error.into());
        }
        let answer = self.answer(sent?, url.clone());
        if answer.status() == StatusCode::UNAUTHORIZED && own {
            let challenges = wire::challenges(answer.headers());
            let renewed = self.renew(access, &challenges, used.as_ref()).await?.is_some();
            let error = answer.into_error("the upload was refused").await;
            return Err(Fault { error, again: if renewed { Again::Soon } else { Again::Never } });
        }
        self.transient(answer).await
    }

    /// Sends one request, following redirects of GET and HEAD. The registry's credentials stay at its own origin, and those that a
    /// request brings along (to a token service) at the origin that it was made for.
    async fn exchange(&self, request: &Request, authorization: Option<&HeaderValue>) -> Result<Answer, Fault> {
        let mut url = request.url.clone();
        for _ in 0..=REDIRECTS {
            let mut headers = request.headers.clone();
            if !wire::same_origin(&url, &request.url) {
                headers.remove(header::AUTHORIZATION);
            }
            if let Some(authorization) = authorization
                && wire::same_origin(&url, &self.base)
            {
                headers.insert(header::AUTHORIZATION, authorization.clone());
            }
            let answer = self.exchange_at(request, url.clone(), headers).await?;
            let follows = matches!(request.method, Method::GET | Method::HEAD) && answer.status().is_redirection();
            if !follows || answer.status() == StatusCode::NOT_MODIFIED {
                return Ok(answer);
            }
            let broken = |what: &str| Error::new(ErrorKind::Unavailable, format!("`{}` {what}", host_of(&url)));
            let next = wire::location(answer.headers(), &url).ok_or_else(|| broken("redirects to nowhere"))?;
            let downgrade = url.scheme() == "https" && next.scheme() != "https";
            if downgrade || !matches!(next.scheme(), "http" | "https") {
                return Err(broken(&format!("redirects from https to `{}`, which is refused", next.scheme())).into());
            }
            url = next;
        }
        let message = format!("`{}` redirects more than {REDIRECTS} times", host_of(&request.url));
        Err(Error::new(ErrorKind::Unavailable, message).into())
    }

    async fn exchange_at(&self, request: &Request, url: Url, mut headers: HeaderMap) -> Result<Answer, Fault> {
        if matches!(request.method, Method::POST | Method::PUT | Method::PATCH) {
            // Also 0: Artifact Registry answers 411 without it.
            headers.insert(header::CONTENT_LENGTH, request.body.len().into());
        }
        let authorized = headers.contains_key(header::AUTHORIZATION);
        let builder = self.http.for_url(&url)?.request(request.method.clone(), url.clone()).headers(headers);
        let builder = if request.body.is_empty() { builder } else { builder.body(request.body.clone()) };
        let limit = if request.body.is_empty() { self.settings.timeouts.idle } else { self.settings.timeouts.answer };
        let permit = self.permit().await?;
        let watch = Watch::new(&request.method, &url, request.body.len() as u64, authorized);
        let sent = tokio::time::timeout(limit, builder.send()).await;
        drop(permit);
        watch.tell(&*self.settings.observer, sent.as_ref().ok().and_then(|sent| sent.as_ref().ok()));
        match sent {
            Ok(Ok(response)) => Ok(self.answer(response, url)),
            Ok(Err(error)) => Err(self.fault(&error, &url)),
            Err(_) => Err(too_slow(&url)),
        }
    }

    /// Waits until the brake is off and fewer than the allowed requests are under way.
    ///
    /// A brake that stays on past the budget of any request is not waited for.
    async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Fault> {
        loop {
            let permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let until = *self.brake.lock().expect("nobody panics with this lock");
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(wait) if wait > self.settings.retry.budget => {
                    let message = format!("`{}` {}", self.host(), come_back_in(wait));
                    return Err(Error::new(ErrorKind::Unavailable, message).into());
                }
                Some(wait) if !wait.is_zero() => {
                    drop(permit);
                    tokio::time::sleep(wait).await;
                }
                _ => return Ok(permit),
            }
        }
    }

    fn fault(&self, error: &reqwest::Error, url: &Url) -> Fault {
        let mut fault = fault(error, url);
        let no_identity = url.scheme() == "https" && self.settings.tls.identity.is_none();
        if no_identity && !error.is_connect() && !self.answered.load(Ordering::Relaxed) {
            fault.error = fault.error.because(TlsProblem::Closed);
        }
        fault
    }

    fn answer(&self, inner: reqwest::Response, url: Url) -> Answer {
        self.answered.store(true, Ordering::Relaxed);
        for warning in wire::warnings(inner.headers()) {
            let note = format!("`{}` warns: {warning}", host_of(&url));
            if self.warned.lock().expect("nobody panics with this lock").insert(warning) {
                self.settings.observer.event(Event::Note(&note));
            }
        }
        Answer { inner, url, idle: self.settings.timeouts.idle, credentials: None }
    }

    /// Turns an answer that may be another one next time into a fault. A 429 slows everything down.
    async fn transient(&self, answer: Answer) -> Result<Answer, Fault> {
        if !matches!(answer.status().as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504) {
            return Ok(answer);
        }
        let wait = wire::retry_after(answer.headers());
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            let until = Instant::now() + wait.unwrap_or(Duration::from_secs(1));
            let mut brake = self.brake.lock().expect("nobody panics with this lock");
            *brake = (*brake).max(Some(until));
        }
        let refusal = answer.into_refusal().await;
        let error = Error::new(ErrorKind::Unavailable, "the request failed").because(refusal);
        Err(Fault { error, again: wait.map_or(Again::Soon, Again::After) })
    }
}
