//! A chart that differs: its versions, the values that differ in it, and how many other files do.

use spectro_pack::compare::{Change, ChartChange, ChartFile, ChartVersion, ValueChange};

use super::{BOLD, line, note, show_lines, values};
use crate::findings::line::escape;

const INDENT: &str = "    ";
const INDENT_WITHIN: &str = "      ";

/// Writes what differs within a chart.
pub(super) fn show(text: &mut String, change: &ChartChange, wants_text: bool, all: bool) {
    line(text, &format!("{INDENT}{}", head(change)));
    let mut others = Vec::new();
    for file in &change.files {
        if let (true, Some(lines)) = (wants_text, &file.text) {
            line(text, &format!("{INDENT}{}", escape(&file.path)));
            show_lines(text, lines, INDENT_WITHIN);
        } else if let Some(changes) = &file.values {
            let changes = untold(file, changes, change);
            if file.path != "Chart.yaml" || !changes.is_empty() {
                line(text, &format!("{INDENT}{}", escape(&file.path)));
                values::show(text, &changes, INDENT_WITHIN, all);
            }
        } else {
            others.push(file.change);
        }
    }
    let count = |change| others.iter().filter(|other| **other == change).count();
    let counted = [(Change::Changed, "changed"), (Change::Added, "added"), (Change::Removed, "removed")];
    let counted = counted.map(|(change, word)| (count(change), word)).into_iter().filter(|(number, _)| *number > 0);
    let told: Vec<_> = counted.map(|(number, word)| format!("{number} {word}")).collect();
    if !told.is_empty() {
        note(text, INDENT, &format!("other files in it: {}", told.join(", ")));
    }
}

/// Returns `chart nginx 1.0.0 → 1.1.0, app 1.25 → 1.27`.
fn head(change: &ChartChange) -> String {
    let app = |version: &ChartVersion| version.app_version.clone().unwrap_or_else(|| "none".to_owned());
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => {
            let name = arrow(&old.name, &new.name);
            let same = if old.version == new.version { ", changed without a new version" } else { "" };
            let version = arrow(&old.version, &new.version);
            let app = match (app(old), app(new)) {
                (old, new) if old == new => String::new(),
                (old, new) => format!(", app {}", arrow(&old, &new)),
            };
            format!("chart {BOLD}{name}{BOLD:#} {version}{app}{same}")
        }
        (one, other) => one.as_ref().or(other.as_ref()).map_or_else(String::new, |version| {
            let app = version.app_version.as_ref().map_or_else(String::new, |app| format!(", app {}", escape(app)));
            format!("chart {BOLD}{}{BOLD:#} {}{app}", escape(&version.name), escape(&version.version))
        }),
    }
}

fn arrow(old: &str, new: &str) -> String {
    if old == new { escape(new) } else { format!("{} → {}", escape(old), escape(new)) }
}

/// Returns the values but for those that the chart's head has told.
fn untold(file: &ChartFile, changes: &[ValueChange], chart: &ChartChange) -> Vec<ValueChange> {
    let is_told = |change: &&ValueChange| {
        file.path == "Chart.yaml"
            && chart.old.is_some()
            && chart.new.is_some()
            && matches!(change.path.as_str(), "name" | "version" | "appVersion")
    };
    changes.iter().filter(|change| !is_told(change)).cloned().collect()
}
