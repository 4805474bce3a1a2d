use super::{super::testing::Example, Manifest, check};
use crate::pack::{
    PackPath,
    chart::{Chart, testing::demo},
    text::Text,
};

/// Returns the images that are found, those of the list marked with `+`.
fn found(values: &str, chart: Chart) -> Vec<String> {
    let mut names = Vec::new();
    Example::with(values, chart).run(|material, charts, findings| {
        let images = check(material, charts, &[], findings);
        names = images
            .found
            .iter()
            .map(|image| format!("{}{}", if image.declared { "+" } else { "" }, image.name))
            .collect();
    });
    names
}

/// Returns the images in a chart's defaults.
fn in_values(defaults: &str, template: &str) -> Vec<String> {
    found("pack: {}\n", demo(defaults, template, &[]))
}

const NONE: [&str; 0] = [];

#[test]
fn images_are_written_in_many_ways() {
    let digest = format!("sha256:{}", "a".repeat(64));
    for (defaults, expected) in [
        ("a: {image: quay.io/a/b:1}", "quay.io/a/b:1"),
        ("a: {image: {registry: quay.io, repository: a/b, tag: 1.20}}", "quay.io/a/b:1.20"),
        ("a: {image: {repository: quay.io/a/b}}", "quay.io/a/b"),
        ("a: {image: quay.io/a/b, tag: v1}", "quay.io/a/b:v1"),
        ("a: {image: {name: a/b, tag: v1}}", "docker.io/a/b:v1"),
        ("a: {repository: quay.io/a, image: b, version: v1}", "quay.io/a/b:v1"),
        ("a: {sidecarImage: quay.io/a/b:1}", "quay.io/a/b:1"),
        ("a: {imageProxy: quay.io/a/b:1}", "quay.io/a/b:1"),
        ("a: {images: [quay.io/a/b:1]}", "quay.io/a/b:1"),
        ("a: {images: {one: quay.io/a/b:1}}", "quay.io/a/b:1"),
        ("a: {env: [{name: RELATED_IMAGE_B, value: 'quay.io/a/b:1'}]}", "quay.io/a/b:1"),
        ("a: {image: 'nginx:1.2'}", "nginx:1.2"),
        (
            &format!("a: {{image: {{repository: quay.io/a/b, tag: '1', digest: '{digest}'}}}}"),
            &format!("quay.io/a/b:1@{digest}"),
        ),
    ] {
        assert_eq!(
            in_values(
                defaults,
                "{{ toYaml .Values.a }}{{ .Values.a.image }}{{ .Values.a.sidecarImage }}{{ .Values.a.imageProxy }}{{ .Values.a.images }}{{ .Values.a.images.one }}{{ .Values.a.env }}"
            ),
            [expected],
            "{defaults}"
        );
    }
    for defaults in [
        "a: {image: {repository: b}}",
        "a: {image: b}",
        "a: {image: /a/b:1}",
        "a: {image: '{{ .x }}/a:1'}",
        "a: {images: [a]}",
        "a: {image: true, imagePullPolicy: IfNotPresent, imageFolder: a/b}",
    ] {
        assert_eq!(in_values(defaults, "{{ .Values.a.image }}{{ .Values.a.images }}"), NONE, "{defaults}");
    }
}

