//! What kind of add-on a pack is: addon-type-missing and addon-type-unknown. Packs of other layers are not asked.

use super::{Fields, Finding, nearest};
use crate::pack::report::Code;

const KNOWN: [&str; 13] = [
    "ai",
    "app services",
    "authentication",
    "ingress",
    "load balancer",
    "logging",
    "monitoring",
    "network",
    "registry",
    "security",
    "servicemesh",
    "storage",
    "system app",
];

const FIELD: &str = "addonType";

/// Tells where an add-on has no type or an unknown one.
pub(super) fn check(fields: &Fields<'_>, is_known: impl Fn(&str) -> bool, findings: &mut Vec<Finding>) {
    let Some(written) = fields.get(FIELD) else {
        return findings.push(missing(fields, is_known));
    };
    let Some(kind) = written.as_str() else { return };
    let kinds = KNOWN.join(", ");
    if kind.trim().is_empty() {
        let message = format!("the field `{FIELD}` is empty, and this is an add-on");
        findings.push(
            fields.finding_of_value(FIELD, Code::AddonTypeMissing, message).hint(format!("the types are {kinds}")),
        );
    } else if !KNOWN.contains(&kind) {
        let hint = match nearest(kind, KNOWN) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the types are {kinds}"),
        };
        let message = format!("there is no add-on type `{kind}`");
        findings.push(fields.finding_of_value(FIELD, Code::AddonTypeUnknown, message).hint(hint));
    }
}

fn missing(fields: &Fields<'_>, is_known: impl Fn(&str) -> bool) -> Finding {
    let message = format!("the field `{FIELD}` is missing, and this is an add-on");
    let finding = fields.finding_of_value("layer", Code::AddonTypeMissing, message);
    match fields.meant(FIELD, is_known) {
        Some(member) => fields.is_this_it(finding, member, FIELD),
        None => finding.hint(format!("for example `\"{FIELD}\": \"monitoring\"`; the types are {}", KNOWN.join(", "))),
    }
}
