//! Which credentials win, and what is said of broken configurations.

use std::path::PathBuf;

use super::*;
use crate::registry::Credentials;

fn search(text: &str) -> CredentialSearch {
    let text = Zeroizing::new(text.to_owned());
    CredentialSearch {
        configurations: vec![Configuration::Text { origin: "TEST".into(), text }],
        ..CredentialSearch::default()
    }
}

fn user(found: Option<Located>) -> Option<String> {
    found.map(|found| match found.credentials {
        Credentials::Password { username, .. } => username,
        Credentials::IdentityToken(token) | Credentials::Token(token) => format!("token {}", token.as_str()),
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

/// An entry that `login -i` had made hid the password that the helper keeps.
#[test]
fn an_entry_without_a_secret_hides_no_helper() {
    let config = |entry: serde_json::Value| {
        let config = serde_json::json!({"auths": {"reg.example": entry}, "credsStore": "store"});
        let own = own_configuration(config.as_object().unwrap(), "reg.example");
        own.keys().cloned().collect::<Vec<_>>()
    };
    for nothing in [serde_json::json!({}), serde_json::json!({"insecure": true}), serde_json::json!({"auth": ""})] {
        assert_eq!(config(nothing.clone()), ["credsStore"], "{nothing}");
    }
    assert_eq!(config(serde_json::json!({"auth": "YTpi"})), ["auths"]);
    assert_eq!(config(serde_json::json!({"username": "u", "password": "p"})), ["auths"]);
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
