//! What a cluster must have: constraint-invalid where it is not said of what, or less than nothing is asked for.

use super::{Fields, Finding, KNOWN_OF_RESOURCE, Wanted, blank_or_absent, word};
use crate::pack::{json::Kind, report::Code};

const TYPES: [&str; 3] = ["cpu", "memory", "diskSize"];

/// Tells what is wrong with one entry of `resources`.
pub(super) fn check(fields: &Fields<'_>, complete: bool, findings: &mut Vec<Finding>) {
    let wanted = Wanted { who: "a resource", example: &|_| "\"type\": \"cpu\"", known: &KNOWN_OF_RESOURCE };
    if complete {
        blank_or_absent(fields, &["type"], &wanted, findings);
    }
    word(fields, "type", &TYPES, "a resource is of no known type", findings);
    if let Some(limit) = fields.get("minLimit")
        && let Kind::Number(text) = &limit.kind
        && text.parse::<i64>().is_ok_and(i64::is_negative)
    {
        let message = format!("`minLimit` asks for {text}, and no cluster has less than nothing");
        let finding = fields.finding(Code::ConstraintInvalid, &limit.span, message);
        findings.push(finding.hint("millicores of cpu, Mi of memory or GB of diskSize, from 0 on"));
    }
}
