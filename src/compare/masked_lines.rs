//! The lines of a text with its secrets masked, as many lines as before.
//!
//! What parses is masked by its values: each scalar below a secret key. In all texts, what has the shape of a secret is masked, and
//! what looks like a secret key with its value: this catches comments, scripts and templates. There everything behind `key:` or
//! `key=` goes, and the lines below that are indented more. So too much is masked rather than too little.

use std::ops::Range;

use super::{kind::FileKind, lines::split};
use crate::pack::{
    MASK, is_secret_key,
    json::{self, Kind as JsonKind},
    secret_shapes,
    yaml::{self, Kind, Node},
};

/// Returns the lines of a file of this name, masked.
pub(super) fn masked(path: &str, text: &str) -> Vec<String> {
    let mut spans = secret_spans(path, text);
    spans.extend(secret_shapes(text));
    spans.sort_by_key(|span| span.start);
    let lines = split(text);
    let mut shown: Vec<String> = Vec::with_capacity(lines.len());
    let mut spans = spans.into_iter().peekable();
    for line in &lines {
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        let end = start + line.len();
        while spans.next_if(|span| span.end <= start).is_some() {}
        shown.push(match spans.peek() {
            Some(span) if span.start < end && !line.trim().is_empty() => {
                let indent = line.len() - line.trim_start().len();
                let kept = span.start.saturating_sub(start).max(indent);
                format!("{}{MASK}", &line[..kept.min(line.len())])
            }
            _ => (*line).to_owned(),
        });
    }
    mask_by_looks(&mut shown);
    shown
}

/// Returns a text within a value with its secrets masked.
pub(super) fn masked_text(text: &str) -> String {
    masked("", text).join("\n") + if text.ends_with('\n') { "\n" } else { "" }
}

/// Returns where the secrets of a text stand, as far as it can be read as what its name says.
fn secret_spans(path: &str, text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    match FileKind::of(path) {
        FileKind::Json => json::parse(text).root.iter().for_each(|root| in_json(root, false, &mut spans)),
        FileKind::Yaml => {
            yaml::documents(text).unwrap_or_default().iter().for_each(|root| in_yaml(root, false, &mut spans));
        }
        FileKind::Chart | FileKind::Other => {}
    }
    // A block ends where the next key begins, behind that key's indentation.
    let trimmed = |span: Range<usize>| Some(span.start..span.start + text.get(span)?.trim_end().len());
    spans.into_iter().filter_map(trimmed).collect()
}

fn in_json(value: &json::Value, is_secret: bool, spans: &mut Vec<Range<usize>>) {
    match &value.kind {
        JsonKind::Object(members) => {
            for member in members {
                in_json(&member.value, is_secret || is_secret_key(&member.name), spans);
            }
        }
        JsonKind::Array(items) => items.iter().for_each(|item| in_json(item, is_secret, spans)),
        JsonKind::Null | JsonKind::Bool(_) => {}
        _ if is_secret && value.as_str() != Some("") => spans.push(value.span.clone()),
        _ => {}
    }
}

fn in_yaml(node: &Node, is_secret: bool, spans: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::Mapping(members) => {
            let name = node.get("name").and_then(Node::scalar);
            for (key, value) in members {
                let key = key.text.as_deref().unwrap_or_default();
                let by_name = key == "value" && name.is_some_and(is_secret_key);
                in_yaml(value, is_secret || by_name || is_secret_key(key), spans);
            }
        }
        Kind::Sequence(items) => items.iter().for_each(|item| in_yaml(item, is_secret, spans)),
        Kind::Scalar { text, .. } => {
            if is_secret && !text.is_empty() && !is_no_secret(text) {
                spans.push(node.span.clone());
            }
        }
    }
}

fn mask_by_looks(lines: &mut [String]) {
    // The columns before the key whose lines below are secret as well.
    let mut below: Option<usize> = None;
    let mut named = false;
    for line in lines {
        let bare = uncommented(line);
        let indent = line.len() - bare.len();
        if bare.is_empty() {
            continue;
        }
        if let Some(columns) = below {
            if indent > columns || (indent == columns && bare.starts_with("- ")) {
                let kept = indent;
                if !line.ends_with(MASK) {
                    line.truncate(kept);
                    line.push_str(MASK);
                }
                continue;
            }
            below = None;
        }
        let item = bare.strip_prefix("- ").unwrap_or(bare);
        let is_value = named && value_of(item, "value").is_some();
        named = value_of(item, "name").is_some_and(is_secret_key);
        let Some((behind, key_at)) = secret_value(bare, is_value) else { continue };
        let (start, value) = (indent + behind, bare[behind..].trim());
        let value = value.trim_end_matches([',', '}', ']']).trim_matches(['"', '\'']);
        if value.is_empty() || value.starts_with(['|', '>', '{', '[', '&']) || !is_no_secret(value) {
            // A key within a line, as in `--set password=x`, says nothing about the lines below.
            below = key_at.map(|at| indent + at);
        }
        if !value.is_empty() && !is_no_secret(value) && !line.ends_with(MASK) {
            line.truncate(start);
            line.push(' ');
            line.push_str(MASK);
        }
    }
}

/// Returns a line without its indentation and what makes it a comment.
fn uncommented(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '#', '/', ';'])
}

fn value_of<'a>(item: &'a str, key: &str) -> Option<&'a str> {
    let item = item.trim_start_matches(['"', '\'']);
    let rest = item.strip_prefix(key)?.trim_start_matches(['"', '\'']).strip_prefix(':')?;
    Some(rest.trim().trim_end_matches(',').trim_matches(['"', '\'']))
}

/// Returns where the value of the first secret key of a line begins, and where the key does if it begins the line.
fn secret_value(line: &str, is_value: bool) -> Option<(usize, Option<usize>)> {
    let is_key = |one: char| one.is_alphanumeric() || matches!(one, '_' | '-' | '.');
    for (at, separator) in line.match_indices([':', '=']) {
        let quoted = line[..at].trim_end();
        let before = quoted.trim_end_matches(['"', '\'']);
        // `external-secrets:v1` is an image, and `http://token:80` an address.
        let behind = line[at + separator.len()..].chars().next();
        let is_separator = separator == "="
            || quoted.len() > before.len()
            || behind.is_none_or(|one| one.is_whitespace() || matches!(one, '"' | '\''));
        if !is_separator {
            continue;
        }
        let start = before
            .rfind(|one: char| !is_key(one))
            .map_or(0, |last| last + before[last..].chars().next().map_or(0, char::len_utf8));
        let key = before[start..].trim_start_matches('-');
        if is_secret_key(key) || (is_value && key == "value") {
            let lead = line[..start].trim_matches(['"', '\'']);
            let begins = lead.chars().all(|one| matches!(one, ' ' | '-' | '"' | '\''));
            return Some((at + separator.len(), begins.then_some(lead.len())));
        }
    }
    None
}

fn is_no_secret(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "~" | "{}" | "[]")
}

#[cfg(test)]
mod tests;
