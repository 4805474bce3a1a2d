//! The rules on values, charts, manifests and images: each on its folder, and what must stay silent.

use super::{example, faults, findings, only, permission_manager, read};
use crate::support::Sandbox;

#[test]
fn values_that_reach_no_chart() {
    insta::assert_snapshot!(only("values-chart-unknown"), @"
    warning[values-chart-unknown] values.yaml:6:3+6
      no chart of this pack is called `server`: this value reaches no chart
      hint: `charts/demo-1.0.0.tgz` is the chart `demo`, and has `server`: nest it as `charts.demo.server`
    ");
    // It stands beside the values that have the wrong name: alone it is no fault.
    insta::assert_snapshot!(findings(example("values-chart-missing")), @"
    warning[values-chart-missing] values.yaml:3:1+6
      `charts/demo-1.0.0.tgz` gets no values: it is the chart `demo`, and there is no `charts.demo`
    warning[values-chart-unknown] values.yaml:4:3+10
      no chart of this pack is called `demo-1.0.0`: this value reaches no chart
      hint: `charts/demo-1.0.0.tgz` is the chart `demo`: write `demo` in place of `demo-1.0.0`
    ");
    insta::assert_snapshot!(only("values-key-unknown"), @"
    warning[values-key-unknown] values.yaml:8:7+9
      `server` of the chart `demo` has no value `runAsUser`: it is dropped in silence
      hint: nested one level too high: indent it below `securityContext:`, as `charts.demo.server.securityContext.runAsUser`
      7:7 this is empty, which deletes all the chart has there
    ");
    insta::assert_snapshot!(only("values-unindented"), @"
    warning[values-unindented] values.yaml:2:1+9
      `namespace` stands at the top, where nothing reads it
      hint: indent it below `pack:`
      1:1 this is empty
    ");
}

#[test]
fn keys_that_nothing_reads() {
    insta::assert_snapshot!(only("pack-key-unknown"), @"
    warning[pack-key-unknown] values.yaml:3:5+9
      nothing reads `pack.content.namespace`
      hint: nest it one level higher, as `pack.namespace`
    ");
    insta::assert_snapshot!(only("values-manifest-unknown"), @"
    warning[values-manifest-unknown] values.yaml:4:3+10
      no manifest of this pack is called `namespaces`
      hint: write `namespace`, the file's name without its end
    ");
    insta::assert_snapshot!(only("namespace-invalid"), @"
    error[namespace-invalid] values.yaml:2:14+12
      `Demo_Space` is no name for a namespace
      hint: lower case letters, digits and `-`, at most 63, as in `kube-system`
    ");
    insta::assert_snapshot!(only("constraint-reference"), @"
    warning[constraint-reference] pack.json:21:40+36
      `resourceRequestParamRef` names `charts.demo.resources.requests.cpu`, which is not in the values
      hint: a path begins with `charts.<chart>` or `manifests.<manifest>`, as in `charts.nginx.replicas`
    ");
}

#[test]
fn images_that_an_air_gapped_site_would_lack() {
    insta::assert_snapshot!(only("images-missing"), @"
    warning[images-missing] values.yaml:1:1+4
      `pack.content.images` lists no images, but `quay.io/demo/server:v1.0.0` is used
      hint: an air-gapped site gets only what is listed; see: spectro pack images DIR
    ");
    insta::assert_snapshot!(only("image-invalid"), @"
    warning[image-invalid] values.yaml:5:16+19
      `quay.io/demo/server` has no tag
      hint: without one, `latest` is meant: write the tag the charts use
    ");
    insta::assert_snapshot!(only("image-undeclared"), @"
    warning[image-undeclared] charts/demo-1.0.0.tgz
      `quay.io/demo/server:v1.0.0` is used in demo/values.yaml:3, but `pack.content.images` has `quay.io/demo/server:v0.9.0`
      hint: an air-gapped site would not have it; add: - image: quay.io/demo/server:v1.0.0
    ");
}

#[test]
fn charts_with_another_version_than_they_are_labelled_with() {
    insta::assert_snapshot!(only("chart-version"), @"
    note[chart-version] charts/demo-1.0.1.tgz
      the file says version 1.0.1, the chart in it is `demo` 1.0.0
      hint: rename the file, or replace it
    ");
    insta::assert_snapshot!(only("content-chart-version"), @"
    warning[content-chart-version] values.yaml:7:18+5
      the chart `demo` is listed as 0.9.0, the one in the pack is 1.0.0
      hint: an air-gapped copy would fetch another chart than the pack installs
    ");
}

#[test]
fn manifests_that_do_not_render() {
    insta::assert_snapshot!(only("manifest-syntax"), @"
    error[manifest-syntax] manifests/namespace.yaml:1:5+2
      this `if` is never closed
      hint: write `{{ end }}`
      6:1 this is text: an action has two braces on each side
    ");
    insta::assert_snapshot!(only("manifest-value-undefined"), @"
    warning[manifest-value-undefined] manifests/namespace.yaml:6:14+12
      `.Values.team` is defined nowhere
      hint: set `manifests.namespace.team` in values.yaml
    ");
}

#[test]
fn presets_schemas_and_macros() {
    insta::assert_snapshot!(only("preset-invalid"), @"
    warning[preset-invalid] presets.yaml:2:5+1
      a preset needs a `displayName`
      hint: a preset has `name`, `displayName`, `group`, and `add` or `remove`
    ");
    insta::assert_snapshot!(only("preset-unknown"), @"
    warning[preset-unknown] values.yaml:1:37+10
      `Size:large` is turned on, but not in presets.yaml
      hint: an entry is `Group:name` of a preset; delete those that are gone
    ");
    insta::assert_snapshot!(only("schema-invalid"), @"
    warning[schema-invalid] schema.yaml:2:11+34
      the schema of `pack.namespace` has an unknown format: `${txt}`
      hint: formats are `${string}`, `${number:[1-5]}`, `${boolean}`, `${password}`, `${list:[a,b]}` and their like
    ");
    insta::assert_snapshot!(only("schema-path-unknown"), @"
    warning[schema-path-unknown] schema.yaml:1:1+15
      `pack.namespaces` is in no values.yaml and in no preset
      hint: did you mean `pack.namespace`?
    ");
    insta::assert_snapshot!(only("macro-invalid"), @r#"
    warning[macro-invalid] values.yaml:2:15+33
      this macro does not parse: expected `}}`, found `}`
      hint: for example `{{ .spectro.system.cluster.name }}` or `{{ .spectro.var.domain | default "example.com" }}`
    "#);
}

#[test]
fn secrets_are_told_and_never_shown() {
    insta::assert_snapshot!(only("secret-found"), @"
    error[secret-found] files/tls.key:1:1+27
      here stands a private key
      hint: whoever gets the pack has it too: take it out, make it invalid, and let it be set in the profile instead
    ");
    insta::assert_snapshot!(only("secret-likely"), @r#"
    warning[secret-likely] values.yaml:5:19+12
      `manifests.namespace.authPassword` has a literal value
      hint: leave it empty, and let it be typed into the profile: `format "${password}"` in schema.yaml asks for it
    "#);
}

#[test]
fn a_fault_in_one_file_hides_none_in_another() {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    sandbox.write(pack.join("presets.yaml"), "presets:\n  - name: [\n");
    sandbox.write(pack.join("schema.yaml"), "pack.nowhere: 1\n");
    sandbox
        .write(pack.join("values.yaml"), "pack:\n  namespace: \"No\"\nmanifests:\n  permission-manager:\n    x: 1\n");
    sandbox.write(pack.join("manifests/permission-manager.yaml"), "a: {{ .Values.namespace | quote }}\nb: {{ end }}\n");
    insta::assert_snapshot!(faults(&pack), @r#"
    error[manifest-syntax] manifests/permission-manager.yaml:2:7+3
      `{{ end }}` without a block
    warning[preset-invalid] presets.yaml:2:11+1
      this `[` is never closed
    warning[schema-path-unknown] schema.yaml:1:1+12
      `pack.nowhere` is in no values.yaml and in no preset
      hint: a path begins with `pack`, `charts.<chart>` or `manifests.<manifest>`
    warning[schema-invalid] schema.yaml:1:15+1
      `pack.nowhere` has no `schema`
      hint: for example: {schema: '{{ required | format "${string}" | hints "what to type" }}'}
    error[namespace-invalid] values.yaml:2:14+4
      `No` is no name for a namespace
      hint: lower case letters, digits and `-`, at most 63, as in `kube-system`
    "#);
}

#[test]
fn texts_in_other_encodings_are_told_apart() {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    sandbox.write(pack.join("manifests/permission-manager.yaml"), b"a: caf\xe9\n");
    sandbox.write(pack.join("schema.yaml"), b"\xff\xfea\0");
    insta::assert_snapshot!(faults(&pack), @"
    error[manifest-syntax] manifests/permission-manager.yaml:1:7+1
      `manifests/permission-manager.yaml` is in another encoding, not UTF-8
      hint: save the file as UTF-8
    warning[schema-invalid] schema.yaml:1:1+1
      `schema.yaml` is UTF-16, not UTF-8
      hint: save the file as UTF-8
    ");
}

#[test]
fn images_are_listed_with_where_they_are_used() {
    let reading = read(example("image-undeclared"));
    let found: Vec<_> =
        reading.images.found.iter().map(|image| (image.name.as_str(), image.line, image.declared)).collect();
    assert_eq!(found, [("quay.io/demo/server:v1.0.0", 3, false)]);
    assert_eq!(reading.images.found[0].within.as_deref(), Some("demo/values.yaml"));
    assert_eq!(reading.images.declared.len(), 1);
    assert_eq!(reading.images.missing().count(), 1);
}
