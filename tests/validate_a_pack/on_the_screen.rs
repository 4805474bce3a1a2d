//! `spectro pack validate`: what a user sees, what a machine reads, and the exit code.

use std::fs;

use super::permission_manager;
use crate::support::{Outcome, Sandbox, testdata};

/// Runs `validate` beside copies of the packs in `testdata/invalid` that are named, and of prometheus-grafana.
fn validate(invalid: &[&str], arguments: &[&str]) -> Outcome {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("prometheus-grafana");
    for code in invalid {
        sandbox.copy_folder(testdata("invalid").join(code), code);
    }
    sandbox.spectro(["pack", "validate"]).args(arguments).run()
}

#[test]
fn a_good_pack_says_so() {
    let outcome = validate(&[], &["prometheus-grafana"]).success();
    insta::assert_snapshot!(outcome.stdout, @"no findings in 1 pack");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn a_finding_is_drawn_like_a_compilers() {
    let outcome = validate(&["metadata-syntax"], &["metadata-syntax"]).fails(1);
    insta::assert_snapshot!(outcome.stdout, @r#"
    error[metadata-syntax]: expected a property name, found `}`
      --> metadata-syntax/pack.json:4:3
       |
     3 |     "source": "community",
       |                          - this comma promises another property
     4 |   },
       |   ^
       |
      hint: JSON allows no comma after the last property

    1 error in 1 pack
    "#);
    assert_eq!(outcome.stderr, "hint: what a rule means: spectro pack validate --explain metadata-syntax\n");
}

#[test]
fn many_packs_are_told_one_after_the_other() {
    let codes = ["values-duplicate-key", "chart-invalid", "logo-invalid"];
    let outcome =
        validate(&codes, &["values-duplicate-key", "prometheus-grafana", "chart-invalid", "logo-invalid"]).fails(1);
    insta::assert_snapshot!(outcome.stdout, @"
    ── values-duplicate-key · 1 error

    error[values-duplicate-key]: the key `pack` stands twice in one mapping
      --> values-duplicate-key/values.yaml:4:1
       |
     1 | pack:
       | - it stands here already
    ...
     4 | pack:
       | ^^^^
       |
      hint: only one of them would count: delete the other

    ── chart-invalid · 1 error

    error[chart-invalid]: `charts/demo-1.0.0.tgz` has no Chart.yaml
      --> chart-invalid/charts/demo-1.0.0.tgz
      hint: make the archive with: helm package

    ── logo-invalid · 1 warning

    warning[logo-invalid]: `logo.png` is not a PNG picture but a GIF picture
      --> logo-invalid/logo.png
      hint: save a PNG picture of 128 × 128 pixels under this name

    2 errors, 1 warning in 3 packs; 1 pack is fine
    ");
}

#[test]
fn a_warning_alone_is_no_failure_unless_strict() {
    validate(&["logo-invalid"], &["logo-invalid"]).success().prints("warning[logo-invalid]");
    validate(&["logo-invalid"], &["logo-invalid", "--strict"]).fails(1).prints("warning[logo-invalid]");
}

#[test]
fn a_machine_reads_the_same_as_json() {
    let outcome = validate(&["metadata-syntax"], &["metadata-syntax", "prometheus-grafana", "-o", "json"]).fails(1);
    insta::assert_snapshot!(outcome.stdout, @r#"
    {
      "errors": 1,
      "notes": 0,
      "packs": [
        {
          "directory": "metadata-syntax",
          "findings": [
            {
              "code": "metadata-syntax",
              "column": 3,
              "file": "pack.json",
              "hint": "JSON allows no comma after the last property",
              "line": 4,
              "message": "expected a property name, found `}`",
              "severity": "error"
            }
          ],
          "name": "demo",
          "version": "1.0.0"
        },
        {
          "directory": "prometheus-grafana",
          "findings": [],
          "name": "prometheus-grafana",
          "version": "9.7.2"
        }
      ],
      "schemaVersion": 1,
      "warnings": 0
    }
    "#);
    assert!(outcome.json().is_object());
}

#[test]
fn no_such_folder_and_a_file_are_told_by_name() {
    let sandbox = Sandbox::new();
    sandbox.write("demo.tar.gz", "x");
    let outcome = sandbox.spectro(["pack", "validate", "demo"]).run().fails(3);
    insta::assert_snapshot!(outcome.stderr, @"error: there is no folder `demo`");
    let outcome = sandbox.spectro(["pack", "validate", "demo.tar.gz"]).run().fails(3);
    insta::assert_snapshot!(outcome.stderr, @"error: `demo.tar.gz` is not a folder");
}

#[test]
fn what_a_stranger_wrote_does_not_reach_the_terminal() {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    let metadata = sandbox.read_text(pack.join("pack.json"));
    let hostile = metadata.replace("\"addon\"", "\"add\u{202e}\u{9b}on\\u001b[2J\"");
    sandbox.write(pack.join("pack.json"), hostile);
    fs::write(pack.join("values.yaml"), "pack: {\u{1b}[31m: 1\n").expect("a file");
    let outcome = sandbox.spectro(["pack", "validate", "permission-manager"]).run().fails(1);
    let strange = |text: &str| text.chars().any(|shown| (shown.is_control() && shown != '\n') || shown == '\u{202e}');
    assert!(!strange(&outcome.stdout) && !strange(&outcome.stderr), "{outcome}");
}
