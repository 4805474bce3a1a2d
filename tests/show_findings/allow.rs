//! `--allow CODE` and `# spectro:allow CODE`: what an author accepts is neither told nor in the way.

use spectro_pack::pack::{self, Code, ReadOptions};

use super::{found, validate, with_invalid};
use crate::support::{Outcome, Sandbox, as_stored, assert_same_tree, testdata, tree};

/// The rules that can be allowed whose folder in `testdata/invalid` shows an error, and nothing else is wrong with it.
const ACCEPTED: [&str; 8] = [
    "chart-invalid",
    "field-empty",
    "field-missing",
    "field-type",
    "layer-unknown",
    "logo-missing",
    "role-invalid",
    "values-duplicate-key",
];

fn push(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    sandbox.spectro(["pack", "push", "-r", "oci-layout:store"]).args(words).run()
}

#[test]
fn what_is_allowed_is_no_finding() {
    let sandbox = with_invalid(&["layer-unknown", "logo-invalid", "chart-invalid"]);
    let all = ["layer-unknown", "logo-invalid", "chart-invalid"];
    let allowed = |words: &[&str]| validate(&sandbox, &[&all[..], words, &["-o", "json"]].concat());
    assert_eq!(found(&allowed(&[]).fails(1)), ["layer-unknown:7", "logo-invalid:null", "chart-invalid:null"]);
    assert_eq!(found(&allowed(&["--allow", "chart-invalid"]).fails(1)), ["layer-unknown:7", "logo-invalid:null"]);
    let two = allowed(&["--allow", "chart-invalid, layer-unknown"]).success();
    assert_eq!((found(&two), &two.json()["errors"]), (vec!["logo-invalid:null".to_owned()], &0.into()));
    allowed(&["--allow", "chart-invalid,layer-unknown", "--strict"]).fails(1);
    let three = allowed(&["--allow", "chart-invalid", "--allow=layer-unknown,logo-invalid", "--strict"]).success();
    assert_eq!(found(&three), [""; 0]);
}

#[test]
fn an_allowed_error_keeps_no_pack_from_being_pushed_and_coming_back() {
    for code in ACCEPTED {
        let sandbox = with_invalid(&[code]);
        push(&sandbox, &[code]).fails(1).says(&format!("error[{code}]"));
        let pushed = push(&sandbox, &[code, "--allow", code]).success();
        assert!(!pushed.stderr.contains("error") && !pushed.stderr.contains("warning"), "{pushed}");
        let shown = sandbox.spectro(["pack", "inspect", "demo", "-r", "oci-layout:store"]).run().success();
        assert!(shown.stdout.starts_with("demo 1.0.0"), "{shown}");
        sandbox.spectro(["pack", "pull", "demo", "back", "-r", "oci-layout:store"]).run().success();
        assert_same_tree(&as_stored(tree(sandbox.path(code))), &tree(sandbox.path("back")));
    }
}

#[test]
fn an_allowed_warning_is_none_for_a_strict_push() {
    let sandbox = with_invalid(&["logo-invalid"]);
    push(&sandbox, &["logo-invalid", "--strict"]).fails(1).says("warning[logo-invalid]");
    push(&sandbox, &["logo-invalid", "--strict", "--allow", "logo-missing"]).fails(1);
    let pushed = push(&sandbox, &["logo-invalid", "--strict", "--allow", "logo-invalid"]).success();
    assert!(!pushed.stderr.contains("warning"), "{pushed}");
}

#[test]
fn every_allowed_error_leaves_a_pack_in_the_library() {
    for code in ACCEPTED {
        let mut options = ReadOptions::default();
        options.allowed = [code.parse::<Code>().unwrap()].into();
        let reading = pack::read(&testdata("invalid").join(code), &options).unwrap();
        assert_eq!(reading.report.findings(), [], "{code}");
        let pack = reading.pack.unwrap_or_else(|| panic!("{code}"));
        assert_eq!(pack.metadata().layer.is_none(), code == "layer-unknown", "{code}");
    }
}

