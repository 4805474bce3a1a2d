use super::{super::testing::Example, *};

fn told(schema: &str) -> Vec<String> {
    let mut example =
        Example::new("pack: {namespace: a}\ncharts: {demo: {list: [{x: 1}], a.b: {c: 1}}}\n", "deep: {er: 1}\n", "");
    example.presets = "presets:\n- {name: p, displayName: P, group: G, add: \"charts: {demo: {added: 1}}\"}\n";
    let text = Text::new(FILE, schema);
    example.run(|material, _, findings| check(&text, material, findings))
}

const NONE: [&str; 0] = [];

#[test]
fn paths_are_looked_up_everywhere() {
    for path in [
        "pack.namespace",
        "charts.demo",
        "charts.demo.deep.er",
        "charts.demo.added",
        "charts.demo.list.0.x",
        "charts.demo.list[0].x",
        "charts.demo.a.b.c",
    ] {
        assert_eq!(told(&format!("{path}:\n  schema: '{{{{ required }}}}'\n")), NONE, "{path}");
    }
    for path in ["pack.name", "charts.demo.deep.est", "charts.other.x"] {
        let told = told(&format!("{path}:\n  schema: '{{{{ required }}}}'\n"));
        assert!(told.len() == 1 && told[0].starts_with(&format!("1:1 `{path}` is in no values.yaml")), "{told:?}");
    }
}

#[test]
fn schemas_have_their_form() {
    let entry = |schema: &str| told(&format!("pack.namespace:\n  schema: {schema}\n"));
    for schema in [
        "'{{ required | readonly | format \"${number:[1-5]}\" | hints \"a\" \"b\" }}'",
        "'{{ format \"${string}/${string}:${version}\" }}'",
        "'{{ format \"${list:[a,b]}\" | hints `x` }}'",
    ] {
        assert_eq!(entry(schema), NONE, "{schema}");
    }
    for (schema, expected) in [
        (
            "'{{ requierd }}'",
            "2:11 the schema of `pack.namespace` has an unknown word: `requierd` | did you mean `required`?",
        ),
        (
            "'{{ format \"${strin}\" }}'",
            "2:11 the schema of `pack.namespace` has an unknown format: `${strin}` | did you mean `string`?",
        ),
        ("'{{ required '", "2:11 the schema of `pack.namespace` does not parse: "),
        ("required", "2:11 the schema of `pack.namespace` says nothing"),
        ("[a]", "2:11 the schema of `pack.namespace` must be a text, found a list"),
    ] {
        let told = entry(schema);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{schema}: {told:?}");
    }
    assert!(told("pack.namespace: {}\n")[0].starts_with("1:17 `pack.namespace` has no `schema`"));
    assert!(told("- a\n")[0].starts_with("1:1 expected a mapping of paths in values.yaml, found a list"));
    assert!(told("a: [\n")[0].starts_with("1:4 this `[` is never closed"));
    for empty in ["", "# nothing\n"] {
        assert_eq!(told(empty), NONE);
    }
}

#[test]
fn a_path_that_is_nearly_right_says_which_is_meant() {
    let hint = |path: &str| {
        told(&format!("{path}:\n  schema: '{{{{ required }}}}'\n"))[0].split(" | ").nth(1).unwrap().to_owned()
    };
    for (path, meant) in [
        ("pack.namespce", "pack.namespace"),
        ("chart.demo.deep.er", "charts.demo.deep.er"),
        ("charts.demos.deep.er", "charts.demo.deep.er"),
        ("charts.demo.deeps.er", "charts.demo.deep.er"),
    ] {
        assert_eq!(hint(path), format!("did you mean `{meant}`?"));
    }
    for path in ["charts.demo.deeps.nothing", "x", "charts.nothing.like.it"] {
        assert_eq!(hint(path), "a path begins with `pack`, `charts.<chart>` or `manifests.<manifest>`", "{path}");
    }
}