#[test]
fn what_is_turned_off_or_not_used_is_no_image() {
    let defaults = "a: {on: false, image: quay.io/a/b:1}\n";
    let used = |template| in_values(defaults, template).len();
    assert_eq!(used("{{ .Values.a.image }}"), 1);
    assert_eq!(used("{{ .Values.b }}"), 0);
    assert_eq!(used("{{ if .Values.a.on }}{{ .Values.a.image }}{{ end }}"), 0);
    assert_eq!(used("{{ if not .Values.a.on }}{{ .Values.a.image }}{{ end }}"), 1);
    assert_eq!(used("{{ if .Values.a.on }}x{{ else }}{{ .Values.a.image }}{{ end }}"), 1);
    assert_eq!(used("{{ if and .Values.a.on .x }}{{ .Values.a.image }}{{ end }}"), 0);
    assert_eq!(used("{{ if or .Values.a.on .x }}{{ .Values.a.image }}{{ end }}"), 1);
    assert_eq!(used("{{ if eq .Values.a.on true }}{{ .Values.a.image }}{{ end }}"), 0);
    assert_eq!(used("{{ if ne .Values.a.on true }}{{ .Values.a.image }}{{ end }}"), 1);
    assert_eq!(used("{{ if eq \"x\" .Values.a.image }}{{ .Values.a.image }}{{ end }}"), 0);
    assert_eq!(used("{{ if eq .Values.a.image .x }}{{ .Values.a.image }}{{ end }}"), 1);
    assert_eq!(used("{{ if eq .Values.a.absent \"x\" }}{{ .Values.a.image }}{{ end }}"), 1, "not known");
    assert_eq!(used("  \"helm.sh/hook\": test-success\n{{ .Values.a.image }}"), 0);
    assert_eq!(in_values("a: {enabled: false, b: {image: quay.io/a/b:1}}", "{{ .Values.a.b.image }}"), NONE);
    let metadata = "name: demo\nversion: 1.0.0\ndependencies:\n- {name: inner, condition: inner.on, tags: [t]}\n";
    let files = [
        ("demo/Chart.yaml", metadata),
        ("demo/charts/inner/Chart.yaml", "name: inner\nversion: 0.1.0\n"),
        ("demo/charts/inner/values.yaml", "image: quay.io/a/b:1\n"),
        ("demo/charts/inner/templates/x.yaml", "{{ .Values.image }}\nimage: quay.io/c/d:1\n"),
    ];
    let with = |values| found(values, demo("x: 1\n", "", &files));
    assert_eq!(with("charts: {demo: {inner: {on: true}}}"), ["quay.io/a/b:1", "quay.io/c/d:1"]);
    assert_eq!(with("charts: {demo: {x: 2}}").len(), 2);
    assert_eq!(with("charts: {demo: {inner: {on: false}}}"), NONE);
    assert_eq!(with("charts: {demo: {tags: {t: false}}}"), NONE);
    assert_eq!(with("charts: {demo: {inner: {image: 'quay.io/own/b:2'}}}"), ["quay.io/c/d:1", "quay.io/own/b:2"]);
}

#[test]
fn literals_count_outside_of_conditions_and_blocks() {
    let template = "spec:\n  - image: quay.io/a/b:1 # why\n  - image: \"quay.io/c/d:1\"\n    env:\n    - name: RELATED_IMAGE_X\n      value: quay.io/e/f:1\n{{- range .Values.list }}\n  - image: quay.io/g/h:1\n{{- end }}\n{{- if .Values.x }}\n  - image: quay.io/no/a:1\n{{- end }}\n  data: |\n    image: quay.io/no/b:1\n\n    image: quay.io/no/c:1\n  image: quay.io/i/j:{{ .x }}\n  image:\n    name: quay.io/no/d:1\n  value: quay.io/no/e:1\n  last: quay.io/no/f:1\n";
    assert_eq!(in_values("x: 1\n", template), ["quay.io/a/b:1", "quay.io/c/d:1", "quay.io/e/f:1", "quay.io/g/h:1"]);
}

