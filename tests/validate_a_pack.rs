//! A pack is checked as a whole: every fault is found at once, each with its code and its place, and a good pack has none.
//!
//! What each rule says is pinned on `testdata/invalid`, where every folder shows the one finding it is named after. What a
//! small folder in a repository cannot hold, such as a FIFO, is built in a temp folder.

mod damaged_metadata;
mod damaged_values;
mod metadata_and_files;
mod on_the_screen;
mod other_files;
mod too_much;
mod unsafe_files;
mod values_and_charts;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use spectro_pack::pack::{self, Code, Day, Finding, ReadOptions, Reading, Severity};

use crate::support::{Sandbox, testdata};

fn read(directory: impl AsRef<Path>) -> Reading {
    let directory = directory.as_ref();
    let mut options = ReadOptions::default();
    options.today = Day::new(2026, 1, 1);
    pack::read(directory, &options).unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
}

/// Returns all that a finding tells: severity, code, place and length; message; hint; what belongs to it.
fn told(finding: &Finding) -> String {
    let severity = finding.code.severity().as_str();
    let file = finding.file.as_deref().unwrap_or("the pack");
    let place = match finding.position {
        Some(position) => format!("{file}:{}:{}+{}", position.line, position.column, finding.length),
        None => file.to_owned(),
    };
    let title = format!("{severity}[{}] {place}\n  {}\n", finding.code.as_str(), finding.message);
    let hint = finding.hint.iter().map(|hint| format!("  hint: {hint}\n"));
    let related = finding.related.iter().map(|related| {
        let place = related.position;
        format!("  {}:{} {}\n", place.line, place.column, related.label)
    });
    std::iter::once(title).chain(hint).chain(related).collect()
}

/// Returns all that the findings of a folder tell, and asserts that there is a pack exactly where there is no error.
fn findings(directory: impl AsRef<Path>) -> String {
    let reading = read(directory);
    assert_eq!(reading.pack.is_none(), reading.report.has_errors(), "a pack is exactly what has no error");
    reading.report.findings().iter().map(told).collect()
}

/// Returns what the findings of a folder tell that are worse than a note.
fn faults(directory: impl AsRef<Path>) -> String {
    let reading = read(directory);
    let findings = reading.report.findings().iter();
    findings.filter(|finding| finding.code.severity() != Severity::Note).map(told).collect()
}

/// Returns a copy of permission-manager without the password that the documentation gives it.
fn permission_manager(sandbox: &Sandbox) -> PathBuf {
    let pack = sandbox.copy_pack("permission-manager");
    let values = sandbox.read_text(pack.join("values.yaml")).replace("welcome123", "");
    sandbox.write(pack.join("values.yaml"), values);
    pack
}

/// Returns what is found in permission-manager when this file of it has another content.
fn with(file: &str, content: impl AsRef<[u8]>) -> String {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    sandbox.write(pack.join(file), content);
    findings(&pack)
}

/// Returns the pack that shows a rule. Where the rule is about the name of the pack's folder, it lies one folder deeper.
fn example(code: &str) -> PathBuf {
    let folder = testdata("invalid").join(code);
    if code == Code::NameMismatch.as_str() { folder.join("demo-1.0.0") } else { folder }
}

/// Returns what the finding of a folder in `testdata/invalid` tells, and asserts that it is the one it is named after.
fn only(code: &str) -> String {
    let reading = read(example(code));
    let codes: Vec<_> = reading.report.findings().iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, [code]);
    findings(example(code))
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
        // As the documentation has them: a version with a leading zero, and literal passwords.
        let expected = match name.as_str() {
            "golden-ubuntu-vsphere" | "golden-centos-vsphere" | "permission-manager" => 1,
            _ => 0,
        };
        assert_eq!((report.errors(), report.warnings()), (0, expected), "{name}:\n{told}");
        assert_eq!(reading.name.as_deref(), Some(name.as_str()));
        let pack = reading.pack.unwrap_or_else(|| panic!("{name} is a pack"));
        assert_eq!(pack.metadata_bytes(), fs::read(packs.join(&name).join("pack.json")).expect("pack.json is there"));
        assert_eq!(pack.logo_media_type(), "image/png", "{name}");
    }
}

