//! How two packs differ, for people.

mod chart;
mod values;

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use spectro_pack::compare::{Change, Comparison, Detail, FileChange, LineChange, LinesChange};

use super::side::Opened;
use crate::{findings::line::escape, format};

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();
const HUNK: Style = AnsiColor::Cyan.on_default();
const NOTE: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

pub(super) struct Shown<'a> {
    pub(super) first: &'a Opened,
    pub(super) second: &'a Opened,
    pub(super) comparison: &'a Comparison,
    /// Whether text diffs are shown.
    pub(super) text: bool,
    /// Whether all values are shown, and the whole of long ones.
    pub(super) all: bool,
}

impl Shown<'_> {
    pub(super) fn to_text(&self) -> String {
        if self.comparison.is_same() {
            return self.same();
        }
        let mut text = String::new();
        for (sign, style, side) in [("-", REMOVED, self.first), ("+", ADDED, self.second)] {
            let name = escape(&side.name());
            line(&mut text, &format!("{style}{sign}{style:#} {BOLD}{name}{BOLD:#}  {}", side.pack.manifest().digest()));
        }
        text.push('\n');
        for file in &self.comparison.files {
            self.file(&mut text, file);
        }
        for folder in &self.comparison.folders {
            let (sign, style) = if folder.added { ('+', ADDED) } else { ('-', REMOVED) };
            line(&mut text, &format!("{style}{sign}{style:#} {}/  empty folder", escape(folder.path.as_str())));
        }
        self.images(&mut text);
        text.push('\n');
        text.push_str(&self.summary());
        text
    }

    /// Says that both are the same, and why their digests may differ nevertheless.
    fn same(&self) -> String {
        let (first, second) = (escape(&self.first.name()), escape(&self.second.name()));
        let (old, new) = (self.first.pack.manifest().digest(), self.second.pack.manifest().digest());
        if old == new {
            return format!("{first} and {second} are the same: {old}");
        }
        let is_form_same = self.first.form() == self.second.form();
        let form = |side: &Opened| if is_form_same { String::new() } else { format!("{}, ", side.form()) };
        let (one, other) = (form(self.first), form(self.second));
        format!("{first} ({one}{old}) and {second} ({other}{new}) have the same files")
    }

    fn file(&self, text: &mut String, file: &FileChange) {
        line(text, &head(file));
        match (&file.detail, &file.text) {
            (_, Some(lines)) if self.text => show_lines(text, lines, "    "),
            (Detail::Values(changes), _) => values::show(text, changes, "    ", self.all),
            (Detail::Lines { added: 0, removed: 0 }, _) => note(text, "    ", "only the ends of lines differ"),
            (Detail::Lines { added, removed }, _) => {
                let hint = if self.text { "" } else { " (--text shows them)" };
                let added = format::count(*added, "line");
                note(text, "    ", &format!("{added} added, {removed} removed{hint}"));
            }
            (Detail::Chart(change), _) => chart::show(text, change, self.text, self.all),
            (Detail::TooLarge, _) => note(text, "    ", "too large to be looked into"),
            (Detail::None, _) => {}
        }
    }

    fn images(&self, text: &mut String) {
        let images = &self.comparison.images;
        if images.gained.is_empty() && images.lost.is_empty() && images.unread.is_empty() {
            return;
        }
        text.push_str("\nimages\n");
        for (sign, style, names) in [('+', ADDED, &images.gained), ('-', REMOVED, &images.lost)] {
            for name in names {
                line(text, &format!("  {style}{sign} {}{style:#}", escape(name)));
            }
        }
        if !images.unread.is_empty() {
            let paths: Vec<_> = images.unread.iter().map(|path| escape(path.as_str())).collect();
            let paths = paths.join(", ");
            note(text, "  ", &format!("not looked into, as both have it: {paths}; --images fetches it and looks"));
        }
    }

    fn summary(&self) -> String {
        let count = |change| self.comparison.files.iter().filter(|file| file.change == change).count();
        let mut facts = Vec::new();
        for (change, word) in [
            (Change::Changed, "changed"),
            (Change::Renamed, "renamed"),
            (Change::Added, "added"),
            (Change::Removed, "removed"),
        ] {
            match count(change) {
                0 => {}
                number if facts.is_empty() => facts.push(format!("{} {word}", format::count(number, "file"))),
                number => facts.push(format!("{number} {word}")),
            }
        }
        if !self.comparison.folders.is_empty() {
            facts.push(format::count(self.comparison.folders.len(), "empty folder"));
        }
        let images = &self.comparison.images;
        for (number, word) in [(images.gained.len(), "gained"), (images.lost.len(), "lost")] {
            if number > 0 {
                facts.push(format!("{} {word}", format::count(number, "image")));
            }
        }
        facts.join(", ")
    }
}

/// Returns a file's line: what became of it, its sizes and the beginnings of its digests.
fn head(file: &FileChange) -> String {
    let (sign, style) = match file.change {
        Change::Added => ('+', ADDED),
        Change::Removed => ('-', REMOVED),
        Change::Changed | Change::Renamed => ('~', CHANGED),
    };
    let path = match &file.old_path {
        Some(old) => format!("{} → {}", escape(old.as_str()), escape(file.path.as_str())),
        None => escape(file.path.as_str()),
    };
    let digest = |text: &str| text.split(':').next_back().unwrap_or(text).chars().take(12).collect::<String>();
    let facts = match (&file.old, &file.new) {
        (Some(old), Some(new)) if old.digest == new.digest => {
            format!("{}  {NOTE}{}{NOTE:#}", format::size(new.size), digest(new.digest.as_str()))
        }
        (Some(old), Some(new)) => {
            let sizes = match (format::size(old.size), format::size(new.size)) {
                (old, new) if old == new => old,
                (old, new) => format!("{old} → {new}"),
            };
            let (old, new) = (digest(old.digest.as_str()), digest(new.digest.as_str()));
            format!("{sizes}  {NOTE}{old} → {new}{NOTE:#}")
        }
        (one, other) => one.as_ref().or(other.as_ref()).map_or_else(String::new, |facts| {
            format!("{}  {NOTE}{}{NOTE:#}", format::size(facts.size), digest(facts.digest.as_str()))
        }),
    };
    let mode = match (file.old.as_ref().map(|old| old.executable), file.new.as_ref().map(|new| new.executable)) {
        (Some(false), Some(true)) => "  now executable",
        (Some(true), Some(false)) => "  no longer executable",
        _ => "",
    };
    format!("{style}{sign} {path}{style:#}  {facts}{mode}")
}

/// Writes a text diff.
fn show_lines(text: &mut String, change: &LinesChange, indent: &str) {
    if change.hunks.is_empty() {
        note(text, indent, "only the ends of lines differ");
    }
    for hunk in &change.hunks {
        line(text, &format!("{indent}{HUNK}{}{HUNK:#}", hunk.head()));
        for one in &hunk.lines {
            let style = match one.change {
                LineChange::Same => Style::new(),
                LineChange::Added => ADDED,
                LineChange::Removed => REMOVED,
            };
            let shown = escape(&one.text.replace('\t', "    "));
            line(text, &format!("{indent}{style}{}{shown}{style:#}", one.change.sign()));
        }
    }
}

fn note(text: &mut String, indent: &str, note: &str) {
    line(text, &format!("{indent}{NOTE}{note}{NOTE:#}"));
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes all");
}
