//! A pack is checked as a whole: every fault is found at once, each with its code and its place, and a good pack has none.
//!
//! What each rule says is pinned on `testdata/invalid`, where every folder shows the one finding it is named after. What a
//! small folder in a repository cannot hold, such as a FIFO, is built in a temp folder.

mod damaged;
mod on_the_screen;
mod unsafe_files;

use std::{collections::BTreeSet, fs, path::Path};

use spectro_pack::pack::{self, Code, Finding, ReadOptions, Reading};

use crate::support::testdata;

fn read(directory: impl AsRef<Path>) -> Reading {
    let directory = directory.as_ref();
    pack::read(directory, &ReadOptions::default()).unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
}

/// Returns all that a finding tells: severity, code, place and length; message; hint; what belongs to it.
fn told(finding: &Finding) -> String {
    let severity = finding.code.severity().as_str();
    let file = finding.file.as_deref().unwrap_or("the pack");
    let place = match finding.position {
        Some(position) => format!("{file}:{}:{}+{}", position.line, position.column, finding.length),
        None => file.to_owned(),
    };
    let mut text = format!("{severity}[{}] {place}\n  {}\n", finding.code.as_str(), finding.message);
    if let Some(hint) = &finding.hint {
        text += &format!("  hint: {hint}\n");
    }
    for related in &finding.related {
        text += &format!("  {}:{} {}\n", related.position.line, related.position.column, related.label);
    }
    text
}

/// Returns all that the findings of a folder tell, and asserts that there is a pack exactly where there is no error.
fn findings(directory: impl AsRef<Path>) -> String {
    let reading = read(directory);
    assert_eq!(reading.pack.is_none(), reading.report.has_errors(), "a pack is exactly what has no error");
    reading.report.findings().iter().map(told).collect()
}

/// Returns what the finding of a folder in `testdata/invalid` tells, and asserts that it is the one it is named after.
fn only(code: &str) -> String {
    let reading = read(testdata("invalid").join(code));
    let codes: Vec<_> = reading.report.findings().iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, [code]);
    findings(testdata("invalid").join(code))
}

fn names(folder: &Path) -> BTreeSet<String> {
    let list = fs::read_dir(folder).expect("testdata is there");
    list.map(|entry| entry.expect("a folder can be listed").file_name().into_string().expect("ASCII names")).collect()
}

#[test]
fn a_good_pack_has_no_error_and_no_warning() {
    let packs = testdata("packs");
    for name in names(&packs) {
        let reading = read(packs.join(&name));
        let report = &reading.report;
        let told: String = report.findings().iter().map(told).collect();
        assert_eq!((report.errors(), report.warnings()), (0, 0), "{name}:\n{told}");
        assert_eq!(reading.name.as_deref(), Some(name.as_str()));
        let pack = reading.pack.unwrap_or_else(|| panic!("{name} is a pack"));
        assert_eq!(pack.metadata_bytes(), fs::read(packs.join(&name).join("pack.json")).expect("pack.json is there"));
        assert_eq!(pack.logo_media_type(), "image/png", "{name}");
    }
}

#[test]
fn every_rule_is_shown_by_a_pack_of_its_own() {
    let invalid = testdata("invalid");
    // What no repository can hold: links would be followed by archives of it, a FIFO is not even stored.
    let built_elsewhere = ["file-unsafe", "file-unreadable"];
    let codes: BTreeSet<_> =
        Code::all().iter().map(|code| code.as_str()).filter(|code| !built_elsewhere.contains(code)).collect();
    assert_eq!(names(&invalid).iter().map(String::as_str).collect::<BTreeSet<_>>(), codes);
    for name in names(&invalid) {
        only(&name);
    }
}

#[test]
fn metadata_that_cannot_be_read() {
    insta::assert_snapshot!(only("metadata-missing"), @"");
    insta::assert_snapshot!(only("metadata-syntax"), @"");
    insta::assert_snapshot!(only("metadata-duplicate-key"), @"");
}

#[test]
fn fields_that_are_missing_or_of_the_wrong_kind() {
    insta::assert_snapshot!(only("field-missing"), @"");
    insta::assert_snapshot!(only("field-type"), @"");
    insta::assert_snapshot!(only("field-empty"), @"");
}

#[test]
fn names_that_no_registry_would_take() {
    insta::assert_snapshot!(only("name-invalid"), @"");
    insta::assert_snapshot!(only("version-invalid"), @"");
    insta::assert_snapshot!(only("layer-unknown"), @"");
}

#[test]
fn references_that_lead_nowhere_out_or_twice_to_the_same() {
    insta::assert_snapshot!(only("reference-missing"), @"");
    insta::assert_snapshot!(only("reference-unsafe"), @"");
    insta::assert_snapshot!(only("reference-overlap"), @"");
    insta::assert_snapshot!(only("reference-duplicate"), @"");
    insta::assert_snapshot!(only("role-invalid"), @"");
}

#[test]
fn values_that_are_missing_or_no_yaml() {
    insta::assert_snapshot!(only("values-missing"), @"");
    insta::assert_snapshot!(only("values-syntax"), @"");
    insta::assert_snapshot!(only("values-duplicate-key"), @"");
}

#[test]
fn charts_and_logos_that_are_something_else() {
    insta::assert_snapshot!(only("chart-invalid"), @"");
    insta::assert_snapshot!(only("logo-missing"), @"");
    insta::assert_snapshot!(only("logo-invalid"), @"");
}