#[test]
fn the_list_has_what_it_names_in_any_form() {
    let digest = format!("sha256:{}", "b".repeat(64));
    let values = |listed: &str| format!("pack:\n  content:\n    images:\n{listed}");
    let run = |listed: &str, image: &str| {
        let values = values(listed);
        Example::with(&values, demo(&format!("image: '{image}'\n"), "{{ .Values.image }}", &[]))
            .run(|material, charts, findings| drop(check(material, charts, &[], findings)))
    };
    for (listed, image) in [
        ("    - image: nginx:1\n", "docker.io/library/nginx:1"),
        ("    - image: index.docker.io/a/b:1\n", "a/b:1"),
        ("    - quay.io/a/b:1\n", "quay.io/a/b:1"),
        (&format!("    - image: quay.io/x/y@{digest}\n"), &format!("quay.io/a/b@{digest}")),
        ("    - image: quay.io/a/b:1\n", &format!("quay.io/a/b@{digest}")),
        ("    - image: quay.io/a/b:1\n", "c/b"),
        ("    - image: \"{{ .spectro.var.registry }}/a/b:1\"\n", "quay.io/a/b:1"),
    ] {
        assert_eq!(run(listed, image), NONE, "{listed} {image}");
    }
    let told = |listed, image| run(listed, image).join("\n");
    let absent = told("    - image: quay.io/x/y:1\n", "quay.io/a/b:1");
    assert!(
        absent.starts_with("`quay.io/a/b:1` is used in demo/values.yaml:1, but not in `pack.content.images` |"),
        "{absent}"
    );
    let other = told("    - image: quay.io/a/b:2\n", "quay.io/a/b:1");
    assert!(other.contains("but `pack.content.images` has `quay.io/a/b:2` |"), "{other}");
    let elsewhere = told("    - image: ghcr.io/a/b:1\n", "quay.io/a/b");
    assert!(elsewhere.contains("has it from elsewhere: `ghcr.io/a/b:1` | add it with its tag"), "{elsewhere}");
}

#[test]
fn an_image_in_a_manifest_has_its_place() {
    let path: PackPath = "manifests/app.yaml".parse().unwrap();
    let text = Text::new("manifests/app.yaml", "spec:\n  - image: \"quay.io/a/b:1\"\n");
    let values = "pack: {content: {images: [{image: 'quay.io/c/d:1'}]}}\n";
    let told = Example::new(values, "a: 1\n", "").run(|material, charts, findings| {
        let manifests = [Manifest::read(&path, &text, findings)];
        drop(check(material, charts, &manifests, findings));
        assert_eq!(findings[0].length, "quay.io/a/b:1".len());
    });
    assert!(told[0].starts_with("2:13 `quay.io/a/b:1` is used, but not in"), "{told:?}");
}

#[test]
fn the_list_itself_is_checked() {
    let values = "pack:\n  content:\n    images:\n    - image: quay.io/a/b\n    - iamge: quay.io/a/b:1\n    - image: quay.io/a/b:latest\n    - image: quay.io/a/b:1\n    - image: quay.io/a/b:1\n    - image: Not An Image\n    - []\n";
    let told = Example::new(values, "a: 1\n", "")
        .run(|material, charts, findings| drop(check(material, charts, &[], findings)));
    let expected = [
        "4:14 `quay.io/a/b` has no tag",
        "5:7 nothing reads `iamge` of an image | did you mean `image`?",
        "6:14 `quay.io/a/b:latest` may be another image tomorrow",
        "8:14 `quay.io/a/b:1` is in the list twice | delete one",
        "9:14 `Not An Image` is no name of an image",
        "10:7 an image must be a mapping, found a list",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told} is not {expected}");
    }
}

#[test]
fn a_named_template_is_as_live_as_its_callers() {
    let defaults = "a: {on: false, image: quay.io/a/b:1}\n";
    let define = "{{ define \"image\" }}{{ .Values.a.image }}{{ end }}";
    let outer = "{{ define \"outer\" }}{{ include \"image\" . }}{{ end }}";
    let used = |template: &str| {
        let outer = if template.contains("outer") { outer } else { "" };
        in_values(defaults, &format!("{define}{outer}{template}")).len()
    };
    assert_eq!(used("{{ include \"image\" . }}"), 1);
    assert_eq!(used("{{ template \"outer\" . }}"), 1);
    assert_eq!(used("{{ if .Values.a.on }}{{ include \"image\" . }}{{ end }}"), 0);
    assert_eq!(used("{{ if .Values.a.on }}{{ template \"outer\" . }}{{ end }}"), 0);
    assert_eq!(used("{{ if .Values.a.on }}{{ include \"outer\" . }}{{ end }}{{ include \"image\" . }}"), 1);
    assert_eq!(in_values(defaults, define).len(), 1, "its name may be put together");
    let around = "{{ define \"image\" }}{{ .Values.a.image }}{{ include \"image\" . }}{{ end }}";
    assert_eq!(in_values(defaults, around), NONE, "it calls only itself");
}

