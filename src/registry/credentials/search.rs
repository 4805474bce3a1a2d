//! Where credentials are found.
//!
//! Configuration files of Docker, Podman and this tool have one form (`auths`, `credHelpers`, `credsStore`), which
//! `docker_credential` reads. It is asked once for each candidate key, the most specific first (`host/a/b`, `host/a`, `host`,
//! as Podman has it), with a configuration that holds nothing but that key: its own look-up would also take a key of
//! another path. A missing file is no credentials; a broken one is an error that names it. Paths are passed in.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use zeroize::Zeroizing;

use super::{
    Configuration, JsonObject, Located, SECRETS,
    helper::{ask, is_absence, reason, usable},
    normalized,
};
use crate::store::{Error, ErrorKind, Result};

/// Where to look for the credentials of a server.
#[derive(Clone, Debug, Default)]
pub struct CredentialSearch {
    /// Given by flag or environment: used for every server, so there must be just one in a command.
    pub given: Option<Located>,
    /// Looked through in this order.
    pub configurations: Vec<Configuration>,
    /// What was found already.
    pub found: Found,
}

/// What a configuration gave for a key, so that a helper program runs once for many repositories of a host.
#[derive(Clone, Default)]
pub struct Found(Arc<Mutex<Answers>>);

/// What was found, by configuration and key.
type Answers = BTreeMap<(String, String), Option<Located>>;

impl fmt::Debug for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Found(…)")
    }
}

impl CredentialSearch {
    /// Returns the credentials for `host[:port]` and the repository (or the path below which packs are; it may be empty), or nothing.
    ///
    /// Blocks while a helper program runs, for 30 seconds at most.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] where a configuration does not parse, [`ErrorKind::Denied`] where a helper fails.
    pub fn find(&self, host: &str, repository: &str) -> Result<Option<Located>> {
        if let Some(given) = &self.given {
            return Ok(Some(given.clone()));
        }
        for configuration in &self.configurations {
            let Some(config) = configuration.parsed()? else { continue };
            if let Some(found) = self.find_in(&config, &configuration.name(), host, repository)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Returns the keys that the configurations have entries or helpers for, each with where it stands, in the order in which they are
    /// looked through. What a `credsStore` keeps is not asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] where a configuration does not parse.
    pub fn known(&self) -> Result<Vec<(String, String)>> {
        let mut known = Vec::new();
        for configuration in &self.configurations {
            let Some(config) = configuration.parsed()? else { continue };
            let keys: std::collections::BTreeSet<_> = ["auths", "credHelpers"]
                .iter()
                .filter_map(|member| config.get(*member).and_then(serde_json::Value::as_object))
                .flat_map(|entries| entries.keys().map(|key| normalized(key).to_owned()))
                .collect();
            known.extend(keys.into_iter().map(|key| (key, configuration.name())));
        }
        Ok(known)
    }

    fn find_in(&self, config: &JsonObject, name: &str, host: &str, repository: &str) -> Result<Option<Located>> {
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

/// Asks one configuration for one key.
fn ask_for(config: &JsonObject, name: &str, key: &str) -> Result<Option<Located>> {
    let own = own_configuration(config, key);
    let helper = own.get("credHelpers").and_then(|helpers| helpers.get(key)).or_else(|| own.get("credsStore"));
    let helper = helper.and_then(serde_json::Value::as_str).map(str::to_owned);
    if own.is_empty() {
        return Ok(None);
    }
    let text = Zeroizing::new(serde_json::to_vec(&own).expect("a JSON value can be written to memory"));
    match ask(text, key.to_owned()) {
        Ok(credential) => Ok(usable(credential).map(|credentials| Located {
            credentials,
            source: name.to_owned(),
            key: Some(key.to_owned()),
            helper,
        })),
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
    let entry = entries.find(|(name, entry)| normalized(name) == key && holds_a_secret(entry));
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

/// Returns whether an entry has credentials. One that only notes something else, such as `insecure`, leaves them to the helper.
fn holds_a_secret(entry: &serde_json::Value) -> bool {
    SECRETS.iter().any(|name| entry.get(name).is_some_and(|secret| secret.as_str() != Some("")))
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

#[cfg(test)]
mod tests;
