//! Fields of pack.json that nobody documents: field-unknown.
//!
//! Unknown fields are allowed, so this is a note; what it is after is the misspelt field, which nobody reads. A field that was
//! told as the one that is meant by a missing one is not told again.

use super::{Fields, Finding, nearest};
use crate::pack::report::Code;

/// Seen in packs that work, without a word in any documentation.
const TOLERATED: [&str; 3] = ["commit_msg", "kubeVersion", "readme"];

/// Tells of every field of an object that is not known, but for those that are meant by one of `missing`.
pub(in crate::pack::validate) fn check(
    fields: &Fields<'_>,
    known: &[&str],
    missing: &[&str],
    findings: &mut Vec<Finding>,
) {
    let is_known = |name: &str| known.contains(&name);
    let told: Vec<_> =
        missing.iter().filter_map(|name| fields.meant(name, is_known)).map(|member| &member.name).collect();
    for member in fields.members() {
        let name = member.name.as_str();
        let on_purpose = name.is_empty() || name.starts_with(['$', '_', '/', '#']) || name.starts_with("x-");
        if is_known(name) || on_purpose || TOLERATED.contains(&name) || told.contains(&&member.name) {
            continue;
        }
        let message = format!("`{}` is no known field", fields.path(name));
        let finding = fields.finding(Code::FieldUnknown, &member.name_span, message);
        findings.push(match nearest(name, known.iter().copied()) {
            Some(meant) if fields.get(meant).is_some() => {
                finding.hint(format!("`{meant}` is there already: move it there, or delete it"))
            }
            Some(meant) => finding.hint(format!("did you mean `{meant}`?")),
            None => finding.hint("delete it, or put it into `annotations`, which are free"),
        });
    }
}