#[test]
fn every_rule_is_shown_by_a_pack_of_its_own() {
    let invalid = testdata("invalid");
    let codes: BTreeSet<_> = Code::all().iter().map(|code| code.as_str()).collect();
    assert_eq!(names(&invalid).iter().map(String::as_str).collect::<BTreeSet<_>>(), codes);
    // Alone it is no fault: it is told beside the values that have the wrong name.
    for name in names(&invalid).into_iter().filter(|name| name != Code::ValuesChartMissing.as_str()) {
        only(&name);
    }
}

#[test]
fn metadata_that_cannot_be_read() {
    insta::assert_snapshot!(only("metadata-missing"), @"
    error[metadata-missing] the pack
      there is no `pack.json`
      hint: a pack is a folder with a pack.json, a values.yaml and a logo.png
    ");
    insta::assert_snapshot!(only("metadata-syntax"), @"
    error[metadata-syntax] pack.json:4:3+1
      expected a property name, found `}`
      hint: JSON allows no comma after the last property
      3:26 this comma promises another property
    ");
    insta::assert_snapshot!(only("metadata-duplicate-key"), @"
    error[metadata-duplicate-key] pack.json:8:3+9
      the key `version` stands twice in one object
      hint: one reader takes the first, another the last: delete one
      5:3 it stands here already
    ");
}

#[test]
fn fields_that_are_missing_or_of_the_wrong_kind() {
    insta::assert_snapshot!(only("field-missing"), @r#"
    error[field-missing] pack.json:1:1+1
      the field `displayName` is missing
      hint: for example `"displayName": "NGINX"`
    "#);
    insta::assert_snapshot!(only("field-type"), @r#"
    error[field-type] pack.json:4:25+5
      `annotations.ingressSupported` must be a string, found a boolean
      hint: write `"false"`
    "#);
    insta::assert_snapshot!(only("field-empty"), @r#"
    error[field-empty] pack.json:6:18+4
      the field `displayName` is empty
      hint: for example `"displayName": "NGINX"`
    "#);
}

#[test]
fn names_that_no_registry_would_take() {
    insta::assert_snapshot!(only("name-invalid"), @"
    error[name-invalid] pack.json:8:11+11
      the name `Demo Pack` is no name for a repository
      hint: write `demo-pack`, for example
    ");
    insta::assert_snapshot!(only("version-invalid"), @"
    error[version-invalid] pack.json:9:14+12
      the version `1.0.0 beta` cannot be a tag
      hint: letters, digits, `.`, `_`, `-` and `+`; the first is a letter, a digit or `_`
    ");
    insta::assert_snapshot!(only("layer-unknown"), @"
    error[layer-unknown] pack.json:7:12+8
      there is no layer `add-on`
      hint: did you mean `addon`?
    ");
}

#[test]
fn references_that_lead_nowhere_out_or_twice_to_the_same() {
    insta::assert_snapshot!(only("reference-missing"), @"
    error[reference-missing] pack.json:11:5+23
      `charts/demo-1.0.0.tgz` is not in the pack
      hint: put the chart there, or take it out of `charts`
    ");
    insta::assert_snapshot!(only("reference-unsafe"), @"
    error[reference-unsafe] pack.json:11:5+26
      the path `../shared/namespace.yaml` leads upwards with `..`
      hint: put the manifest into the pack and write its path from the pack's folder
    ");
    insta::assert_snapshot!(only("reference-overlap"), @"
    error[reference-overlap] pack.json:14:5+28
      the manifest `close/files/namespace.yaml` lies in the role `close`
      hint: move it out of the role's folder
      11:5 the role
    ");
    insta::assert_snapshot!(only("reference-duplicate"), @"
    warning[reference-duplicate] pack.json:12:5+28
      `manifests/namespace.yaml` is named twice in `kubeManifests`
      hint: delete one
      11:5 it stands here already
    ");
    insta::assert_snapshot!(only("role-invalid"), @"
    error[role-invalid] pack.json:11:5+11
      the role `close.yml` is a file
      hint: a role is a folder with `tasks/main.yml` in it
    ");
}

#[test]
fn values_that_are_missing_or_no_yaml() {
    insta::assert_snapshot!(only("values-missing"), @"
    error[values-missing] the pack
      there is no `values.yaml`
      hint: an empty file is enough where there is nothing to set
    ");
    insta::assert_snapshot!(only("values-syntax"), @"
    error[values-syntax] values.yaml:2:1+1
      expected spaces, found a tab
      hint: YAML is indented with spaces only: put two in place of each tab, also where a pasted sample has tabs
    ");
    insta::assert_snapshot!(only("values-duplicate-key"), @"
    error[values-duplicate-key] values.yaml:4:1+4
      the key `pack` stands twice in one mapping
      hint: only one of them would count: delete the other
      1:1 it stands here already
    ");
}

#[test]
fn charts_and_logos_that_are_something_else() {
    insta::assert_snapshot!(only("chart-invalid"), @"
    error[chart-invalid] charts/demo-1.0.0.tgz
      `charts/demo-1.0.0.tgz` has no Chart.yaml
      hint: make the archive with: helm package
    ");
    insta::assert_snapshot!(only("logo-missing"), @"
    error[logo-missing] the pack
      there is no `logo.png`
      hint: put a PNG picture of 128 × 128 pixels there
    ");
    insta::assert_snapshot!(only("logo-invalid"), @"
    warning[logo-invalid] logo.png
      `logo.png` is not a PNG picture but a GIF picture
      hint: save a PNG picture of 128 × 128 pixels under this name
    ");
}

#[test]
fn every_fault_of_a_pack_is_found_at_once() {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    let metadata = sandbox
        .read_text(pack.join("pack.json"))
        .replace("\"1.0.0\"\n", "\"1.0.0 final\",\n")
        .replace("\"addon\"", "\"add-on\"")
        .replace("manifests/permission-manager.yaml", "manifests/permissions.yaml")
        .replace("\"Permission Manager\"", "7");
    sandbox.write(pack.join("pack.json"), metadata);
    sandbox.write(pack.join("values.yaml"), "manifests:\n  a: 1\nmanifests:\n  b: 1\n");
    fs::remove_file(pack.join("logo.png")).expect("the logo is there");
    insta::assert_snapshot!(findings(&pack), @r#"
    error[logo-missing] the pack
      there is no `logo.png`
      hint: put a PNG picture of 128 × 128 pixels there
    warning[reference-unused] manifests/permission-manager.yaml
      `manifests/permission-manager.yaml` is a manifest, and pack.json does not name it
      hint: add `"manifests/permission-manager.yaml"` to `kubeManifests` in pack.json, or delete the file
    error[field-type] pack.json:4:18+1
      `displayName` must be a string, found a number
      hint: write `"7"`
    error[reference-missing] pack.json:6:5+28
      `manifests/permissions.yaml` is not in the pack
      hint: put the manifest there, or take it out of `kubeManifests`
    error[layer-unknown] pack.json:8:12+8
      there is no layer `add-on`
      hint: did you mean `addon`?
    error[version-invalid] pack.json:10:14+13
      the version `1.0.0 final` cannot be a tag
      hint: letters, digits, `.`, `_`, `-` and `+`; the first is a letter, a digit or `_`
    error[metadata-syntax] pack.json:11:1+1
      expected a property name, found `}`
      hint: JSON allows no comma after the last property
      10:27 this comma promises another property
    error[values-duplicate-key] values.yaml:3:1+9
      the key `manifests` stands twice in one mapping
      hint: only one of them would count: delete the other
      1:1 it stands here already
    "#);
}
