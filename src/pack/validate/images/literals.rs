//! The images that stand in a template or manifest as they are: `image: x:y` in a line of its own, or a `RELATED_IMAGE_*`.
//!
//! Not those under an `if` or `with`, which may never be rendered, nor those inside a block of text, which is some other
//! program's configuration.

use std::ops::Range;

use super::reference::ImageName;
use crate::template::{Node, Template};

/// How the names of variables begin that hand an operator its images.
const RELATED: &str = "RELATED_IMAGE_";

/// Returns each image with its text and its bytes in the template.
pub(super) fn find(text: &str, template: &Template) -> Vec<(ImageName, Range<usize>)> {
    // Most templates have none, and are not looked at line by line.
    if !text.contains("image:") && !text.contains(RELATED) {
        return Vec::new();
    }
    let mut plain = Vec::new();
    plain_text(&template.nodes, &mut plain);
    let mut found = Vec::new();
    let mut block: Option<usize> = None;
    let mut related = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.trim_end().len();
        start += line.len();
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        if content.is_empty() || block.is_some_and(|outer| indent > outer) {
            continue;
        }
        block = opens_block(content).then_some(indent);
        let item = content.trim_start().trim_start_matches("- ");
        if let Some(value) = value_of(item, "image").or_else(|| value_of(item, "value").filter(|_| related))
            && is_plain(&plain, &range)
            && let Some(name) = ImageName::parse(value)
            && (name.tag.is_some() || name.digest.is_some() || value.contains('/'))
        {
            let at = range.start + line.find(value).unwrap_or_default();
            found.push((name, at..at + value.len()));
        }
        related = value_of(item, "name").is_some_and(|name| name.starts_with(RELATED));
    }
    found
}

fn plain_text(nodes: &[Node], into: &mut Vec<Range<usize>>) {
    for node in nodes {
        match node {
            Node::Text(range) => into.push(range.clone()),
            Node::Range(branch) => plain_text(&branch.body, into),
            _ => {}
        }
    }
}

/// Returns whether the visible part of a line lies in one text between actions.
fn is_plain(plain: &[Range<usize>], line: &Range<usize>) -> bool {
    let before = plain.partition_point(|range| range.start <= line.start);
    // White space before the line may have been trimmed away by the action above.
    plain[before.saturating_sub(1)..]
        .iter()
        .take(2)
        .any(|range| range.end >= line.end && range.start < line.end && range.start <= line.start.max(range.start))
}

/// Returns whether the lines below belong to a text that begins here, as after `key: |`.
fn opens_block(line: &str) -> bool {
    let line = line.split(" #").next().unwrap_or_default().trim_end();
    let last = line.rsplit([' ', '\t']).next().unwrap_or_default();
    let style = last.trim_end_matches(|next: char| next.is_ascii_digit() || matches!(next, '+' | '-'));
    matches!(style, "|" | ">") && line.len() > last.len()
}

/// Returns the value of `key: value`, without quotes and comment.
fn value_of<'a>(item: &'a str, key: &str) -> Option<&'a str> {
    let value = item.strip_prefix(key)?.strip_prefix(':')?.strip_prefix([' ', '\t'])?.trim();
    let value = match value.as_bytes().first()? {
        quote @ (b'"' | b'\'') => value[1..].split(*quote as char).next()?,
        _ => value.split(" #").next()?.trim_end(),
    };
    (!value.is_empty()).then_some(value)
}
