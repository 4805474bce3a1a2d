//! Reads values.yaml: values-syntax and values-duplicate-key.

use crate::pack::{
    report::{Code, Finding, Position},
    text::Text,
    yaml,
};

/// The file of a pack's parameters.
pub(crate) const FILE: &str = "values.yaml";

/// Tells what is wrong with the bytes of values.yaml. Nothing at all is fine, and usual for OS packs.
pub(super) fn check(bytes: &[u8], findings: &mut Vec<Finding>) {
    let text = match Text::decode(FILE, bytes) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("`{FILE}` is {}, not UTF-8", error.guess.unwrap_or("in another encoding"));
            findings.push(syntax(message, error.position).hint("save the file as UTF-8"));
            return;
        }
    };
    let (document, problem) = yaml::read(text.content());
    let lost_indentation = lost_indentation(text.content());
    if let Some(problem) = problem {
        let mut finding = syntax(problem.message, problem.position);
        finding.hint = hint(lost_indentation, problem.tab).map(str::to_owned);
        findings.push(finding);
        if lost_indentation {
            // Its keys stand side by side for this one reason.
            return;
        }
    }
    if let Some(root) = document.root.filter(|root| !root.is_null() && !root.is_mapping()) {
        let message = format!("expected a mapping of `pack`, `charts` and `manifests`, found {}", root.describe());
        findings.push(syntax(message, root.position));
    }
    if let Some(position) = document.further {
        let message = "a second document begins here, and nothing reads it";
        findings.push(syntax(message, position).hint("delete the line `---` and keep one document"));
    }
    for duplicate in document.duplicates {
        let message = format!("the key `{}` stands twice in one mapping", duplicate.key);
        let finding = Finding::new(Code::ValuesDuplicateKey, message).in_file(FILE);
        let finding = finding.at(duplicate.second, duplicate.length).related("it stands here already", duplicate.first);
        findings.push(match lost_indentation {
            true => finding.hint(LOST_INDENTATION),
            false => finding.hint("only one of them would count: delete the other"),
        });
    }
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
