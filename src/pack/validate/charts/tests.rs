use super::super::testing::Example;
use crate::pack::chart::testing::demo;

fn unknown(values: &str, defaults: &str, template: &str) -> Vec<String> {
    Example::new(values, defaults, template).run(super::check)
}

const NONE: [&str; 0] = [];

#[test]
fn a_key_that_the_chart_lacks_is_told_once_a_map() {
    let values = "charts:\n  demo:\n    a: 1\n    server:\n      prot: 1\n      x: 2\n      y: {z: 3}\n    serve: {}\n";
    let told = unknown(values, "a: 0\nserver: {port: 80}\n", "{{ .Values.a }}");
    assert_eq!(
        told,
        [
            "5:7 `server` of the chart `demo` has no values `prot`, `x` and `y`: they are dropped in silence | look the name up in the chart's values.yaml, or delete it",
            "8:5 the chart `demo` has no value `serve`: it is dropped in silence | did you mean `server`?",
        ]
    );
}

#[test]
fn what_templates_may_read_is_known() {
    let values = "charts:\n  demo:\n    map: {own: 1}\n";
    let defaults = "map: {known: 1}\nother: {}\n";
    for template in [
        "{{ .Values.map.own }}",
        "{{ .Values.map.own.deeper }}",
        "{{ if .Values.map.own }}x{{ end }}",
        "{{ $root := . }}{{ $root.Values.map.own }}",
        "{{ include \"x\" (dict \"values\" .context.Values.map) }}",
        "{{ (.Values.map).own }}",
        "{{ index .Values \"map\" \"own\" }}",
        "{{ if hasKey .Values.map \"own\" }}x{{ end }}",
        "{{ dig \"map\" \"own\" 1 .Values }}",
        "{{ get .Values.map \"own\" }}",
        "{{ $key := .x }}{{ index .Values.map $key }}",
        "{{ toYaml .Values.map | nindent 4 }}",
        "{{ range $k, $v := .Values.map }}x{{ end }}",
        "{{ with .Values.map }}{{ .own }}{{ end }}",
        "{{ $map := .Values.map }}{{ $map.own }}",
        "{{ tpl (toYaml .Values) . }}",
        "{{ what does not parse",
        "{{ define \"x\" }}{{ .Values.map.own }}{{ end }}",
    ] {
        assert_eq!(unknown(values, defaults, template), NONE, "{template}");
    }
    for template in
        ["{{ if .Values.map }}x{{ end }}", "{{ .Values.map.known }}", "{{ .Values.mapping }}", "own {{/* own */}}"]
    {
        assert_eq!(unknown(values, defaults, template).len(), 1, "{template}");
    }
}

#[test]
fn defaults_that_say_nothing_of_their_keys_are_left_alone() {
    let values = "charts:\n  demo:\n    empty: {a: 1}\n    nothing: {a: 1}\n    list: {a: 1}\n    text: {a: 1}\n    global: {a: 1}\n    tags: {a: true}\n";
    assert_eq!(unknown(values, "empty: {}\nnothing:\nlist: [1]\ntext: x\n", ""), NONE);
    assert_eq!(unknown("charts:\n  demo: {a: 1}\n", "# nothing\n", ""), NONE, "a chart without values");
    assert_eq!(unknown("charts:\n  demo:\n", "a: 1\n", ""), NONE);
}

