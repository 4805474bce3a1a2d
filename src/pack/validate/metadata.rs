//! Reads pack.json: metadata-*, field-* and layer-unknown here, the other rules about one field in a file each.

mod addon_type;
mod cloud_types;
mod eol;
mod lists;
mod name;
mod os_image;
pub(super) mod unknown;
mod version;

use std::collections::BTreeMap;

use super::{
    constraints,
    fields::Fields,
    nearest::nearest,
    references::{List, Reference},
};
use crate::pack::{
    day::Day,
    json::{self, Fault, Kind, Problem, Span, Value},
    metadata::{PackMetadata, ProfileLayer},
    report::{Code, Finding},
    text::Text,
};

/// The file that makes a folder a pack.
pub(crate) const FILE: &str = "pack.json";

const REQUIRED: [&str; 5] = ["name", "displayName", "layer", "version", "cloudTypes"];
const KNOWN: [&str; 14] = [
    "name",
    "displayName",
    "layer",
    "version",
    "cloudTypes",
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

/// What a pack.json is compared with that does not stand in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// The name of the pack's folder.
    pub(crate) folder: Option<String>,
    /// The day that it is.
    pub(crate) today: Option<Day>,
}

/// What could be read of pack.json.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) references: Vec<Reference>,
    /// Whether every list of them could be read to its end: what stands in none is named nowhere.
    pub(super) references_are_all: bool,
    /// Fields that nobody reads, and the lists that are meant by them.
    pub(super) misnamed: BTreeMap<List, String>,
    /// The file that the field `readme` names; it is not documented.
    pub(super) readme: Option<String>,
    /// Present where pack.json is an object; complete unless something is wrong with it.
    pub(super) metadata: Option<PackMetadata>,
}

/// Reads pack.json and tells what is wrong with it.
pub(super) fn read(bytes: &[u8], surroundings: &Surroundings, findings: &mut Vec<Finding>) -> Declared {
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
            let fields = Fields::new(&text, &members, span.start);
            Root { fields, complete: document.complete, surroundings }.read(findings)
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
    fields: Fields<'a>,
    complete: bool,
    surroundings: &'a Surroundings,
}

