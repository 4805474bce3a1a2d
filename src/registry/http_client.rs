//! The HTTP clients below: one for https, one for http, each made when it is first needed.
//!
//! Certificates of the system are loaded only for https, so that a machine without any can still talk to a registry on
//! its loopback, or to one whose certificate authority is given.

use std::sync::OnceLock;

use reqwest::{Certificate, Identity, NoProxy, Proxy};
use url::Url;

use super::{Settings, fault::root_cause, wire};
use crate::store::{Error, ErrorKind, Result};

/// How https is spoken.
#[derive(Clone, Default)]
pub struct TlsSettings {
    /// Certificates are not verified.
    pub insecure: bool,
    /// Further certificate authorities, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// The client's own certificate and key, both as PEM, one behind the other.
    pub identity: Option<Vec<u8>>,
}

/// Which proxies are used, as the variables of the same names have them.
#[derive(Clone, Default)]
pub struct Proxies {
    /// For https.
    pub https: Option<String>,
    /// For http.
    pub http: Option<String>,
    /// Hosts that are reached directly.
    pub no_proxy: Option<String>,
}

pub(super) struct HttpClients {
    settings: Settings,
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
}

impl HttpClients {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), plain: OnceLock::new(), secure: OnceLock::new() }
    }

    /// Returns the client for the scheme of `url`.
    pub(super) fn for_url(&self, url: &Url) -> Result<&reqwest::Client> {
        let secure = url.scheme() == "https";
        let cell = if secure { &self.secure } else { &self.plain };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = if secure { self.build_secure()? } else { self.build(|builder| builder.tls_certs_only([]))? };
        Ok(cell.get_or_init(|| client))
    }

    fn build_secure(&self) -> Result<reqwest::Client> {
        let tls = &self.settings.tls;
        let invalid = |message: &str, error: &dyn std::error::Error| {
            Error::new(ErrorKind::Invalid, message).because(root_cause(error))
        };
        let authorities = match &tls.authorities {
            None => Vec::new(),
            Some(pem) => {
                Certificate::from_pem_bundle(pem).map_err(|error| invalid("the CA file is not PEM", &error))?
            }
        };
        if tls.authorities.is_some() && authorities.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "the CA file holds no certificate"));
        }
        let identity = match &tls.identity {
            None => None,
            Some(pem) => Some(
                Identity::from_pem(pem)
                    .map_err(|error| invalid("the client certificate or its key is not PEM", &error))?,
            ),
        };
        let with = |builder: reqwest::ClientBuilder| match &identity {
            Some(identity) => builder.identity(identity.clone()),
            None => builder,
        };
        if tls.insecure {
            return self.build(|builder| with(builder).tls_danger_accept_invalid_certs(true).tls_certs_only([]));
        }
        let merged = self.build(|builder| with(builder).tls_certs_merge(authorities.clone()));
        if merged.is_err() && !authorities.is_empty() {
            return self.build(|builder| with(builder).tls_certs_only(authorities.clone()));
        }
        merged
    }

    fn build(
        &self,
        configure: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<reqwest::Client> {
        // Fails only where the program has chosen a provider already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = reqwest::Client::builder()
            .user_agent(&self.settings.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(self.settings.timeouts.connect)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(self.settings.jobs.max(1));
        if !self.settings.base_url().is_ok_and(|base| wire::is_loopback(&base)) {
            for proxy in self.proxies()? {
                builder = builder.proxy(proxy);
            }
        }
        configure(builder).build().map_err(|error| {
            Error::new(ErrorKind::Invalid, "cannot set up the HTTP client").because(root_cause(&error))
        })
    }

    fn proxies(&self) -> Result<Vec<Proxy>> {
        let proxies = &self.settings.proxies;
        let direct = proxies.no_proxy.as_deref().and_then(NoProxy::from_string);
        let mut found = Vec::new();
        for (address, make) in [
            (&proxies.https, Proxy::https as fn(String) -> reqwest::Result<Proxy>),
            (&proxies.http, Proxy::http as fn(String) -> reqwest::Result<Proxy>),
        ] {
            let Some(address) = address.clone().filter(|address| !address.is_empty()) else { continue };
            // The address may hold a password, so the error does not repeat it.
            let proxy =
                make(address).map_err(|_| Error::new(ErrorKind::Invalid, "the address of the proxy is not valid"))?;
            found.push(proxy.no_proxy(direct.clone()));
        }
        Ok(found)
    }
}
