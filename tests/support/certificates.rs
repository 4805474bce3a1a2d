//! Certificates made for one test: an authority of its own, what it signs for servers on loopback, and what it signs for clients.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;

use super::registry_config::TlsFiles;

/// A certificate with its private key.
pub(crate) struct Certificate {
    pub(crate) pem: String,
    pub(crate) key_pem: String,
    der: rustls::pki_types::CertificateDer<'static>,
    key_der: Vec<u8>,
}

/// A certificate authority that no system knows.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// Returns an authority with a new key.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = format!("the authority {:08x} of one test", fastrand::u32(..));
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key can be made");
        let pem = params.self_signed(&key).expect("an authority can sign itself").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Returns the authority's certificate.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes the authority's certificate into `folder`, for `--ca-file`, and returns its path.
    pub(crate) fn write(&self, folder: impl AsRef<Path>) -> PathBuf {
        let path = folder.as_ref().join("authority.pem");
        fs::write(&path, &self.pem).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }

    /// Returns a certificate for `localhost` and 127.0.0.1.
    pub(crate) fn server(&self) -> Certificate {
        self.sign(&["localhost", "127.0.0.1"], "localhost")
    }

    /// Returns a certificate for a server of another name, which nobody should accept on loopback.
    pub(crate) fn server_named(&self, name: &str) -> Certificate {
        self.sign(&[name], name)
    }

    /// Returns a certificate for `localhost` and 127.0.0.1 that was valid in these years only.
    pub(crate) fn server_valid(&self, from: i32, to: i32) -> Certificate {
        let mut params = Self::params(&["localhost", "127.0.0.1"], "localhost");
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        self.sign_params(&params)
    }

    /// Returns a certificate with which a client can name itself.
    pub(crate) fn client(&self, name: &str) -> Certificate {
        self.sign(&[], name)
    }

    /// Writes what a server needs into `folder`; with `clients`, only who shows a certificate of that authority is let in.
    pub(crate) fn server_files(&self, folder: &Path, clients: Option<&Authority>) -> TlsFiles {
        let server = self.server();
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
            path
        };
        TlsFiles {
            certificate: write("server.pem", &server.pem),
            key: write("server.key", &server.key_pem),
            clients: clients.map(|authority| write("clients.pem", &authority.pem)),
        }
    }

    fn sign(&self, names: &[&str], common_name: &str) -> Certificate {
        self.sign_params(&Self::params(names, common_name))
    }

    fn params(names: &[&str], common_name: &str) -> CertificateParams {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("these are names of servers");
        params.distinguished_name.push(DnType::CommonName, common_name);
        params
    }

    fn sign_params(&self, params: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().expect("a key can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("an authority can sign");
        Certificate {
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            der: certificate.der().clone(),
            key_der: key.serialize_der(),
        }
    }
}

impl Certificate {
    /// Returns the configuration of a TLS server that shows this certificate.
    pub(crate) fn server_config(&self) -> Arc<rustls::ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key_der.clone()).expect("a key that was made is a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .expect("the certificate has this key");
        Arc::new(config)
    }

    /// Writes the certificate and its key into `folder` and returns both paths, for `--cert-file` and `--key-file`.
    pub(crate) fn write(&self, folder: impl AsRef<Path>) -> (PathBuf, PathBuf) {
        let (certificate, key) = (folder.as_ref().join("client.pem"), folder.as_ref().join("client.key"));
        fs::write(&certificate, &self.pem).expect("the folder is writable");
        fs::write(&key, &self.key_pem).expect("the folder is writable");
        (certificate, key)
    }
}
