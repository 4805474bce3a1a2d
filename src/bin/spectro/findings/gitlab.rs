//! Findings as a Code Quality report of GitLab, which stands in a merge request.
//!
//! GitLab takes a finding for the same one as before by its fingerprint alone, and drops all but one of those that share it.

use std::path::Path;

use serde_json::{Value, json};
use spectro_pack::pack::{Finding, Report, Severity};

use super::annotation::{Root, annotations};

/// Returns the report, which is one JSON array.
pub(crate) fn report(packs: &[(&Path, &Report)]) -> String {
    let root = Root::of_environment();
    let entries = annotations(packs, &root).into_iter().map(|annotation| {
        json!({
            "description": annotation.message(),
            "check_name": annotation.finding.code.as_str(),
            "fingerprint": annotation.fingerprint,
            "severity": severity(annotation.finding),
            "location": { "path": annotation.place.as_str(), "lines": { "begin": annotation.line } },
        })
    });
    format!("{:#}", entries.collect::<Value>())
}

/// Of errors, those that nobody can allow are worse than the others.
fn severity(finding: &Finding) -> &'static str {
    match finding.code.severity() {
        Severity::Error if finding.can_be_allowed() => "major",
        Severity::Error => "blocker",
        Severity::Warning => "minor",
        Severity::Note => "info",
    }
}
