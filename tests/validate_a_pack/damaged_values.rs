//! values.yaml as people really break it: pasted from a page, indented with tabs, of another kind, without end.

use crate::validate_a_pack::with;

#[test]
fn values_pasted_from_a_page_have_lost_their_indentation() {
    let pasted = concat!(
        "pack:\n",
        "#Where the chart goes\n",
        "namespace: \"monitoring\"\n",
        "\n",
        "charts:\n",
        "prometheus-operator:\n",
        "\n",
        "    ## Names\n",
        "    nameOverride: \"\"\n",
        "\n",
        "    alertmanager:\n",
        "  \t  enabled: true\n",
    );
    insta::assert_snapshot!(with("values.yaml", pasted), @"
    error[values-syntax] values.yaml:12:3+1
      expected spaces, found a tab
      hint: YAML is indented with spaces only: put two in place of each tab, also where a pasted sample has tabs
    ");
    let without_tabs = pasted.replace("  \t  enabled", "  enabled");
    insta::assert_snapshot!(with("values.yaml", without_tabs), @"
    error[values-syntax] values.yaml:12:3+1
      expected a key with the indentation of the keys above
      hint: what stands below `pack:` or `charts:` has lost its indentation, as samples do when they are pasted: indent it by two spaces
    ");
    insta::assert_snapshot!(with("values.yaml", "manifests:\n  permission-manager:\n  \tnamespace: \"a\"\n"), @"
    error[values-syntax] values.yaml:3:3+1
      expected spaces, found a tab
      hint: YAML is indented with spaces only: put two in place of each tab, also where a pasted sample has tabs
    ");
    insta::assert_snapshot!(with("values.yaml", "charts:\n  demo:\n    <parameters of demo>\n    <more of them>: [\n"), @"
    error[values-syntax] values.yaml:4:19+1
      a `:` may not stand here
    ");
}

#[test]
fn values_that_are_no_mapping_or_no_text() {
    insta::assert_snapshot!(with("values.yaml", ""), @"");
    insta::assert_snapshot!(with("values.yaml", "# nothing to set\n"), @"");
    insta::assert_snapshot!(with("values.yaml", "- pack\n"), @"
    error[values-syntax] values.yaml:1:1+1
      expected a mapping of `pack`, `charts` and `manifests`, found a list
    ");
    insta::assert_snapshot!(with("values.yaml", "pack\n"), @"
    error[values-syntax] values.yaml:1:1+1
      expected a mapping of `pack`, `charts` and `manifests`, found a single text
    ");
    insta::assert_snapshot!(with("values.yaml", "pack: {}\n---\npack: {}\n"), @"
    error[values-syntax] values.yaml:3:1+1
      a second document begins here, and nothing reads it
      hint: delete the line `---` and keep one document
    ");
    insta::assert_snapshot!(with("values.yaml", b"pack:\n  namespace: \"caf\xe9\"\n"), @"
    error[values-syntax] values.yaml:2:18+1
      `values.yaml` is in another encoding, not UTF-8
      hint: save the file as UTF-8
    ");
    insta::assert_snapshot!(with("values.yaml", "a: &x 1\nb: *y\n"), @"
    error[values-syntax] values.yaml:2:4+1
      this `*name` stands for no `&name` above
    ");
    insta::assert_snapshot!(with("values.yaml", "a:\n  <<: {k: 1}\n  b: {c: 1, c: 2}\n"), @"
    error[values-duplicate-key] values.yaml:3:13+1
      the key `c` stands twice in one mapping
      hint: only one of them would count: delete the other
      3:7 it stands here already
    ");
}

#[test]
fn values_made_to_exhaust_a_reader_are_refused() {
    let levels = (1..30).map(|level| {
        let before = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("a{level}: &a{level} [{before}]\n")
    });
    let laughs: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned()).chain(levels).collect();
    insta::assert_snapshot!(with("values.yaml", laughs), @"
    error[values-syntax] values.yaml:6:15+1
      more than 250000 values, aliases counted
    ");
    insta::assert_snapshot!(with("values.yaml", format!("a: {}{}\n", "[".repeat(200_000), "]".repeat(200_000))), @"
    error[values-syntax] values.yaml:1:259+1
      nested too deep
    ");
    insta::assert_snapshot!(with("values.yaml", format!("#{}\n", "x".repeat(16 << 20))), @"
    error[values-syntax] values.yaml
      `values.yaml` has 16777218 bytes, more than 16 MiB
    ");
}
