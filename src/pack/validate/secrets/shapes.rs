//! Secrets that are known by their shape. The shapes are those of gitleaks' rules; words that stand for a secret, and texts
//! without the surprise of a random one, are left out.
//!
//! One automaton looks for how they begin, so a text is read once however many shapes there are.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::{
    Hit, is_comment, pem,
    placeholder::{entropy, is_placeholder},
};

/// How a secret begins, what it is, and how its end is found in the text from its begin on.
type Shape = (&'static str, &'static str, fn(&str) -> Option<usize>);

const SHAPES: [Shape; 26] = [
    ("-----BEGIN ", "a private key", pem::end),
    ("AKIA", "an access key of AWS", aws),
    ("ASIA", "an access key of AWS", aws),
    ("AIza", "an API key of Google", |text| token(text, 4, 35..=35, is_word)),
    ("AccountKey=", "an account key of Azure", azure),
    ("ghp_", "a token of GitHub", github),
    ("gho_", "a token of GitHub", github),
    ("ghs_", "a token of GitHub", github),
    ("ghu_", "a token of GitHub", github),
    ("ghr_", "a token of GitHub", github),
    ("github_pat_", "a token of GitHub", |text| token(text, 11, 82..=82, is_word)),
    ("glpat-", "a token of GitLab", |text| token(text, 6, 20..=64, |byte| is_word(byte) || byte == b'.')),
    ("xoxa-", "a token of Slack", slack),
    ("xoxb-", "a token of Slack", slack),
    ("xoxp-", "a token of Slack", slack),
    ("xoxr-", "a token of Slack", slack),
    ("xoxs-", "a token of Slack", slack),
    ("hooks.slack.com/services/T", "a webhook of Slack", |text| {
        token(text, 26, 30..=80, |byte| is_word(byte) || byte == b'/')
    }),
    ("npm_", "a token of npm", |text| token(text, 4, 36..=36, |byte| byte.is_ascii_alphanumeric())),
    ("pypi-AgEIcHlwaS5vcmc", "a token of PyPI", |text| token(text, 20, 50..=1000, is_word)),
    ("dckr_pat_", "a token of Docker Hub", |text| token(text, 9, 27..=64, is_word)),
    ("dckr_oat_", "a token of Docker Hub", |text| token(text, 9, 27..=64, is_word)),
    ("\"auth\":", "a registry's password", docker),
    ("\\\"auth\\\":", "a registry's password", docker),
    ("eyJ", "a token (JWT) that names a secret", jwt),
    ("://", "a password in an address", address),
];

/// How many bytes of a token are looked at.
const LONGEST: usize = 8192;

/// How many secrets of one text are looked for.
const ENOUGH: usize = 100;

static BEGINS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let begins = SHAPES.iter().map(|(begin, ..)| begin);
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(begins)
        .expect("a few short words are no large automaton")
});

/// Finds what has the shape of a secret. In a lenient file, passwords in addresses are examples.
pub(super) fn find(text: &str, lenient: bool) -> Vec<Hit> {
    let mut hits: Vec<Hit> = Vec::new();
    for found in BEGINS.find_iter(text) {
        let (start, (begin, what, end)) = (found.start(), SHAPES[found.pattern().as_usize()]);
        if hits.len() == ENOUGH {
            break;
        }
        if hits.last().is_some_and(|last| last.span.end > start) || !begins_a_word(text, start, begin) {
            continue;
        }
        if let Some(length) = end(&text[start..])
            && !(begin == "://" && (lenient || is_comment(text, start)))
        {
            let span = start..start + length;
            hits.push(Hit { is_certain: begin != "://" || is_strong(&text[span.clone()]), span, what });
        }
    }
    hits
}

/// Returns whether the password in an address, which ends with it, is one that a machine made. Of those that people make up, charts
/// are full: `postgres://app:app_password@db` is how their parts find each other.
fn is_strong(address: &str) -> bool {
    let password = address.rsplit_once(':').map_or("", |(_, password)| password);
    let has = |is: fn(&u8) -> bool| password.as_bytes().iter().any(is);
    let is_made_up = password.to_ascii_lowercase().contains("password");
    password.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !is_made_up
}

