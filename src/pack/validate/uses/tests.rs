//! What only looks as if all values were handed on.

use super::super::testing::Example;
use crate::pack::{chart::testing::demo, validate::charts};

const DEFAULTS: &str = "a: 1\nauth: {password: x}\n";
const VALUES: &str = "charts:\n  demo:\n    auth: {pasword: y}\n    named: 1\n";

/// Returns what is unknown of `auth.pasword` and `named`, by a template of the chart and one of a library chart within it.
fn unknown(template: &str, library: &str) -> Vec<String> {
    let metadata = "name: demo\nversion: 1.0.0\ndependencies: [{name: common}]\n";
    let chart = demo(
        DEFAULTS,
        template,
        &[
            ("demo/Chart.yaml", metadata),
            ("demo/charts/common/Chart.yaml", "name: common\nversion: 1.0.0\ntype: library\n"),
            ("demo/charts/common/values.yaml", "exampleValue: 1\n"),
            ("demo/charts/common/templates/_utils.tpl", library),
        ],
    );
    let told = Example::with(VALUES, chart).run(charts::check);
    let names = ["pasword", "named"];
    names
        .into_iter()
        .filter(|name| told.iter().any(|told| told.contains(&format!("`{name}`"))))
        .map(Into::into)
        .collect()
}

#[test]
fn a_dict_that_hands_on_the_values_by_their_name_is_read_by_name() {
    assert_eq!(unknown("{{ include \"x\" (dict \"name\" \"n\" \"Values\" .Values) }}", ""), ["pasword", "named"]);
    assert_eq!(unknown("{{ include \"x\" (dict \"values\" .Values) }}", "").len(), 0, "read by another name");
    assert_eq!(unknown("{{ include \"x\" (dict \"Values\" .Values.auth) }}", ""), ["named"]);
    let reader = "{{ define \"x\" }}{{ .Values.named }}{{ end }}{{ include \"x\" (dict \"Values\" $.Values) }}";
    assert_eq!(unknown(reader, ""), ["pasword"]);
}

#[test]
fn what_set_changes_is_not_read() {
    for template in ["{{ $_ := set .Values \"a\" 2 }}", "{{- $_ := unset .Values \"a\" }}"] {
        assert_eq!(unknown(template, ""), ["pasword", "named"], "{template}");
    }
    assert_eq!(unknown("{{ $_ := set .Values \"a\" .Values.named }}", ""), ["pasword"]);
    for template in
        ["{{ $all := set .Values \"a\" 2 }}", "{{ $_ := set $.x \"a\" .Values }}", "{{ toYaml (set .Values \"a\" 2) }}"]
    {
        assert_eq!(unknown(template, "").len(), 0, "{template}");
    }
}

/// Bitnami's `common.utils.getValueFromKey`.
const LOOKS_UP: &str = "{{ define \"get\" }}{{ $latest := $.context.Values }}{{ range .keys }}{{ $latest = index $latest . }}{{ end }}{{ end }}";

#[test]
fn what_a_library_looks_up_is_named_by_its_callers() {
    assert_eq!(unknown("", LOOKS_UP), ["pasword", "named"]);
    assert_eq!(unknown("{{ include \"get\" (dict \"key\" \"auth.pasword\" \"context\" $) }}", LOOKS_UP), ["named"]);
    assert_eq!(unknown("{{ include \"get\" (dict \"keys\" (list \"named\") \"context\" $) }}", LOOKS_UP), ["pasword"]);
    assert_eq!(unknown("{{ include \"get\" (dict \"key\" \"auth\") }}", LOOKS_UP), ["pasword", "named"]);
    let other = "{{ define \"get\" }}{{ $all := $.rootContext.Values }}{{ toYaml $all }}{{ end }}";
    assert_eq!(unknown("", other).len(), 0, "a library that may read everything");
}

#[test]
fn what_is_looked_up_at_the_top_is_named_by_a_string() {
    let looks_up = "{{ $own := index .context.Values .role }}";
    assert_eq!(unknown(looks_up, ""), ["pasword", "named"]);
    assert_eq!(unknown(&format!("{looks_up}{{{{ include \"x\" (dict \"role\" \"named\") }}}}"), ""), ["pasword"]);
    assert_eq!(
        unknown(&format!("{looks_up}{{{{ range list \"auth\" \"x\" }}}}{{{{ end }}}}"), ""),
        ["pasword", "named"]
    );
    assert_eq!(unknown("{{ $own := get .Values.auth .role }}", ""), ["named"], "only at the top");
}
