//! Reads values.yaml: values-syntax and values-duplicate-key.

use crate::pack::{
    report::{Code, Finding, Position},
    text::Text,
    yaml::{self, Node},
};

/// The file of a pack's parameters.
pub(crate) const FILE: &str = "values.yaml";

/// Tells what is wrong with values.yaml, and returns its mapping. Nothing at all is fine, and usual for OS packs.
pub(super) fn check(text: &Text<'_>, findings: &mut Vec<Finding>) -> Option<Node> {
    let (document, problem) = yaml::read(text.content());
    let lost_indentation = lost_indentation(text.content());
    let whole = problem.is_none();
    if let Some(problem) = problem {
        let mut finding = syntax(problem.message, problem.position);
        finding.hint = hint(lost_indentation, problem.tab).map(str::to_owned);
        findings.push(finding);
        if lost_indentation {
            // Its keys stand side by side for this one reason.
            return None;
        }
    }
    let root = document.root.filter(|root| whole && !root.is_null());
    if let Some(root) = root.as_ref().filter(|root| !root.is_mapping()) {
        let message = format!("expected a mapping of `pack`, `charts` and `manifests`, found {}", root.describe());
        findings.push(syntax(message, root.position));
    }
    if let Some(position) = document.further.filter(|_| whole) {
        let message = "a second document begins here, and nothing reads it";
        findings.push(syntax(message, position).hint("delete the line `---` and keep one document"));
    }
    for duplicate in document.duplicates {
        let message = format!("the key `{}` stands twice in one mapping", duplicate.key);
        let finding = Finding::new(Code::ValuesDuplicateKey, message).in_file(FILE);
        let finding = finding.at(duplicate.second, duplicate.length).related("it stands here already", duplicate.first);
        findings.push(finding.hint(if lost_indentation {
            LOST_INDENTATION
        } else {
            "only one of them would count: delete the other"
        }));
    }
    let root = root.filter(Node::is_mapping)?;
    sections(&root, text, findings);
    Some(root)
}

/// Tells which sections are no mappings. What is empty in whatever way holds no values, and is fine.
fn sections(root: &Node, text: &Text<'_>, findings: &mut Vec<Finding>) {
    for path in [&["pack"][..], &["charts"], &["manifests"], &["pack", "content"]] {
        let section = root.at(path.iter().copied()).filter(|section| holds_no_mapping(section));
        findings.extend(section.map(|section| no_mapping(text, section, &path.join("."))));
    }
}

/// Returns whether a value is something else than a mapping, and not empty.
pub(super) fn holds_no_mapping(node: &Node) -> bool {
    let is_empty = node.is_null() || node.scalar() == Some("");
    !node.is_mapping() && !is_empty && (node.scalar().is_some() || !node.items().is_empty())
}

/// Returns the finding of a value that must be a mapping.
pub(super) fn no_mapping(text: &Text<'_>, node: &Node, path: &str) -> Finding {
    let message = format!("expected a mapping below `{path}`, found {}", node.describe());
    text.finding(Code::ValuesSyntax, &node.span, message).hint("indent its keys below it, each as `key: value`")
}

fn syntax(message: impl Into<String>, position: Position) -> Finding {
    Finding::new(Code::ValuesSyntax, message).in_file(FILE).at(position, 1)
}

const LOST_INDENTATION: &str = "what stands below `pack:` or `charts:` has lost its indentation, as samples do when they are pasted: indent it by two spaces";

fn hint(lost_indentation: bool, tab: bool) -> Option<&'static str> {
    if tab {
        Some("YAML is indented with spaces only: put two in place of each tab, also where a pasted sample has tabs")
    } else if lost_indentation {
        Some(LOST_INDENTATION)
    } else {
        None
    }
}

