//! The macros `{{ .spectro.… }}` in the strings of values.yaml and in what presets add: macro-invalid.
//!
//! Only actions that name `.spectro.` are looked at: the other `{{ }}` in values are Helm's `tpl`, Jinja's, Grafana's or
//! Kyverno's (267 of 299 in real packs). Parts of a macro's path may hold a `-`, which Go's templates don't allow.

use super::{MOST_OF_A_KIND, material::Yaml, presets::Added};
use crate::{
    pack::{
        report::{Code, Finding},
        yaml::{Kind, Node},
    },
    template::{self, Options},
};

const MACRO: &str = ".spectro.";

/// Checks values.yaml.
pub(super) fn check(yaml: &Yaml<'_>, findings: &mut Vec<Finding>) {
    strings(yaml.root, &mut |node, text| {
        for (action, problem) in invalid(text) {
            // The place of the action in the file: what YAML unescapes is found as it is in all but strange strings.
            let from =
                yaml.text.content().get(node.span.clone()).and_then(|text| text.find(action)).unwrap_or_default();
            let start = node.span.start + from;
            let span = start..(start + action.len()).min(node.span.end);
            let message = format!("this macro does not parse: {problem}");
            findings.push(yaml.text.finding(Code::MacroInvalid, &span, message).hint(HINT));
        }
    });
}

/// Checks what a preset adds.
pub(super) fn check_added(added: &Added, file: &str, findings: &mut Vec<Finding>) {
    strings(&added.root, &mut |node, text| {
        for (action, problem) in invalid(text) {
            let message = format!("this macro does not parse: {problem}");
            let finding = Finding::new(Code::MacroInvalid, message).in_file(file);
            findings.push(finding.at(added.place(node.position), action.chars().count()).hint(HINT));
        }
    });
}

const HINT: &str =
    "for example `{{ .spectro.system.cluster.name }}` or `{{ .spectro.var.domain | default \"example.com\" }}`";

fn strings<'a>(node: &'a Node, each: &mut impl FnMut(&'a Node, &'a str)) {
    match &node.kind {
        Kind::Scalar { text, .. } => {
            if text.contains(MACRO) {
                each(node, text);
            }
        }
        Kind::Sequence(items) => items.iter().for_each(|item| strings(item, each)),
        Kind::Mapping(members) => members.iter().for_each(|(_, value)| strings(value, each)),
    }
}

/// Returns the actions of a string that name a macro and do not parse, and why not.
fn invalid(text: &str) -> Vec<(&str, String)> {
    let parse = |text| template::parse(text, Options { dashes_in_fields: true });
    let mut found = Vec::new();
    // A part of a path that begins with a digit, such as the pack `5g-core`, is no name in Go's templates but fine here.
    let has_number =
        |action: &str| action.as_bytes().windows(2).any(|pair| pair[0] == b'.' && pair[1].is_ascii_digit());
    for action in actions(text).filter(|action| action.contains(MACRO) && !has_number(action)) {
        if let Err(problem) = parse(action) {
            found.push((action, problem.message));
        }
        if found.len() > MOST_OF_A_KIND {
            break;
        }
    }
    // An `if` parses only together with its `end`.
    if found.is_empty() || parse(text).is_ok() { Vec::new() } else { found }
}

/// Returns each `{{ … }}` of a text; one that is never closed ends before the next.
fn actions(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[rest.find("{{")?..];
        let next = rest[2..].find("{{").map_or(rest.len(), |at| at + 2);
        let end = rest[..next].find("}}").map_or(next, |at| at + 2);
        let (action, behind) = rest.split_at(end);
        rest = behind;
        Some(action.trim_end())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_macros_are_looked_at_and_must_parse() {
        let none: [(&str, String); 0] = [];
        for text in [
            "{{ .spectro.system.cluster.uid | default \"x\" }}",
            "{{ .spectro.pack.my-pack.values.some-key }}-{{ jinja | with: odd }}",
            "{{ if .spectro.var.x }}a{{ end }}",
            "{{ .Values.x",
            "{% .spectro.x %}",
            "{{ .spectro.pack.5g-core.values.x }}",
            "plain .spectro. text",
        ] {
            assert_eq!(invalid(text), none, "{text}");
        }
        for (text, action) in [
            ("a {{ .spectro.var.x } b", "{{ .spectro.var.x } b"),
            ("{{ .spectro.var.a }}{{ .spectro.var.b ( }}", "{{ .spectro.var.b ( }}"),
            ("{{ .spectro.var.x {{ .spectro.var.y }}", "{{ .spectro.var.x"),
            ("{{ \"{{ .spectro.var.x \" | (}}", "{{ .spectro.var.x \" | (}}"),
        ] {
            let found: Vec<_> = invalid(text).into_iter().map(|(action, _)| action).collect();
            assert_eq!(found, [action], "{text}");
        }
    }
}