impl<'a> Root<'a> {
    fn read(&self, findings: &mut Vec<Finding>) -> Declared {
        let name = self.essential("name", findings);
        let display_name = self.required("displayName", findings);
        let layer = self.required("layer", findings).and_then(|text| self.layer(text, findings));
        let version = self.essential("version", findings);
        self.name_and_version(name, version, findings);
        let clouds = self.cloud_types(findings);
        let references = lists::references(&self.fields, findings);
        let paths = |list| super::references::paths(&references, list);
        let optional = |name, findings: &mut Vec<Finding>| self.fields.string(name, findings).map(str::to_owned);
        let group = optional("group", findings);
        let annotations = self.fields.string_map("annotations", findings);
        let eol = optional("eol", findings);
        if let Some(eol) = &eol {
            eol::check(eol, self.surroundings.today, &self.fields, findings);
        }
        let addon_type = optional("addonType", findings);
        let addon_sub_type = optional("addonSubType", findings);
        let constraints = constraints::read(&self.fields, self.complete, findings);
        if self.complete {
            self.lacking(layer, &clouds, findings);
        }
        let metadata = Some(PackMetadata {
            name: name.unwrap_or_default().to_owned(),
            display_name: display_name.unwrap_or_default().to_owned(),
            layer,
            version: version.unwrap_or_default().to_owned(),
            cloud_types: clouds.iter().map(|(cloud, _)| (*cloud).to_owned()).collect(),
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
        let readme = self.fields.get("readme").and_then(|readme| readme.as_str()).map(str::to_owned);
        Declared {
            name: name.map(str::to_owned),
            version: version.map(str::to_owned),
            references_are_all: self.complete && lists::are_whole(&self.fields),
            references,
            misnamed: lists::misnamed(&self.fields),
            readme,
            metadata,
        }
    }

    fn name_and_version(&self, name: Option<&str>, version: Option<&str>, findings: &mut Vec<Finding>) {
        if let Some(name) = name {
            name::check(name, &self.fields, findings);
        }
        if let Some(version) = version {
            version::check(version, &self.fields, findings);
        }
        if let (Some(folder), Some(name), Some(version)) = (&self.surroundings.folder, name, version) {
            name::compare(folder, name, version, &self.fields, findings);
        }
    }

    /// Tells what is not there, of a pack.json that was read to its end.
    fn lacking(&self, layer: Option<ProfileLayer>, clouds: &[(&str, &Span)], findings: &mut Vec<Finding>) {
        let mut missing: Vec<_> = REQUIRED.into_iter().filter(|name| self.fields.member(name).is_none()).collect();
        for name in &missing {
            let message = format!("the field `{name}` is missing");
            let mut finding = self.fields.finding_of_start(Code::FieldMissing, message);
            finding.essential = matches!(*name, "name" | "version");
            findings.push(match self.fields.meant(name, is_known) {
                Some(member) => self.fields.is_this_it(finding, member, name),
                None => finding.hint(example(name)),
            });
        }
        match layer {
            Some(ProfileLayer::Addon) => {
                addon_type::check(&self.fields, is_known, findings);
                missing.extend(self.fields.get("addonType").is_none().then_some("addonType"));
            }
            Some(ProfileLayer::Os) => os_image::check(clouds, &self.fields, findings),
            _ => {}
        }
        unknown::check(&self.fields, &KNOWN, &missing, findings);
    }

    /// Returns a required string that is not blank; without it there is no artifact.
    fn essential(&self, name: &str, findings: &mut Vec<Finding>) -> Option<&'a str> {
        let before = findings.len();
        let text = self.required(name, findings);
        findings[before..].iter_mut().for_each(|finding| finding.essential = true);
        text
    }

    /// Returns a required string that is not blank.
    fn required(&self, name: &str, findings: &mut Vec<Finding>) -> Option<&'a str> {
        let member = self.fields.member(name)?;
        if matches!(member.value.kind, Kind::Null) {
            self.fields.wrong(name, &member.value, "a string", Some(example(name)), findings);
            return None;
        }
        let text = self.fields.string(name, findings)?;
        if text.trim().is_empty() {
            let message = format!("the field `{name}` is empty");
            findings.push(self.fields.finding(Code::FieldEmpty, &member.value.span, message).hint(example(name)));
            return None;
        }
        Some(text)
    }

    fn cloud_types(&self, findings: &mut Vec<Finding>) -> Vec<(&'a str, &'a Span)> {
        let name = "cloudTypes";
        let Some(member) = self.fields.member(name) else { return Vec::new() };
        match &member.value.kind {
            Kind::Null => self.fields.wrong(name, &member.value, "an array of strings", Some(example(name)), findings),
            Kind::Array(items) if items.is_empty() => {
                let message = format!("the field `{name}` is empty");
                findings.push(self.fields.finding(Code::FieldEmpty, &member.value.span, message).hint(example(name)));
            }
            _ => {}
        }
        let clouds = self.fields.strings(name, findings);
        for (_, span) in clouds.iter().filter(|(cloud, _)| cloud.trim().is_empty()) {
            findings.push(self.fields.finding(Code::FieldEmpty, span, "a cloud type is empty").hint(example(name)));
        }
        cloud_types::check(&clouds, &self.fields, findings);
        clouds
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
            findings.push(self.fields.finding_of_value("layer", Code::LayerUnknown, message).hint(hint));
        }
        layer
    }

    fn other(&self) -> BTreeMap<String, serde_json::Value> {
        let unknown = self.fields.members().iter().filter(|member| !is_known(&member.name));
        unknown.map(|member| (member.name.clone(), member.value.to_serde())).collect()
    }
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
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

/// Returns words as a list for people: `a`, `a and b`, `a, b and c`.
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
