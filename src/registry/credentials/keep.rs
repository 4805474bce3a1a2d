//! Keeps credentials in a configuration of Docker's form, or takes them out.
//!
//! Where the configuration names a helper program for the server (`credHelpers`, else `credsStore`), the helper keeps the secret
//! and the file only notes that there is one, as Docker does. Otherwise it stands in the file, which only its owner may read.
//! A file is changed under a lock on its folder and replaced as a whole, so that logins at the same time keep each other's
//! entries, and a kill leaves the old file. What else is in it stays. A file that is a link is changed where it leads.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{CONFIG_LIMIT, Configuration, Credentials, HELPER_LIMIT, JsonObject, SECRETS, normalized};
use crate::store::{Error, ErrorKind, Result};

/// How long another login is waited for.
const LOCK_LIMIT: Duration = Duration::from_secs(30);
/// How often it is looked whether a lock is free or a helper has ended.
const POLL: Duration = Duration::from_millis(10);
/// The largest answer of a helper that is read, in bytes.
const ANSWER_LIMIT: u64 = 64 * 1024;
/// The key that Docker gave Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Who keeps the credentials of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// The helper program `docker-credential-NAME`.
    Helper(String),
    /// The file itself, in which they are not encrypted.
    File(PathBuf),
}

/// Keeps a user's password for a server under `key` (`host[:port]`, or with the path below which it is valid) and returns who keeps it.
///
/// Blocks: for the lock and for the helper, up to 30 seconds each.
///
/// # Errors
///
/// [`ErrorKind::Invalid`] where the file does not parse, or for credentials that no configuration can hold;
/// [`ErrorKind::Denied`] where the helper refuses; [`ErrorKind::FileSystem`].
pub fn keep(file: &Path, key: &str, credentials: &Credentials) -> Result<Keeper> {
    let Credentials::Password { username, password } = credentials else {
        return Err(Error::new(ErrorKind::Invalid, "a token can't be kept without a user"));
    };
    if username.contains(':') {
        return Err(Error::new(ErrorKind::Invalid, "a user's name can't have a `:` (RFC 7617, 2)"));
    }
    change(file, |config| {
        if let Some((helper, server)) = helper_of(config, key) {
            let secret = Zeroizing::new(
                json!({ "ServerURL": server, "Username": username, "Secret": password.as_str() }).to_string(),
            );
            run_helper(&helper, "store", &secret, password)?;
            remove_entries(config, key);
            entries(config, "auths")?.entry(server).or_insert_with(|| json!({}));
            return Ok(Keeper::Helper(helper));
        }
        let plain = Zeroizing::new(format!("{username}:{}", password.as_str()));
        let auths = entries(config, "auths")?;
        let name = existing_key(auths, key).unwrap_or_else(|| file_key(key));
        let entry = auths.entry(name).or_insert_with(|| json!({}));
        let entry = as_object(entry)?;
        for other in SECRETS {
            entry.remove(other);
        }
        entry.insert("auth".into(), STANDARD.encode(plain.as_bytes()).into());
        Ok(Keeper::File(file.to_owned()))
    })
}

/// Takes the credentials of a server out, and returns who had kept them; nothing where nobody did.
///
/// # Errors
///
/// As [`keep`].
pub fn forget(file: &Path, key: &str) -> Result<Option<Keeper>> {
    if !file.exists() {
        return Ok(None);
    }
    change(file, |config| {
        let mut keeper = None;
        if let Some((helper, server)) = helper_of(config, key) {
            match run_helper(&helper, "erase", &server, "") {
                Ok(()) => keeper = Some(Keeper::Helper(helper)),
                Err(error) if says_not_found(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if remove_entries(config, key) && keeper.is_none() {
            keeper = Some(Keeper::File(file.to_owned()));
        }
        Ok(keeper)
    })
}

/// Changes members of a configuration file: what `edit` makes of its object replaces it.
///
/// # Errors
///
/// As [`keep`], and what `edit` says; then the file stays as it was.
pub fn change<T>(file: &Path, edit: impl FnOnce(&mut JsonObject) -> Result<T>) -> Result<T> {
    let file = destination(file)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder)?;
    let _lock = lock(folder)?;
    let before = Configuration::File(file.clone()).parsed()?.unwrap_or_default();
    let mut config = before.clone();
    let result = edit(&mut config)?;
    if config != before || !file.exists() {
        write(&file, folder, &config)?;
    }
    Ok(result)
}

/// Sets a member of a server's entry that is no secret, such as `insecure`.
///
/// # Errors
///
/// [`ErrorKind::Invalid`] where the configuration has something else than entries there.
pub fn set(config: &mut JsonObject, key: &str, member: &str, value: Value) -> Result<()> {
    let auths = entries(config, "auths")?;
    let name = existing_key(auths, key).unwrap_or_else(|| key.to_owned());
    as_object(auths.entry(name).or_insert_with(|| json!({})))?.insert(member.to_owned(), value);
    Ok(())
}

/// Returns the file that is meant where the name is a link.
fn destination(file: &Path) -> Result<PathBuf> {
    let mut file = file.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&file) else { return Ok(file) };
        file = file.parent().unwrap_or(Path::new("")).join(target);
    }
    Err(Error::file_system("write", &file, io::Error::other("its links lead in a circle")))
}

fn make_folder(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Error::file_system("create", folder, error))
}

