//! From a challenge to the `Authorization` header: Basic, or a token that is kept per scope.
//!
//! A challenge is remembered for the whole host, so that later requests carry their token from the start. A token is
//! fetched once even when many requests want it at the same time. The password goes to a token service only if that is
//! on the registry's own host, on the short list of known pairs, or trusted by the user: a hostile realm is how others
//! lost it (oras-go CVE-2026-48978, distribution CVE-2026-33540).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, Method, StatusCode, header};
use serde::Deserialize;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::{
    answer::host_of,
    client::{Client, Fetched, Request},
    credentials::{Credentials, Located},
    retry::Fault,
    wire::{self, Challenge},
};
use crate::store::{Error, ErrorKind, RepositoryName, Result};

/// The largest answer of a token service that is read, in bytes.
const TOKEN_LIMIT: u64 = 64 * 1024;
/// A token is not used in the last seconds of its life.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token lives whose answer does not say (distribution's token specification).
const DEFAULT_LIFE: u64 = 60;

/// Registries whose token service is known to be elsewhere.
const KNOWN_REALMS: [(&str, &str); 3] = [
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
    ("registry.redhat.io", "sso.redhat.com"),
];

/// What one wants to do, as the scopes of a token say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// The path below the host that credentials are looked up for.
    pub(super) path: String,
    scopes: Vec<String>,
}

impl Access {
    /// Returns the access to a repository; the actions are those of the token specification, such as `pull,push`.
    pub(super) fn repository(name: &RepositoryName, actions: &str) -> Self {
        Self { path: name.to_string(), scopes: vec![format!("repository:{name}:{actions}")] }
    }

    /// Returns the access to the list of all repositories.
    pub(super) fn catalog(base: Option<&RepositoryName>) -> Self {
        let path = base.map(ToString::to_string).unwrap_or_default();
        Self { path, scopes: vec!["registry:catalog:*".into()] }
    }

    /// Returns the same access, and to pull from another repository, whose blobs are to be mounted.
    pub(super) fn and_pull(&self, other: &RepositoryName) -> Self {
        let mut wider = self.clone();
        wider.scopes.push(format!("repository:{other}:pull"));
        wider
    }
}

/// What is known of how to authenticate at one host.
#[derive(Default)]
pub(super) struct Authenticator {
    challenge: Mutex<Option<Challenge>>,
    tokens: Mutex<BTreeMap<Vec<String>, Slot>>,
    credentials: Mutex<BTreeMap<String, Option<Located>>>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

pub(super) struct Token {
    pub(super) header: HeaderValue,
    ends: Instant,
}

impl Client {
    /// Returns the header to send from the start, as far as the host's challenge is known.
    pub(super) async fn authorization(&self, access: &Access) -> Result<Option<HeaderValue>, Fault> {
        let challenge = self.authenticator.challenge.lock().expect("nobody panics with this lock").clone();
        match challenge {
            None => Ok(None),
            Some(Challenge::Basic) => Ok(self.basic(access).await?),
            Some(Challenge::Bearer { realm, service }) => {
                Ok(Some(self.token(access, &realm, service.as_deref(), None).await?))
            }
        }
    }

    /// Returns the header to try after a 401, or nothing where there is no other one than the one used.
    pub(super) async fn renew(
        &self,
        access: &Access,
        challenges: &[Challenge],
        used: Option<&HeaderValue>,
    ) -> Result<Option<HeaderValue>, Fault> {
        let chosen = {
            let mut known = self.authenticator.challenge.lock().expect("nobody panics with this lock");
            let bearer = challenges.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
            // Harbor challenges with Basic once any Authorization was sent, also for a token that is over: the realm
            // that it named first is still the place to go.
            let keeps = matches!(*known, Some(Challenge::Bearer { .. })) && bearer.is_none() && used.is_some();
            if !keeps && let Some(challenge) = bearer.or(challenges.first()) {
                *known = Some(challenge.clone());
            }
            if challenges.is_empty() && used.is_none() {
                return Ok(None);
            }
            known.clone()
        };
        match chosen {
            None => Ok(None),
            Some(Challenge::Basic) => Ok(self.basic(access).await?.filter(|header| Some(header) != used)),
            Some(Challenge::Bearer { realm, service }) => {
                Ok(Some(self.token(access, &realm, service.as_deref(), used).await?))
            }
        }
    }

    async fn basic(&self, access: &Access) -> Result<Option<HeaderValue>> {
        let found = self.find_credentials(&access.path).await?;
        Ok(found.and_then(|found| plain_header(&found.credentials)))
    }

