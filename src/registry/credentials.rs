//! What one shows to a registry: where it is found (`search`), and where it is kept (`keep`).
//!
//! Secrets are never printed, and are overwritten in memory when they are dropped.

mod helper;
pub mod keep;
mod search;

use std::{fmt, path::PathBuf, time::Duration};

use zeroize::Zeroizing;

pub use self::search::{CredentialSearch, Found};
use crate::store::{Error, ErrorKind, Result};

/// How long a credential helper may take; a hanging one must not hold the process.
const HELPER_LIMIT: Duration = Duration::from_secs(30);

/// The largest configuration file that is read, in bytes.
const CONFIG_LIMIT: u64 = 1024 * 1024;

/// The members of an entry that make up credentials.
const SECRETS: [&str; 5] = ["auth", "username", "password", "identitytoken", "registrytoken"];

/// What one shows to a registry. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user and a password.
    Password {
        /// The user, or the robot.
        username: String,
        /// The password, or a token used as one.
        password: Zeroizing<String>,
    },
    /// A refresh token of OAuth 2, which a token service turns into access tokens.
    IdentityToken(Zeroizing<String>),
    /// An access token, which is shown to the registry as it is.
    Token(Zeroizing<String>),
}

impl Credentials {
    /// Returns credentials of a user and a password.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { username: username.into(), password: Zeroizing::new(password.into()) }
    }

    /// Returns the user, where there is one.
    pub fn username(&self) -> Option<&str> {
        match self {
            Self::Password { username, .. } => Some(username),
            Self::IdentityToken(_) | Self::Token(_) => None,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Password { .. } => "Credentials::Password(…)",
            Self::IdentityToken(_) => "Credentials::IdentityToken(…)",
            Self::Token(_) => "Credentials::Token(…)",
        })
    }
}

/// Credentials, and where they were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The credentials.
    pub credentials: Credentials,
    /// The file, the variable or the flag.
    pub source: String,
    /// Under which key of a configuration.
    pub key: Option<String>,
    /// Which helper program gave them (`docker-credential-…`).
    pub helper: Option<String>,
}

impl Located {
    /// Returns credentials that were given by a flag or a variable of this name.
    pub fn given(credentials: Credentials, source: impl Into<String>) -> Self {
        Self { credentials, source: source.into(), key: None, helper: None }
    }
}

impl fmt::Display for Located {
    /// Says where they were found, and nothing of what they are.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.helper {
            Some(helper) => write!(formatter, "`docker-credential-{helper}`, which `{}` names", self.source),
            None => write!(formatter, "`{}`", self.source),
        }
    }
}

/// A configuration that may hold credentials.
#[derive(Clone)]
pub enum Configuration {
    /// A file, which need not exist.
    File(PathBuf),
    /// A text, and where it came from, such as the variable `DOCKER_AUTH_CONFIG`.
    Text {
        /// Where it came from.
        origin: String,
        /// The configuration itself.
        text: Zeroizing<String>,
    },
}

impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Configuration({})", self.name())
    }
}

impl Configuration {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text { origin, .. } => origin.clone(),
        }
    }

    fn read(&self) -> Result<Option<Zeroizing<String>>> {
        let path = match self {
            Self::Text { text, .. } => return Ok(Some(text.clone())),
            Self::File(path) => path,
        };
        let unreadable = |error| Error::file_system("read", path, error);
        let length = match std::fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        if length > CONFIG_LIMIT {
            return Err(Error::new(ErrorKind::Invalid, format!("`{}` is larger than 1 MiB", path.display())));
        }
        std::fs::read_to_string(path).map(|text| Some(Zeroizing::new(text))).map_err(unreadable)
    }

    /// Returns what it says; nothing where it is not there or empty.
    fn parsed(&self) -> Result<Option<JsonObject>> {
        let Some(text) = self.read()? else { return Ok(None) };
        let name = self.name();
        let broken = |error: String| Error::new(ErrorKind::Invalid, format!("`{name}` is broken")).because(error);
        if text.trim().is_empty() {
            return Ok(None);
        }
        match serde_json::from_str(&text).map_err(|error| broken(place_of(&error)))? {
            serde_json::Value::Object(config) => Ok(Some(config)),
            _ => Err(broken("it is no JSON object".into())),
        }
    }
}

/// Says where a JSON text is broken without repeating any of it.
fn place_of(error: &serde_json::Error) -> String {
    format!("not JSON at line {} column {}", error.line(), error.column())
}

type JsonObject = serde_json::Map<String, serde_json::Value>;

/// Returns a key of `auths` without the scheme and the `/v1/` that old clients wrote.
fn normalized(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let bare = bare.trim_end_matches('/');
    bare.strip_suffix("/v1").or_else(|| bare.strip_suffix("/v2")).unwrap_or(bare)
}
