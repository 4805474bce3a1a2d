//! schema.yaml, which says what may be typed into a profile: schema-invalid, schema-path-unknown.
//!
//! Its form is `<dotted.path>: {schema: '{{ required | readonly | format "${number:[1-5]}" | hints "a" "b" }}'}`. A file that is
//! empty or holds only comments is fine.

use super::{
    material::{Material, Yaml, leads_into},
    nearest::nearest,
};
use crate::pack::{
    report::{Code, Finding},
    text::Text,
    yaml::{self, Node},
};
use crate::template::{self, Node as TemplateNode, OperandKind, Pipeline};

/// The file of a pack's schema.
pub(super) const FILE: &str = "schema.yaml";

const FUNCTIONS: [&str; 5] = ["required", "readonly", "format", "hints", "default"];
const FORMATS: [&str; 17] = [
    "string",
    "number",
    "boolean",
    "password",
    "list",
    "multilist",
    "input",
    "array",
    "version",
    "integer",
    "email",
    "url",
    "ipv4",
    "ipv6",
    "hostname",
    "date",
    "regex",
];

pub(super) fn check(text: &Text<'_>, material: &Material<'_>, findings: &mut Vec<Finding>) {
    let document = match yaml::parse(text.content()) {
        Ok(document) => document,
        Err(problem) => {
            findings.push(Finding::new(Code::SchemaInvalid, problem.message).in_file(FILE).at(problem.position, 1));
            return;
        }
    };
    for duplicate in &document.duplicates {
        let message = format!("the key `{}` stands twice in one mapping", duplicate.key);
        let finding = Finding::new(Code::SchemaInvalid, message).in_file(FILE).at(duplicate.second, duplicate.length);
        findings.push(finding.related("it stands here already", duplicate.first).hint("delete one"));
    }
    let Some(root) = document.root.filter(|root| !root.is_null()) else { return };
    let yaml = Yaml { text, root: &root };
    if !root.is_mapping() {
        let message = format!("expected a mapping of paths in values.yaml, found {}", root.describe());
        findings.push(yaml.about(Code::SchemaInvalid, &root, message));
        return;
    }
    for (path, key, value) in root.members() {
        entry(&yaml, path, value, findings);
        if !is_there(path, material) {
            let message = format!("`{path}` is in no values.yaml and in no preset");
            let finding = Finding::new(Code::SchemaPathUnknown, message).in_file(FILE).at(key.position, key.length);
            let form = || "a path begins with `pack`, `charts.<chart>` or `manifests.<manifest>`".to_owned();
            let meant = material.meant(path).map(|meant| format!("did you mean `{meant}`?"));
            findings.push(finding.hint(meant.unwrap_or_else(form)));
        }
    }
}

const FORM: &str = "for example: {schema: '{{ required | format \"${string}\" | hints \"what to type\" }}'}";

fn entry(yaml: &Yaml<'_>, path: &str, value: &Node, findings: &mut Vec<Finding>) {
    let Some(schema) = value.get("schema") else {
        let message = format!("`{path}` has no `schema`");
        findings.push(yaml.about(Code::SchemaInvalid, value, message).hint(FORM));
        return;
    };
    let Some(text) = schema.string() else {
        let message = format!("the schema of `{path}` must be a text, found {}", schema.describe());
        findings.push(yaml.about(Code::SchemaInvalid, schema, message).hint(FORM));
        return;
    };
    let nodes = match template::parse(text, template::Options::default()) {
        Ok(template) => template.nodes,
        Err(problem) => {
            let message = format!("the schema of `{path}` does not parse: {}", problem.message);
            findings.push(yaml.about(Code::SchemaInvalid, schema, message).hint(FORM));
            return;
        }
    };
    let pipelines: Vec<_> = nodes.iter().filter_map(pipeline).collect();
    if pipelines.is_empty() {
        let message = format!("the schema of `{path}` says nothing");
        findings.push(yaml.about(Code::SchemaInvalid, schema, message).hint(FORM));
    }
    for command in pipelines.iter().flat_map(|pipeline| &pipeline.commands) {
        let mut operands = command.operands.iter().map(|operand| &operand.kind);
        let (message, hint) = match (operands.next(), operands.next()) {
            (Some(OperandKind::Function(name)), _) if !FUNCTIONS.contains(&name.as_str()) => {
                let message = format!("the schema of `{path}` has an unknown word: `{name}`");
                (message, did_you_mean(name, &FUNCTIONS, "the words are `required`, `readonly`, `format` and `hints`"))
            }
            (Some(OperandKind::Function(name)), Some(OperandKind::String(format))) if name == "format" => {
                match unknown_format(format) {
                    Some(unknown) => {
                        let message = format!("the schema of `{path}` has an unknown format: `{unknown}`");
                        let usual = "formats are `${string}`, `${number:[1-5]}`, `${boolean}`, `${password}`, `${list:[a,b]}` and their like";
                        (message, did_you_mean(unknown, &FORMATS, usual))
                    }
                    None => continue,
                }
            }
            _ => continue,
        };
        findings.push(yaml.about(Code::SchemaInvalid, schema, message).hint(hint));
    }
}

fn did_you_mean(word: &str, known: &[&'static str], otherwise: &str) -> String {
    let letters = word.trim_matches(['$', '{', '}']);
    nearest(letters, known.iter().copied()).map_or(otherwise.to_owned(), |meant| format!("did you mean `{meant}`?"))
}

fn pipeline(node: &TemplateNode) -> Option<&Pipeline> {
    match node {
        TemplateNode::Action(pipeline) => Some(pipeline),
        _ => None,
    }
}

/// Returns the first `${…}` of a format whose word is unknown.
fn unknown_format(format: &str) -> Option<&str> {
    let mut rest = format;
    while let Some(start) = rest.find("${") {
        let inner = &rest[start + 2..];
        let word = inner.split([':', '}', '[']).next().unwrap_or_default();
        if !FORMATS.contains(&word) {
            return Some(inner.find('}').map_or(&rest[start..], |end| &rest[start..start + 3 + end]));
        }
        rest = inner;
    }
    None
}

/// Returns whether a path is a value, or added by a preset.
fn is_there(path: &str, material: &Material<'_>) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    let mut added = material.presets.iter().filter_map(|preset| preset.add.as_ref());
    material.may_have(path) || added.any(|added| leads_into(&added.root, &parts))
}

#[cfg(test)]
mod tests;
