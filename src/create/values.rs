//! values.yaml of a pack that is made from a chart: what Palette reads in front, the chart's own values with their comments below.

use std::fmt::Write as _;

use super::ChartParts;
use crate::store::Tag;

/// The longest DNS label (RFC 1123), in bytes.
const LONGEST_LABEL: usize = 63;

/// Returns the namespace that is proposed for a pack: its name, with `-` for what a namespace can't have.
pub fn namespace_of(name: &str) -> String {
    let label: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let cut = label.get(..LONGEST_LABEL).unwrap_or(&label);
    cut.trim_matches('-').to_ascii_lowercase()
}

/// Returns the text of values.yaml: the namespace, the images for sites without a network, and the chart's values.
///
/// Images without a tag, whose tag a template adds, stand in comments, with the chart's `appVersion` for a tag: most charts take that,
/// but some put a `v` in front or leave one out.
pub fn values_of(namespace: &str, images: &[String], chart: &ChartParts) -> String {
    let mut text = String::from("pack:\n  # Where the chart is installed; made there if it does not exist.\n");
    writeln!(text, "  namespace: {}", quoted(namespace)).expect("a String takes all");
    text.push_str("\n  # Every image that the chart may use, for sites that can't reach a registry.\n  content:\n");
    let is_whole =
        |image: &&String| image.contains('@') || image.rsplit('/').next().is_some_and(|last| last.contains(':'));
    if images.iter().any(|image| is_whole(&image)) {
        text.push_str("    images:\n");
    } else {
        text.push_str("    images: []\n");
    }
    if images.is_empty() {
        text.push_str("      # The chart's values name none. What its templates use is listed as: - image: NAME:TAG\n");
    }
    for image in images {
        if is_whole(&image) {
            writeln!(text, "      - image: {image}").expect("a String takes all");
        } else {
            let version = chart.app_version.as_deref().filter(|version| version.parse::<Tag>().is_ok());
            let (tag, why) = match version {
                Some(version) => (version, "a template adds the tag, most likely this appVersion; check it"),
                None => ("TAG", "a template adds the tag"),
            };
            writeln!(text, "      # - image: {image}:{tag}   # {why}").expect("a String takes all");
        }
    }
    text.push_str("\n# The values of the chart, merged over its own.\ncharts:\n");
    let chart_values = chart.values.as_deref();
    match chart_values.map(|values| indented(values, 4)).filter(|values| !values.trim().is_empty()) {
        Some(values) => write!(text, "  {}:\n{values}", key(&chart.name)).expect("a String takes all"),
        None => writeln!(text, "  {}: {{}}", key(&chart.name)).expect("a String takes all"),
    }
    text
}

/// Returns the first document of a YAML text with every line moved to the right; lines without content stay empty.
pub fn indented(text: &str, columns: usize) -> String {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let mut lines: Vec<&str> = Vec::new();
    let mut has_content = false;
    for line in text.lines() {
        let is_marker = |marker: &str| {
            line == marker || line.strip_prefix(marker).is_some_and(|rest| rest.starts_with([' ', '\t']))
        };
        if is_marker("---") {
            if has_content {
                break;
            }
            // What stood in front were directives and comments; directives belong to a document of their own.
            lines.retain(|line| !line.starts_with('%'));
            // `--- {}` begins with its content.
            let rest = line["---".len()..].trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                lines.push(rest);
                has_content = true;
            }
            continue;
        }
        if is_marker("...") {
            break;
        }
        let trimmed = line.trim_start();
        has_content |= !(trimmed.is_empty() || trimmed.starts_with('#') || line.starts_with('%'));
        lines.push(line);
    }
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    let first = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(lines.len());
    let blank = " ".repeat(columns);
    let moved =
        lines[first..].iter().map(|line| if line.is_empty() { String::from("\n") } else { format!("{blank}{line}\n") });
    moved.collect()
}