    /// Returns a token for these scopes that is not `used`, from memory or from the token service.
    async fn token(
        &self,
        access: &Access,
        realm: &str,
        service: Option<&str>,
        used: Option<&HeaderValue>,
    ) -> Result<HeaderValue, Fault> {
        let scopes = access.scopes.clone();
        let slot = {
            let mut tokens = self.authenticator.tokens.lock().expect("nobody panics with this lock");
            tokens.entry(scopes.clone()).or_default().clone()
        };
        // Held while the token is fetched: all others wait for the same one.
        let mut slot = slot.lock().await;
        if let Some(token) = &*slot
            && token.ends > Instant::now()
            && Some(&token.header) != used
        {
            return Ok(token.header.clone());
        }
        *slot = None;
        let found = self.find_credentials(&access.path).await?;
        let credentials = found.as_ref().map(|found| &found.credentials);
        if let Some(token @ Credentials::Token(_)) = credentials {
            let unfit = || Error::new(ErrorKind::Invalid, "the token has characters that no header can carry");
            return Ok(plain_header(token).ok_or_else(unfit)?);
        }
        let token = self.fetch_token(credentials, realm, service, &scopes).await?;
        let header = token.header.clone();
        *slot = Some(token);
        Ok(header)
    }

    /// Asks the token service; without scopes it only says who one is.
    pub(super) async fn fetch_token(
        &self,
        credentials: Option<&Credentials>,
        realm: &str,
        service: Option<&str>,
        scopes: &[String],
    ) -> Result<Token> {
        let realm = self.base.join(realm).map_err(|_| {
            let message = format!("`{}` names a token service that is no address", self.host());
            Error::new(ErrorKind::Unavailable, message)
        })?;
        if credentials.is_some() && !may_have_password(&realm, &self.base, &self.settings.trusted_realms) {
            let refused = UntrustedRealm { registry: self.host(), realm: host_of(&realm) };
            return Err(Error::new(ErrorKind::Denied, "the password was not sent").because(refused));
        }
        if !matches!(realm.scheme(), "https" | "http") || (self.base.scheme() == "https" && realm.scheme() == "http") {
            let message = format!("the token service `{}` of `{}` is not https", host_of(&realm), self.host());
            return Err(Error::new(ErrorKind::Denied, message));
        }
        let request = token_request(&realm, service, scopes, credentials);
        let unusable = |what: &str| {
            Error::new(ErrorKind::Unavailable, format!("the token service `{}` answered {what}", host_of(&realm)))
        };
        let body = match Box::pin(self.fetch(&request, None, TOKEN_LIMIT, "the token service's answer")).await? {
            Fetched::Body { bytes, .. } => Zeroizing::new(bytes.to_vec()),
            Fetched::Other(answer) if answer.status() == StatusCode::OK => return Err(unusable("a web page")),
            Fetched::Other(answer) => {
                let message = format!("the token service `{}` gave no token", host_of(&realm));
                return Err(answer.into_error(message).await);
            }
        };
        let invalid = || unusable("no token");
        let parsed: TokenAnswer = serde_json::from_slice(&body).map_err(|_| invalid())?;
        let (text, life) = parsed.into_parts().ok_or_else(invalid)?;
        let mut header = HeaderValue::from_str(&format!("Bearer {}", text.as_str())).map_err(|_| invalid())?;
        header.set_sensitive(true);
        // A token of less life than the margin is used once and fetched anew.
        Ok(Token { header, ends: Instant::now() + life.saturating_sub(MARGIN) })
    }

    /// Returns the credentials for a repository, and where they were found. Looks once.
    pub(super) async fn find_credentials(&self, path: &str) -> Result<Option<Located>> {
        let known = &self.authenticator.credentials;
        if let Some(found) = known.lock().expect("nobody panics with this lock").get(path) {
            return Ok(found.clone());
        }
        // A helper may take seconds; other tasks go on in the meantime.
        let (search, host, name) = (self.settings.credentials.clone(), self.settings.host.clone(), path.to_owned());
        let found = tokio::task::spawn_blocking(move || search.find(&host, &name));
        let found = found
            .await
            .map_err(|error| Error::new(ErrorKind::Invalid, "the search for credentials ended").because(error))??;
        known.lock().expect("nobody panics with this lock").insert(path.to_owned(), found.clone());
        Ok(found)
    }
}

/// Says that a registry wanted the password sent to a place that nobody vouched for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the registry `{registry}` asks for it to be sent to `{realm}`, which is another host and not trusted")]
pub struct UntrustedRealm {
    /// The registry, as `host[:port]`.
    pub registry: String,
    /// The token service, as `host[:port]`.
    pub realm: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    token: Option<Zeroizing<String>>,
    #[serde(default)]
    access_token: Option<Zeroizing<String>>,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl TokenAnswer {
    /// Returns the token and how long it lives. Harbor sends an empty `access_token` beside the real `token`.
    fn into_parts(self) -> Option<(Zeroizing<String>, Duration)> {
        let text = [self.token, self.access_token].into_iter().flatten().find(|text| !text.is_empty())?;
        Some((text, Duration::from_secs(self.expires_in.unwrap_or(DEFAULT_LIFE).clamp(1, 24 * 3600))))
    }
}

fn token_request(realm: &Url, service: Option<&str>, scopes: &[String], credentials: Option<&Credentials>) -> Request {
    if let Some(Credentials::IdentityToken(token)) = credentials {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token");
        form.append_pair("client_id", "spectro");
        form.append_pair("service", service.unwrap_or_default());
        form.append_pair("scope", &scopes.join(" "));
        form.append_pair("refresh_token", token);
        return Request::new(Method::POST, realm.clone())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish().into());
    }
    let mut url = realm.clone();
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        for scope in scopes {
            query.append_pair("scope", scope);
        }
    }
    let mut request = Request::new(Method::GET, url);
    if let Some(Credentials::Password { username, password }) = credentials {
        request.headers.insert(header::AUTHORIZATION, basic_header(username, password));
    }
    request
}

