//! A blob on its way to a registry.
//!
//! Small ones go in one POST where the server takes that. Larger ones are asked for first, then mounted where another
//! repository of the server has them, then sent as one PUT. No chunks: each would cost a round trip, and registries
//! disagree on them. A digest moves once a repository and run, however many packs name it.

use std::sync::{Arc, atomic::Ordering};

use bytes::Bytes;
use http::{Method, StatusCode, header};
use url::Url;

use super::{
    Repository,
    answer::Answer,
    client::Request,
    pulse::Pulse,
    retry::{Again, Fault, Tries},
    wire,
};
use crate::store::{BlobOutcome, Descriptor, Error, ErrorKind, RepositoryName, Result, Source};

/// Up to how many bytes a blob is sent without asking whether it is there.
const SMALL: u64 = 64 * 1024;

/// Whether the server stores the body of a `POST …/uploads/?digest=`.
pub(super) const UNTRIED: u8 = 0;
const TAKES: u8 = 1;
const IGNORES: u8 = 2;

impl Repository {
    /// Makes sure that the registry has the blob.
    pub(super) async fn upload(
        &self,
        descriptor: &Descriptor,
        from: &dyn Source,
        mount: Option<&RepositoryName>,
    ) -> Result<BlobOutcome> {
        let key = (self.name().clone(), descriptor.digest.clone());
        let once = self.shared.uploads.lock().expect("nobody panics with this lock").entry(key).or_default().clone();
        let mut outcome = BlobOutcome::Exists;
        once.get_or_try_init(|| async {
            outcome = self.upload_once(descriptor, from, mount).await?;
            let mut known = self.shared.known.lock().expect("nobody panics with this lock");
            known.entry(descriptor.digest.clone()).or_insert_with(|| self.name().clone());
            Ok::<(), Error>(())
        })
        .await?;
        Ok(outcome)
    }

    async fn upload_once(
        &self,
        descriptor: &Descriptor,
        from: &dyn Source,
        mount: Option<&RepositoryName>,
    ) -> Result<BlobOutcome> {
        let is_small = descriptor.size <= SMALL;
        if !is_small && self.ask_for_blob(descriptor).await? {
            return Ok(BlobOutcome::Exists);
        }
        let elsewhere = mount.cloned().or_else(|| {
            let known = self.shared.known.lock().expect("nobody panics with this lock");
            known.get(&descriptor.digest).filter(|name| !is_small && *name != self.name()).cloned()
        });
        // A small one that is only guessed to be elsewhere is sent as quickly as it is mounted.
        if let Some(elsewhere) = elsewhere
            && self.mount(descriptor, &elsewhere).await?
        {
            return Ok(BlobOutcome::Mounted);
        }
        let small = match descriptor.size {
            0..=SMALL => Some(from.blob(descriptor).await?.read_all(SMALL).await?),
            _ => None,
        };
        let mut tries = Tries::new(self.client().settings.retry);
        loop {
            let pulse = Arc::new(Pulse::new());
            match self.try_upload(descriptor, from, small.as_ref(), &pulse).await {
                Ok(()) => return Ok(BlobOutcome::Uploaded),
                Err(fault) => {
                    pulse.last_beat().into_iter().for_each(|moment| tries.moved(moment));
                    self.client().pause(&mut tries, fault).await?;
                }
            }
        }
    }

    /// Tries once, in a session of its own.
    async fn try_upload(
        &self,
        descriptor: &Descriptor,
        from: &dyn Source,
        small: Option<&Bytes>,
        pulse: &Arc<Pulse>,
    ) -> Result<(), Fault> {
        let session = match small {
            Some(bytes) if self.shared.monolithic.load(Ordering::Relaxed) != IGNORES => {
                match self.post_whole(descriptor, bytes).await? {
                    Posted::Stored => return Ok(()),
                    Posted::Session(url) => url,
                    Posted::NotTaken => self.open_session().await?,
                }
            }
            _ => self.open_session().await?,
        };
        let open = OpenSession::new(self, session.clone());
        let url = wire::with_digest(&session, &descriptor.digest);
        let answer = if let Some(bytes) = small {
            self.put_small(&url, bytes.clone()).await?
        } else {
            // The server computes the digest before it answers 201 (OCI distribution 1.1.1, "Pushing blobs").
            let reader = from.blob_for_a_prover(descriptor).await?;
            self.client().send_blob(&url, descriptor.size, reader, &self.access, pulse).await?
        };
        match answer.status() {
            StatusCode::CREATED | StatusCode::NO_CONTENT | StatusCode::OK | StatusCode::ACCEPTED => {
                open.close();
                self.check_stored(&answer, descriptor)?;
                Ok(())
            }
            // The session is gone, for instance because the server was started anew: open another one.
            StatusCode::NOT_FOUND => {
                let error = answer.into_error("the upload session is gone").await;
                Err(Fault {
                    error: Error::new(ErrorKind::Unavailable, "the upload failed").because(error),
                    again: Again::Soon,
                })
            }
            _ => Err(self.upload_refused(answer, descriptor).await.into()),
        }
    }

    /// Returns the error of an upload that was refused; where it is for the size, with the size.
    async fn upload_refused(&self, answer: Answer, descriptor: &Descriptor) -> Error {
        let what = match answer.status() {
            StatusCode::PAYLOAD_TOO_LARGE => format!("the upload of {} bytes", descriptor.size),
            _ => "the upload".to_owned(),
        };
        answer.into_error(format!("{what} to `{}` was refused", self.whole_name())).await
    }

