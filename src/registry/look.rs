//! Whether a registry takes credentials, and what it is: questions that write nothing and look into no repository.
//!
//! A token alone proves nothing: a token service may give an anonymous one for a wrong password (measured: Harbor 2.15, where a scope is
//! asked). So no scope is asked, and the token is shown to `/v2/`. A registry that lets everybody look at `/v2/` is shown credentials
//! all the same; whether it looked at them is told apart by what it says to credentials that nobody has.

use http::{HeaderValue, Method, StatusCode};
use url::Url;

use super::{
    Server,
    answer::{Answer, Refusal},
    auth::plain_header,
    client::{Client, Request},
    credentials::Credentials,
    wire::{self, Challenge},
};
use crate::store::{Error, ErrorKind, Result};

/// What a registry says to credentials that it does not refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are right.
    Accepted,
    /// It asks nobody for credentials, and takes any.
    Unchecked,
}

/// What a registry is, as far as it shows that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The software or the service.
    pub kind: Kind,
    /// How it asks for credentials.
    pub scheme: Scheme,
    /// The host of its token service, where it has one.
    pub token_service: Option<String>,
    /// Whether it lists its repositories; nothing where it was not told.
    pub catalog: Option<bool>,
    /// Whether it has the referrers API of OCI distribution 1.1; nothing where it was not told.
    pub referrers: Option<bool>,
}

/// How a registry asks for credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Not for a look at `/v2/`.
    None,
    /// Basic (RFC 7617).
    Basic,
    /// Tokens of a token service (distribution's token specification).
    Token,
}

/// The software or the service that a registry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is a product's name")]
#[non_exhaustive]
pub enum Kind {
    Zot,
    Distribution,
    Harbor,
    Ghcr,
    DockerHub,
    Ecr,
    GitLab,
    Quay,
    Acr,
    ArtifactRegistry,
    Unknown,
}

impl Kind {
    /// Returns the name that its makers gave it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zot => "zot",
            Self::Distribution => "CNCF distribution",
            Self::Harbor => "Harbor",
            Self::Ghcr => "GitHub Container Registry",
            Self::DockerHub => "Docker Hub",
            Self::Ecr => "Amazon ECR",
            Self::GitLab => "GitLab",
            Self::Quay => "Quay",
            Self::Acr => "Azure Container Registry",
            Self::ArtifactRegistry => "Google Artifact Registry",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what is known of deleting: it can't be tried without writing.
    pub fn deletes(self) -> Option<&'static str> {
        Some(match self {
            Self::Zot => "a tag alone, or a digest with all its tags",
            Self::Distribution => "a digest with all its tags, where deleting is enabled",
            Self::Harbor => "a digest with all its tags",
            Self::Ghcr => "no",
            _ => return None,
        })
    }

    /// Returns whether a blob may be in the POST that opens its upload.
    pub fn takes_whole_uploads(self) -> Option<bool> {
        match self {
            Self::Zot => Some(true),
            Self::Distribution | Self::Harbor => Some(false),
            _ => None,
        }
    }

    /// Returns what the host of a well-known service says it is.
    pub fn of_host(host: &str) -> Self {
        let ends = |end: &str| host.ends_with(end);
        match host {
            "ghcr.io" => Self::Ghcr,
            "registry-1.docker.io" => Self::DockerHub,
            "quay.io" => Self::Quay,
            "registry.gitlab.com" => Self::GitLab,
            "public.ecr.aws" => Self::Ecr,
            "gcr.io" => Self::ArtifactRegistry,
            _ if host.contains(".dkr.ecr.") => Self::Ecr,
            _ if ends(".azurecr.io") => Self::Acr,
            _ if ends("-docker.pkg.dev") || ends(".gcr.io") => Self::ArtifactRegistry,
            _ => Self::Unknown,
        }
    }
}

impl Server {
    /// Asks the registry whether it takes the credentials.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Denied`] where it refuses them, or where they would have to go to a token service that is not trusted;
    /// [`ErrorKind::Unavailable`] where it can't be reached or is no registry.
    pub async fn verify(&self, credentials: &Credentials) -> Result<Verdict> {
        let client = self.client();
        let anonymous = client.hello(None).await?;
        let header = match challenge(&anonymous)? {
            Some(Challenge::Bearer { realm, service }) if !matches!(credentials, Credentials::Token(_)) => {
                client.fetch_token(Some(credentials), &realm, service.as_deref(), &[]).await?.header
            }
            _ => plain_header(credentials).ok_or_else(|| {
                let message = format!("`{}` has no token service, which an identity token needs", client.host());
                Error::new(ErrorKind::Denied, message)
            })?,
        };
        let answer = client.hello(Some(&header)).await?;
        if answer.status() != StatusCode::OK {
            let message = format!("`{}` refused the credentials", client.host());
            return Err(answer.into_error(message).await);
        }
        if anonymous.status() != StatusCode::OK {
            return Ok(Verdict::Accepted);
        }
        let nobody =
            Credentials::password("spectro-asks-whether-this-is-checked", format!("{:016x}", fastrand::u64(..)));
        let nobody = plain_header(&nobody).expect("a password has a header");
        let answer = client.hello(Some(&nobody)).await?;
        Ok(if answer.status() == StatusCode::OK { Verdict::Unchecked } else { Verdict::Accepted })
    }

