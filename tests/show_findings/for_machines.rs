//! `-o github`, `-o gitlab` and `-o sarif`: findings beside the lines of a pull request, and in code scanning.

use std::collections::BTreeSet;

use serde_json::Value;
use spectro_pack::pack::Code;

use super::{validate, with_invalid};
use crate::support::{Outcome, Sandbox};

const SHOWN: [&str; 4] = ["values-duplicate-key", "logo-invalid", "logo-missing", "metadata-syntax"];

fn shown_as(format: &str) -> Outcome {
    validate(&with_invalid(&SHOWN), &[&SHOWN[..], &["-o", format]].concat()).fails(1)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no array: {value}"))
}

#[test]
fn github_gets_one_command_a_finding() {
    let outcome = shown_as("github");
    insta::assert_snapshot!(outcome.stdout, @"
    ::error file=values-duplicate-key/values.yaml,line=4,col=1,endColumn=4,title=values-duplicate-key::the key `pack` stands twice in one mapping%0Ahint: only one of them would count: delete the other
    ::warning file=logo-invalid/logo.png,line=1,title=logo-invalid::`logo.png` is not a PNG picture but a GIF picture%0Ahint: save a PNG picture of 128 × 128 pixels under this name
    ::error file=logo-missing/pack.json,line=1,title=logo-missing::there is no `logo.png`%0Ahint: put a PNG picture of 128 × 128 pixels there
    ::error file=metadata-syntax/pack.json,line=4,col=3,endColumn=3,title=metadata-syntax::expected a property name, found `}`%0Ahint: JSON allows no comma after the last property
    ");
    insta::assert_snapshot!(outcome.stderr, @"3 errors, 1 warning in 4 packs");
}

#[test]
fn a_pack_cannot_give_commands_of_its_own() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
    let metadata = sandbox.read_text(pack.join("pack.json"));
    sandbox.write(pack.join("pack.json"), metadata.replace("\"addon\"", "\"a%0A\\n::error file=x::y\\r,z\""));
    let renamed = sandbox.path("a:b,c%");
    std::fs::rename(&pack, &renamed).expect("a folder may have any name");
    let outcome = validate(&sandbox, &["a:b,c%", "-o", "github"]).fails(1);
    let commands: Vec<_> = outcome.stdout.trim_end().lines().filter(|line| line.contains("layer-unknown")).collect();
    assert_eq!(commands.len(), 1, "{outcome}");
    assert!(commands[0].starts_with("::error file=a%3Ab%2Cc%25/pack.json,line="), "{outcome}");
    assert!(outcome.stdout.trim_end().lines().all(|line| !line.starts_with("::error file=x")), "{outcome}");
    assert!(commands[0].contains("a%250A"), "{outcome}");
}

#[test]
fn paths_are_told_from_the_root_of_the_checkout() {
    let sandbox = Sandbox::new();
    for format in ["github", "gitlab", "sarif"] {
        sandbox.copy_folder(crate::support::testdata("invalid/logo-invalid"), "repository/packs/demo");
        let run = |folder: &str, word: &str, variable: &str| {
            let root = sandbox.path("repository");
            sandbox.spectro(["pack", "validate", word, "-o", format]).cwd(folder).env(variable, root).run().success()
        };
        let absolute = sandbox.path("repository/packs/demo");
        run("repository/packs", "demo", "GITHUB_WORKSPACE").prints("packs/demo/logo.png");
        run("repository/packs", "../packs/./demo/", "CI_PROJECT_DIR")
            .prints("\"packs/demo/logo.png".trim_start_matches('"'));
        let outcome = run("repository", absolute.to_str().unwrap(), "OTHER").prints("packs/demo/logo.png");
        assert!(!outcome.stdout.contains(sandbox.work().to_str().unwrap()), "{outcome}");
        let outside = run("repository/packs", absolute.to_str().unwrap(), "OTHER").prints("demo/logo.png");
        assert!(!outside.stdout.contains("packs/demo"), "{outside}");
    }
}

#[test]
fn gitlab_gets_a_code_quality_report() {
    let outcome = shown_as("gitlab");
    let json = outcome.json();
    let told: Vec<_> = array(&json)
        .iter()
        .map(|entry| {
            let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{entry}")).to_owned();
            let (path, line) = (text(&entry["location"]["path"]), &entry["location"]["lines"]["begin"]);
            assert!(!text(&entry["description"]).is_empty());
            format!("{} {} {path}:{line}", text(&entry["severity"]), text(&entry["check_name"]))
        })
        .collect();
    assert_eq!(
        told,
        [
            "major values-duplicate-key values-duplicate-key/values.yaml:4",
            "minor logo-invalid logo-invalid/logo.png:1",
            "major logo-missing logo-missing/pack.json:1",
            "blocker metadata-syntax metadata-syntax/pack.json:4",
        ]
    );
}

