use super::*;

fn told(content: &str) -> Vec<String> {
    let mut findings = Vec::new();
    read(&Text::new(FILE, content), &mut findings);
    lines(&findings)
}

fn lines(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let Position { line, column } = finding.position.unwrap();
        format!("{line}:{column}+{} {}", finding.length, finding.message)
    };
    findings.iter().map(line).collect()
}

const GOOD: &str =
    "presets:\n- name: a\n  displayName: A\n  group: G\n  remove: [x.y]\n  add: |\n    charts:\n      x: {y: 1}\n";
const NONE: [&str; 0] = [];

#[test]
fn what_is_whole_or_empty_is_fine() {
    for content in [GOOD, "", "# nothing\n", "presets:\n", "presets: []\n", "- {name: a, displayName: A, group: G}\n"] {
        assert_eq!(told(content), NONE, "{content}");
    }
}

#[test]
fn each_part_is_checked_with_its_place() {
    assert_eq!(told("presets: x\n"), ["1:10+1 expected `presets:` with a list of presets, found a single text"]);
    assert_eq!(told("presets: [a]\n"), ["1:11+1 a preset must be a mapping, found a single text"]);
    let changed = |from: &str, to: &str| told(&GOOD.replace(from, to));
    assert_eq!(changed("group: G", "group: \"\""), ["4:10+2 a preset needs a `group`"]);
    assert_eq!(
        changed("remove: [x.y]", "remove: x.y"),
        ["5:11+3 `remove` must be a list of paths, found a single text"]
    );
    assert_eq!(changed("x: {y: 1}", "x: [y: 1"), ["8:10+1 what is added is not YAML: this `[` is never closed"]);
    assert_eq!(
        changed("  add: |\n    charts:\n      x: {y: 1}\n", "  add: {x: 1}\n"),
        ["6:8+1 `add` must be a text that holds YAML, found a mapping"]
    );
    assert_eq!(
        changed("    charts:\n      x: {y: 1}\n", "    text\n"),
        ["7:5+4 `add` must hold a mapping, found a single text"]
    );
    let twice = format!("{GOOD}- name: a\n  displayName: B\n  group: G\n");
    assert_eq!(told(&twice), ["9:9+1 the preset `G:a` is there twice"]);
    assert_eq!(told("presets: [\n"), ["1:10+1 this `[` is never closed"]);
}

#[test]
fn presets_that_are_turned_on_must_be_there() {
    let presets = read(&Text::new(FILE, GOOD), &mut Vec::new());
    let told = |values: &str, presets: Option<&[Preset]>| {
        let mut findings = Vec::new();
        enabled(&Text::new("values.yaml", values), presets, &mut findings);
        lines(&findings)
    };
    for values in [
        "",
        "# spectrocloud.com/enabled-presets:\n",
        "# spectrocloud.com/enabled-presets: G:a\npack: {}\n",
        "pack: {}\n# spectrocloud.com/enabled-presets: G:b\n",
    ] {
        assert_eq!(told(values, Some(&presets)), NONE, "{values}");
    }
    assert_eq!(
        told("# about\n#  spectrocloud.com/enabled-presets: G:a, G:b,H:a\n", Some(&presets)),
        ["2:43+3 `G:b` and `H:a` are turned on, but not in presets.yaml"]
    );
    assert_eq!(
        told("# spectrocloud.com/enabled-presets: G:a\n", None),
        ["1:37+3 `G:a` is turned on, but there is no presets.yaml"]
    );
}
