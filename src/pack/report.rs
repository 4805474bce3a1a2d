//! What was found in a pack: findings with their places, in a stable order.
//!
//! A finding is a result, not an error. It carries where it is (file, line, column) and how much of the line it is about, so that
//! it can be drawn under the line as compilers do.

mod code;
#[cfg(test)]
mod explanations;

pub use code::{Code, UnknownCode};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The pack cannot work, or cannot be pushed safely.
    Error,
    /// It most likely does not do what its author thinks.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// Returns `error`, `warning` or `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line; the first is 1.
    pub line: usize,
    /// The column in characters; the first is 1.
    pub column: usize,
}

/// Another place in the same file that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// What is there.
    pub label: String,
    /// Where it is.
    pub position: Position,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule found it.
    pub code: Code,
    /// One clause without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The file within the pack, with `/` between folders; bytes that are not UTF-8 are replaced.
    pub file: Option<String>,
    /// The place in that file, where it is a text.
    pub position: Option<Position>,
    /// How many characters it is about, from the position on: at least 1.
    pub length: usize,
    /// Other places in the same file.
    pub related: Vec<Related>,
    /// Whether it is about `name` or `version`, without which nothing can be pushed: then it cannot be allowed.
    pub essential: bool,
}

impl Finding {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, hint: None, file: None, position: None, length: 1, related: Vec::new(), essential: false }
    }

    /// Returns whether an author may accept it.
    pub fn can_be_allowed(&self) -> bool {
        !self.essential && self.code.why_not_allowed().is_none()
    }

    /// Returns what findings are ordered by.
    fn key(&self) -> (Option<&str>, Option<Position>, &str, &str) {
        (self.file.as_deref(), self.position, self.code.as_str(), &self.message)
    }

    pub(crate) fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    pub(crate) fn at(mut self, position: Position, length: usize) -> Self {
        self.position = Some(position);
        self.length = length.max(1);
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn related(mut self, label: impl Into<String>, position: Position) -> Self {
        self.related.push(Related { label: label.into(), position });
        self
    }
}

/// All findings of a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report(Vec<Finding>);

impl Report {
    /// Returns the findings by file, line, column and code; those without a file come first.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    /// Returns the number of errors.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// Returns the number of warnings.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// Returns the number of notes.
    pub fn notes(&self) -> usize {
        self.count(Severity::Note)
    }

    /// Returns whether there is an error.
    pub fn has_errors(&self) -> bool {
        self.errors() > 0
    }

    fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|finding| finding.code.severity() == severity).count()
    }
}

impl FromIterator<Finding> for Report {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let mut findings: Vec<_> = findings.into_iter().collect();
        findings.sort_by(|a, b| a.key().cmp(&b.key()));
        Self(findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_ordered_by_their_place() {
        let at = |line, column| Position { line, column };
        let report: Report = [
            Finding::new(Code::ValuesSyntax, "d").in_file("values.yaml").at(at(1, 1), 0),
            Finding::new(Code::FieldType, "c").in_file("pack.json").at(at(10, 1), 3),
            Finding::new(Code::LogoInvalid, "e").in_file("zz.png"),
            Finding::new(Code::FieldType, "b").in_file("pack.json").at(at(9, 4), 1),
            Finding::new(Code::FieldEmpty, "a").in_file("pack.json").at(at(9, 4), 1),
        ]
        .into_iter()
        .collect();
        let messages: Vec<_> = report.findings().iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["a", "b", "c", "d", "e"]);
        assert_eq!((report.errors(), report.warnings(), report.notes()), (4, 1, 0));
        assert_eq!(report.findings()[3].length, 1);
        assert!(report.has_errors());
    }
}