/// Returns whether `pack:`, `charts:` or `manifests:` stands alone and the next key is not indented below it.
fn lost_indentation(text: &str) -> bool {
    let mut lines =
        text.lines().filter(|line| !matches!(line.trim_start().chars().next(), None | Some('#'))).peekable();
    while let Some(line) = lines.next() {
        let next_is_deeper = lines.peek().is_none_or(|next| depth(next) > depth(line));
        if matches!(line.trim(), "pack:" | "charts:" | "manifests:") && !next_is_deeper && depth(line) <= 4 {
            return true;
        }
    }
    false
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Vec<String> {
        let mut findings = Vec::new();
        if let Some(text) = super::super::rules::decoded(FILE, Some(bytes), Code::ValuesSyntax, &mut findings) {
            check(&text, &mut findings);
        }
        let line = |finding: Finding| {
            let Position { line, column } = finding.position.unwrap();
            let hint = finding.hint.map(|hint| format!(" | {hint}")).unwrap_or_default();
            format!("{}:{line}:{column} {}{hint}", finding.code, finding.message)
        };
        findings.into_iter().map(line).collect()
    }

    #[test]
    fn what_helm_reads_is_fine() {
        let none: [String; 0] = [];
        for text in [
            "",
            "# only comments\n",
            "---\npack:\n  namespace: \"{{ .spectro.system.cluster.name }}\"\n---\n",
            "pack:\ncharts:\n  a: &x {b: 1}\n  c: *x\n",
            "a: |\n  {{- range .x }}\n  \ttab in a block\n  {{ end }}\nb: \u{a0}\r\n",
            "pack:\n#\tindented comment\n  namespace: x\n",
        ] {
            assert_eq!(told(text.as_bytes()), none, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_single_mapping_is_told() {
        let expected = "expected a mapping of `pack`, `charts` and `manifests`, found";
        for (text, line, found) in [("- a\n", 1, "a list"), ("\nhello", 2, "a single text"), ("---\n[]", 2, "a list")] {
            assert_eq!(told(text.as_bytes()), [format!("values-syntax:{line}:1 {expected} {found}")], "{text:?}");
        }
        let second = "values-syntax:3:1 a second document begins here, and nothing reads it | delete the line `---` and keep one document";
        assert_eq!(told(b"a: 1\n---\nb: 2\n"), [second]);
        assert_eq!(
            told(b"\xff\xfea\0"),
            ["values-syntax:1:1 `values.yaml` is UTF-16, not UTF-8 | save the file as UTF-8"]
        );
        assert_eq!(
            told(b"a: b\nc: caf\xe9\n"),
            ["values-syntax:2:7 `values.yaml` is in another encoding, not UTF-8 | save the file as UTF-8"]
        );
    }

    #[test]
    fn what_was_pasted_says_what_is_lost() {
        let pasted = "    pack:\n    # the namespace\n    namespace: \"m\"\n\n    charts:\n    a:\n        x: 1\n        y:\n      z: 2\n";
        let [told_of] = told(pasted.as_bytes()).try_into().unwrap_or_else(|told| panic!("{told:?}"));
        assert!(told_of.starts_with("values-syntax:9:7 ") && told_of.contains(LOST_INDENTATION), "{told_of}");
        let twice = told(b"pack:\nnamespace: a\ncharts:\nnamespace: b\n");
        assert_eq!(
            twice,
            [format!("values-duplicate-key:4:1 the key `namespace` stands twice in one mapping | {LOST_INDENTATION}")]
        );
        let tab = told(b"manifests:\n  manifest1:\n  \t<parameters>\n");
        assert!(tab[0].starts_with("values-syntax:3:3 expected spaces, found a tab"), "{tab:?}");
        assert_eq!(
            told(b"pack:\nother: [\n"),
            [format!("values-syntax:2:8 this `[` is never closed | {LOST_INDENTATION}")]
        );
        assert_eq!(
            told(b"a: 1\na: 2\nb: [\n"),
            [
                "values-syntax:3:4 this `[` is never closed",
                "values-duplicate-key:2:1 the key `a` stands twice in one mapping | only one of them would count: delete the other",
            ]
        );
        assert_eq!(told(b"text\n---\na: [\n"), ["values-syntax:3:4 this `[` is never closed"]);
        assert_eq!(told(b"pack:\n  other: [\n"), ["values-syntax:2:10 this `[` is never closed"]);
    }

    #[test]
    fn a_section_is_a_mapping_or_empty() {
        let hint = "indent its keys below it, each as `key: value`";
        for (text, column, path, found) in [
            ("charts: [demo]\n", 9, "charts", "a list"),
            ("pack: hello\n", 7, "pack", "a single text"),
            ("manifests: [{a: 1}]\n", 12, "manifests", "a list"),
            ("pack: {content: x}\n", 17, "pack.content", "a single text"),
        ] {
            let expected =
                format!("values-syntax:1:{column} expected a mapping below `{path}`, found {found} | {hint}");
            assert_eq!(told(text.as_bytes()), [expected], "{text}");
        }
        let none: [String; 0] = [];
        for empty in ["", "~", "[]", "{}", "''"] {
            let text = format!("pack: {empty}\ncharts: {empty}\nmanifests: {empty}\nother: [1]\n");
            assert_eq!(told(text.as_bytes()), none, "{text}");
        }
    }
}
