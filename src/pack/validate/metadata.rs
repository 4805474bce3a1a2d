//! Reads pack.json: metadata-*, field-*, name-invalid, version-invalid, layer-unknown.

use std::collections::BTreeMap;

use super::{
    constraints,
    fields::Fields,
    nearest::nearest,
    references::{List, Reference},
};
use crate::pack::{
    json::{self, Fault, Kind, Member, Problem, Span, Value},
    metadata::{PackMetadata, ProfileLayer},
    report::{Code, Finding},
    text::Text,
};

/// The file that makes a folder a pack.
pub(crate) const FILE: &str = "pack.json";

/// How long a name may be: repositories end at 255 characters with their server's path.
const LONGEST_NAME: usize = 128;

/// How long a tag may be (OCI distribution-spec 1.1, "Pulling manifests").
const LONGEST_TAG: usize = 128;

const REQUIRED: [&str; 5] = ["name", "displayName", "layer", "version", "cloudTypes"];
const OPTIONAL: [&str; 9] = [
    "group",
    "annotations",
    "eol",
    "kubeManifests",
    "charts",
    "ansibleRoles",
    "addonType",
    "addonSubType",
    "constraints",
];

/// What could be read of pack.json.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) references: Vec<Reference>,
    /// Present at least when nothing is wrong with it.
    pub(super) metadata: Option<PackMetadata>,
}

/// Reads pack.json and tells what is wrong with it.
pub(super) fn read(bytes: &[u8], findings: &mut Vec<Finding>) -> Declared {
    let text = match Text::decode(FILE, bytes) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("`{FILE}` is {}, not UTF-8", error.guess.unwrap_or("in another encoding"));
            let finding = Finding::new(Code::MetadataSyntax, message).in_file(FILE).at(error.position, 1);
            findings.push(finding.hint("save the file as UTF-8"));
            return Declared::default();
        }
    };
    let document = json::parse(text.content());
    findings.extend(document.problems.into_iter().map(|problem| finding_of(&text, problem)));
    match document.root {
        Some(Value { kind: Kind::Object(members), span }) => {
            let root = Root { text: &text, fields: Fields::new(&text, &members), complete: document.complete };
            root.read(&span, findings)
        }
        Some(value) if document.complete && !matches!(value.kind, Kind::Invalid) => {
            let message = format!("expected an object, found {}", value.describe());
            findings.push(text.finding(Code::MetadataSyntax, &value.span, message));
            Declared::default()
        }
        _ => Declared::default(),
    }
}

fn finding_of(text: &Text<'_>, problem: Problem) -> Finding {
    let code = match problem.fault {
        Fault::Syntax => Code::MetadataSyntax,
        Fault::DuplicateKey => Code::MetadataDuplicateKey,
    };
    let mut finding = text.finding(code, &problem.span, problem.message);
    finding.hint = problem.hint;
    match problem.related {
        Some((label, span)) => finding.related(label, text.position(span.start)),
        None => finding,
    }
}

struct Root<'a> {
    text: &'a Text<'a>,
    fields: Fields<'a>,
    complete: bool,
}

