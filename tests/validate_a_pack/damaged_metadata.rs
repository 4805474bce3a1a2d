//! pack.json as people really break it: pasted, cut, converted, and full of small slips.

use crate::{
    support::Sandbox,
    validate_a_pack::{findings, permission_manager, read, with},
};

const METADATA: &str = r#"{
  "addonType": "authentication",
  "cloudTypes": ["all"],
  "displayName": "Permission Manager",
  "kubeManifests": [
    "manifests/permission-manager.yaml"
  ],
  "layer": "addon",
  "name": "permission-manager",
  "version": "1.0.0"
}
"#;

fn with_metadata(from: &str, to: &str) -> String {
    assert!(METADATA.contains(from), "the text to replace is there");
    with("pack.json", METADATA.replacen(from, to, 1))
}

#[test]
fn metadata_with_what_json_does_not_allow() {
    insta::assert_snapshot!(with_metadata("\"1.0.0\"\n", "\"1.0.0\",\n"), @"
    error[metadata-syntax] pack.json:11:1+1
      expected a property name, found `}`
      hint: JSON allows no comma after the last property
      10:21 this comma promises another property
    ");
    insta::assert_snapshot!(with_metadata("yaml\"\n", "yaml\",\n"), @"
    error[metadata-syntax] pack.json:7:3+1
      expected a value, found `]`
      hint: JSON allows no comma after the last value
      6:40 this comma promises another value
    ");
    insta::assert_snapshot!(with_metadata("{\n", "{\n  // who may do what\n"), @"
    error[metadata-syntax] pack.json:2:3+18
      JSON has no comments
      hint: delete it, or say it in the pack's README.md
    ");
    insta::assert_snapshot!(with_metadata("{\n", "{\n  # who may do what\n"), @"
    error[metadata-syntax] pack.json:2:3+17
      JSON has no comments
      hint: delete it, or say it in the pack's README.md
    ");
    insta::assert_snapshot!(with_metadata("{", "\u{feff}{"), @"
    error[metadata-syntax] pack.json:1:1+1
      expected `{`, found a byte-order mark
      hint: save the file as UTF-8 without it
    ");
    insta::assert_snapshot!(with_metadata("\"all\"", "'all'"), @r#"
    error[metadata-syntax] pack.json:3:18+1
      expected `"`, found `'`
      hint: JSON has only double quotes
    "#);
    insta::assert_snapshot!(with_metadata("\"addon\"", "“addon”"), @"
    error[metadata-syntax] pack.json:8:12+1
      expected a value, found `“`
      hint: write straight double quotes
    ");
    insta::assert_snapshot!(with_metadata("\"addon\",", "\"addon\""), @"
    error[metadata-syntax] pack.json:9:3+1
      expected `,` or `}`, found a string
      8:18 a comma is missing after this
    ");
    insta::assert_snapshot!(with_metadata("\"1.0.0\"\n}", "\"1.0.0\"\n}\n}"), @"
    error[metadata-syntax] pack.json:12:1+1
      expected the end of the file, found `}`
    ");
}

#[test]
fn metadata_cut_in_half_at_any_byte_is_one_clear_error() {
    insta::assert_snapshot!(with("pack.json", &METADATA[..METADATA.len() / 2]), @"
    error[metadata-syntax] pack.json:6:1+1
      expected a value or `]`, found the end of the file
      5:20 this `[` is never closed
    ");
    insta::assert_snapshot!(with("pack.json", ""), @"
    error[metadata-syntax] pack.json:1:1+1
      expected `{`, found the end of the file
    ");
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    for length in 0..METADATA.trim_end().len() {
        sandbox.write(pack.join("pack.json"), &METADATA[..length]);
        let report = read(&pack).report;
        let codes: Vec<_> = report.findings().iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes.first(), Some(&"metadata-syntax"), "{:?}", &METADATA[..length]);
        assert_eq!(codes.iter().filter(|code| code.starts_with("metadata-")).count(), 1, "{codes:?}");
        let place = report.findings()[0].position.expect("a syntax error has a place");
        let lines = METADATA[..length].lines().count().max(1);
        assert!(place.line <= lines + 1, "line {} of {lines}", place.line);
    }
}

#[test]
fn metadata_that_is_no_text_or_no_object() {
    insta::assert_snapshot!(with("pack.json", b"{\"name\": \"caf\xe9\"}"), @"
    error[metadata-syntax] pack.json:1:14+1
      `pack.json` is in another encoding, not UTF-8
      hint: save the file as UTF-8
    ");
    insta::assert_snapshot!(with("pack.json", "[]"), @"
    error[metadata-syntax] pack.json:1:1+2
      expected an object, found an array
    ");
    insta::assert_snapshot!(with("pack.json", "<!DOCTYPE html>\n<title>Not found</title>\n"), @"
    error[metadata-syntax] pack.json:1:1+1
      expected a value, found `<`
    ");
    insta::assert_snapshot!(with("pack.json", format!("{}{}", "[".repeat(200_000), "]".repeat(200_000))), @"
    error[metadata-syntax] pack.json:1:129+1
      nested more than 128 levels deep
    ");
    insta::assert_snapshot!(with("pack.json", " ".repeat((1 << 20) + 1)), @"
    error[metadata-syntax] pack.json
      `pack.json` has 1048577 bytes, more than 1 MiB
    ");
}

#[test]
fn references_are_compared_after_they_are_normalised() {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    let references = |list: &str| {
        let metadata = METADATA.replace("\"manifests/permission-manager.yaml\"", list);
        sandbox.write(pack.join("pack.json"), metadata);
        findings(&pack)
    };
    insta::assert_snapshot!(references("\"./manifests//permission-manager.yaml\""), @"");
    insta::assert_snapshot!(references("\"manifests\""), @"
    error[reference-missing] pack.json:6:5+11
      the manifest `manifests` is a folder
      hint: name each file in it
    ");
    insta::assert_snapshot!(references("\"/etc/passwd\""), @r#"
    warning[reference-unused] manifests/permission-manager.yaml
      `manifests/permission-manager.yaml` is a manifest, and pack.json does not name it
      hint: add `"manifests/permission-manager.yaml"` to `kubeManifests` in pack.json, or delete the file
    error[reference-unsafe] pack.json:6:5+13
      the path `/etc/passwd` is absolute
      hint: put the manifest into the pack and write its path from the pack's folder
    "#);
    insta::assert_snapshot!(references("\"manifests/../../x.yaml\""), @r#"
    warning[reference-unused] manifests/permission-manager.yaml
      `manifests/permission-manager.yaml` is a manifest, and pack.json does not name it
      hint: add `"manifests/permission-manager.yaml"` to `kubeManifests` in pack.json, or delete the file
    error[reference-unsafe] pack.json:6:5+24
      the path `manifests/../../x.yaml` leads upwards with `..`
      hint: put the manifest into the pack and write its path from the pack's folder
    "#);
    insta::assert_snapshot!(references("\"\""), @r#"
    warning[reference-unused] manifests/permission-manager.yaml
      `manifests/permission-manager.yaml` is a manifest, and pack.json does not name it
      hint: add `"manifests/permission-manager.yaml"` to `kubeManifests` in pack.json, or delete the file
    error[reference-missing] pack.json:6:5+2
      `` names no manifest
      hint: delete it, or write the path within the pack
    "#);
    insta::assert_snapshot!(references("\"Manifests/Permission-Manager.yaml\""), @"
    error[reference-missing] pack.json:6:5+35
      `Manifests/Permission-Manager.yaml` is not in the pack
      hint: did you mean `manifests/permission-manager.yaml`?
    ");
    insta::assert_snapshot!(references("7"), @"
    error[field-type] pack.json:6:5+1
      `kubeManifests[0]` must be a string, found a number
    ");
}

#[test]
fn a_version_that_is_none_is_compared_with_no_chart() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("prometheus-grafana");
    let metadata = sandbox.read_text(pack.join("pack.json"));
    for version in ["9.7", "\" \"", "null"] {
        sandbox.write(pack.join("pack.json"), metadata.replace("\"9.7.2\"", version));
        assert!(!findings(&pack).contains("chart-version"), "{version}");
    }
}