/// Returns whether what begins with a letter does so within no longer word.
fn begins_a_word(text: &str, start: usize, begin: &str) -> bool {
    !begin.as_bytes()[0].is_ascii_alphanumeric() || !text[..start].bytes().next_back().is_some_and(is_word)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Returns the end of a token that goes on behind its begin with so many of these bytes, and is random.
fn token(text: &str, begin: usize, lengths: std::ops::RangeInclusive<usize>, belongs: fn(u8) -> bool) -> Option<usize> {
    let length = text.as_bytes()[begin..].iter().take_while(|byte| belongs(**byte)).count();
    let rest = &text[begin..begin + length];
    (lengths.contains(&length) && is_random(rest)).then_some(begin + length)
}

fn is_random(text: &str) -> bool {
    entropy(text) >= 3.0 && !is_placeholder(text) && !text.to_ascii_lowercase().contains("example")
}

fn aws(text: &str) -> Option<usize> {
    let end = token(text, 4, 16..=16, |byte| byte.is_ascii_alphanumeric())?;
    let is_id = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    text[4..end].bytes().all(is_id).then_some(end)
}

fn azure(text: &str) -> Option<usize> {
    let begin = "AccountKey=".len();
    let key = text.get(begin..begin + 88)?;
    let is_key = STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 64);
    (is_key && entropy(key) >= 4.0).then_some(begin + 88)
}

fn github(text: &str) -> Option<usize> {
    token(text, 4, 36..=36, |byte| byte.is_ascii_alphanumeric())
}

fn slack(text: &str) -> Option<usize> {
    let end = token(text, 5, 20..=200, is_word)?;
    let has_number =
        text[5..end].split('-').any(|part| part.len() >= 10 && part.bytes().all(|byte| byte.is_ascii_digit()));
    has_number.then_some(end)
}

/// Reads `"auth": "…"`, the user and password of a Docker configuration.
fn docker(text: &str) -> Option<usize> {
    let behind = text.find(':')? + 1;
    let quoted = text[behind..].trim_start_matches([' ', '\\', '"']);
    let begin = text.len() - quoted.len();
    let length =
        quoted.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')).count();
    let decoded = STANDARD.decode(&quoted[..length]).ok()?;
    let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let is_real = !user.is_empty() && user != password && !password.is_empty() && !is_placeholder(password);
    is_real.then_some(begin + length)
}

/// Reads a JSON Web Token whose claims name a secret, such as those of Kubernetes' service accounts.
fn jwt(text: &str) -> Option<usize> {
    let part = |from: usize| {
        let length = text.as_bytes()[from..].iter().take(LONGEST).take_while(|byte| is_word(**byte)).count();
        &text[from..from + length]
    };
    let json = |part: &str| serde_json::from_slice::<serde_json::Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let head = part(0);
    json(head)?.get("alg")?;
    let behind = |end: usize| (text.as_bytes().get(end) == Some(&b'.')).then_some(end + 1);
    let claims_start = behind(head.len())?;
    let claims = part(claims_start);
    let signature_start = behind(claims_start + claims.len())?;
    let signature = part(signature_start);
    let claims = json(claims)?;
    let names_secret = |name: &String| {
        let name = name.to_ascii_lowercase();
        ["secret", "password", "private", "apikey", "api_key", "kubernetes.io"].iter().any(|word| name.contains(word))
    };
    let is_one = signature.len() >= 16 && claims.as_object()?.keys().any(names_secret);
    is_one.then_some(signature_start + signature.len())
}

/// Reads the rest of an address from its `://` on, where it has a user and a password.
fn address(text: &str) -> Option<usize> {
    let rest = &text[3..];
    let end =
        rest.bytes().take(300).position(|byte| !byte.is_ascii_graphic() || b"\"'`<>{}()|,;\\/?#".contains(&byte))?;
    let at = rest[..end].rfind('@')?;
    let (user, password) = rest[..at].split_once(':')?;
    let host = &rest[at + 1..end];
    let is_word = |text: &str| {
        let letters: String = text.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        matches!(
            letters.as_str(),
            "user"
                | "username"
                | "pass"
                | "password"
                | "passwd"
                | "pw"
                | "pwd"
                | "secret"
                | "token"
                | "admin"
                | "postgres"
        ) || letters.starts_with("user")
            || letters.starts_with("pass")
    };
    let is_local = host.is_empty() || host.starts_with("localhost") || host.starts_with("127.0.0.1");
    let is_real = !user.is_empty() && user != password && !is_word(password) && !is_placeholder(password);
    (is_real && !is_local && !user.contains('$') && !password.contains(['$', '*', '[', '%'])).then_some(3 + at)
}
