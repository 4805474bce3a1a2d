//! Files as people really break them: pasted, cut, converted, downloaded from a page that was not there.

use std::{fs, path::Path};

use crate::{
    support::Sandbox,
    validate_a_pack::{findings, read},
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

/// Returns what is found in permission-manager when this file of it has another content.
fn with(file: &str, content: impl AsRef<[u8]>) -> String {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
    sandbox.write(pack.join(file), content);
    findings(&pack)
}

fn with_metadata(from: &str, to: &str) -> String {
    assert!(METADATA.contains(from), "the text to replace is there");
    with("pack.json", METADATA.replacen(from, to, 1))
}

#[test]
fn metadata_with_what_json_does_not_allow() {
    insta::assert_snapshot!(with_metadata("\"1.0.0\"\n", "\"1.0.0\",\n"), @"");
    insta::assert_snapshot!(with_metadata("yaml\"\n", "yaml\",\n"), @"");
    insta::assert_snapshot!(with_metadata("{\n", "{\n  // who may do what\n"), @"");
    insta::assert_snapshot!(with_metadata("{\n", "{\n  # who may do what\n"), @"");
    insta::assert_snapshot!(with_metadata("{", "\u{feff}{"), @"");
    insta::assert_snapshot!(with_metadata("\"all\"", "'all'"), @"");
    insta::assert_snapshot!(with_metadata("\"addon\"", "“addon”"), @"");
    insta::assert_snapshot!(with_metadata("\"addon\",", "\"addon\""), @"");
    insta::assert_snapshot!(with_metadata("\"1.0.0\"\n}", "\"1.0.0\"\n}\n}"), @"");
}

#[test]
fn metadata_cut_in_half_at_any_byte_is_one_clear_error() {
    insta::assert_snapshot!(with("pack.json", &METADATA[..METADATA.len() / 2]), @"");
    insta::assert_snapshot!(with("pack.json", ""), @"");
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
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
    insta::assert_snapshot!(with("pack.json", b"{\"name\": \"caf\xe9\"}"), @"");
    insta::assert_snapshot!(with("pack.json", "[]"), @"");
    insta::assert_snapshot!(with("pack.json", "<!DOCTYPE html>\n<title>Not found</title>\n"), @"");
    insta::assert_snapshot!(with("pack.json", format!("{}{}", "[".repeat(200_000), "]".repeat(200_000))), @"");
    insta::assert_snapshot!(with("pack.json", " ".repeat((1 << 20) + 1)), @"");
}

#[test]
fn every_fault_of_a_pack_is_found_at_once() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
    let metadata = METADATA
        .replace("\"1.0.0\"\n", "\"1.0.0 final\",\n")
        .replace("\"addon\"", "\"add-on\"")
        .replace("manifests/permission-manager.yaml", "manifests/permissions.yaml")
        .replace("\"Permission Manager\"", "7");
    sandbox.write(pack.join("pack.json"), metadata);
    sandbox.write(pack.join("values.yaml"), "manifests:\n  a: 1\nmanifests:\n  b: 1\n");
    fs::remove_file(pack.join("logo.png")).expect("the logo is there");
    insta::assert_snapshot!(findings(&pack), @"");
}

#[test]
fn values_pasted_from_a_page_have_lost_their_indentation() {
    let pasted = concat!(
        "pack:\n",
        "#Where the chart goes\n",
        "namespace: \"monitoring\"\n",
        "\n",
        "charts:\n",
        "prometheus-operator:\n",
        "\n",
        "    ## Names\n",
        "    nameOverride: \"\"\n",
        "\n",
        "    alertmanager:\n",
        "  \t  enabled: true\n",
    );
    insta::assert_snapshot!(with("values.yaml", pasted), @"");
    let without_tabs = pasted.replace("  \t  enabled", "  enabled");
    insta::assert_snapshot!(with("values.yaml", without_tabs), @"");
    insta::assert_snapshot!(with("values.yaml", "manifests:\n  permission-manager:\n  \tnamespace: \"a\"\n"), @"");
    insta::assert_snapshot!(with("values.yaml", "charts:\n  demo:\n    <parameters of demo>\n    <more of them>: [\n"), @"");
}