#[test]
fn charts_within_are_known_by_their_keys_and_with_their_own_values() {
    let metadata = "name: demo\nversion: 1.0.0\ndependencies:\n- {name: inner, alias: other, condition: switches.other}\n- {name: absent}\n";
    let chart = || {
        demo(
            "a: 1\nother: {b: 2}\nswitches: {x: 1}\n",
            "",
            &[
                ("demo/Chart.yaml", metadata),
                ("demo/charts/inner/Chart.yaml", "name: inner\nversion: 0.1.0\n"),
                ("demo/charts/inner/values.yaml", "c: {d: 3}\n"),
                ("demo/charts/inner/templates/x.yaml", "{{ .Values.c.named }}"),
                ("demo/values.schema.json", "{\"properties\": {\"fromSchema\": {}}}"),
            ],
        )
    };
    let run = |values: &'static str| Example::with(values, chart()).run(super::check);
    assert_eq!(
        run(
            "charts:\n  demo:\n    absent: {x: 1}\n    fromSchema: 1\n    switches: {other: true}\n    other: {b: 1, c: {d: 1, named: 1}, global: {x: 1}}\n"
        ),
        NONE
    );
    let told = run("charts:\n  demo:\n    inner: {}\n    other: {c: {e: 1}}\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("4:17 `other.c` of the chart `demo` has no value `e`"), "{told:?}");
    assert!(told[1].starts_with("3:5 the chart `demo` has no value `inner`"), "{told:?}");
}

#[test]
fn what_presets_add_is_checked_too() {
    let presets = "presets:\n  - name: p\n    displayName: P\n    group: G\n    add: |\n      charts:\n        demo:\n          lost: 1\n";
    let mut example = Example::new("pack: {}\n", "a: 1\n", "");
    example.presets = presets;
    let told = example.run(super::check);
    assert_eq!(
        told,
        [
            "8:11 the chart `demo` has no value `lost`: it is dropped in silence | look the name up in the chart's values.yaml, or delete it"
        ]
    );
}

#[test]
fn a_value_one_level_too_high_says_where_it_belongs() {
    let defaults = "hotReload:\n  securityContext: {privileged: false, runAsUser: 1}\n  resources: {}\n";
    let beside = "charts:\n  demo:\n    hotReload:\n      privileged: true\n";
    assert_eq!(
        unknown(beside, defaults, ""),
        [
            "4:7 `hotReload` of the chart `demo` has no value `privileged`: it is dropped in silence | nested one level too high: put it below `securityContext`, as `charts.demo.hotReload.securityContext.privileged`"
        ]
    );
}

#[test]
fn a_template_in_a_string_of_the_values_may_read_a_key() {
    let with = |text: &str| {
        let values = format!("charts:\n  demo:\n    domain: a.b\n    inner: {{url: '{text}', port: 1}}\n");
        let defaults = "inner: {url: '', other: 1}\n";
        unknown(&values, defaults, "").len()
    };
    assert_eq!(with("http://x.{{ .Values.domain }}/"), 1, "`port` only");
    assert_eq!(with("http://x.{{ .Values.domain }}:{{ .Values.inner.port }}/"), 0);
    assert_eq!(with("http://x.{{ .Values.domain }}:{{ .Values.port }}/"), 0, "of a chart within");
    for none in ["http://x", "{{ .Values.domain", "{{ .domain }}"] {
        assert_eq!(with(none), 2, "{none}");
    }
}

#[test]
fn the_hint_names_only_what_is_one_level_deeper() {
    let defaults = "server: {limits: {cpu: 1, memory: 2}}\nname: x\n";
    let hint = |keys: &str| {
        let told = unknown(&format!("charts:\n  demo:\n    server:\n{keys}"), defaults, "").join("\n");
        told.split(" | ").nth(1).unwrap().to_owned()
    };
    let right = "as `charts.demo.server.limits.cpu`";
    assert_eq!(
        hint("      cpu: 1\n      memory: 1\n"),
        format!("nested one level too high: put them below `limits`, {right}")
    );
    assert_eq!(
        hint("      cpu: 1\n      x: 1\n"),
        format!("nested one level too high: put `cpu` below `limits`, {right}")
    );
    assert_eq!(
        hint("      cpu: 1\n      x: 1\n      y: 1\n"),
        "look the name up in the chart's values.yaml, or delete it"
    );
    assert_eq!(
        hint("      limits:\n      cpu: 1\n      x: 1\n      y: 1\n"),
        format!("nested one level too high: indent `cpu` below `limits:`, {right}")
    );
}

#[test]
fn a_key_with_dots_says_how_it_is_nested() {
    let hint = |key: &str| {
        let told = unknown(&format!("charts:\n  demo:\n    {key}: 1\n"), "server: {limits: {cpu: 1}}\n", "").join("\n");
        told.split(" | ").nth(1).unwrap().to_owned()
    };
    assert_eq!(hint("server.limits"), "a key with dots is one key: nest it as `server: {limits: …}`");
    assert_eq!(hint("server.limits.cpu"), "a key with dots is one key: nest it as `server: {limits: {cpu: …}}`");
    assert_eq!(hint("example.com"), "look the name up in the chart's values.yaml, or delete it");
}

#[test]
fn a_comment_allows_one_key_of_a_map() {
    let allowed = "charts:\n  demo:\n    # spectro:allow values-key-unknown\n    one: 1\n    two: 2 # spectro:allow values-key-unknown\n";
    assert_eq!(unknown(allowed, "a: 1\n", ""), NONE);
    let told = unknown(&format!("{allowed}    three: 3\n"), "a: 1\n", "");
    assert!(told[0].starts_with("6:5 the chart `demo` has no value `three`: ") && told.len() == 1, "{told:?}");
}
