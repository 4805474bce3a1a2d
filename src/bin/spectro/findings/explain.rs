//! What a rule means, and how to silence it: for `--explain`, and as the help of SARIF.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use spectro_pack::pack::Code;

use super::style::Styles;

/// What the names of rules begin with whose findings stand in YAML, where a comment can be.
const IN_YAML: [&str; 10] =
    ["content-", "image", "macro-", "manifest-", "namespace-", "pack-key-", "preset-", "schema-", "secret-", "values-"];

/// Returns the explanation of a rule for a terminal.
pub(crate) fn text(code: Code) -> String {
    let styles = Styles::new(true);
    let (severity, title) = (styles.severity(code.severity()), styles.title);
    let word = code.severity().as_str();
    let mut text = format!("{severity}{word}[{code}]{severity:#}{title}: {}{title:#}\n\n", code.summary());
    text.push_str(&plain(code.explanation(), AnsiColor::Cyan.on_default()));
    write!(text, "\n{}", wrapped(&silence(code))).expect("a String takes all");
    text
}

/// Returns the explanation as Markdown.
pub(super) fn markdown(code: Code) -> String {
    format!("{}\n{}\n", code.explanation(), silence(code))
}

/// Returns the explanation as text without any markup but backquotes.
pub(super) fn unstyled(code: Code) -> String {
    format!("{}\n{}\n", plain(code.explanation(), Style::new()), wrapped(&silence(code)))
}

/// Returns the members of the JSON object that explains a rule.
pub(crate) fn to_json(code: Code) -> Value {
    json!({
        "code": code.as_str(),
        "severity": code.severity().as_str(),
        "summary": code.summary(),
        "explanation": code.explanation(),
        "canBeAllowed": code.why_not_allowed().is_none(),
        "silence": silence(code),
    })
}

/// Returns all rules, one a line.
pub(crate) fn list() -> String {
    let styles = Styles::new(true);
    let widest = Code::all().iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    let lines = Code::all().iter().map(|code| {
        let (style, word) = (styles.severity(code.severity()), code.severity().as_str());
        format!("{:<widest$}  {style}{word:<7}{style:#}  {}", code.as_str(), code.summary())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns how the findings of a rule are silenced, or why they cannot be.
fn silence(code: Code) -> String {
    if let Some(reason) = code.why_not_allowed() {
        return format!("It cannot be silenced: {reason}.");
    }
    let mut text = format!("To silence it: `--allow {code}`");
    if IN_YAML.iter().any(|beginning| code.as_str().starts_with(beginning)) {
        write!(text, ", or the comment `# spectro:allow {code}` on its line or alone on the line above")
            .expect("a String takes all");
    }
    text.push('.');
    if code.is_allowed_in_part() {
        text.push_str(" Not for `name` and `version`, which say where the artifact goes.");
    }
    text
}

/// Returns Markdown with its examples indented instead of fenced.
fn plain(markdown: &str, style: Style) -> String {
    let mut text = String::new();
    let mut is_example = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            is_example = !is_example;
        } else if is_example && !line.is_empty() {
            writeln!(text, "    {style}{line}{style:#}").expect("a String takes all");
        } else {
            writeln!(text, "{line}").expect("a String takes all");
        }
    }
    text
}

/// Returns a text in lines of at most 80 characters; what stands between backquotes stays on one.
fn wrapped(text: &str) -> String {
    let mut is_code = false;
    let ends_word = |next: char| {
        is_code ^= next == '`';
        next == ' ' && !is_code
    };
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(ends_word) {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 80 {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}