#[test]
fn values_that_are_no_mapping_or_no_text() {
    insta::assert_snapshot!(with("values.yaml", ""), @"");
    insta::assert_snapshot!(with("values.yaml", "# nothing to set\n"), @"");
    insta::assert_snapshot!(with("values.yaml", "- pack\n"), @"");
    insta::assert_snapshot!(with("values.yaml", "pack\n"), @"");
    insta::assert_snapshot!(with("values.yaml", "pack: {}\n---\npack: {}\n"), @"");
    insta::assert_snapshot!(with("values.yaml", b"pack:\n  namespace: \"caf\xe9\"\n"), @"");
    insta::assert_snapshot!(with("values.yaml", "a: &x 1\nb: *y\n"), @"");
    insta::assert_snapshot!(with("values.yaml", "a:\n  <<: {k: 1}\n  b: {c: 1, c: 2}\n"), @"");
}

#[test]
fn values_made_to_exhaust_a_reader_are_refused() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        laughs += &format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(", "));
    }
    insta::assert_snapshot!(with("values.yaml", laughs), @"");
    insta::assert_snapshot!(with("values.yaml", format!("a: {}{}\n", "[".repeat(200_000), "]".repeat(200_000))), @"");
    insta::assert_snapshot!(with("values.yaml", format!("#{}\n", "x".repeat(16 << 20))), @"");
}

#[test]
fn a_role_that_is_a_file() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("golden-centos-aws");
    fs::remove_dir_all(pack.join("harden_os")).expect("the role is there");
    sandbox.write(pack.join("harden_os"), "- hosts: all\n");
    insta::assert_snapshot!(findings(&pack), @"");
}

/// Returns what is found in prometheus-grafana when its chart has another content.
fn with_chart(content: &[u8]) -> String {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("prometheus-grafana");
    sandbox.write(pack.join("charts/prometheus-grafana.tgz"), content);
    findings(&pack)
}

#[test]
fn a_chart_that_is_something_else() {
    let good = fs::read(crate::support::testdata("packs/prometheus-grafana/charts/prometheus-grafana.tgz"))
        .expect("the chart is there");
    let mut flipped = good.clone();
    let middle = good.len() / 2;
    flipped[middle] ^= 0x10;
    insta::assert_snapshot!(with_chart(b"<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n"), @"");
    insta::assert_snapshot!(with_chart(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"), @"");
    insta::assert_snapshot!(with_chart(b""), @"");
    insta::assert_snapshot!(with_chart(&good[..good.len() / 2]), @"");
    insta::assert_snapshot!(with_chart(&good[..good.len() - 4]), @"");
    insta::assert_snapshot!(with_chart(&flipped), @"");
}

#[test]
fn a_logo_that_is_something_else() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("golden-centos-aws");
    let logo = |content: &[u8]| {
        sandbox.write(pack.join("logo.png"), content);
        let reading = read(&pack);
        let media_type = reading.pack.as_ref().expect("a wrong logo is a warning").logo_media_type();
        format!("{}{media_type}", findings(&pack))
    };
    insta::assert_snapshot!(logo(b""), @"");
    insta::assert_snapshot!(logo(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"), @"");
    insta::assert_snapshot!(logo(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), @"");
    insta::assert_snapshot!(logo(b"\x89PNG\r\n\x1a\n"), @"");
    let whole = fs::read(crate::support::testdata("packs/golden-centos-aws/logo.png")).expect("the logo is there");
    insta::assert_snapshot!(logo(&[whole, vec![0; 1 << 20]].concat()), @"");
}

#[test]
fn references_are_compared_after_they_are_normalised() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
    let references = |list: &str| {
        let metadata = METADATA.replace("\"manifests/permission-manager.yaml\"", list);
        sandbox.write(pack.join("pack.json"), metadata);
        findings(&pack)
    };
    insta::assert_snapshot!(references("\"./manifests//permission-manager.yaml\""), @"");
    insta::assert_snapshot!(references("\"manifests\""), @"");
    insta::assert_snapshot!(references("\"/etc/passwd\""), @"");
    insta::assert_snapshot!(references("\"manifests/../../x.yaml\""), @"");
    insta::assert_snapshot!(references("\"\""), @"");
    insta::assert_snapshot!(references("\"Manifests/Permission-Manager.yaml\""), @"");
    insta::assert_snapshot!(references("7"), @"");
    assert!(Path::new(&pack).join("pack.json").is_file());
}