/// Returns a chart's name as a key, in quotes where it would be something else than a text.
fn key(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && !matches!(name.to_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
    if is_plain { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chart called `projectcalico.org.v3` made a pack that could not be pushed.
    #[test]
    fn a_namespace_is_a_label_whatever_the_name_of_the_pack() {
        for (name, namespace) in [
            ("nginx", "nginx"),
            ("projectcalico.org.v3", "projectcalico-org-v3"),
            ("a__b", "a--b"),
            (&"n.".repeat(40), &"n-".repeat(32)[..63]),
            (&"ab".repeat(40), &"ab".repeat(32)[..63]),
        ] {
            assert_eq!(namespace_of(name), namespace);
        }
    }
    use crate::pack::yaml::{self, Kind, Node};

    fn chart(name: &str, values: Option<&str>) -> ChartParts {
        ChartParts {
            name: name.into(),
            version: "1.0.0".into(),
            app_version: Some("4.5".into()),
            description: None,
            home: None,
            values: values.map(str::to_owned),
            readme: None,
        }
    }

    /// Returns what a value is, without where it stands and how it is written.
    fn plain(node: &Node) -> String {
        match &node.kind {
            Kind::Scalar { text, .. } => format!("{text:?}"),
            Kind::Sequence(items) => format!("{:?}", items.iter().map(plain).collect::<Vec<_>>()),
            Kind::Mapping(members) => {
                let members = members.iter().map(|(key, value)| (key.text.clone(), plain(value)));
                format!("{:?}", members.collect::<Vec<_>>())
            }
        }
    }

    fn root(text: &str) -> Node {
        yaml::parse(text)
            .unwrap_or_else(|problem| panic!("{}: {text:?}", problem.message))
            .root
            .expect("there is a value")
    }

    #[test]
    fn comments_blank_lines_and_blocks_are_kept() {
        let values = "# top\n\nreplicas: 1  # how many\nscript: |\n  one\n\n    two\nlist:\n- a\n#- b\n\n\n";
        insta::assert_snapshot!(values_of("web", &["nginx:1.27".into(), "quay.io/a/b".into()], &chart("nginx", Some(values))), @r#"
        pack:
          # Where the chart is installed; made there if it does not exist.
          namespace: "web"

          # Every image that the chart may use, for sites that can't reach a registry.
          content:
            images:
              - image: nginx:1.27
              # - image: quay.io/a/b:4.5   # a template adds the tag, most likely this appVersion; check it

        # The values of the chart, merged over its own.
        charts:
          nginx:
            # top

            replicas: 1  # how many
            script: |
              one

                two
            list:
            - a
            #- b
        "#);
    }

    #[test]
    fn what_the_values_mean_stays_the_same() {
        for values in [
            "a: 1\nb:\n  c: |\n    x\n\n    y\n",
            "\u{feff}a: 1\r\nb: 2\r\n",
            "# c\n---\na: {b: 1}\n",
            "%YAML 1.1\n---\na: 1\n",
            "--- {a: 1}\n",
            "a: 1\n---\nb: 2\n",
            "a: 1\n...\nb: 2\n",
            "a: >-\n  long\n  text\nb: \"x\n  y\"\n",
            "a: |2\n    two more\n",
            "{\n  \"a\": [1,\n  2]\n}\n",
            "a: &x\n- b\n-\n  - c\nk: *x\n",
        ] {
            let whole = values_of("n", &[], &chart("web", Some(values)));
            let moved = root(&whole).get("charts").and_then(|charts| charts.get("web")).map(plain);
            assert_eq!(moved, Some(plain(&root(values.trim_start_matches('\u{feff}')))), "{values:?}\n{whole}");
        }
    }

    #[test]
    fn an_app_version_that_is_no_tag_is_left_out() {
        for version in [None, Some("1.0+a"), Some("1\nx: y"), Some("")] {
            let chart = ChartParts { app_version: version.map(str::to_owned), ..chart("web", None) };
            let text = values_of("n", &["quay.io/a/b".into()], &chart);
            assert!(text.contains("\n      # - image: quay.io/a/b:TAG   # a template adds the tag\n"), "{text}");
        }
        assert!(values_of("n", &[], &chart("web", None)).contains("# The chart's values name none."));
    }

    #[test]
    fn nothing_becomes_an_empty_map_and_odd_names_are_quoted() {
        for values in [None, Some(""), Some("\n\n")] {
            assert!(values_of("n", &[], &chart("web", values)).ends_with("charts:\n  web: {}\n"));
        }
        assert!(values_of("n", &[], &chart("7zip", None)).ends_with("  \"7zip\": {}\n"));
        assert!(values_of("n", &[], &chart("on", None)).ends_with("  \"on\": {}\n"));
    }
}
