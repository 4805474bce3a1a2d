//! Findings as a compiler shows them: the place, the line, a caret, a hint.
//!
//! What is drawn comes from a stranger's files, so it cannot move the cursor, fill the screen or take memory without limit.
//! A source that cannot be shown is left out, and a line with a secret is; the finding itself never is. Drawn by hand, because `annotate-snippets` has
//! another gutter, its own words for hints, and labels behind the caret only.

mod annotation;
pub(crate) mod explain;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod line;
pub(crate) mod sarif;
mod source;
mod style;

use std::{collections::BTreeSet, fmt::Write, path::Path};

use serde_json::{Value, json};
use spectro_pack::pack::{Finding, Position, Report, Severity};

use self::{line::Window, source::Sources, style::Styles};

/// The gutter is at least as wide as a two-digit line number, so that most findings of a report stand in one column.
const LEAST_GUTTER: usize = 2;

/// Returns the findings as text, one block each and an empty line between two; notes come last and close together. Every line, the
/// last one too, is ended.
pub(crate) fn render(report: &Report, directory: &Path, color: bool) -> String {
    let findings = report.findings();
    draw(findings, &secret_lines(findings), directory, Styles::new(color))
}

/// Returns the line above the findings of one of several packs, and an empty one.
pub(crate) fn heading(directory: &Path, counts: &str) -> String {
    let Styles { gutter: bar, title, .. } = Styles::new(true);
    format!("{bar}──{bar:#} {title}{}{title:#} · {counts}\n\n", line::escape(&directory.display().to_string()))
}

/// Returns the lines that hold a secret, by file.
fn secret_lines(findings: &[Finding]) -> BTreeSet<(&str, usize)> {
    let secret = findings.iter().filter(|finding| finding.code.as_str().starts_with("secret-"));
    secret.filter_map(|finding| Some((finding.file.as_deref()?, finding.position?.line))).collect()
}

fn draw(findings: &[Finding], secret: &BTreeSet<(&str, usize)>, directory: &Path, styles: Styles) -> String {
    let mut sources = Sources::new(directory);
    let mut text = String::new();
    let is_note = |finding: &&Finding| finding.code.severity() == Severity::Note;
    let (notes, serious): (Vec<_>, Vec<_>) = findings.iter().partition(is_note);
    for (index, finding) in serious.iter().chain(&notes).enumerate() {
        if index > 0 && index <= serious.len() {
            text.push('\n');
        }
        Block { finding, directory, styles, secret }.draw(&mut sources, &mut text);
    }
    text
}

/// Returns a finding as the object of the JSON contract; what it does not have is null.
pub(crate) fn finding_json(finding: &Finding) -> Value {
    json!({
        "code": finding.code.as_str(),
        "severity": finding.code.severity().as_str(),
        "message": finding.message,
        "hint": finding.hint,
        "file": finding.file,
        "line": finding.position.map(|position| position.line),
        "column": finding.position.map(|position| position.column),
    })
}

/// One finding being drawn.
struct Block<'a> {
    finding: &'a Finding,
    directory: &'a Path,
    styles: Styles,
    /// The lines that hold a secret, by file: no finding shows them.
    secret: &'a BTreeSet<(&'a str, usize)>,
}

/// A place to point at. The finding's own has carets and no label, a related one has dashes and a label.
#[derive(Clone, Copy)]
struct Mark<'a> {
    position: Position,
    length: usize,
    label: Option<&'a str>,
}

impl Mark<'_> {
    /// Returns the character of the line, counted from 0.
    fn at(&self) -> usize {
        self.position.column.saturating_sub(1)
    }
}