    /// Sends the bytes with the POST that opens the upload: one round where the server takes it.
    async fn post_whole(&self, descriptor: &Descriptor, bytes: &Bytes) -> Result<Posted, Fault> {
        let url = wire::with_digest(&self.url("blobs/uploads/"), &descriptor.digest);
        let request = Request::new(Method::POST, url)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .body(bytes.clone());
        let answer = match self.client().send_once(&request, Some(&self.access)).await {
            Ok(answer) => answer,
            Err(fault) if refused_as_unknown(&fault) => {
                self.shared.monolithic.store(IGNORES, Ordering::Relaxed);
                return Ok(Posted::NotTaken);
            }
            Err(fault) => return Err(fault),
        };
        match answer.status() {
            StatusCode::CREATED => {
                self.shared.monolithic.store(TAKES, Ordering::Relaxed);
                self.check_stored(&answer, descriptor)?;
                Ok(Posted::Stored)
            }
            // distribution and Harbor open a session and forget the body.
            StatusCode::ACCEPTED => {
                self.shared.monolithic.store(IGNORES, Ordering::Relaxed);
                Ok(Posted::Session(self.session_of(&answer)?))
            }
            StatusCode::BAD_REQUEST
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::LENGTH_REQUIRED => {
                self.shared.monolithic.store(IGNORES, Ordering::Relaxed);
                Ok(Posted::NotTaken)
            }
            _ => Err(self.upload_refused(answer, descriptor).await.into()),
        }
    }

    async fn open_session(&self) -> Result<Url, Fault> {
        let request = Request::new(Method::POST, self.url("blobs/uploads/"));
        let answer = self.client().send_once(&request, Some(&self.access)).await?;
        if answer.status() == StatusCode::ACCEPTED {
            return Ok(self.session_of(&answer)?);
        }
        let message = format!("`{}` takes no uploads", self.whole_name());
        Err(answer.into_error(message).await.into())
    }

    async fn put_small(&self, url: &Url, bytes: Bytes) -> Result<Answer, Fault> {
        let request =
            Request::new(Method::PUT, url.clone()).header(header::CONTENT_TYPE, "application/octet-stream").body(bytes);
        let own = wire::same_origin(url, &self.client().base);
        self.client().send_once(&request, own.then_some(&self.access)).await
    }

    /// Asks the server to take the blob over from another of its repositories.
    async fn mount(&self, descriptor: &Descriptor, from: &RepositoryName) -> Result<bool> {
        let mut url = self.url("blobs/uploads/");
        let digest = wire::encode(descriptor.digest.as_str());
        url.set_query(Some(&format!("mount={digest}&from={}", wire::encode(from.as_str()))));
        // The token needs to be allowed to pull there, also where everybody is (Harbor: 401 otherwise).
        let access = self.access.and_pull(from);
        let answer = match self.client().send(&Request::new(Method::POST, url), Some(&access)).await {
            Ok(answer) => answer,
            // There are token services that give no token at all where one of the scopes is not allowed.
            Err(error) if error.kind() == ErrorKind::Denied => return Ok(false),
            Err(error) => return Err(error),
        };
        match answer.status() {
            StatusCode::CREATED => Ok(true),
            StatusCode::ACCEPTED => {
                // An ordinary session was opened instead. Ours begins anew; this one is given back.
                let session = self.session_of(&answer)?;
                let request = Request::new(Method::DELETE, session.clone());
                if wire::same_origin(&session, &self.client().base) {
                    self.client().send_once(&request, Some(&self.access)).await.ok();
                }
                Ok(false)
            }
            // Not allowed to look there, or mounting is unknown: sending it works all the same.
            _ => Ok(false),
        }
    }

    /// Returns where the upload goes on.
    fn session_of(&self, answer: &Answer) -> Result<Url> {
        let base = &self.client().base;
        let wrong = |what: &str| {
            let message = format!("`{}` opened an upload {what}", self.client().host());
            Error::new(ErrorKind::Unavailable, message)
        };
        let url = wire::location(answer.headers(), &answer.url).ok_or_else(|| wrong("without a location"))?;
        if !matches!(url.scheme(), "http" | "https") || (base.scheme() == "https" && url.scheme() == "http") {
            return Err(wrong("at an address that is not https"));
        }
        Ok(url)
    }

    fn check_stored(&self, answer: &Answer, descriptor: &Descriptor) -> Result<()> {
        match wire::content_digest(answer.headers()) {
            Ok(Some(digest)) if digest != descriptor.digest && digest.algorithm() == descriptor.digest.algorithm() => {
                let message = format!("`{}` stored {digest} instead of {}", self.client().host(), descriptor.digest);
                Err(Error::new(ErrorKind::Integrity, message))
            }
            _ => Ok(()),
        }
    }
}

/// What became of a POST with the whole blob.
enum Posted {
    Stored,
    Session(Url),
    NotTaken,
}

/// Returns whether a server fell over a request that it may not know, instead of refusing it.
fn refused_as_unknown(fault: &Fault) -> bool {
    fault.error.find::<super::Refusal>().is_some_and(|refusal| refusal.status >= 500)
}

/// An upload session that the server holds open, until it is closed.
struct OpenSession<'a> {
    repository: &'a Repository,
    url: Url,
}

impl<'a> OpenSession<'a> {
    fn new(repository: &'a Repository, url: Url) -> Self {
        if wire::same_origin(&url, &repository.client().base) {
            let mut sessions = repository.shared.sessions.lock().expect("nobody panics with this lock");
            sessions.insert(url.clone(), repository.access.clone());
        }
        Self { repository, url }
    }

    fn close(self) {
        self.repository.shared.sessions.lock().expect("nobody panics with this lock").remove(&self.url);
    }
}
