//! What holds for every text that a user, a server or a configuration file may send: used by the property tests and by the fuzz
//! targets. Each function panics where it does not hold.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;
use zeroize::Zeroizing;

use super::{
    credentials::{Configuration, CredentialSearch},
    reference::{PackReference, ServerName},
    wire::{self, Challenge},
};
use crate::digest::Digest;

/// The longest text of a server that is shown, in characters.
const SHOWN: usize = 500;

/// A reference and a server's name are what they print, and lead nowhere else.
pub(crate) fn reference(text: &str) {
    if let Ok(reference) = text.parse::<PackReference>() {
        let shown = reference.to_string();
        assert_eq!(shown.parse::<PackReference>().as_ref(), Ok(&reference), "{text:?} is printed as {shown:?}");
        let name = reference.name.as_str();
        assert!(name.len() <= 255 && !name.starts_with('/') && !name.ends_with('/'), "{name:?}");
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-/".contains(&byte);
        assert!(name.bytes().all(is_plain) && name.split('/').all(|part| !matches!(part, "" | "." | "..")), "{name:?}");
        if let Some(tag) = &reference.tag {
            let tag = tag.as_str();
            assert!(tag.len() <= 128 && !tag.starts_with(['.', '-']), "{tag:?}");
            assert!(tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{tag:?}");
        }
    }
    if let Ok(server) = text.parse::<ServerName>() {
        assert_eq!(server.to_string().parse::<ServerName>().map(|again| again.to_string()), Ok(server.to_string()));
        let url = Url::parse(&format!("https://{}/v2/", server.host()));
        let url = url.unwrap_or_else(|error| panic!("{:?} is no host of an address: {error}", server.host()));
        assert!(url.username().is_empty() && url.password().is_none() && url.path() == "/v2/", "{url}");
    }
}

fn headers(name: &HeaderName, text: &str) -> Option<HeaderMap> {
    let mut map = HeaderMap::new();
    for line in text.split('\n') {
        map.append(name, HeaderValue::from_bytes(line.as_bytes()).ok()?);
    }
    Some(map)
}

/// A challenge gives a realm only where one was sent.
pub(crate) fn challenge(text: &str) {
    let Some(headers) = headers(&header::WWW_AUTHENTICATE, text) else { return };
    for challenge in wire::challenges(&headers) {
        match challenge {
            Challenge::Bearer { realm, service } => {
                assert!(!realm.is_empty() && service.as_deref() != Some(""));
                assert!(text.to_ascii_lowercase().contains("bearer"));
                assert!(realm.len() <= text.len(), "{realm:?}");
            }
            Challenge::Basic => assert!(text.to_ascii_lowercase().contains("basic")),
        }
    }
}

/// A link is a part of its header; a location keeps its origin and its query when it gets the digest.
pub(crate) fn link(text: &str) {
    if let Some(headers) = headers(&header::LINK, text)
        && let Some(next) = wire::next_link(&headers)
    {
        assert!(text.contains(&next) && !next.contains('>'), "{next:?}");
    }
    let asked = Url::parse("https://registry.example/v2/a/blobs/uploads/").expect("an address");
    if let Some(headers) = headers(&header::LOCATION, text)
        && let Some(location) = wire::location(&headers, &asked)
    {
        let digest = Digest::of(b"");
        let ours = wire::with_digest(&location, &digest);
        assert!(wire::same_origin(&location, &ours) == wire::same_origin(&location, &location), "{location} {ours}");
        assert_eq!(location.path(), ours.path());
        let query = ours.query().unwrap_or_default();
        assert!(query.starts_with(location.query().unwrap_or_default()), "{query:?}");
        assert!(query.ends_with(&format!("digest=sha256%3A{}", digest.hex())), "{query:?}");
    }
}

/// What a server says about a failure is short and can be printed; numbers of headers are numbers or nothing.
pub(crate) fn error_body(body: &[u8]) {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    for headers in [HeaderMap::new(), HeaderMap::from_iter([(header::CONTENT_TYPE, html)])] {
        let (code, message) = wire::error_body(body, &headers);
        for text in code.iter().chain([&message]) {
            assert!(text.chars().count() <= SHOWN && !text.chars().any(char::is_control), "{text:?}");
        }
        assert!(code.is_none_or(|code| !code.is_empty()));
    }
    let text = String::from_utf8_lossy(body);
    for name in [header::RETRY_AFTER, header::DATE, header::CONTENT_RANGE, header::WARNING] {
        let Some(headers) = headers(&name, &text) else { continue };
        wire::retry_after(&headers);
        wire::range_start(&headers);
        for warning in wire::warnings(&headers) {
            assert!(warning.chars().count() <= SHOWN && !warning.chars().any(char::is_control), "{warning:?}");
        }
    }
}

/// A configuration has an answer, and an error about it repeats none of its secrets.
///
/// Texts that name a helper program are passed over: one would be run.
pub(crate) fn docker_config(text: &str) {
    // Escapes can spell the words as well.
    if text.contains("cred") || text.contains("\\u") {
        return;
    }
    let search = CredentialSearch {
        configurations: vec![Configuration::Text { origin: "CONFIG".into(), text: Zeroizing::new(text.to_owned()) }],
        ..CredentialSearch::default()
    };
    for (host, repository) in [("reg.example:5000", "a/b"), ("docker.io", "library/x")] {
        let found = search.find(host, repository);
        let shown = format!("{found:?}");
        for secret in secrets(text) {
            assert!(!shown.contains(&secret), "{shown} holds {secret:?}");
        }
        if let Err(error) = found {
            let mut next: Option<&dyn std::error::Error> = Some(&error);
            while let Some(cause) = next {
                let shown = cause.to_string();
                assert!(secrets(text).iter().all(|secret| !shown.contains(secret)), "{shown}");
                next = cause.source();
            }
        } else {
            assert_eq!(found.ok(), search.find(host, repository).ok(), "the second answer is another one");
        }
    }
}

/// Returns the texts of a configuration that are long enough to be told from words of our own.
fn secrets(text: &str) -> Vec<String> {
    let parts = text.split('"').skip(1).step_by(2);
    let is_secret = |part: &&str| {
        let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        part.len() >= 16 && part.bytes().all(of_base64)
    };
    parts.filter(is_secret).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const REFERENCES: [&str; 24] = [
        "a",
        "nginx",
        "acme/",
        "/",
        ":",
        "@",
        ".",
        "..",
        "-",
        "_",
        "__",
        "1.2.0",
        "+",
        "sha256:",
        "sha512:",
        "[::1]",
        ":5000",
        "https://",
        "http://",
        "oci://",
        "reg.example",
        "A",
        "ü",
        "\0",
    ];
    const CHALLENGES: [&str; 20] = [
        "Bearer ",
        "Basic ",
        "bearer",
        "realm=",
        "\"https://a/t\"",
        "service=",
        "\"s\"",
        "scope=",
        ",",
        ", ",
        "\"",
        "\\",
        "=",
        " ",
        "Negotiate",
        "abc==",
        "\n",
        "ä",
        "\"\"",
        "REALM=x",
    ];
    const LINKS: [&str; 22] = [
        "<",
        ">",
        "</v2/a/tags/list?last=b&n=2>",
        "; rel=\"next\"",
        ";rel=next",
        "; rel=prev",
        ",",
        ", <",
        "\"",
        "//other/",
        "https://",
        "registry.example",
        ":444",
        "?",
        "_state=x%3D",
        "&",
        "#f",
        "\\",
        "..",
        "/",
        "\n",
        "file:",
    ];
    const BODIES: [&str; 18] = [
        "{",
        "}",
        "[",
        "]",
        "\"errors\"",
        ":",
        ",",
        "\"code\"",
        "\"message\"",
        "\"DENIED\"",
        "null",
        "7",
        "<html>",
        "\n",
        "\u{7}",
        "\"\\u001b[2J\"",
        "bytes 1-",
        "299 - \"",
    ];
    const CONFIGS: [&str; 20] = [
        "{",
        "}",
        "\"auths\"",
        ":",
        ",",
        "\"reg.example:5000\"",
        "\"reg.example:5000/a\"",
        "\"auth\"",
        "\"password\"",
        "\"username\"",
        "\"identitytoken\"",
        "\"c2VjcmV0c2VjcmV0\"",
        "\"cGF0aDpwYXNzd29yZHBhc3N3b3Jk\"",
        "\"hunter2hunter2hunter2\"",
        "null",
        "[",
        "]",
        "1",
        " ",
        "\"docker.io\"",
    ];

    fn of(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
        let pieces = vec(prop_oneof![9 => select(pieces).prop_map(str::to_owned), 1 => ".{0,3}"], 0..16);
        pieces.prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn references_are_what_they_print(text in of(&REFERENCES)) {
            reference(&text);
        }

        #[test]
        fn challenges_give_what_was_sent(text in of(&CHALLENGES)) {
            challenge(&text);
        }

        #[test]
        fn links_and_locations_lead_where_they_say(text in of(&LINKS)) {
            link(&text);
        }

        #[test]
        fn error_bodies_become_one_line(text in of(&BODIES)) {
            error_body(text.as_bytes());
        }

        #[test]
        fn any_bytes_become_one_line(bytes in vec(any::<u8>(), 0..200)) {
            error_body(&bytes);
        }

        #[test]
        fn configurations_keep_their_secrets(text in of(&CONFIGS)) {
            docker_config(&text);
        }

        #[test]
        fn configurations_with_entries_keep_their_secrets(inside in of(&CONFIGS)) {
            docker_config(&format!("{{\"auths\":{{\"reg.example:5000\":{{{inside}}}}}}}"));
        }
    }
}
