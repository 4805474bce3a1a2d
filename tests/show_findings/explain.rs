//! `--explain CODE`: what a rule means, and how to silence it.

use spectro_pack::pack::Code;

use super::validate;
use crate::support::Sandbox;

#[test]
fn a_rule_is_explained_without_any_pack() {
    let outcome = validate(&Sandbox::new(), &["--explain", "values-duplicate-key"]).success();
    insta::assert_snapshot!(outcome.stdout, @"
    error[values-duplicate-key]: A key stands twice in one mapping of values.yaml.

    A key stands twice in one mapping. YAML forbids it; readers that let it pass
    take the last one, so half of what was written is lost. The usual way there: a
    block was pasted under a key that existed already.

    Bad:

        charts:
          nginx:
            replicas: 2
        charts:
          redis:
            replicas: 1

    Good:

        charts:
          nginx:
            replicas: 2
          redis:
            replicas: 1

    To silence it: `--allow values-duplicate-key`, or the comment
    `# spectro:allow values-duplicate-key` on its line or alone on the line above.
    ");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn every_rule_is_explained_and_says_how_it_is_silenced_or_why_not() {
    let sandbox = Sandbox::new();
    for code in Code::all() {
        let outcome = validate(&sandbox, &["--explain", code.as_str()]).success();
        let text = &outcome.stdout;
        assert!(text.starts_with(&format!("{}[{code}]: ", code.severity().as_str())), "{outcome}");
        assert!(text.contains("\nBad") && text.contains("\nGood"), "{outcome}");
        assert!(text.lines().skip(1).all(|line| line.chars().count() <= 80 && !line.contains("```")), "{outcome}");
        let silence =
            if code.why_not_allowed().is_some() { "It cannot be silenced: " } else { "To silence it: `--allow " };
        assert_eq!(text.lines().filter(|line| line.starts_with(silence)).count(), 1, "{outcome}");
    }
}

#[test]
fn an_unknown_rule_is_a_wrong_command_line_that_names_the_right_one() {
    let sandbox = Sandbox::new();
    let outcome = validate(&sandbox, &["--explain", "chart-invald"]).fails(2);
    insta::assert_snapshot!(outcome.stderr, @"
    error: there is no rule `chart-invald`
      hint: did you mean `chart-invalid`?
    ");
    validate(&sandbox, &["--explain", "quux"]).fails(2).says("--explain all");
    let json = validate(&sandbox, &["--explain", "quux", "-o", "json"]).fails(2).json();
    assert_eq!((&json["error"]["code"], &json["error"]["exit"]), (&"usage".into(), &2.into()));
    validate(&sandbox, &["--explain", "chart-invalid", "-o", "sarif"]).fails(2).says("`-o sarif` shows findings");
    validate(&sandbox, &[]).fails(2).says("<DIR>");
}

#[test]
fn a_machine_gets_the_explanation_as_markdown() {
    let json = validate(&Sandbox::new(), &["--explain", "version-invalid", "-o", "json"]).success().json();
    let rule = &json["rule"];
    assert_eq!(
        (&json["schemaVersion"], &rule["code"], &rule["severity"]),
        (&1.into(), &"version-invalid".into(), &"error".into())
    );
    assert_eq!(rule["summary"], "The version cannot be a tag.");
    assert_eq!(
        (&rule["canBeAllowed"], &rule["silence"]),
        (&false.into(), &"It cannot be silenced: the version is the artifact's tag.".into())
    );
    assert!(rule["explanation"].as_str().unwrap().contains("```json\n"));
}

#[test]
fn all_rules_are_listed() {
    let sandbox = Sandbox::new();
    let outcome = validate(&sandbox, &["--explain", "all"]).success().prints("There is no logo.png.");
    assert_eq!(outcome.stdout.trim_end().lines().count(), Code::all().len());
    let json = validate(&sandbox, &["--explain", "all", "-o", "json"]).success().json();
    assert_eq!(json["rules"].as_array().unwrap().len(), Code::all().len());
}