/// Returns the header of credentials that a registry takes without a token service.
pub(super) fn plain_header(credentials: &Credentials) -> Option<HeaderValue> {
    match credentials {
        Credentials::Password { username, password } => Some(basic_header(username, password)),
        Credentials::IdentityToken(_) => None,
        Credentials::Token(token) => {
            let text = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let mut header = HeaderValue::from_str(&text).ok()?;
            header.set_sensitive(true);
            Some(header)
        }
    }
}

fn basic_header(username: &str, password: &str) -> HeaderValue {
    let plain = Zeroizing::new(format!("{username}:{password}"));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(plain.as_bytes())));
    let mut header = HeaderValue::from_str(&text).expect("base64 can stand in a header");
    header.set_sensitive(true);
    header
}

/// Returns whether a token service may be given the password for a registry.
fn may_have_password(realm: &Url, registry: &Url, trusted: &[String]) -> bool {
    let (Some(realm_host), Some(registry_host)) = (realm.host_str(), registry.host_str()) else { return false };
    let secure = realm.scheme() == "https";
    if realm_host == registry_host {
        // Plain http for the token only where the registry itself is plain http.
        return secure || (realm.scheme() == "http" && registry.scheme() == "http");
    }
    let known = KNOWN_REALMS.contains(&(registry_host, realm_host));
    let named = trusted.iter().any(|host| *host == realm_host || *host == host_of(realm));
    (secure && known) || (named && (secure || wire::is_loopback(realm)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_goes_only_to_token_services_that_somebody_vouches_for() {
        let may = |realm: &str, registry: &str, trusted: &[&str]| {
            let trusted: Vec<_> = trusted.iter().map(|host| (*host).to_owned()).collect();
            may_have_password(&Url::parse(realm).unwrap(), &Url::parse(registry).unwrap(), &trusted)
        };
        for (realm, registry) in [
            ("https://ghcr.io/token", "https://ghcr.io/"),
            ("https://reg.example:8443/t", "https://reg.example:5000/"),
            ("http://127.0.0.1:5001/t", "http://127.0.0.1:5000/"),
            ("https://auth.docker.io/token", "https://registry-1.docker.io/"),
            ("https://gitlab.com/jwt/auth", "https://registry.gitlab.com/"),
        ] {
            assert!(may(realm, registry, &[]), "{realm} for {registry}");
        }
        for (realm, registry) in [
            ("https://evil.example/token", "https://ghcr.io/"),
            ("http://ghcr.io/token", "https://ghcr.io/"),
            ("http://auth.docker.io/token", "https://registry-1.docker.io/"),
            ("https://auth.docker.io/token", "https://reg.example/"),
            ("https://ghcr.io.evil.example/", "https://ghcr.io/"),
            ("http://localhost:5001/t", "http://127.0.0.1:5000/"),
        ] {
            assert!(!may(realm, registry, &[]), "{realm} for {registry}");
        }
        assert!(may("https://sso.example/t", "https://reg.example/", &["sso.example"]));
        assert!(!may("http://sso.example/t", "https://reg.example/", &["sso.example"]));
    }

    #[test]
    fn an_empty_token_is_no_token() {
        let parts = |text: &str| serde_json::from_str::<TokenAnswer>(text).unwrap().into_parts();
        let harbor = parts(r#"{"token":"t","access_token":"","expires_in":1800,"issued_at":"x"}"#).unwrap();
        assert_eq!((harbor.0.as_str(), harbor.1), ("t", Duration::from_mins(30)));
        assert_eq!(parts(r#"{"access_token":"a"}"#).unwrap().1, Duration::from_mins(1));
        assert!(parts(r#"{"token":"","access_token":""}"#).is_none());
    }

    #[test]
    fn an_identity_token_is_posted_and_a_password_is_not_in_the_address() {
        let realm = Url::parse("https://reg.example/token?x=1").unwrap();
        let scopes = ["repository:a/b:pull,push".to_owned(), "repository:c:pull".to_owned()];
        let identity = Credentials::IdentityToken(Zeroizing::new("secret".into()));
        let request = token_request(&realm, Some("s"), &scopes, Some(&identity));
        assert!(!format!("{request:?}").contains("secret"));
        assert_eq!((request.method, request.url.as_str()), (Method::POST, realm.as_str()));
        assert!(std::str::from_utf8(&request.body).unwrap().ends_with("refresh_token=secret"));
        let request = token_request(&realm, Some("s"), &scopes, Some(&Credentials::password("u", "secret")));
        assert_eq!(
            request.url.query(),
            Some("x=1&service=s&scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Ac%3Apull")
        );
        assert!(!format!("{request:?}").contains("secret"));
    }
}
