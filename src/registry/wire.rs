//! What stands in requests and answers, without sending any: challenges, links, locations, error bodies.
//!
//! Nothing here does I/O, so each quirk of a registry is a line in a unit test. Clauses are those of OCI distribution 1.1.1
//! and RFC 9110; quirks are named with the registry that has them.

use std::time::Duration;

use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::digest::Digest;

/// What a registry wants to see before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token of this service.
    Bearer { realm: String, service: Option<String> },
    /// A user and a password with each request.
    Basic,
}

/// Returns the challenges of all `WWW-Authenticate` headers that this client can meet, in their order.
///
/// What does not parse is skipped: Harbor sends an empty header where a project does not exist.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let texts = headers.get_all(http::header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let parsed = texts.filter_map(|text| http_auth::parse_challenges(text).ok()).flatten();
    parsed
        .filter_map(|challenge| {
            let parameter = |name: &str| {
                let found = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped()).filter(|value| !value.is_empty())
            };
            if challenge.scheme.eq_ignore_ascii_case("bearer") {
                Some(Challenge::Bearer { realm: parameter("realm")?, service: parameter("service") })
            } else if challenge.scheme.eq_ignore_ascii_case("basic") {
                Some(Challenge::Basic)
            } else {
                None
            }
        })
        .collect()
}

/// Returns the target of the `Link` header whose relation is `next`.
pub(super) fn next_link(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(http::header::LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|text| text.split(",<").flat_map(|part| part.split(", <"))).find_map(|link| {
        let (target, parameters) = link.trim().trim_start_matches('<').split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            key.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
        });
        is_next.then(|| target.to_owned())
    })
}

/// Returns where an upload goes on: the `Location`, relative or absolute, its query kept as it is.
pub(super) fn location(headers: &HeaderMap, asked: &Url) -> Option<Url> {
    asked.join(headers.get(http::header::LOCATION)?.to_str().ok()?).ok()
}

/// Returns the location with `digest` added to its query, which stays as it is otherwise.
pub(super) fn with_digest(location: &Url, digest: &Digest) -> Url {
    let mut url = location.clone();
    let own = format!("digest={}", encode(digest.as_str()));
    let query = match location.query() {
        Some(query) if !query.is_empty() => format!("{query}&{own}"),
        _ => own,
    };
    url.set_query(Some(&query));
    url
}

/// Returns the text as it stands in a query.
pub(super) fn encode(text: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, KEPT).to_string()
}

/// Returns whether two addresses are of one origin: scheme, host and port.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Returns whether the host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost") || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns how long `Retry-After` asks to wait, given in seconds or as a date.
///
/// A date is held against the answer's own `Date`, so that the wait is right also where the two clocks differ.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(http::header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = httpdate::parse_http_date(text(http::header::DATE)?).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

/// Returns the digest in `Docker-Content-Digest`: nothing without the header, an error text where it is no digest.
pub(super) fn content_digest(headers: &HeaderMap) -> Result<Option<Digest>, String> {
    let Some(value) = headers.get("docker-content-digest") else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    text.parse().map(Some).map_err(|_| text)
}

