use std::{collections::BTreeSet, fs, path::Path};

use spectro_pack::pack::{Code, Finding, Position, Related, Severity};
use tempfile::TempDir;

use super::{Styles, draw, finding_json};

/// Returns a folder that holds a `veeam/` with this one file.
fn folder(file: &str, content: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temp folder");
    fs::create_dir(folder.path().join("veeam")).expect("a folder");
    fs::write(folder.path().join("veeam").join(file), content).expect("a file");
    folder
}

fn finding(code: Code, message: &str, file: &str, (line, column, length): (usize, usize, usize)) -> Finding {
    Finding {
        code,
        message: message.to_owned(),
        hint: None,
        file: Some(file.to_owned()),
        position: Some(Position { line, column }),
        length,
        related: Vec::new(),
        essential: false,
    }
}

fn related(label: &str, line: usize, column: usize) -> Related {
    Related { label: label.to_owned(), position: Position { line, column } }
}

/// Draws what is found in `veeam` of the folder, without the folder's own path.
fn drawn(folder: &TempDir, findings: &[Finding]) -> String {
    let text = draw(findings, &BTreeSet::new(), &folder.path().join("veeam"), Styles::new(false));
    text.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_finding_shows_its_line_what_belongs_to_it_and_a_hint() {
    let folder = folder("pack.json", "{\n    \"annotations\": {\n        \"name\": \"value\",\n    },\n");
    let mut finding = finding(Code::MetadataSyntax, "expected a property name, found `}`", "pack.json", (4, 5, 1));
    finding.hint = Some("JSON allows no comma after the last property".to_owned());
    finding.related = vec![related("this comma promises another property", 3, 24)];
    insta::assert_snapshot!(drawn(&folder, &[finding]), @r#"
    error[metadata-syntax]: expected a property name, found `}`
      --> veeam/pack.json:4:5
       |
     3 |         "name": "value",
       |                        - this comma promises another property
     4 |     },
       |     ^
       |
      hint: JSON allows no comma after the last property
    "#);
}

#[test]
fn findings_are_apart_and_lines_between_two_places_are_left_out() {
    let folder = folder("values.yaml", "pack:\n  a: 1\n\n\n\n\n\n\n\npack:\n  a: 2\n  a: 3 # b\n");
    let mut twice = finding(Code::ValuesDuplicateKey, "`pack` is there twice", "values.yaml", (10, 1, 4));
    twice.related = vec![related("first here", 1, 1)];
    let mut same_line = finding(Code::ValuesDuplicateKey, "`a` is there twice", "values.yaml", (12, 3, 1));
    same_line.related = vec![related("first here", 11, 3), related("a comment", 12, 8)];
    insta::assert_snapshot!(drawn(&folder, &[twice, same_line]), @"
    error[values-duplicate-key]: `pack` is there twice
      --> veeam/values.yaml:10:1
       |
     1 | pack:
       | - first here
    ...
    10 | pack:
       | ^^^^

    error[values-duplicate-key]: `a` is there twice
      --> veeam/values.yaml:12:3
       |
    11 |   a: 2
       |   - first here
    12 |   a: 3 # b
       |   ^
       |        - a comment
    ");
}

#[test]
fn what_cannot_be_shown_leaves_the_place() {
    let folder = folder("pack.json", "{}\n");
    let mut archive = finding(Code::ChartInvalid, "`charts/demo.tgz` is not gzip", "charts/demo.tgz", (1, 1, 1));
    archive.position = None;
    archive.hint = Some("download it again".to_owned());
    let mut nowhere = finding(Code::LogoMissing, "there is no `logo.png`", "", (1, 1, 1));
    (nowhere.file, nowhere.position) = (None, None);
    let behind = finding(Code::FieldMissing, "`name` is missing", "pack.json", (7, 1, 1));
    insta::assert_snapshot!(drawn(&folder, &[archive, nowhere, behind]), @"
    error[chart-invalid]: `charts/demo.tgz` is not gzip
      --> veeam/charts/demo.tgz
      hint: download it again

    error[logo-missing]: there is no `logo.png`
      --> veeam

    error[field-missing]: `name` is missing
      --> veeam/pack.json:7:1
    ");
}

#[test]
fn what_a_stranger_wrote_cannot_move_the_cursor() {
    let folder = folder("pack.json", "{\"na\u{1b}[2Jme\": 1}\n");
    let mut finding = finding(Code::FieldType, "`\u{1b}[2J\n`", "pack.json", (1, 2, 9));
    finding.related = vec![related("\r\u{202e}", 1, 1)];
    finding.hint = Some("\u{7}".to_owned());
    insta::assert_snapshot!(drawn(&folder, &[finding]), @r#"
    error[field-type]: `\u{1b}[2J\u{a}`
      --> veeam/pack.json:1:2
       |
     1 | {"na\u{1b}[2Jme": 1}
       |  ^^^^^^^^^^^^^^
       | - \u{d}\u{202e}
       |
      hint: \u{7}
    "#);
}

#[test]
fn marks_too_far_apart_for_the_screen_repeat_the_line() {
    let line = format!("{{\"a\": 1, \"x\": \"{}\", \"a\": 2}}", "x".repeat(200));
    let folder = folder("pack.json", &line);
    let mut finding = finding(Code::MetadataDuplicateKey, "`a` is there twice", "pack.json", (1, 219, 3));
    finding.related = vec![related("first here", 1, 2)];
    let text = drawn(&folder, &[finding]);
    insta::assert_snapshot!(text, @r#"
    error[metadata-duplicate-key]: `a` is there twice
      --> veeam/pack.json:1:219
       |
     1 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "a": 2}
       |                                                                    ^^^
     1 | {"a": 1, "x": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
       |  - first here
    "#);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "a line is wider than the screen");
}

#[test]
fn colours_are_escapes_around_the_same_text() {
    let folder = folder("values.yaml", "pack: a\n");
    let finding = finding(Code::ValuesSyntax, "not a mapping", "values.yaml", (1, 7, 1));
    let directory = folder.path().join("veeam");
    let plain = draw(std::slice::from_ref(&finding), &BTreeSet::new(), &directory, Styles::new(false));
    let colored = draw(&[finding], &BTreeSet::new(), &directory, Styles::new(true));
    assert!(!plain.contains('\u{1b}'));
    assert!(colored.starts_with("\u{1b}[1m\u{1b}[31merror[values-syntax]\u{1b}[0m"), "{colored:?}");
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
}

#[test]
fn json_has_null_where_there_is_nothing() {
    let mut finding = finding(Code::LogoInvalid, "a GIF", "logo.png", (1, 1, 1));
    finding.position = None;
    let expected = serde_json::json!({
        "code": "logo-invalid", "severity": "warning", "message": "a GIF", "hint": null,
        "file": "logo.png", "line": null, "column": null,
    });
    assert_eq!(finding_json(&finding), expected);
}

#[test]
fn a_folder_is_named_as_it_was_typed() {
    let mut finding = finding(Code::MetadataMissing, "there is no `pack.json`", "pack.json", (1, 1, 1));
    finding.position = None;
    let text = draw(&[finding], &BTreeSet::new(), Path::new("packs/veeam/"), Styles::new(false));
    assert!(text.contains("--> packs/veeam/pack.json\n"), "{text}");
}

#[test]
fn a_line_with_a_secret_is_never_shown_whatever_else_is_found_on_it() {
    let folder = folder("values.yaml", "a: 1\ntoken: hunter2\n");
    let mut twice = finding(Code::ValuesDuplicateKey, "`token` is there twice", "values.yaml", (2, 1, 5));
    twice.related = vec![related("first here", 1, 1)];
    let secret = BTreeSet::from([("values.yaml", 2)]);
    let text = draw(&[twice], &secret, &folder.path().join("veeam"), Styles::new(false));
    assert!(text.contains("values.yaml:2:1\n") && text.contains("1 | a: 1") && !text.contains("hunter2"), "{text}");
}

#[test]
fn notes_come_last_close_together_and_without_their_lines() {
    let Some(note) = Code::all().iter().copied().find(|code| code.severity() == Severity::Note) else { return };
    let folder = folder("values.yaml", "a: 1\na: 2\n");
    let findings = [
        finding(note, "one", "values.yaml", (1, 1, 1)),
        finding(Code::ValuesDuplicateKey, "`a` is there twice", "values.yaml", (2, 1, 1)),
        finding(note, "two", "values.yaml", (2, 1, 1)),
    ];
    let text = drawn(&folder, &findings);
    let place = "  --> veeam/values.yaml";
    let notes = format!("   | ^\nnote[{note}]: one\n{place}:1:1\nnote[{note}]: two\n{place}:2:1\n");
    assert!(text.starts_with("error[values-duplicate-key]") && text.replace("\n\n", "\n").ends_with(&notes), "{text}");
}
