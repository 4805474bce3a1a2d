mod rules;

use proptest::prelude::*;

use super::*;

/// Returns what is told of a pack.json, one line a finding.
fn told(text: &str) -> Vec<String> {
    told_of_bytes(text.as_bytes())
}

fn told_of_bytes(bytes: &[u8]) -> Vec<String> {
    let mut findings = Vec::new();
    read(bytes, &Surroundings::default(), &mut findings);
    lines(&findings)
}

/// Returns what is told in a folder on a day.
fn told_in(folder: &str, today: &str, text: &str) -> Vec<String> {
    let surroundings = Surroundings { folder: Some(folder.to_owned()), today: today.parse().ok() };
    let mut findings = Vec::new();
    read(text.as_bytes(), &surroundings, &mut findings);
    lines(&findings)
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let place = finding.position.unwrap();
        let hint = finding.hint.as_ref().map(|hint| format!(" | {hint}")).unwrap_or_default();
        let related = finding
            .related
            .iter()
            .map(|other| format!(" | {}:{} {}", other.position.line, other.position.column, other.label));
        let related: String = related.collect();
        format!(
            "{}:{}+{} {} {}{hint}{related}",
            place.line, place.column, finding.length, finding.code, finding.message
        )
    };
    findings.iter().map(line).collect()
}

const GOOD: &str = r#"{
"name": "demo",
"displayName": "Demo",
"layer": "addon", "addonType": "ai",
"version": "1.0.0",
"cloudTypes": ["all"]
}"#;

#[test]
fn every_documented_field_has_its_type() {
    let text = r#"{"name": "demo", "displayName": "Demo", "layer": "csi", "version": "1.0.0+1", "cloudTypes": ["aws", "all"],
        "group": " ", "annotations": {"a": "b"}, "eol": "2028-04-30", "kubeManifests": ["./m//a.yaml", "m/a.yaml"],
        "charts": ["c.tgz"], "ansibleRoles": ["role/"], "addonType": "storage", "addonSubType": "block", "commit_msg": [1e99],
        "constraints": {"dependencies": [{"packName": "k", "layer": "k8s", "type": "optional", "minVersion": "1.27", "maxVersion": ""}],
          "resources": [{"type": "cpu", "minLimit": 200, "components": [{"scheduleType": "all", "resourceRequestParamRef": "a.b",
            "replicaCountParamRef": ""}]}]}}"#;
    let mut findings = Vec::new();
    let declared = read(text.as_bytes(), &Surroundings::default(), &mut findings);
    assert_eq!(findings, []);
    let metadata = declared.metadata.unwrap();
    let paths = |paths: &[crate::pack::PackPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        (metadata.name.as_str(), metadata.display_name.as_str(), metadata.layer),
        ("demo", "Demo", Some(ProfileLayer::Csi))
    );
    assert_eq!((metadata.version.as_str(), metadata.cloud_types.len()), ("1.0.0+1", 2));
    assert_eq!((metadata.group.as_deref(), metadata.eol.as_deref()), (Some(" "), Some("2028-04-30")));
    assert_eq!((metadata.addon_type.as_deref(), metadata.addon_sub_type.as_deref()), (Some("storage"), Some("block")));
    assert_eq!(paths(&metadata.kube_manifests), ["m/a.yaml"]);
    assert_eq!((paths(&metadata.charts), paths(&metadata.ansible_roles)), (vec!["c.tgz".into()], vec!["role".into()]));
    assert_eq!(metadata.annotations["a"], "b");
    assert_eq!(metadata.other["commit_msg"], serde_json::json!([1e99]));
    assert_eq!(metadata.constraints.dependencies[0].kind.as_deref(), Some("optional"));
    assert_eq!(metadata.constraints.resources[0].min_limit, Some(200));
    assert_eq!(metadata.constraints.resources[0].components[0].schedule_type.as_deref(), Some("all"));
}

#[test]
fn a_null_stands_for_an_optional_field_that_is_not_there() {
    let none: [String; 0] = [];
    assert_eq!(told(GOOD), none);
    let nulls =
        GOOD.replace("\n}", ",\n\"charts\": null, \"group\": null, \"annotations\": null, \"constraints\": null\n}");
    assert_eq!(told(&nulls), none);
    assert_eq!(
        told(&GOOD.replace("\"demo\"", "null")),
        ["2:9+4 field-type `name` must be a string, found null | for example `\"name\": \"nginx\"`"]
    );
}

