//! Where credentials are found, and what they are.
//!
//! Configuration files of Docker, Podman and this tool have one form (`auths`, `credHelpers`, `credsStore`), which
//! `docker_credential` reads. It is asked once for each candidate key, the most specific first (`host/a/b`, `host/a`, `host`,
//! as Podman has it), with a configuration that holds nothing but that key: its own look-up would also take a key of
//! another path. A missing file is no credentials; a broken one is an error that names it. Paths are passed in.

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use docker_credential::{CredentialRetrievalError, DockerCredential};
use zeroize::Zeroizing;

use crate::store::{Error, ErrorKind, Result};

/// How long a credential helper may take; a hanging one must not hold the process.
const HELPER_LIMIT: Duration = Duration::from_secs(30);

/// The largest configuration file that is read, in bytes.
const CONFIG_LIMIT: u64 = 1024 * 1024;

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
}

impl Credentials {
    /// Returns credentials of a user and a password.
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { username: username.into(), password: Zeroizing::new(password.into()) }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Password { .. } => "Credentials::Password(…)",
            Self::IdentityToken(_) => "Credentials::IdentityToken(…)",
        })
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
}

/// Where to look for the credentials of a server.
#[derive(Clone, Debug, Default)]
pub struct CredentialSearch {
    /// Given by flag or environment: used for every server, so there must be just one in a command.
    pub given: Option<Credentials>,
    /// Looked through in this order.
    pub configurations: Vec<Configuration>,
    /// What was found already.
    pub found: Found,
}

/// What a configuration gave for a key, so that a helper program runs once for many repositories of a host.
#[derive(Clone, Default)]
pub struct Found(Arc<Mutex<Answers>>);

/// What was found, by configuration and key.
type Answers = BTreeMap<(String, String), Option<Credentials>>;

impl fmt::Debug for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Found(…)")
    }
}

