//! A registry: one host that speaks OCI distribution 1.1.1, and its repositories.
//!
//! The client is our own over `reqwest`, because it must hold promises that no crate holds: credentials go only to the
//! origin they belong to, nothing is whole in memory, each byte is checked both ways, no tag is overwritten unasked. The
//! files below each hold one of them.

mod ahead;
mod answer;
mod auth;
mod catalog;
mod client;
pub mod credentials;
mod download;
mod fault;
mod http_client;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod look;
mod manifests;
mod pulse;
mod reference;
mod referrers;
mod retry;
mod tls;
mod trace;
mod upload;
mod wire;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, atomic::AtomicU8},
    time::Duration,
};

use async_trait::async_trait;
use url::Url;

pub use self::{
    answer::Refusal,
    auth::UntrustedRealm,
    credentials::{Configuration, CredentialSearch, Credentials, Found, Located},
    fault::Unreachable,
    http_client::{Proxies, TlsSettings},
    look::{Kind, Look, Scheme, Verdict},
    reference::{InvalidReference, PackReference, ServerName},
    retry::RetryRule,
    tls::TlsProblem,
};
use self::{auth::Access, client::Client};
use crate::{
    digest::Digest,
    store::{
        BlobOutcome, BlobReader, Descriptor, Error, ErrorKind, Manifest, Observer, PageToken, RepositoryName, Result,
        Selector, Source, Tag, TagOutcome, TagPage, TagRule, Target,
    },
};

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// Without a byte moving.
    pub idle: Duration,
    /// For the answer after a whole body was sent: servers hash it on commit.
    pub answer: Duration,
}

impl Default for Timeouts {
    /// 10 seconds, 60 seconds, 5 minutes.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), idle: Duration::from_mins(1), answer: Duration::from_mins(5) }
    }
}

/// How to talk to a registry.
#[derive(Clone)]
pub struct Settings {
    /// The registry as the user names it, `host[:port]`; credentials are looked up under this name.
    pub host: String,
    /// Whether it is spoken to without TLS.
    pub plain_http: bool,
    /// The `User-Agent`.
    pub user_agent: String,
    /// How https is spoken.
    pub tls: TlsSettings,
    /// Which proxies are used; never for a loopback address.
    pub proxies: Proxies,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How often to try.
    pub retry: RetryRule,
    /// How many requests may be under way at once.
    pub jobs: usize,
    /// Hosts of token services that may be given the password though they are not the registry's own.
    pub trusted_realms: Vec<String>,
    /// Where credentials are found.
    pub credentials: CredentialSearch,
    /// Who is told of retries and warnings.
    pub observer: Arc<dyn Observer>,
}

impl Settings {
    fn base_url(&self) -> Result<Url> {
        let scheme = if self.plain_http { "http" } else { "https" };
        let host = match self.host.as_str() {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            host => host,
        };
        let invalid = |_| Error::new(ErrorKind::Invalid, format!("`{}` is not a host", self.host));
        Url::parse(&format!("{scheme}://{host}/")).map_err(invalid)
    }
}

/// What a repository is opened for: a token that may only pull would fail a later push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To read.
    Pull,
    /// To write.
    Push,
    /// To delete.
    Delete,
}

/// One registry. Cheap to clone; clones share connections, tokens and limits.
#[derive(Clone)]
pub struct Server {
    shared: Arc<Shared>,
}

/// Something that is done once, by whoever comes first; others wait for it.
type Once = Arc<tokio::sync::OnceCell<()>>;

struct Shared {
    client: Client,
    /// Whether `POST …/uploads/?digest=` stores the blob: not tried, yes, or no.
    monolithic: AtomicU8,
    /// The blobs that are known to be on the server, and in which repository each was first seen.
    known: Mutex<BTreeMap<Digest, RepositoryName>>,
    /// Uploads under way or done, so that each digest moves once a repository.
    uploads: Mutex<BTreeMap<(RepositoryName, Digest), Once>>,
    /// Upload sessions that were opened and not closed.
    sessions: Mutex<BTreeMap<Url, Access>>,
}

impl Server {
    /// Returns the registry of these settings. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] where the host is none.
    pub fn new(settings: Settings) -> Result<Self> {
        let shared = Shared {
            client: Client::new(settings)?,
            monolithic: AtomicU8::new(upload::UNTRIED),
            known: Mutex::default(),
            uploads: Mutex::default(),
            sessions: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Returns a repository. Sends nothing.
    pub fn repository(&self, name: RepositoryName, intent: Intent) -> Repository {
        let actions = match intent {
            Intent::Pull => "pull",
            Intent::Push => "pull,push",
            Intent::Delete => "pull,push,delete",
        };
        let access = Access::repository(&name, actions);
        Repository { shared: self.shared.clone(), name, access }
    }

    /// Returns whether the registry is known to refuse blobs of 0 bytes, as Amazon's ECR does.
    pub fn refuses_empty_blobs(&self) -> bool {
        let host = self.shared.client.base.host_str().unwrap_or_default();
        host.contains(".dkr.ecr.") && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
    }

    /// Tells the server that uploads which were begun will not be finished. For the moment of an interruption: one try,
    /// errors are of no interest.
    pub async fn abandon_uploads(&self) {
        let sessions = std::mem::take(&mut *self.shared.sessions.lock().expect("nobody panics with this lock"));
        let client = &self.shared.client;
        let deletions = sessions.into_iter().map(|(url, access)| async move {
            let request = client::Request::new(http::Method::DELETE, url);
            client.send_once(&request, Some(&access)).await.ok();
        });
        futures::future::join_all(deletions).await;
    }
}

/// One repository of a registry.
#[derive(Clone)]
pub struct Repository {
    shared: Arc<Shared>,
    name: RepositoryName,
    access: Access,
}

impl fmt::Debug for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Repository({}/{})", self.client().host(), self.name())
    }
}

impl Repository {
    fn client(&self) -> &Client {
        &self.shared.client
    }

    fn name(&self) -> &RepositoryName {
        &self.name
    }

    /// Returns an address below `/v2/<name>/`. Names, tags and digests need no escaping: their grammars allow nothing
    /// that would.
    fn url(&self, below: &str) -> Url {
        let path = format!("v2/{}/{below}", self.name());
        self.client().base.join(&path).expect("names that were checked make an address")
    }

    /// Returns `HOST/NAME`.
    fn whole_name(&self) -> String {
        format!("{}/{}", self.client().host(), self.name())
    }
}

#[async_trait]
impl Source for Repository {
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        self.resolve_manifest(selector).await
    }

    async fn manifest(&self, selector: &Selector) -> Result<Manifest> {
        self.fetch_manifest(selector).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        self.download(descriptor).await
    }

    async fn tags(&self, after: Option<&PageToken>) -> Result<TagPage> {
        self.list_tags(after).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        self.list_referrers(subject).await
    }
}

#[async_trait]
impl Target for Repository {
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        self.ask_for_blob(descriptor).await
    }

    async fn push_blob(
        &self,
        descriptor: &Descriptor,
        from: &dyn Source,
        mount: Option<&RepositoryName>,
    ) -> Result<BlobOutcome> {
        self.upload(descriptor, from, mount).await
    }

    async fn push_manifest(&self, manifest: &Manifest, tag: Option<(&Tag, &TagRule)>) -> Result<TagOutcome> {
        self.put_manifest(manifest, tag).await
    }

    async fn delete(&self, selector: &Selector) -> Result<()> {
        self.delete_manifest(selector).await
    }
}
