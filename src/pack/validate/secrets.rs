//! Secrets before they leave: secret-found, secret-likely.
//!
//! What has the shape of a secret is looked for in every text, and what stands behind a key such as `password` in values. In the
//! pack's own files a shape is an error; in comments, and in charts, which are somebody else's, it is a warning, as every literal
//! and every password of words in an address is. The value itself is in no finding, and its line is never drawn.

mod literals;
mod pem;
mod placeholder;
mod shapes;

use std::ops::Range;

pub(super) use literals::{in_annotations, in_values};

use crate::pack::{
    chart::File,
    report::{Code, Finding},
    text::Text,
};

/// How many secrets are told of one file.
const MOST: usize = 20;

/// Something that looks like a secret.
#[derive(Debug, PartialEq, Eq)]
struct Hit {
    span: Range<usize>,
    /// What it is, with its article.
    what: &'static str,
    /// Whether it can hardly be anything else.
    is_certain: bool,
}

/// Looks for secrets in a file of the pack.
pub(super) fn in_file(path: &str, bytes: &[u8], findings: &mut Vec<Finding>) {
    let Ok(content) = std::str::from_utf8(bytes) else { return };
    let hits = shapes::find(content, is_lenient(path));
    if hits.is_empty() {
        return;
    }
    let text = Text::new(path, content);
    // An unpacked chart is somebody else's work, like a packed one.
    let is_own = !(path.starts_with("charts/") && path.matches('/').count() > 1);
    for hit in hits.into_iter().take(MOST) {
        let certain = hit.is_certain && is_own && !is_comment(content, hit.span.start);
        let code = if certain { Code::SecretFound } else { Code::SecretLikely };
        let message = match key_before(content, hit.span.start) {
            Some(key) => format!("`{key}` holds {}", hit.what),
            None => format!("here stands {}", hit.what),
        };
        findings.push(text.finding(code, &hit.span, message).hint(HINT));
    }
}

/// Looks for secrets in a file of a chart archive.
pub(super) fn in_chart(archive: &str, file: &File, findings: &mut Vec<Finding>) {
    for hit in shapes::find(&file.text, is_lenient(&file.path)).into_iter().take(MOST) {
        let line = file.text[..hit.span.start].matches('\n').count() + 1;
        let message = format!("{} stands in {}:{line}", hit.what, file.path);
        findings.push(Finding::new(Code::SecretLikely, message).in_file(archive).hint(HINT));
    }
}

/// Returns where in a text something has the shape of a secret.
pub(super) fn shapes_in(text: &str) -> Vec<Range<usize>> {
    shapes::find(text, false).into_iter().map(|hit| hit.span).collect()
}

const HINT: &str =
    "whoever gets the pack has it too: take it out, make it invalid, and let it be set in the profile instead";

/// Returns whether a file shows how something is used, where passwords in addresses are examples.
fn is_lenient(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let in_folder = |folder: &str| path.split('/').any(|part| part == folder);
    name.starts_with("README") || name.starts_with("NOTES") || ["tests", "ci", "examples"].into_iter().any(in_folder)
}

/// Returns whether a place lies in a comment of a line.
fn is_comment(text: &str, at: usize) -> bool {
    let before = line_before(text, at).trim_start();
    before.starts_with('#') || before.starts_with("//") || before.contains(" #")
}

/// Returns what stands before a place in its line, of a long line only the end.
fn line_before(text: &str, at: usize) -> &str {
    let mut start = at.saturating_sub(4096);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..at].rsplit('\n').next().unwrap_or_default()
}

/// Returns the key in front of a value, as in `key: value`; of a block, the key above it.
fn key_before(text: &str, at: usize) -> Option<&str> {
    let own = line_before(text, at);
    let line = if own.trim().is_empty() { line_before(text, (at - own.len()).checked_sub(1)?) } else { own };
    let (key, _) = line.rsplit_once([':', '='])?;
    let key = key.trim_matches(|next: char| next.is_whitespace() || matches!(next, '"' | '\'' | '-' | '#' | '{' | ','));
    let is_name = |next: char| next.is_ascii_alphanumeric() || matches!(next, '_' | '-' | '.');
    (!key.is_empty() && key.len() <= 64 && key.chars().all(is_name)).then_some(key)
}

#[cfg(test)]
mod tests;
