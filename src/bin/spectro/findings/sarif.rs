//! Findings as SARIF 2.1.0 (OASIS), which code scanning and editors read.
//!
//! Every rule there is stands in `rules`, so that its index never depends on what was found. Columns are characters, the last one is
//! the one behind what is meant (section 3.30.8). Braces in messages are not doubled although 3.11.5 wants it: without arguments no
//! reader replaces anything, and all show the text as it is.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use spectro_pack::pack::{Code, Report, Severity};

use super::{
    annotation::{Annotation, Place, Root, annotations},
    explain,
};

/// What stays as it is in the path of a URI (RFC 3986, "unreserved", and the slash).
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Returns the log: one run, with what kept folders from being checked.
pub(crate) fn log(packs: &[(&Path, &Report)], failures: &[String]) -> String {
    let root = Root::of_environment();
    let results: Vec<_> = annotations(packs, &root).iter().map(result).collect();
    let notifications: Vec<_> =
        failures.iter().map(|text| json!({ "level": "error", "message": { "text": text } })).collect();
    let run = json!({
        "tool": { "driver": {
            "name": "spectro",
            "version": env!("CARGO_PKG_VERSION"),
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": Code::all().iter().map(|code| rule(*code)).collect::<Vec<_>>(),
        } },
        "columnKind": "unicodeCodePoints",
        "invocations": [{
            "executionSuccessful": failures.is_empty(),
            "toolExecutionNotifications": notifications,
        }],
        "results": results,
    });
    format!("{:#}", json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }))
}

fn rule(code: Code) -> Value {
    let meaning: Vec<_> = code.explanation().lines().take_while(|line| !line.is_empty()).collect();
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.summary() },
        "fullDescription": { "text": meaning.join(" ") },
        "help": { "text": explain::unstyled(code), "markdown": explain::markdown(code) },
        "defaultConfiguration": { "level": level(code) },
    })
}

fn result(annotation: &Annotation<'_>) -> Value {
    let finding = annotation.finding;
    let region = match annotation.columns {
        Some((first, end)) => json!({ "startLine": annotation.line, "startColumn": first, "endColumn": end }),
        None => json!({ "startLine": annotation.line }),
    };
    let mut result = json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": Code::all().iter().position(|code| *code == finding.code),
        "level": level(finding.code),
        "message": { "text": annotation.message() },
        "locations": [{ "physicalLocation": { "artifactLocation": location(&annotation.place), "region": region } }],
        "partialFingerprints": { "spectroFinding/v1": annotation.fingerprint },
    });
    if !finding.related.is_empty() {
        let related = finding.related.iter().enumerate().map(|(index, related)| {
            let (line, column) = (related.position.line, related.position.column);
            json!({
                "id": index + 1,
                "message": { "text": related.label },
                "physicalLocation": {
                    "artifactLocation": location(&annotation.place),
                    "region": { "startLine": line, "startColumn": column },
                },
            })
        });
        result["relatedLocations"] = related.collect();
    }
    result
}

fn location(place: &Place) -> Value {
    let encoded = |path: &str| utf8_percent_encode(path, IN_A_PATH).to_string();
    match place {
        Place::Within(path) => json!({ "uri": encoded(path), "uriBaseId": "%SRCROOT%" }),
        Place::Outside(path) => json!({ "uri": format!("file://{}", encoded(path)) }),
    }
}

fn level(code: Code) -> &'static str {
    match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri() {
        let uri = |place| location(&place)["uri"].clone();
        assert_eq!(uri(Place::Within("my packs/a:b/käse#1.yaml".into())), "my%20packs/a%3Ab/k%C3%A4se%231.yaml");
        assert_eq!(uri(Place::Outside("/tmp/a%/pack.json".into())), "file:///tmp/a%25/pack.json");
    }
}