#[test]
fn a_fingerprint_is_one_findings_and_stays_when_lines_move() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("permission-manager");
    let fingerprints = |values: &str| {
        sandbox.write(pack.join("values.yaml"), values);
        let json = validate(&sandbox, &["permission-manager", "-o", "gitlab"]).fails(1).json();
        let own = array(&json).iter().filter(|entry| entry["check_name"] == "values-duplicate-key").cloned();
        own.map(|entry| entry["fingerprint"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = fingerprints("a: 1\na: 2\nx:\n  a: 1\n  a: 2\nb: 1\nb: 2\n");
    assert_eq!((before.len(), before.iter().collect::<BTreeSet<_>>().len()), (3, 3), "{before:?}");
    let after = fingerprints("# moved\n\na: 1\na: 2\nx:\n  a: 1\n\n  a: 2\nb: 1\nb: 2\n");
    assert_eq!(before, after);
}

#[test]
fn sarif_has_every_rule_and_says_where_each_result_is() {
    let outcome = shown_as("sarif");
    let log = outcome.json();
    assert_eq!((&log["version"], array(&log["runs"]).len()), (&"2.1.0".into(), 1));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = array(&run["tool"]["driver"]["rules"]);
    assert_eq!(rules.len(), Code::all().len());
    for (rule, code) in rules.iter().zip(Code::all()) {
        assert_eq!(rule["id"], code.as_str());
        assert_eq!(rule["defaultConfiguration"]["level"], code.severity().as_str());
        for text in [&rule["shortDescription"]["text"], &rule["fullDescription"]["text"], &rule["help"]["text"]] {
            assert!(text.as_str().is_some_and(|text| text.len() > 10), "{rule}");
        }
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("```"), "{rule}");
        assert!(!rule["help"]["text"].as_str().unwrap().contains("```"), "{rule}");
    }
    let results = array(&run["results"]);
    assert_eq!(results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect::<Vec<_>>(), SHOWN);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(
            (&rules[index]["id"], &rules[index]["defaultConfiguration"]["level"]),
            (&result["ruleId"], &result["level"])
        );
        assert_eq!(result["partialFingerprints"]["spectroFinding/v1"].as_str().unwrap().len(), 64);
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "values-duplicate-key/values.yaml");
    let region = |place: &Value| ["startLine", "startColumn", "endColumn"].map(|name| place["region"][name].as_u64());
    assert_eq!(region(place), [Some(4), Some(1), Some(5)]);
    let related = &results[0]["relatedLocations"][0];
    assert_eq!(
        (region(&related["physicalLocation"]), &related["message"]["text"]),
        ([Some(1), Some(1), None], &"it stands here already".into())
    );
    assert_eq!(region(&results[1]["locations"][0]["physicalLocation"]), [Some(1), None, None]);
}

#[test]
fn what_could_not_be_checked_is_told_in_sarif_and_on_standard_error() {
    let sandbox = with_invalid(&["logo-invalid"]);
    let outcome =
        validate(&sandbox, &["logo-invalid", "absent", "-o", "sarif"]).fails(3).says("there is no folder `absent`");
    let log = outcome.json();
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "there is no folder `absent`");
    assert_eq!(array(&log["runs"][0]["results"]).len(), 1);
}

#[test]
fn a_pack_without_findings_is_an_empty_report() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("prometheus-grafana");
    let shown =
        |format: &str| validate(&sandbox, &["prometheus-grafana", "-o", format, "--allow", "logo-invalid"]).success();
    assert_eq!(shown("gitlab").json(), serde_json::json!([]));
    assert_eq!(shown("github").stdout.trim(), "");
    assert_eq!(shown("sarif").json()["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn only_validate_has_findings_to_show() {
    let sandbox = Sandbox::new();
    for format in ["github", "gitlab", "sarif"] {
        let expected = format!("`-o {format}` shows findings, and only `spectro pack validate` has some");
        sandbox.spectro(["version", "-o", format]).run().fails(2).says(&expected);
        sandbox.spectro(["pack", "push", "a", "-r", "oci-layout:store", "-o", format]).run().fails(2).says(&expected);
        sandbox.spectro(["pack", "inspect", "a"]).env("SPECTRO_OUTPUT", format).run().fails(2).says(&expected);
    }
}