/// Locks the folder, so that no file of a lock is left behind.
fn lock(folder: &Path) -> Result<File> {
    let opened = File::open(folder).map_err(|error| Error::file_system("open", folder, error))?;
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok(opened),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(POLL),
            Err(TryLockError::WouldBlock) => {
                let message = format!("another program has held the lock on `{}` for 30 s", folder.display());
                return Err(Error::new(ErrorKind::FileSystem, message));
            }
            Err(TryLockError::Error(error)) => return Err(Error::file_system("lock", folder, error)),
        }
    }
}

fn write(file: &Path, folder: &Path, config: &JsonObject) -> Result<()> {
    let failed = |error| Error::file_system("write", file, error);
    // Made with mode 0600.
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let mut text = Zeroizing::new(Vec::new());
    let mut writer = serde_json::Serializer::with_formatter(
        &mut *text,
        // As Docker writes it.
        serde_json::ser::PrettyFormatter::with_indent(b"\t"),
    );
    serde::Serialize::serialize(config, &mut writer).expect("a JSON value can be written to memory");
    if text.len() as u64 > CONFIG_LIMIT {
        return Err(Error::new(ErrorKind::Invalid, format!("`{}` would be larger than 1 MiB", file.display())));
    }
    new.write_all(&text).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(file).map_err(|error| failed(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Returns the object of a member, which is made where it is not there.
fn entries<'a>(config: &'a mut JsonObject, member: &str) -> Result<&'a mut JsonObject> {
    as_object(config.entry(member).or_insert_with(|| json!({})))
}

fn as_object(value: &mut Value) -> Result<&mut JsonObject> {
    value.as_object_mut().ok_or_else(|| {
        Error::new(ErrorKind::Invalid, "the configuration has something else than an object where entries belong")
    })
}

/// Returns the helper for a key, and the name by which it knows the server. Helpers keep one secret a host.
fn helper_of(config: &JsonObject, key: &str) -> Option<(String, String)> {
    let host = key.split('/').next().unwrap_or(key);
    let own = config.get("credHelpers").and_then(|helpers| helpers.get(key).or_else(|| helpers.get(host)));
    let helper = own.or_else(|| config.get("credsStore")).and_then(Value::as_str).filter(|name| !name.is_empty())?;
    Some((helper.to_owned(), file_key(host)))
}

/// Returns the key under which a new entry is written.
fn file_key(key: &str) -> String {
    if is_docker_hub(key) { DOCKER_HUB.to_owned() } else { key.to_owned() }
}

fn is_docker_hub(key: &str) -> bool {
    matches!(key, "docker.io" | "index.docker.io" | "registry-1.docker.io")
}

fn is_same(entry: &str, key: &str) -> bool {
    let entry = normalized(entry);
    entry == key || (is_docker_hub(entry) && is_docker_hub(key))
}

fn existing_key(auths: &JsonObject, key: &str) -> Option<String> {
    auths.keys().find(|entry| is_same(entry, key)).cloned()
}

/// Removes the secrets of a key's entries, and says whether there were any. Settings beside them, such as `insecure`, stay.
fn remove_entries(config: &mut JsonObject, key: &str) -> bool {
    let Some(auths) = config.get_mut("auths").and_then(Value::as_object_mut) else { return false };
    let mut found = false;
    let names: Vec<_> = auths.keys().filter(|entry| is_same(entry, key)).cloned().collect();
    for name in names {
        let Some(entry) = auths.get_mut(&name).and_then(Value::as_object_mut) else { continue };
        for secret in SECRETS {
            found |= entry.remove(secret).is_some();
        }
        if entry.is_empty() {
            auths.remove(&name);
        }
    }
    found
}

/// Runs a helper as Docker does (`docker-credential-helpers`, "Development"): the action as its argument, the rest on its
/// standard input. What it says is repeated where `secret` is not in it.
fn run_helper(helper: &str, action: &str, input: &str, secret: &str) -> Result<()> {
    let program = format!("docker-credential-{helper}");
    let failed = |cause: String| {
        Error::new(ErrorKind::Denied, format!("`{program}` could not {action} the credentials")).because(cause)
    };
    if helper.contains('/') {
        return Err(failed("its name has a `/`".into()));
    }
    let mut child = Command::new(&program)
        .arg(action)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("it can't be run: {error}")))?;
    let mut stdin = child.stdin.take().expect("it was piped");
    // A helper that ends without reading says why by its exit code.
    stdin.write_all(input.as_bytes()).ok();
    drop(stdin);
    let deadline = Instant::now() + HELPER_LIMIT;
    let status = loop {
        match child.try_wait().map_err(|error| failed(error.to_string()))? {
            Some(status) => break status,
            None if Instant::now() < deadline => sleep(POLL),
            None => {
                child.kill().ok();
                child.wait().ok();
                return Err(failed("it did not end within 30 s".into()));
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let words = last_words(&mut child).filter(|words| secret.is_empty() || !words.contains(secret));
    Err(failed(words.unwrap_or_else(|| status.to_string())))
}

/// Returns the first line of what a helper that failed had said.
fn last_words(child: &mut Child) -> Option<String> {
    let mut text = String::new();
    child.stderr.take()?.take(ANSWER_LIMIT).read_to_string(&mut text).ok()?;
    if text.trim().is_empty() {
        child.stdout.take()?.take(ANSWER_LIMIT).read_to_string(&mut text).ok()?;
    }
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(crate::registry::wire::printable(line, 200))
}

fn says_not_found(error: &Error) -> bool {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default().to_ascii_lowercase();
    cause.contains("not found") || cause.contains("not logged in")
}

#[cfg(test)]
mod tests;
