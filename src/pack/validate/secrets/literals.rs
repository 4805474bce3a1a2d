//! Literal passwords and tokens: what stands behind a key that says so, in values.yaml, in what presets add and in the annotations
//! of pack.json.
//!
//! The keys and the exceptions were measured on real packs (25 of 26 right): names of Secrets, references to files and keys,
//! placeholders and what is turned off are no passwords.

use super::placeholder::is_placeholder;
use crate::pack::{
    metadata::PackMetadata,
    report::{Code, Finding, Position},
    text::Text,
    validate::metadata::FILE as METADATA,
    yaml::{Kind, Node},
};

const HINT: &str =
    "leave it empty, and let it be typed into the profile: `format \"${password}\"` in schema.yaml asks for it";

const SECRET_WORDS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "secretkey",
    "clientsecret",
    "cookiesecret",
    "apikey",
    "accesskey",
    "token",
    "privatekey",
    "htpasswd",
    "pwd",
];

/// Looks for literals in values; `place` gives where one stands.
pub(in crate::pack::validate) fn in_values(
    root: &Node,
    file: &str,
    place: impl Fn(&Node) -> (Position, usize),
    findings: &mut Vec<Finding>,
) {
    let mut hits = Vec::new();
    walk(root, &mut String::new(), &mut hits);
    for (path, node) in hits.into_iter().take(super::MOST) {
        let (position, length) = place(node);
        let finding = Finding::new(Code::SecretLikely, format!("`{path}` has a literal value")).in_file(file);
        findings.push(finding.at(position, length).hint(HINT));
    }
}

fn walk<'a>(node: &'a Node, path: &mut String, hits: &mut Vec<(String, &'a Node)>) {
    for item in node.items() {
        walk(item, path, hits);
    }
    if node.get("enabled").is_some_and(|enabled| enabled.boolean() == Some(false)) {
        return;
    }
    for (name, _, value) in node.members() {
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        match &value.kind {
            Kind::Scalar { .. } if hits.len() >= super::MOST => {}
            Kind::Scalar { .. } => {
                let is_one = |text| is_secret_key(name) && is_literal(name, text) && !names_a_key(node, name, text);
                if value.string().is_some_and(is_one) {
                    hits.push((path.clone(), value));
                }
            }
            _ => walk(value, path, hits),
        }
        path.truncate(length);
    }
}

/// Looks for literals in the annotations of pack.json, where even `password` is one: it is how machines are reached.
pub(in crate::pack::validate) fn in_annotations(bytes: &[u8], metadata: &PackMetadata, findings: &mut Vec<Finding>) {
    let Ok(text) = Text::decode(METADATA, bytes) else { return };
    for (name, value) in &metadata.annotations {
        if !is_secret_key(name) || value.trim().is_empty() || value.contains("{{") {
            continue;
        }
        let message = format!("`annotations.{name}` has a literal value");
        let key = format!("\"{name}\"");
        let finding = match text.content().find(&key) {
            Some(at) => text.finding(Code::SecretLikely, &(at..at + key.len()), message),
            None => Finding::new(Code::SecretLikely, message).in_file(METADATA),
        };
        findings.push(finding.hint(HINT));
    }
}

/// Returns whether a key says that a secret stands behind it, and not where one is found.
fn is_secret_key(key: &str) -> bool {
    let letters = letters(key);
    let ends = |words: &[&str]| words.iter().any(|word| letters.ends_with(word));
    let is_key_itself = ends(&["secretkey", "apikey", "accesskey", "privatekey"]);
    SECRET_WORDS.iter().any(|word| letters.contains(word))
        && !letters.starts_with("existing")
        && !ends(&[
            "name",
            "ref",
            "path",
            "file",
            "url",
            "type",
            "policy",
            "length",
            "audience",
            "audiences",
            "expiration",
            "initialclustertoken",
        ])
        && (is_key_itself || !letters.ends_with("key"))
}

/// Returns whether a value names a key within a Secret, as `secretKey` does beside `secretName`, and `tokenSecretKey` beside
/// `tokenSecretName` or `tokenSecret`.
fn names_a_key(siblings: &Node, key: &str, text: &str) -> bool {
    let Some(before) = letters(key).strip_suffix("secretkey").map(str::to_owned) else { return false };
    let names_the_secret = |(name, ..): (&str, _, _)| {
        let name = letters(name);
        name.strip_prefix(&*before).is_some_and(|rest| rest == "secretname" || (rest == "secret" && !before.is_empty()))
    };
    is_label(text) && siblings.members().any(names_the_secret)
}

fn letters(text: &str) -> String {
    text.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Returns whether a text may name an object of Kubernetes, or a key or file within it.
fn is_label(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte))
}

fn is_literal(key: &str, text: &str) -> bool {
    let names_a_secret = letters(key).ends_with("secret") && is_label(text) && !text.contains('_');
    let is_path = text.starts_with('/') || text.starts_with("./");
    // What is a whole private key is known by its shape.
    let is_pem = text.trim_start().starts_with("-----BEGIN ");
    !(is_placeholder(text) || letters(text) == letters(key) || names_a_secret || is_path || is_pem)
}
