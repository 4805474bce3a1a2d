//! The configuration files of the two real registries, from one description.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::registry::Kind;

/// The one user that a registry with passwords knows.
pub(crate) const USER: &str = "pack-author";
/// Its password. With a colon and a space, since both have broken clients.
pub(crate) const PASSWORD: &str = "correct: horse";
/// The bcrypt hash of [`PASSWORD`] with the least cost there is, as `htpasswd -B -C 4` writes it.
const PASSWORD_HASH: &str = "$2y$04$VcMC6sqZ42bA8orek3l1Q.PyygOtV01ISWDpHQx6wLvNNMhVp0VoW";

/// What a registry asks for before it serves.
#[derive(Clone, Debug, Default)]
pub(crate) enum Access {
    #[default]
    Anonymous,
    Password,
    Token {
        realm: String,
        service: String,
        issuer: String,
        certificate: PathBuf,
    },
}

/// The files of a registry's TLS side.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// The authority of client certificates, where they are asked for.
    pub(crate) clients: Option<PathBuf>,
}

/// Everything that a registry can be told.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) storage: PathBuf,
    pub(crate) access: Access,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) deletion: bool,
    pub(crate) rights: Option<&'static [&'static str]>,
}

impl Config {
    /// Writes the configuration into `folder` and returns its path. Both registries read JSON (distribution's YAML contains it).
    pub(crate) fn write(&self, kind: Kind, folder: &Path, port: u16) -> PathBuf {
        let passwords = folder.join("htpasswd");
        fs::write(&passwords, format!("{USER}:{PASSWORD_HASH}\n")).expect("a registry's folder is writable");
        let config = match kind {
            Kind::Distribution => self.distribution(&passwords, port),
            Kind::Zot => self.zot(&passwords, port),
        };
        let path = folder.join("config.json");
        fs::write(&path, config.to_string()).expect("a registry's folder is writable");
        path
    }

    fn distribution(&self, passwords: &Path, port: u16) -> Value {
        assert!(self.rights.is_none(), "CNCF distribution gives all rights to everybody");
        let mut http = json!({"addr": format!("127.0.0.1:{port}"), "secret": "one process needs no secret"});
        if let Some(tls) = &self.tls {
            http["tls"] = json!({"certificate": tls.certificate, "key": tls.key});
            if let Some(clients) = &tls.clients {
                http["tls"]["clientcas"] = json!([clients]);
            }
        }
        let mut config = json!({
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": false}},
            "storage": {
                "filesystem": {"rootdirectory": self.storage},
                "delete": {"enabled": self.deletion},
                "maintenance": {"uploadpurging": {"enabled": false}},
            },
            "http": http,
        });
        match &self.access {
            Access::Anonymous => {}
            Access::Password => config["auth"] = json!({"htpasswd": {"realm": "packs", "path": passwords}}),
            Access::Token { realm, service, issuer, certificate } => {
                config["auth"] = json!({
                    "token": {"realm": realm, "service": service, "issuer": issuer, "rootcertbundle": certificate}
                });
            }
        }
        config
    }

    fn zot(&self, passwords: &Path, port: u16) -> Value {
        let mut http = json!({"address": "127.0.0.1", "port": port.to_string()});
        if let Some(tls) = &self.tls {
            http["tls"] = json!({"cert": tls.certificate, "key": tls.key});
            if let Some(clients) = &tls.clients {
                http["tls"]["cacert"] = json!(clients);
            }
        }
        match &self.access {
            Access::Anonymous => {}
            Access::Password => http["auth"] = json!({"htpasswd": {"path": passwords}}),
            Access::Token { realm, service, certificate, .. } => {
                http["auth"] = json!({"bearer": {"realm": realm, "service": service, "cert": certificate}});
            }
        }
        if let Some(rights) = self.rights {
            let policy = match self.access {
                Access::Anonymous => "anonymousPolicy",
                Access::Password | Access::Token { .. } => "defaultPolicy",
            };
            http["accessControl"] = json!({"repositories": {"**": {policy: rights}}});
        }
        json!({
            "distSpecVersion": "1.1.1",
            "storage": {"rootDirectory": self.storage, "gc": true, "dedupe": true},
            "http": http,
            "log": {"level": "info"},
        })
    }
}
