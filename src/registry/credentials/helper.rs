//! Asks `docker_credential` for one key of one configuration, and understands what it says.

use std::sync::mpsc;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use zeroize::Zeroizing;

use super::{Credentials, HELPER_LIMIT};
use crate::registry::wire;

/// Asks on a plain thread: a runtime's thread that waits for a hanging helper would hold the process at its end.
pub(super) fn ask(
    config: Zeroizing<Vec<u8>>,
    key: String,
) -> std::result::Result<DockerCredential, CredentialRetrievalError> {
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

pub(super) fn usable(credential: DockerCredential) -> Option<Credentials> {
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
pub(super) fn is_absence(error: &CredentialRetrievalError) -> bool {
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
pub(super) fn reason(error: &CredentialRetrievalError) -> String {
    match error {
        CredentialRetrievalError::HelperFailure { helper, stderr, .. } => {
            let line = stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            format!("`{helper}` failed: {}", wire::printable(line, 200))
        }
        CredentialRetrievalError::HelperCommunicationError => {
            "its credential helper could not be run, or gave no answer within 30 s".into()
        }
        CredentialRetrievalError::MalformedHelperResponse => "its credential helper gave no valid answer".into(),
        CredentialRetrievalError::CredentialDecodingError => "its `auth` is not base64 of `user:password`".into(),
        other => other.to_string(),
    }
}