#[test]
fn what_an_artifact_needs_cannot_be_allowed() {
    let sandbox = with_invalid(&["reference-missing"]);
    let outcome = validate(&sandbox, &["reference-missing", "--allow", "reference-missing"]).fails(2);
    insta::assert_snapshot!(outcome.stderr, @"
    error: `reference-missing` cannot be allowed
      caused by: an artifact cannot hold what is not there
    ");
    push(&sandbox, &["reference-missing", "--allow", "logo-invalid,reference-missing"]).fails(2);
    push(&sandbox, &["reference-missing", "--allow", "reference-mising"])
        .fails(2)
        .says("did you mean `reference-missing`?");
    let mut options = ReadOptions::default();
    options.allowed = Code::all().iter().copied().collect();
    for code in Code::all().iter().filter(|code| code.why_not_allowed().is_some()) {
        let folder = testdata("invalid").join(code.as_str());
        if folder.is_dir() {
            let report = pack::read(&folder, &options).unwrap().report;
            assert_eq!(report.findings().iter().map(|finding| finding.code).collect::<Vec<_>>(), [*code]);
        }
    }
}

#[test]
fn name_and_version_cannot_be_done_without() {
    let sandbox = with_invalid(&[]);
    let pack = sandbox.copy_pack("permission-manager");
    let allow = ["permission-manager", "--allow", "field-missing,field-type,field-empty", "-o", "json"];
    for (metadata, expected) in [
        (r#"{ "version": 1 }"#, vec!["field-missing:1", "field-type:1"]),
        (r#"{ "name": " ", "version": "1.0.0" }"#, vec!["field-empty:1"]),
        (r#"{ "name": "a", "version": null, "layer": 1 }"#, vec!["field-type:1"]),
        (r#"{ "name": "a", "version": "1.0.0", "layer": null, "cloudTypes": "all" }"#, vec![]),
    ] {
        sandbox.write(pack.join("pack.json"), metadata);
        let outcome = validate(&sandbox, &allow);
        let own: Vec<_> = found(&outcome).into_iter().filter(|code| code.starts_with("field-")).collect();
        assert_eq!(own, expected, "{metadata}");
    }
}

#[test]
fn a_comment_accepts_one_line_and_no_other() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
    let values = |text: &str| {
        sandbox.write(pack.join("values.yaml"), text);
        let outcome = validate(&sandbox, &["permission-manager", "-o", "json"]);
        let all = found(&outcome).into_iter();
        all.filter(|code| code.starts_with("values-duplicate-key")).collect::<Vec<_>>()
    };
    let twice = "a: 1\na: 2\nb: 1\nb: 2\n";
    assert_eq!(values(twice), ["values-duplicate-key:2", "values-duplicate-key:4"]);
    assert_eq!(values("a: 1\na: 2 # spectro:allow values-duplicate-key\nb: 1\nb: 2\n"), ["values-duplicate-key:4"]);
    let above = "a: 1\na: 2\nb: 1\n# spectro:allow logo-invalid, values-duplicate-key: as it was\nb: 2\n";
    assert_eq!(values(above), ["values-duplicate-key:2"]);
    let other = "a: 1\n# spectro:allow values-syntax\na: 2\nb: 1 # spectro:allow values-duplicate-key\nb: 2\n";
    assert_eq!(values(other), ["values-duplicate-key:3", "values-duplicate-key:5"]);
}

#[test]
fn a_comment_is_heard_by_push_too() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
    let values = sandbox.read_text(pack.join("values.yaml"));
    sandbox.write(pack.join("values.yaml"), format!("{values}\nextra: 1\nextra: 2\n"));
    push(&sandbox, &["permission-manager"]).fails(1).says("values-duplicate-key");
    sandbox.write(
        pack.join("values.yaml"),
        format!("{values}\nextra: 1\nextra: 2 # spectro:allow values-duplicate-key\n"),
    );
    push(&sandbox, &["permission-manager"]).success();
}
