//! Reads the field `constraints`, and tells what in it can never be met: constraint-invalid.

mod dependency;
mod resource;

use super::{
    fields::Fields,
    metadata::{listed, unknown},
    nearest::nearest,
};
use crate::pack::{
    metadata::{Constraints, Dependency, Resource, ResourceComponent},
    report::{Code, Finding},
};

const KNOWN: [&str; 2] = ["dependencies", "resources"];
const KNOWN_OF_DEPENDENCY: [&str; 5] = ["packName", "layer", "type", "minVersion", "maxVersion"];
const KNOWN_OF_RESOURCE: [&str; 3] = ["type", "minLimit", "components"];
const KNOWN_OF_COMPONENT: [&str; 3] = ["scheduleType", "resourceRequestParamRef", "replicaCountParamRef"];

/// Reads the constraints. Of a text that is not `complete` nothing is said to be missing.
pub(super) fn read(root: &Fields<'_>, complete: bool, findings: &mut Vec<Finding>) -> Constraints {
    let Some(fields) = root.object("constraints", findings) else { return Constraints::default() };
    unknown::check(&fields, &KNOWN, &[], findings);
    let dependencies = fields.objects("dependencies", findings);
    let resources = fields.objects("resources", findings);
    for fields in &dependencies {
        dependency::check(fields, complete, findings);
    }
    for fields in &resources {
        resource::check(fields, complete, findings);
    }
    Constraints {
        dependencies: dependencies.iter().map(|fields| dependency(fields, findings)).collect(),
        resources: resources.iter().map(|fields| resource(fields, findings)).collect(),
    }
}

fn dependency(fields: &Fields<'_>, findings: &mut Vec<Finding>) -> Dependency {
    unknown::check(fields, &KNOWN_OF_DEPENDENCY, &["packName", "layer", "type"], findings);
    let mut string = |name| fields.string(name, findings).map(str::to_owned);
    Dependency {
        pack_name: string("packName"),
        layer: string("layer"),
        kind: string("type"),
        min_version: string("minVersion"),
        max_version: string("maxVersion"),
    }
}

fn resource(fields: &Fields<'_>, findings: &mut Vec<Finding>) -> Resource {
    unknown::check(fields, &KNOWN_OF_RESOURCE, &["type"], findings);
    Resource {
        kind: fields.string("type", findings).map(str::to_owned),
        min_limit: fields.integer("minLimit", findings),
        components: fields.objects("components", findings).iter().map(|fields| component(fields, findings)).collect(),
    }
}

fn component(fields: &Fields<'_>, findings: &mut Vec<Finding>) -> ResourceComponent {
    unknown::check(fields, &KNOWN_OF_COMPONENT, &[], findings);
    let mut string = |name| fields.string(name, findings).map(str::to_owned);
    ResourceComponent {
        schedule_type: string("scheduleType"),
        resource_request_param_ref: string("resourceRequestParamRef"),
        replica_count_param_ref: string("replicaCountParamRef"),
    }
}

/// What an entry is called in a message, and what its fields may be.
struct Wanted<'a> {
    who: &'a str,
    example: &'a dyn Fn(&str) -> &'static str,
    known: &'a [&'a str],
}

/// Tells in one finding which of these fields an entry lacks, and in one each which are blank.
fn blank_or_absent(fields: &Fields<'_>, names: &[&'static str], wanted: &Wanted<'_>, findings: &mut Vec<Finding>) {
    let Wanted { who, example, known } = wanted;
    let absent: Vec<_> = names.iter().filter(|name| fields.member(name).is_none()).collect();
    if !absent.is_empty() {
        let quoted: Vec<_> = absent.iter().map(|name| format!("`{name}`")).collect();
        let finding = fields.finding_of_start(Code::ConstraintInvalid, format!("{who} has no {}", listed(&quoted)));
        let is_known = |name: &str| known.contains(&name);
        let meant = absent.iter().find_map(|name| Some((**name, fields.meant(name, is_known)?)));
        findings.push(if let Some((name, member)) = meant {
            fields.is_this_it(finding, member, name)
        } else {
            let examples: Vec<_> = absent.iter().map(|name| format!("`{}`", example(name))).collect();
            finding.hint(format!("for example {}", listed(&examples)))
        });
    }
    for name in names {
        let is_blank = fields.member(name).is_some_and(|member| member.value.is_blank());
        if is_blank && let Some(member) = fields.member(name) {
            let message = format!("{who} has an empty `{name}`");
            let finding = fields.finding(Code::ConstraintInvalid, &member.value.span, message);
            findings.push(finding.hint(format!("for example `{}`", example(name))));
        }
    }
}

/// Tells where a field that is not blank has none of the words that it may have.
fn word(fields: &Fields<'_>, name: &str, words: &[&str], message: &str, findings: &mut Vec<Finding>) {
    let Some(text) = fields.get(name).and_then(|value| value.as_str()) else { return };
    if text.trim().is_empty() || words.contains(&text) {
        return;
    }
    let hint = match nearest(text, words.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("one of {}", words.join(", ")),
    };
    let message = format!("{message}: `{text}`");
    findings.push(fields.finding_of_value(name, Code::ConstraintInvalid, message).hint(hint));
}
