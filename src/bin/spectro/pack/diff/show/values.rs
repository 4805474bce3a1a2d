//! The values that differ, one a line.

use spectro_pack::compare::{Value, ValueChange};

use super::{ADDED, CHANGED, REMOVED, line, note, show_lines};
use crate::findings::line::escape;

/// The most values of a file that are shown unless all are wanted.
const MOST: usize = 50;
/// The most characters of a value that are shown unless all are wanted.
const LONGEST: usize = 100;
/// The most lines of a text within a value that are shown unless all are wanted.
const MOST_LINES: usize = 20;

/// Writes the values that differ.
pub(super) fn show(text: &mut String, changes: &[ValueChange], indent: &str, all: bool) {
    if changes.is_empty() {
        note(text, indent, "only comments, order or layout differ");
    }
    let shown = if all { changes.len() } else { MOST };
    for change in changes.iter().take(shown) {
        let lines = change.lines.as_ref().filter(|lines| all || lines.len() <= MOST_LINES);
        if let Some(lines) = lines.filter(|lines| !lines.is_empty()) {
            line(text, &format!("{indent}{CHANGED}~{CHANGED:#} {}:", path(change)));
            show_lines(text, lines, &format!("{indent}    "));
        } else {
            line(text, &format!("{indent}{}", one(change, all)));
        }
    }
    if changes.len() > shown {
        note(text, indent, &format!("… and {} more (--all shows them)", changes.len() - shown));
    }
}

fn one(change: &ValueChange, all: bool) -> String {
    let path = path(change);
    match (&change.old, &change.new) {
        (Some(old), Some(new)) => {
            let (old, new) = (value(old, all), value(new, all));
            format!("{CHANGED}~{CHANGED:#} {path}: {REMOVED}{old}{REMOVED:#} → {ADDED}{new}{ADDED:#}")
        }
        (None, Some(new)) => format!("{ADDED}+ {path}: {}{ADDED:#}", value(new, all)),
        (Some(old), None) => format!("{REMOVED}- {path}: {}{REMOVED:#}", value(old, all)),
        (None, None) => path,
    }
}

fn path(change: &ValueChange) -> String {
    if change.path.is_empty() { "the whole file".to_owned() } else { escape(&change.path) }
}

/// Returns a value on one line, its end left out where it is long.
fn value(value: &Value, all: bool) -> String {
    if let (Value::Text(text), false) = (value, all)
        && text.trim_end().contains('\n')
    {
        return format!("a text of {} lines", text.lines().count());
    }
    let shown = escape(&value.to_string());
    if all || shown.chars().count() <= LONGEST {
        return shown;
    }
    let start: String = shown.chars().take(LONGEST - 1).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        value(&Value::Text(text.to_owned()), false)
    }

    #[test]
    fn a_value_takes_one_line() {
        assert_eq!((shown("a"), shown("a\nb\n")), ("\"a\"".to_owned(), "a text of 2 lines".to_owned()));
        assert_eq!(shown(&"é".repeat(110)), format!("\"{}…", "é".repeat(98)));
        assert_eq!(shown("\u{1b}[2J\u{202e}"), "\"\\u001b[2J\\u{202e}\"");
        assert_eq!(value(&Value::Text("a\nb".to_owned()), true), r#""a\nb""#);
    }

    #[test]
    fn the_number_of_values_is_limited() {
        let change =
            |index: usize| ValueChange { path: format!("a[{index}]"), old: None, new: Some(Value::Null), lines: None };
        let changes: Vec<_> = (0..60).map(change).collect();
        let lines = |all| {
            let mut text = String::new();
            show(&mut text, &changes, "", all);
            anstream::adapter::strip_str(&text).to_string().lines().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!((lines(true).len(), lines(false).len()), (60, 51));
        assert_eq!(lines(false)[50], "… and 10 more (--all shows them)");
    }
}