    /// Looks what the registry is and can do, with these credentials where they are given. Writes nothing.
    ///
    /// # Errors
    ///
    /// As [`Server::verify`], but refused credentials are no error here.
    pub async fn look(&self, credentials: Option<&Credentials>) -> Result<Look> {
        let client = self.client();
        let anonymous = client.hello(None).await?;
        let challenge = challenge(&anonymous)?;
        let (scheme, token_service) = match &challenge {
            None => (Scheme::None, None),
            Some(Challenge::Basic) => (Scheme::Basic, None),
            Some(Challenge::Bearer { realm, .. }) => {
                (Scheme::Token, client.base.join(realm).ok().map(|url| super::answer::host_of(&url)))
            }
        };
        let header = match (&challenge, credentials) {
            (Some(Challenge::Bearer { realm, service }), credentials)
                if !matches!(credentials, Some(Credentials::Token(_))) =>
            {
                let token = client.fetch_token(credentials, realm, service.as_deref(), &[]).await;
                token.ok().map(|token| token.header)
            }
            (_, credentials) => credentials.and_then(plain_header),
        };
        let kind = client.kind(&anonymous, challenge.as_ref(), header.as_ref()).await;
        let catalog = client.asks("v2/_catalog?n=1", header.as_ref()).await;
        let nothing = format!("v2/spectro-asks/referrers/sha256:{}", "0".repeat(64));
        let referrers = client.asks(&nothing, header.as_ref()).await;
        Ok(Look { kind, scheme, token_service, catalog, referrers })
    }
}

impl Client {
    /// Refuses a server whose `/v2/` is not that of a registry.
    pub(super) async fn must_be_a_registry(&self) -> Result<()> {
        challenge(&self.hello(None).await?).map(|_| ())
    }

    async fn hello(&self, authorization: Option<&HeaderValue>) -> Result<Answer> {
        self.send_with(&Request::new(Method::GET, self.below("v2/")), authorization).await
    }

    fn below(&self, path: &str) -> Url {
        self.base.join(path).expect("a constant path makes an address")
    }

    /// Returns whether the registry answers a question: nothing where it is not allowed to be asked.
    async fn asks(&self, path: &str, authorization: Option<&HeaderValue>) -> Option<bool> {
        let answer = self.send_with(&Request::new(Method::GET, self.below(path)), authorization).await.ok()?;
        let is_json = answer.header("content-type").is_some_and(|kind| kind.contains("json"));
        match answer.status() {
            StatusCode::OK => Some(is_json),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => None,
            // `NAME_UNKNOWN` comes from a registry that knows the question and not the repository.
            StatusCode::NOT_FOUND => {
                let refusal = answer.into_refusal().await;
                Some(matches!(refusal.code.as_deref(), Some("NAME_UNKNOWN" | "MANIFEST_UNKNOWN")))
            }
            _ => Some(false),
        }
    }

    async fn kind(&self, hello: &Answer, challenge: Option<&Challenge>, authorization: Option<&HeaderValue>) -> Kind {
        let known = Kind::of_host(self.base.host_str().unwrap_or_default());
        if known != Kind::Unknown {
            return known;
        }
        // zot names a header of its own (measured: 2.1), Harbor its service.
        if hello.header("access-control-allow-headers").is_some_and(|names| names.contains("X-ZOT-API-CLIENT")) {
            return Kind::Zot;
        }
        if let Some(Challenge::Bearer { service, .. }) = challenge {
            match service.as_deref() {
                Some("harbor-registry") => return Kind::Harbor,
                Some("container_registry") => return Kind::GitLab,
                _ => {}
            }
        }
        if self.asks("v2/_oci/ext/discover", authorization).await == Some(true) {
            return Kind::Zot;
        }
        match hello.header("docker-distribution-api-version") {
            Some(_) => Kind::Distribution,
            None => Kind::Unknown,
        }
    }
}

/// Returns the challenge of an answer to `/v2/`, nothing where it is open to everybody.
fn challenge(answer: &Answer) -> Result<Option<Challenge>> {
    let host = super::answer::host_of(&answer.url);
    match answer.status() {
        StatusCode::OK if wire::is_html(answer.headers()) => {
            let (status, code, message) = (answer.status().as_u16(), None, String::new());
            let page = Refusal { host: host.clone(), status, code, message, html: true, credentials: None };
            Err(Error::new(ErrorKind::Unavailable, format!("cannot talk to `{host}`")).because(page))
        }
        StatusCode::OK => Ok(None),
        StatusCode::UNAUTHORIZED => {
            let challenges = wire::challenges(answer.headers());
            let bearer = challenges.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
            let chosen = bearer.or(challenges.first()).cloned();
            chosen.map(Some).ok_or_else(|| {
                Error::new(ErrorKind::Unavailable, format!("`{host}` asks for credentials and does not say how"))
            })
        }
        status => {
            Err(Error::new(ErrorKind::Unavailable, format!("`{host}` is not a registry: it answered {status} to /v2/")))
        }
    }
}