#[test]
fn all_is_told_at_once() {
    let text = "{\n\"name\": \"Demo\",\n\"displayname\": \" \",\n\"layer\": 1,\n\"version\": 1.5,\n\"cloudTypes\": \"aws\",\n\"charts\": [1],\n\"annotations\": {\"a\": true, \"b\": null, \"c\": {}},\n}";
    assert_eq!(
        told(text),
        [
            "9:1+1 metadata-syntax expected a property name, found `}` | JSON allows no comma after the last property | 8:47 this comma promises another property",
            "4:10+1 field-type `layer` must be a string, found a number | write `\"1\"`",
            "5:12+3 field-type `version` must be a string, found a number | write `\"1.5\"`",
            "2:9+6 name-invalid the name `Demo` is no name for a repository | write `demo`, for example",
            "6:15+5 field-type `cloudTypes` must be an array of strings, found a string | write `[\"aws\"]`",
            "7:12+1 field-type `charts[0]` must be a string, found a number",
            "8:22+4 field-type `annotations.a` must be a string, found a boolean | write `\"true\"`",
            "8:33+4 field-type `annotations.b` must be a string, found null | write `\"\"`, or delete the line",
            "8:44+2 field-type `annotations.c` must be a string, found an object",
            "1:1+1 field-missing the field `displayName` is missing | rename `displayname` to `displayName` | 3:1 is this it?",
        ]
    );
}

#[test]
fn one_fault_is_one_finding() {
    let cases = [
        ("\"addon\"", "\"Addon\"", "4:10+7 layer-unknown there is no layer `Addon` | did you mean `addon`?"),
        (
            "\"addon\"",
            "\"infra\"",
            "4:10+7 layer-unknown there is no layer `infra` | the layers are kernel, os, k8s, cni, csi, addon",
        ),
        ("\"addon\"", "\"\"", "4:10+2 field-empty the field `layer` is empty | for example `\"layer\": \"addon\"`"),
        (
            "\"demo\"",
            "\"<PACK_NAME>\"",
            "2:9+13 name-invalid the name `<PACK_NAME>` is no name for a repository | put the pack's own name in place of the placeholder",
        ),
        (
            "\"1.0.0\"",
            "\"1.0 beta\"",
            "5:12+10 version-invalid the version `1.0 beta` cannot be a tag | letters, digits, `.`, `_`, `-` and `+`; the first is a letter, a digit or `_`",
        ),
        (
            "[\"all\"]",
            "[]",
            "6:15+2 field-empty the field `cloudTypes` is empty | for example `\"cloudTypes\": [\"all\"]`",
        ),
        (
            "[\"all\"]",
            "[\"all\", \" \"]",
            "6:23+3 field-empty a cloud type is empty | for example `\"cloudTypes\": [\"all\"]`",
        ),
        (
            "[\"all\"]",
            "null",
            "6:15+4 field-type `cloudTypes` must be an array of strings, found null | for example `\"cloudTypes\": [\"all\"]`",
        ),
        (
            "[\"all\"]\n",
            "[\"all\"], \"annotations\": []\n",
            "6:39+2 field-type `annotations` must be an object, found an array | write `{` and `}` in place of the brackets",
        ),
        (
            "[\"all\"]\n",
            "[\"all\"], \"constraints\": {\"resources\": [{\"type\": \"cpu\", \"minLimit\": 0.5}]}\n",
            "6:82+3 field-type `constraints.resources[0].minLimit` must be a whole number, found a number",
        ),
        (
            "\"version\"",
            "\"vesion\"",
            "1:1+1 field-missing the field `version` is missing | rename `vesion` to `version` | 5:1 is this it?",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(told(&GOOD.replacen(from, to, 1)), [expected]);
    }
    let long = "1".repeat(129);
    assert_eq!(told(&GOOD.replace("1.0.0", &long)).len(), 1);
    assert_eq!(told(&GOOD.replace("demo", &long)).len(), 1);
}

#[test]
fn nothing_is_concluded_from_what_was_cut_off() {
    for end in 1..GOOD.len() - 1 {
        let told = told(&GOOD[..end]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("metadata-syntax"), "{told:?}");
    }
    assert_eq!(told("[]"), ["1:1+2 metadata-syntax expected an object, found an array"]);
    assert_eq!(
        told_of_bytes(b"{\n\xff"),
        ["2:1+1 metadata-syntax `pack.json` is in another encoding, not UTF-8 | save the file as UTF-8"]
    );
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        told_of_bytes(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic_and_clean_means_readable(
        at in 0..GOOD.len(),
        length in 0..8_usize,
        put in "[\\[\\]{}\":,a-z0-9\\\\'/# \n-]{0,6}",
    ) {
        let end = (at + length).min(GOOD.len());
        let damaged = [&GOOD[..at], &put, &GOOD[end..]].concat();
        let mut findings = Vec::new();
        let declared = read(damaged.as_bytes(), &Surroundings::default(), &mut findings);
        if !findings.iter().any(|finding| finding.code.severity() == crate::pack::Severity::Error) {
            let metadata = declared.metadata.expect("what has no fault is read");
            let value: serde_json::Value = serde_json::from_str(&damaged).expect("what has no fault is JSON");
            prop_assert_eq!(value["name"].as_str(), Some(metadata.name.as_str()));
        }
    }
}
