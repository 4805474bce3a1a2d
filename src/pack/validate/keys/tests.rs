use super::{super::testing::Example, *};

fn told(values: &str) -> Vec<String> {
    let run = Example::new(values, "replicas: 1\nserver: {port: 1}\n", "");
    run.run(|material, _, findings| check(material, true, Some(&["app"]), findings))
}

const NONE: [&str; 0] = [];

#[test]
fn what_is_in_its_place_is_fine() {
    for values in [
        "pack: {namespace: a, content: {images: [], charts: []}, namespaceLabels: {}, spectrocloud.com/install-priority: 1}\n",
        "charts: {demo: {replicas: 2}}\nmanifests: {app: {}}\n",
        "readinessCheck: {}\nkubeadmconfig: {}\nawsAccountNumber: 1\n",
        "pack: {namespace: \"{{ .spectro.system.cluster.name }}\", additionalNamespaces: [a-1, b]}\n",
        "pack:\ncharts:\n",
        "pack: {namespace: }\nserver: {}\n",
    ] {
        assert_eq!(told(values), NONE, "{values}");
    }
}

#[test]
fn what_lost_its_indentation_is_told() {
    let told_of = |values: &str| told(values).into_iter().next().unwrap_or_default();
    assert_eq!(
        told_of("pack:\nnamespace: a\ncontent: {}\n"),
        "2:1 `namespace` and `content` stand at the top, where nothing reads them | indent them below `pack:`"
    );
    assert_eq!(
        told_of("charts:\ndemo: {replicas: 2}\n"),
        "2:1 `demo` stands at the top, where nothing reads it | indent it below `charts:`"
    );
    assert_eq!(
        told_of("pack: {}\nreplicas: 2\nserver: {}\n"),
        "2:1 `replicas` and `server` stand at the top, where nothing reads them | indent them below `charts.demo:`"
    );
    assert_eq!(told("pack: {}\nreplicas: 2\n"), NONE, "one key may be meant for a macro");
}

#[test]
fn namespaces_are_labels() {
    for name in ["a", "kube-system", "0"] {
        assert_eq!(told(&format!("pack: {{namespace: '{name}'}}\n")), NONE, "{name}");
    }
    for name in ["A", "a_b", "-a", "a-", "a.b", "a b", &"a".repeat(64)] {
        assert_eq!(told(&format!("pack: {{namespace: '{name}'}}\n")).len(), 1, "{name}");
        assert_eq!(told(&format!("pack: {{additionalNamespaces: ['{name}']}}\n")).len(), 1, "{name}");
    }
    assert_eq!(told("pack: {namespace: [a]}\n").len(), 1);
}

#[test]
fn keys_of_pack_have_their_levels() {
    let of = |values: &str| told(values).join("\n");
    assert_eq!(
        of("pack: {content: {namespace: a}}\n"),
        "1:18 nothing reads `pack.content.namespace` | nest it one level higher, as `pack.namespace`"
    );
    assert_eq!(
        of("pack: {images: []}\n"),
        "1:8 nothing reads `pack.images` | nest it one level deeper, as `pack.content.images`"
    );
    assert_eq!(of("pack: {nameSpace: a}\n"), "1:8 nothing reads `pack.nameSpace` | did you mean `namespace`?");
    assert!(of("pack: {other: a}\n").contains("what is read here is `content`, `namespace`"));
    assert_eq!(
        of("manifests: {other: {}}\n"),
        "1:13 no manifest of this pack is called `other` | write `app`, the file's name without its end"
    );
}

#[test]
fn values_below_a_wrong_name_are_led_to_the_right_one() {
    let of = |values: &str| told(values);
    let both = of("charts: {demo-1.0.0: {replicas: 2}}\n");
    assert!(
        both[0].ends_with("`charts/demo-1.0.0.tgz` is the chart `demo`: write `demo` in place of `demo-1.0.0`"),
        "{both:?}"
    );
    assert!(both[1].contains("gets no values: it is the chart `demo`"), "{both:?}");
    let below = of("charts: {demo: {}, server: {port: 2}}\n");
    assert_eq!(below.len(), 1);
    assert!(below[0].ends_with("and has `server`: nest it as `charts.demo.server`"), "{below:?}");
    let direct = of("charts: {replicas: 2, server: {port: 1}}\n");
    assert!(direct[0].starts_with("1:10 `replicas` and `server` stand directly under `charts`"), "{direct:?}");
    let flag = of("charts: {isOpenshift: false}\n");
    assert_eq!(flag.len(), 1, "what is no map is meant for no chart: {flag:?}");
}

#[test]
fn the_values_of_a_chart_are_a_mapping() {
    assert_eq!(
        told("charts:\n  demo: 5\n"),
        ["2:9 expected a mapping below `charts.demo`, found a number | indent its keys below it, each as `key: value`"]
    );
    assert_eq!(told("charts: {demo: [replicas]}\n").len(), 1);
    for empty in ["[]", "''", "~", "{}"] {
        assert_eq!(told(&format!("charts: {{demo: {empty}}}\n")), NONE, "{empty}");
    }
}
