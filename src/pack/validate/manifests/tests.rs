use super::{super::testing::Example, *};

/// Returns what is found in a manifest with these values, at which line and column.
fn told(values: &str, template: &str) -> Vec<String> {
    let path: PackPath = "manifests/app.yaml".parse().unwrap();
    let text = Text::new("manifests/app.yaml", template);
    Example::new(values, "a: 1\n", "").run(|material, _, findings| {
        let manifest = Manifest::read(&path, &text, findings);
        check(&manifest, material, findings);
    })
}

const NONE: [&str; 0] = [];

#[test]
fn values_that_nothing_defines_are_told_once() {
    let values = "manifests:\n  app:\n    name: x\n    map: {a: 1}\n    list: [1]\n";
    assert_eq!(
        told(values, "{{ .Values.name }}\n{{ .Values.nam }}{{ .Values.nam }}\n{{ .Values.map.b | quote }}\n"),
        [
            "2:4 `.Values.nam` is defined nowhere | set `manifests.app.nam` in values.yaml",
            "3:4 `.Values.map.b` is defined nowhere | set `manifests.app.map.b` in values.yaml",
        ]
    );
    for template in [
        "{{ .Values.list.x }}",
        "{{ .Values.absent | default 1 }}",
        "{{ default 1 .Values.absent }}",
        "{{ (.Values.absent | default dict).x }}",
        "{{ if .Values.absent }}{{ .Values.absent.x }}{{ end }}",
        "{{ if and .Values.absent .x }}{{ .Values.other }}{{ end }}",
        "{{ with .Values.absent }}{{ $.Values.other }}{{ end }}",
        "{{ range .Values.absent }}{{ .x }}{{ end }}",
        "{{ if hasKey .Values \"absent\" }}x{{ end }}",
        "{{ if hasKey .Values \"absent\" }}{{ .Values.absent }}{{ end }}",
        "{{ if eq .Values.absent \"x\" }}{{ .Values.other }}{{ end }}",
        "{{ if and .Values.name (gt (len .Values.absent) 0) }}{{ .Values.other }}{{ end }}",
        "{{ if or (hasKey .Values.map \"b\") .x }}{{ .Values.map.b }}{{ end }}",
        "a: 1\n  # b: {{ .Values.absent }}\n",
        "{{ dig \"absent\" \"x\" 1 .Values }}",
        "{{ .Values.global.x }}",
        "{{ .spectro.system.x-y }} {{ .Spectro.old }} {{ .Release.Name }}",
    ] {
        assert_eq!(told(values, template), NONE, "{template}");
    }
    assert_eq!(told("pack: {}\n", "{{ .Values.absent }}"), NONE, "a manifest without values");
    assert_eq!(told("manifests: {app: }\n", "{{ .Values.absent }}"), NONE);
}

#[test]
fn what_a_preset_adds_is_defined() {
    let path: PackPath = "manifests/app.yaml".parse().unwrap();
    let text = Text::new("manifests/app.yaml", "{{ .Values.added }}");
    let mut example = Example::new("manifests: {app: {x: 1}}\n", "a: 1\n", "");
    example.presets = "presets:\n- {name: p, displayName: P, group: G, add: \"manifests: {app: {added: 1}}\"}\n";
    let told = example.run(|material, _, findings| {
        let manifest = Manifest::read(&path, &text, findings);
        check(&manifest, material, findings);
    });
    assert_eq!(told, NONE);
}

#[test]
fn a_manifest_is_yaml_or_a_template_that_parses() {
    for template in ["a: 1\n---\nb: 2\n", "{{ annotation . }}{{ isset .x }}\n{ not yaml", "# nothing\n", ""] {
        assert_eq!(told("pack: {}\n", template), NONE, "{template}");
    }
    assert_eq!(told("pack: {}\n", "a: [\n"), ["1:4 this `[` is never closed"]);
    assert_eq!(told("pack: {}\n", "a: 1\n---\nb: {{ if }}\n").len(), 1);
}

#[test]
fn a_condition_that_asks_for_what_is_there_guards_nothing() {
    let values = "manifests:\n  app: {name: x, map: {a: 1}}\n";
    for template in [
        "{{ if .Values.name }}{{ .Values.absent }}{{ end }}",
        "{{ if hasKey .Values \"name\" }}{{ .Values.absent }}{{ end }}",
        "{{ if eq .Values.name \"x\" }}{{ .Values.absent }}{{ end }}",
        "{{ if gt (len .Values.map) 0 }}{{ .Values.absent }}{{ end }}",
        "{{ if hasKey .Values \"other\" }}x{{ else }}{{ .Values.absent }}{{ end }}",
        "a: 1 # {{ .Values.absent }}",
    ] {
        assert_eq!(told(values, template).len(), 1, "{template}");
    }
    assert_eq!(told(values, "{{ if eq .Values.name \"y\" \"z\" }}{{ .Values.absent }}{{ end }}"), NONE, "never");
}