#[test]
fn what_is_only_listed_or_printed_is_no_image() {
    let defaults = "image: quay.io/a/b:1\n";
    for template in [
        "{{ include \"common.renderPullSecrets\" (dict \"images\" (list .Values.image)) }}",
        "{{ define \"demo.imagePullSecrets\" }}{{ list .Values.image | toYaml }}{{ end }}",
    ] {
        assert_eq!(in_values(defaults, template), NONE, "{template}");
    }
    let printed = |template: &str| {
        let notes = ("demo/templates/NOTES.txt", "{{ .Values.image }}{{ include \"image\" . }}");
        found("pack: {}\n", demo(defaults, template, &[notes]))
    };
    assert_eq!(printed("{{ define \"image\" }}{{ .Values.image }}{{ end }}"), NONE);
    assert_eq!(printed("{{ .Values.image }}"), ["quay.io/a/b:1"]);
}

#[test]
fn a_registry_for_all_images_stands_in_global() {
    let template = "{{ .Values.image.repository }}";
    for global in ["imageRegistry: quay.io", "image: {registry: quay.io}", "registry: quay.io"] {
        let defaults = format!("global: {{{global}}}\nimage: {{repository: a/b, tag: '1'}}\n");
        assert_eq!(in_values(&defaults, template), ["quay.io/a/b:1"]);
        let own = format!("global: {{{global}}}\nimage: {{registry: ghcr.io, repository: a/b, tag: '1'}}\n");
        assert_eq!(in_values(&own, template), ["ghcr.io/a/b:1"]);
        // Not every chart puts it in front of every image.
        let values = |image| format!("pack: {{content: {{images: [{{image: '{image}'}}]}}}}\n");
        for (listed, mark) in [("a/b:1", "+"), ("quay.io/a/b:1", "+"), ("a/b:2", ""), ("c/d:1", "")] {
            let expected = [format!("{mark}quay.io/a/b:1")];
            assert_eq!(found(&values(listed), demo(&defaults, template, &[])), expected, "{listed}");
        }
    }
    assert_eq!(
        in_values("global: {imageRegistry: ''}\nimage: {repository: a/b, tag: '1'}\n", template),
        ["docker.io/a/b:1"]
    );
}

#[test]
fn large_templates_are_read_once() {
    let deep = |inner: &str, count: usize| {
        format!("{}{}{}", "{{ if .Values.on }}".repeat(400), inner.repeat(count), "{{ end }}".repeat(400))
    };
    let defaults = "on: 1\nimage: quay.io/a/b:1\n";
    assert_eq!(in_values(defaults, &deep("{{ .Values.image }}", 20_000)).len(), 1);
    let define = "{{ define \"image\" }}{{ .Values.image }}{{ end }}";
    assert_eq!(in_values(defaults, &format!("{define}{}", deep("{{ include \"image\" . }}", 20_000))).len(), 1);
    let link = |at: usize| format!("{{{{ define \"d{at}\" }}}}{{{{ include \"d{}\" . }}}}{{{{ end }}}}", at + 1);
    let chain = (0..20_000).map(link).collect::<Vec<_>>().concat();
    let last = "{{ define \"d20000\" }}{{ .Values.image }}{{ end }}";
    assert_eq!(in_values(defaults, &format!("{chain}{last}{{{{ include \"d0\" . }}}}")).len(), 1);
}