impl Root<'_> {
    fn read(&self, span: &Span, findings: &mut Vec<Finding>) -> Declared {
        if self.complete {
            self.missing(span, findings);
        }
        let name = self.required("name", findings);
        let display_name = self.required("displayName", findings);
        let layer = self.required("layer", findings).and_then(|text| self.layer(text, findings));
        let version = self.required("version", findings);
        if let Some(name) = name {
            self.check_name(name, findings);
        }
        if let Some(version) = version {
            self.check_version(version, findings);
        }
        let cloud_types = self.cloud_types(findings);
        let references = self.references(findings);
        let paths = |list| super::references::paths(&references, list);
        let optional = |name, findings: &mut Vec<Finding>| self.fields.string(name, findings).map(str::to_owned);
        let group = optional("group", findings);
        let annotations = self.fields.string_map("annotations", findings);
        let eol = optional("eol", findings);
        let addon_type = optional("addonType", findings);
        let addon_sub_type = optional("addonSubType", findings);
        let constraints = constraints::read(&self.fields, findings);
        let metadata = layer.map(|layer| PackMetadata {
            name: name.unwrap_or_default().to_owned(),
            display_name: display_name.unwrap_or_default().to_owned(),
            layer,
            version: version.unwrap_or_default().to_owned(),
            cloud_types,
            group,
            annotations,
            eol,
            kube_manifests: paths(List::KubeManifests),
            charts: paths(List::Charts),
            ansible_roles: paths(List::AnsibleRoles),
            addon_type,
            addon_sub_type,
            constraints,
            other: self.other(),
        });
        Declared { name: name.map(str::to_owned), version: version.map(str::to_owned), references, metadata }
    }

    fn missing(&self, span: &Span, findings: &mut Vec<Finding>) {
        for name in REQUIRED {
            if self.fields.members().iter().any(|member| member.name == name) {
                continue;
            }
            let message = format!("the field `{name}` is missing");
            let finding = self.text.finding(Code::FieldMissing, &(span.start..span.start + 1), message);
            findings.push(match self.meant(name) {
                Some(member) => {
                    let place = self.text.position(member.name_span.start);
                    finding.related("is this it?", place).hint(format!("rename `{}` to `{name}`", member.name))
                }
                None => finding.hint(example(name)),
            });
        }
    }

    /// Returns the unknown field that could be meant by a missing one.
    fn meant(&self, name: &str) -> Option<&Member> {
        let unknown = |member: &&Member| !is_known(&member.name);
        self.fields.members().iter().filter(unknown).find(|member| nearest(&member.name, [name]).is_some())
    }

    /// Returns a required string that is not blank.
    fn required(&self, name: &str, findings: &mut Vec<Finding>) -> Option<&str> {
        let member = self.fields.members().iter().find(|member| member.name == name)?;
        if matches!(member.value.kind, Kind::Null) {
            self.fields.wrong(name, &member.value, "a string", Some(example(name)), findings);
            return None;
        }
        let text = self.fields.string(name, findings)?;
        if text.trim().is_empty() {
            let message = format!("the field `{name}` is empty");
            findings.push(self.text.finding(Code::FieldEmpty, &member.value.span, message).hint(example(name)));
            return None;
        }
        Some(text)
    }

    fn cloud_types(&self, findings: &mut Vec<Finding>) -> Vec<String> {
        let name = "cloudTypes";
        let Some(member) = self.fields.members().iter().find(|member| member.name == name) else { return Vec::new() };
        match &member.value.kind {
            Kind::Null => self.fields.wrong(name, &member.value, "an array of strings", Some(example(name)), findings),
            Kind::Array(items) if items.is_empty() => {
                let message = format!("the field `{name}` is empty");
                findings.push(self.text.finding(Code::FieldEmpty, &member.value.span, message).hint(example(name)));
            }
            _ => {}
        }
        let clouds = self.fields.strings(name, findings);
        for (_, span) in clouds.iter().filter(|(cloud, _)| cloud.trim().is_empty()) {
            findings.push(self.text.finding(Code::FieldEmpty, span, "a cloud type is empty").hint(example(name)));
        }
        clouds.into_iter().map(|(cloud, _)| cloud.to_owned()).collect()
    }

    fn layer(&self, text: &str, findings: &mut Vec<Finding>) -> Option<ProfileLayer> {
        let layer = text.parse().ok();
        if layer.is_none() {
            let known = ProfileLayer::ALL.map(ProfileLayer::as_str);
            let hint = match nearest(text, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the layers are {}", known.join(", ")),
            };
            let message = format!("there is no layer `{text}`");
            findings.push(self.finding_of_value("layer", Code::LayerUnknown, message).hint(hint));
        }
        layer
    }

    fn check_name(&self, name: &str, findings: &mut Vec<Finding>) {
        let reason = if !is_component(name) {
            "is no name for a repository"
        } else if name.len() > LONGEST_NAME {
            "is too long for a repository"
        } else {
            return;
        };
        let hint = match repaired(name) {
            _ if is_placeholder(name) => "put the pack's own name in place of the placeholder".to_owned(),
            Some(meant) => format!("write `{meant}`, for example"),
            None => format!("at most {LONGEST_NAME} lower-case letters and digits, with `.`, `_` or `-` between them"),
        };
        let message = format!("the name `{name}` {reason}");
        findings.push(self.finding_of_value("name", Code::NameInvalid, message).hint(hint));
    }

    fn check_version(&self, version: &str, findings: &mut Vec<Finding>) {
        let reason = match version.replace('+', "_") {
            tag if tag.len() > LONGEST_TAG => format!("has more than the {LONGEST_TAG} characters of a tag"),
            tag if !is_tag(&tag) => "cannot be a tag".into(),
            _ => return,
        };
        let hint = if is_placeholder(version) {
            "put the pack's own version in place of the placeholder"
        } else {
            "letters, digits, `.`, `_`, `-` and `+`; the first is a letter, a digit or `_`"
        };
        let message = format!("the version `{version}` {reason}");
        findings.push(self.finding_of_value("version", Code::VersionInvalid, message).hint(hint));
    }

    fn finding_of_value(&self, name: &str, code: Code, message: String) -> Finding {
        let span = self.fields.get(name).map_or(0..1, |value| value.span.clone());
        self.text.finding(code, &span, message)
    }

    fn references(&self, findings: &mut Vec<Finding>) -> Vec<Reference> {
        let mut references = Vec::new();
        for list in List::ALL {
            for (written, span) in self.fields.strings(list.field(), findings) {
                let (position, length) = (self.text.position(span.start), self.text.length(span));
                let path = written.parse();
                references.push(Reference { list, written: written.to_owned(), position, length, path });
            }
        }
        references
    }

    fn other(&self) -> BTreeMap<String, serde_json::Value> {
        let unknown = self.fields.members().iter().filter(|member| !is_known(&member.name));
        unknown.map(|member| (member.name.clone(), member.value.to_serde())).collect()
    }
}

fn is_known(name: &str) -> bool {
    REQUIRED.contains(&name) || OPTIONAL.contains(&name)
}

fn example(name: &str) -> String {
    let value = match name {
        "name" => "\"nginx\"",
        "displayName" => "\"NGINX\"",
        "layer" => "\"addon\"",
        "version" => "\"1.0.0\"",
        _ => "[\"all\"]",
    };
    format!("for example `\"{name}\": {value}`")
}

fn is_placeholder(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

/// Returns whether a text is one component of a repository's name (OCI distribution-spec 1.1, "Pulling manifests").
fn is_component(text: &str) -> bool {
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let mut rest = text;
    loop {
        let end = rest.find(['.', '_', '-']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() || !is_word(word) {
            return false;
        }
        rest = match after.bytes().next() {
            None => return true,
            Some(b'-') => after.trim_start_matches('-'),
            Some(b'.') => &after[1..],
            Some(_) => after.strip_prefix("__").unwrap_or(&after[1..]),
        };
    }
}

/// Returns the component that is most like a name.
fn repaired(name: &str) -> Option<String> {
    let lower: String = name.trim().chars().flat_map(char::to_lowercase).take(LONGEST_NAME).collect();
    let words = lower.split(|next: char| !next.is_ascii_alphanumeric() && !matches!(next, '.' | '_'));
    let joined = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    is_component(&joined).then_some(joined)
}

fn is_tag(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_') && text.bytes().all(inner)
}

#[cfg(test)]
mod tests;