/// Returns whether the answer says it is HTML: a web page, not a registry.
pub(super) fn is_html(headers: &HeaderMap) -> bool {
    headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// Returns the warnings with code 299, each once.
pub(super) fn warnings(headers: &HeaderMap) -> Vec<String> {
    let texts = headers.get_all(http::header::WARNING).iter().filter_map(|value| value.to_str().ok());
    let own = texts.filter_map(|text| text.trim().strip_prefix("299 ")?.split_once('"'));
    own.map(|(_, text)| printable(text.trim_end().trim_end_matches('"'), 500)).collect()
}

/// Returns the first error of an answer's body as its code and message.
///
/// Registries send `{"errors":[{"code","message","detail"}]}`, some plain text (distribution's 404 for what it has no
/// route for), some a page; of those the first line is taken.
pub(super) fn error_body(body: &[u8], headers: &HeaderMap) -> (Option<String>, String) {
    #[derive(serde::Deserialize)]
    struct Body {
        errors: Vec<Entry>,
    }
    #[derive(serde::Deserialize)]
    struct Entry {
        #[serde(default)]
        code: serde_json::Value,
        #[serde(default)]
        message: serde_json::Value,
    }
    // zot's 401 is one entry without the list around it (measured: 2.1).
    let listed = serde_json::from_slice(body).ok().and_then(|Body { errors }| errors.into_iter().next());
    let alone = || serde_json::from_slice::<Entry>(body).ok().filter(|entry| entry.code.is_string());
    if let Some(first) = listed.or_else(alone) {
        let text = |value: serde_json::Value| value.as_str().map(|text| printable(text, 500)).unwrap_or_default();
        return (Some(text(first.code)).filter(|code| !code.is_empty()), text(first.message));
    }
    if is_html(headers) {
        return (None, String::new());
    }
    let text = String::from_utf8_lossy(body);
    (None, printable(text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default(), 200))
}

/// Returns the text without control characters, cut to `limit` characters.
pub(super) fn printable(text: &str, limit: usize) -> String {
    text.chars().filter(|character| !character.is_control()).take(limit).collect()
}

/// Returns the first byte of a `Content-Range` such as `bytes 100-199/200`.
pub(super) fn range_start(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(http::header::CONTENT_RANGE)?.to_str().ok()?;
    text.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        map
    }

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    #[test]
    fn challenges_of_real_registries_are_read() {
        let cases: [(&[&str], Vec<Challenge>); 6] = [
            (
                &[r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull""#],
                vec![bearer("https://ghcr.io/token", Some("ghcr.io"))],
            ),
            (&[r#"Basic realm="harbor""#], vec![Challenge::Basic]),
            (&["bearer realm=\"https://a/t\""], vec![bearer("https://a/t", None)]),
            (
                &[r#"Bearer realm="https://a/t?x=1,2",service="s", Basic realm="b""#],
                vec![bearer("https://a/t?x=1,2", Some("s")), Challenge::Basic],
            ),
            // Harbor, for a project that does not exist.
            (&[""], vec![]),
            (&["Negotiate", r#"Basic realm="x""#], vec![Challenge::Basic]),
        ];
        for (values, expected) in cases {
            assert_eq!(challenges(&headers(&header::WWW_AUTHENTICATE, values)), expected, "{values:?}");
        }
    }

    #[test]
    fn the_next_page_is_found() {
        let next = |text| next_link(&headers(&header::LINK, &[text]));
        assert_eq!(next(r#"</v2/a/tags/list?last=b&n=2>; rel="next""#).as_deref(), Some("/v2/a/tags/list?last=b&n=2"));
        assert_eq!(next(r#"</p>; rel="prev", </n?a=1,2>; rel=next"#).as_deref(), Some("/n?a=1,2"));
        assert_eq!(next("</a>; rel=\"first\""), None);
        assert_eq!(next("nonsense"), None);
    }

    #[test]
    fn a_location_keeps_its_query_and_gets_our_digest() {
        let asked = Url::parse("http://127.0.0.1:5000/v2/a/blobs/uploads/").unwrap();
        let digest = Digest::of(b"");
        for (text, expected) in [
            (
                "/v2/a/blobs/uploads/1?_state=x%3D%2F&b",
                "http://127.0.0.1:5000/v2/a/blobs/uploads/1?_state=x%3D%2F&b&digest=",
            ),
            ("https://other/u", "https://other/u?digest="),
            ("1", "http://127.0.0.1:5000/v2/a/blobs/uploads/1?digest="),
        ] {
            let location = location(&headers(&header::LOCATION, &[text]), &asked).unwrap();
            assert_eq!(with_digest(&location, &digest).as_str(), format!("{expected}sha256%3A{}", digest.hex()));
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let url = |text| Url::parse(text).unwrap();
        assert!(same_origin(&url("https://a/x"), &url("https://a:443/y")));
        // oras-go GHSA-vh4v-2xq2-g5cg: another port or scheme of the same host is another place.
        for other in ["http://a/", "https://a:444/", "https://b/", "https://a.b/"] {
            assert!(!same_origin(&url("https://a/"), &url(other)), "{other}");
        }
        for (text, expected) in
            [("http://[::1]:5/", true), ("http://127.9.9.9/", true), ("http://127.0.0.1.nip.io/", false)]
        {
            assert_eq!(is_loopback(&url(text)), expected, "{text}");
        }
    }

    #[test]
    fn waiting_times_come_as_seconds_or_as_a_date() {
        let wait = |text| {
            let mut map = headers(&header::RETRY_AFTER, &[text]);
            map.insert(header::DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
            retry_after(&map)
        };
        assert_eq!(wait("120"), Some(Duration::from_mins(2)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(wait("Tue, 06 Nov 1984 08:49:47 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(retry_after(&headers(&header::RETRY_AFTER, &["Sun, 06 Nov 1994 08:49:47 GMT"])), None);
    }

    #[test]
    fn the_servers_own_words_are_found() {
        let none = HeaderMap::new();
        let body = br#"{"errors":[{"code":"DENIED","message":"requires write\n scope","detail":{}}]}"#;
        assert_eq!(error_body(body, &none), (Some("DENIED".into()), "requires write scope".into()));
        let alone = br#"{"code":"UNAUTHORIZED","message":"authentication required","detail":{}}"#;
        assert_eq!(error_body(alone, &none), (Some("UNAUTHORIZED".into()), "authentication required".into()));
        assert_eq!(error_body(b"\n 404 page not found\n", &none), (None, "404 page not found".into()));
        assert_eq!(error_body(br#"{"errors":[{"code":7,"message":null}]}"#, &none), (None, String::new()));
        let html = headers(&header::CONTENT_TYPE, &["text/html; charset=utf-8"]);
        assert_eq!(error_body(b"<html>", &html), (None, String::new()));
    }

    #[test]
    fn warnings_are_those_with_code_299() {
        let map = headers(&header::WARNING, &[r#"299 - "old tokens end soon""#, r#"110 - "stale""#]);
        assert_eq!(warnings(&map), ["old tokens end soon"]);
    }
}