impl CredentialSearch {
    /// Returns the credentials for `host[:port]` and the repository, or nothing.
    ///
    /// Blocks while a helper program runs, for 30 seconds at most.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] where a configuration does not parse, [`ErrorKind::Denied`] where a helper fails.
    pub fn find(&self, host: &str, repository: &str) -> Result<Option<Credentials>> {
        if let Some(given) = &self.given {
            return Ok(Some(given.clone()));
        }
        for configuration in &self.configurations {
            let Some(text) = configuration.read()? else { continue };
            let name = configuration.name();
            let broken = |error: String| Error::new(ErrorKind::Invalid, format!("`{name}` is broken")).because(error);
            if text.trim().is_empty() {
                continue;
            }
            let parsed = serde_json::from_str(&text).map_err(|error| broken(place_of(&error)))?;
            let serde_json::Value::Object(config) = parsed else { return Err(broken("it is no JSON object".into())) };
            if let Some(found) = self.find_in(&config, &name, host, repository)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn find_in(&self, config: &JsonObject, name: &str, host: &str, repository: &str) -> Result<Option<Credentials>> {
        for key in candidate_keys(host, repository) {
            let known = (name.to_owned(), key.clone());
            let remembered = self.found.0.lock().expect("nobody panics with this lock").get(&known).cloned();
            let found = match remembered {
                Some(found) => found,
                None => ask_for(config, name, &key)?,
            };
            self.found.0.lock().expect("nobody panics with this lock").insert(known, found.clone());
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// Says where a JSON text is broken without repeating any of it.
fn place_of(error: &serde_json::Error) -> String {
    format!("not JSON at line {} column {}", error.line(), error.column())
}

type JsonObject = serde_json::Map<String, serde_json::Value>;

/// Asks one configuration for one key.
fn ask_for(config: &JsonObject, name: &str, key: &str) -> Result<Option<Credentials>> {
    let own = own_configuration(config, key);
    if own.is_empty() {
        return Ok(None);
    }
    let text = Zeroizing::new(serde_json::to_vec(&own).expect("a JSON value can be written to memory"));
    match ask(text, key.to_owned()) {
        Ok(credential) => Ok(usable(credential)),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => {
            let message = format!("cannot get the credentials for `{key}` from `{name}`");
            Err(Error::new(ErrorKind::Denied, message).because(reason(&error)))
        }
    }
}

/// Returns the part of a configuration that is about one key: its entry, its helper, or the store of all keys of a host.
fn own_configuration(config: &JsonObject, key: &str) -> JsonObject {
    let member = |name: &str| config.get(name).and_then(serde_json::Value::as_object);
    let mut own = JsonObject::new();
    if let Some(helper) = member("credHelpers").and_then(|helpers| helpers.get(key)) {
        own.insert("credHelpers".into(), serde_json::json!({ key: helper }));
        return own;
    }
    let mut entries = member("auths").into_iter().flatten();
    let entry =
        entries.find(|(name, entry)| normalized(name) == key && entry.as_object().is_some_and(|e| !e.is_empty()));
    if let Some((_, entry)) = entry {
        own.insert("auths".into(), serde_json::json!({ key: entry }));
    } else if !key.contains('/')
        && let Some(store) =
            config.get("credsStore").filter(|store| store.as_str().is_some_and(|name| !name.is_empty()))
    {
        own.insert("credsStore".into(), store.clone());
    }
    own
}

/// Returns the keys to look for, the most specific first. Docker Hub has several names, and one old key.
fn candidate_keys(host: &str, repository: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let hosts: &[&str] = match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            &["docker.io", "index.docker.io", "registry-1.docker.io"]
        }
        _ => &[host],
    };
    for host in hosts {
        let mut path = repository;
        while !path.is_empty() {
            keys.push(format!("{host}/{path}"));
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }
    keys.extend(hosts.iter().map(|host| (*host).to_owned()));
    keys
}

/// Returns a key of `auths` without the scheme and the `/v1/` that old clients wrote.
fn normalized(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let bare = bare.trim_end_matches('/');
    bare.strip_suffix("/v1").or_else(|| bare.strip_suffix("/v2")).unwrap_or(bare)
}

/// Asks on a plain thread: a runtime's thread that waits for a hanging helper would hold the process at its end.
fn ask(config: Zeroizing<Vec<u8>>, key: String) -> std::result::Result<DockerCredential, CredentialRetrievalError> {
    let (sender, receiver) = mpsc::channel();
    // Docker's own helpers know Docker Hub by this address.
    let key = if key == "index.docker.io" && config.windows(10).any(|part| part == b"credsStore") {
        "https://index.docker.io/v1/".to_owned()
    } else {
        key
    };
    std::thread::spawn(move || {
        let found = docker_credential::get_credential_from_reader(config.as_slice(), &key);
        // The receiver is gone when the limit was over.
        sender.send(found).ok();
    });
    receiver.recv_timeout(HELPER_LIMIT).unwrap_or(Err(CredentialRetrievalError::HelperCommunicationError))
}

fn usable(credential: DockerCredential) -> Option<Credentials> {
    match credential {
        DockerCredential::IdentityToken(token) if !token.is_empty() => {
            Some(Credentials::IdentityToken(Zeroizing::new(token)))
        }
        DockerCredential::UsernamePassword(username, password) if !username.is_empty() || !password.is_empty() => {
            Some(Credentials::password(username, password))
        }
        _ => None,
    }
}

/// Returns whether the error means that there are no credentials. Helpers tell that only in words.
fn is_absence(error: &CredentialRetrievalError) -> bool {
    match error {
        CredentialRetrievalError::NoCredentialConfigured => true,
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => [stdout, stderr].iter().any(|text| {
            let text = text.to_ascii_lowercase();
            text.contains("credentials not found") || text.contains("not logged in")
        }),
        _ => false,
    }
}

/// Says why without repeating what a helper printed on its standard output, where a secret may stand.
fn reason(error: &CredentialRetrievalError) -> String {
    match error {
        CredentialRetrievalError::HelperFailure { helper, stderr, .. } => {
            let line = stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            format!("`{helper}` failed: {}", super::wire::printable(line, 200))
        }
        CredentialRetrievalError::HelperCommunicationError => {
            "its credential helper could not be run, or gave no answer within 30 s".into()
        }
        CredentialRetrievalError::MalformedHelperResponse => "its credential helper gave no valid answer".into(),
        CredentialRetrievalError::CredentialDecodingError => "its `auth` is not base64 of `user:password`".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str) -> CredentialSearch {
        let text = Zeroizing::new(text.to_owned());
        CredentialSearch {
            configurations: vec![Configuration::Text { origin: "TEST".into(), text }],
            ..CredentialSearch::default()
        }
    }

    fn user(found: Option<Credentials>) -> Option<String> {
        found.map(|credentials| match credentials {
            Credentials::Password { username, .. } => username,
            Credentials::IdentityToken(token) => format!("token {}", token.as_str()),
        })
    }

    #[test]
    fn the_most_specific_key_wins() {
        let config = serde_json::json!({"auths": {
            "reg.example:5000": {"username": "host", "password": "p"},
            "reg.example:5000/a": {"auth": "cGF0aDpw"},
            "https://reg.example:5000/a/b/": {"username": "deep", "password": "p"},
            "other.example/x": {"username": "x", "password": "p"},
            "https://index.docker.io/v1/": {"username": "hub", "password": "p"},
            "azure.example": {"auth": "MDowAA==", "identitytoken": "abc"},
        }});
        let search = search(&config.to_string());
        let find = |host, repository| user(search.find(host, repository).unwrap());
        assert_eq!(find("reg.example:5000", "a/b/c").as_deref(), Some("deep"));
        assert_eq!(find("reg.example:5000", "a/c").as_deref(), Some("path"));
        assert_eq!(find("reg.example:5000", "b").as_deref(), Some("host"));
        assert_eq!(find("reg.example", "a"), None);
        assert_eq!(find("other.example", "y"), None, "a key of another path is not this host's");
        assert_eq!(find("docker.io", "library/x").as_deref(), Some("hub"));
        assert_eq!(find("azure.example", "x").as_deref(), Some("token abc"));
    }

    #[test]
    fn a_missing_file_is_no_credentials_and_a_broken_one_is_named() {
        let search_file = |path: &str| CredentialSearch {
            configurations: vec![Configuration::File(PathBuf::from(path))],
            ..CredentialSearch::default()
        };
        assert_eq!(search_file("/nonexistent/config.json").find("a", "b").unwrap(), None);
        let error = search("{\"auths\": {\"a\": \"c2VjcmV0\"").find("a", "b").unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Invalid, "`TEST` is broken"));
        assert!(!format!("{error:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?} {:?}", Credentials::password("u", "hunter2"), search(r#"{"a":"hunter2"}"#));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