impl Block<'_> {
    fn draw(&self, sources: &mut Sources, text: &mut String) {
        let marks = self.marks();
        // A note is told, not drawn.
        let is_drawn = self.finding.code.severity() != Severity::Note;
        let marks = if is_drawn { marks.as_slice() } else { &[] };
        let shown: Vec<_> = marks.iter().filter(|mark| self.source_line(sources, mark).is_some()).copied().collect();
        let digits = shown.iter().map(|mark| mark.position.line.to_string().len()).max().unwrap_or(0);
        let gutter = digits.max(LEAST_GUTTER);
        self.draw_title(text);
        self.draw_place(gutter, text);
        if !shown.is_empty() {
            self.draw_bar(gutter, text);
            self.draw_lines(&shown, gutter, sources, text);
            if self.finding.hint.is_some() {
                self.draw_bar(gutter, text);
            }
        }
        if let Some(hint) = &self.finding.hint {
            let Styles { hint: style, .. } = self.styles;
            line(text, format_args!("  {style}hint:{style:#} {}", line::escape(hint)));
        }
    }

    /// Returns all places to point at in the order of the file.
    fn marks(&self) -> Vec<Mark<'_>> {
        let own =
            self.finding.position.map(|position| Mark { position, length: self.finding.length.max(1), label: None });
        let related = self.finding.related.iter().map(|related| Mark {
            position: related.position,
            length: 1,
            label: Some(&related.label),
        });
        let mut marks: Vec<_> = own.into_iter().chain(related).collect();
        marks.sort_by_key(|mark| (mark.position.line, mark.label.is_some(), mark.position.column));
        marks
    }

    fn source_line<'s>(&self, sources: &'s mut Sources, mark: &Mark<'_>) -> Option<&'s str> {
        let file = self.finding.file.as_deref()?;
        if self.secret.contains(&(file, mark.position.line)) {
            return None;
        }
        sources.line(file, mark.position.line)
    }

    fn draw_title(&self, text: &mut String) {
        let severity = self.finding.code.severity();
        let (style, title) = (self.styles.severity(severity), self.styles.title);
        let (word, code) = (severity.as_str(), self.finding.code.as_str());
        let message = line::escape(&self.finding.message);
        line(text, format_args!("{style}{word}[{code}]{style:#}{title}:{title:#} {title}{message}{title:#}"));
    }

    fn draw_place(&self, gutter: usize, text: &mut String) {
        let path = match &self.finding.file {
            Some(file) => self.directory.join(file),
            None => self.directory.to_path_buf(),
        };
        let place = match self.finding.position {
            Some(Position { line, column }) => format!("{}:{line}:{column}", path.display()),
            None => path.display().to_string(),
        };
        let style = self.styles.gutter;
        line(text, format_args!("{:gutter$}{style}-->{style:#} {}", "", line::escape(&place)));
    }

    fn draw_lines(&self, marks: &[Mark<'_>], gutter: usize, sources: &mut Sources, text: &mut String) {
        let mut before: Option<usize> = None;
        for on_line in marks.chunk_by(|one, other| one.position.line == other.position.line) {
            let number = on_line[0].position.line;
            if before.is_some_and(|before| before + 1 < number) {
                let style = self.styles.gutter;
                line(text, format_args!("{style}{:>width$}{style:#}", "...", width = gutter + 1));
            }
            before = Some(number);
            if let Some(source) = self.source_line(sources, &on_line[0]) {
                self.draw_line(source, on_line, gutter, text);
            }
        }
    }

    /// Draws a line and what is marked on it; more than once where one part of it cannot show all marks.
    fn draw_line(&self, source: &str, marks: &[Mark<'_>], gutter: usize, text: &mut String) {
        let style = self.styles.gutter;
        let mut rest = marks.to_vec();
        while let Some(first) = rest.first() {
            let window = Window::around(source, first.at(), first.length);
            let (inside, outside): (Vec<Mark<'_>>, Vec<Mark<'_>>) =
                rest.iter().partition(|mark| window.shows(mark.at()));
            let number = first.position.line;
            line(text, format_args!("{style}{number:>gutter$} |{style:#} {}", window.text()));
            for mark in &inside {
                self.draw_mark(&window, mark, gutter, text);
            }
            rest = outside;
        }
    }

    fn draw_mark(&self, window: &Window, mark: &Mark<'_>, gutter: usize, text: &mut String) {
        let (indent, width) = window.span(mark.at(), mark.length);
        let bar = self.styles.gutter;
        let (style, underline, label) = match mark.label {
            None => (self.styles.severity(self.finding.code.severity()), "^".repeat(width), String::new()),
            Some(label) => (self.styles.gutter, "-".repeat(width), format!(" {}", line::escape(label))),
        };
        let bars = format!("{:gutter$} {bar}|{bar:#}", "");
        line(text, format_args!("{bars} {:indent$}{style}{underline}{label}{style:#}", ""));
    }

    fn draw_bar(&self, gutter: usize, text: &mut String) {
        let style = self.styles.gutter;
        line(text, format_args!("{:gutter$} {style}|{style:#}", ""));
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a string takes everything");
}

#[cfg(test)]
mod tests;
