//! A line of source as a terminal shows it: tabs and wide characters take their columns, control characters are written
//! out, and of a line that is too long the part around the mark is shown.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// The most columns of source that are shown: with the gutter they fit a terminal of 80.
const WIDTH: usize = 74;
/// How many columns are shown before the mark where a line is cropped.
const CONTEXT: usize = 24;
/// The most characters that are shown, so that those without a width have an end as well.
const CHARACTERS: usize = 4 * WIDTH;
/// The columns between two tab stops.
const TAB: usize = 4;

/// The part of a line that is shown.
pub(super) struct Window {
    text: String,
    /// The first character of the line that is shown, counted from 0.
    first: usize,
    /// Where each shown character begins, in columns; the last is where the text ends.
    columns: Vec<usize>,
    /// Whether the line's end is shown.
    ends: bool,
}

impl Window {
    /// Returns the part of the line that shows so many characters from `start` on, counted from 0, or as many as fit.
    pub(super) fn around(line: &str, start: usize, length: usize) -> Self {
        let whole = Self::from(line, 0);
        if whole.ends || whole.shows(start.saturating_add(length.min(WIDTH)).saturating_sub(1)) {
            return whole;
        }
        let at = line.char_indices().nth(start).map_or(line.len(), |(at, _)| at);
        let rest: usize = line[at..].chars().take(WIDTH).map(widest).sum();
        let room = CONTEXT.max((WIDTH - 1).saturating_sub(rest));
        let mut columns = 0;
        let before = line[..at].chars().rev().take(CHARACTERS / 2).take_while(|character| {
            columns += widest(*character);
            columns <= room
        });
        Self::from(line, line[..at].chars().count() - before.count())
    }

    /// Returns as much of the line as fits, from the character `first` on.
    fn from(line: &str, first: usize) -> Self {
        let mut window = Self { text: String::new(), first, columns: Vec::new(), ends: true };
        let mut column = 0;
        if first > 0 {
            window.text.push('…');
            column += 1;
        }
        window.columns.push(column);
        for character in line.chars().skip(first) {
            let next = column + width(character, column);
            if next > WIDTH || window.columns.len() > CHARACTERS {
                window.text.push('…');
                window.ends = false;
                break;
            }
            push(&mut window.text, character, column);
            column = next;
            window.columns.push(column);
        }
        window
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether the character, counted from 0, is shown; a place behind the line's end is where the end is.
    pub(super) fn shows(&self, character: usize) -> bool {
        character >= self.first && (self.ends || character < self.first + self.columns.len() - 1)
    }

    /// Returns where so many characters are shown: the columns before them and the columns they take, at least 1.
    pub(super) fn span(&self, start: usize, length: usize) -> (usize, usize) {
        let column = |character: usize| {
            let shown = character.saturating_sub(self.first).min(self.columns.len() - 1);
            self.columns[shown]
        };
        let from = column(start);
        (from, column(start.saturating_add(length)).saturating_sub(from).max(1))
    }
}

/// Returns text of a stranger with everything written out that would move the cursor or turn the direction of writing.
pub(crate) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters, and those that turn or hide what follows (CVE-2021-42574).
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn push(text: &mut String, character: char, column: usize) {
    if character == '\t' {
        write!(text, "{:1$}", "", width(character, column)).expect("a string takes everything");
    } else if is_hidden(character) {
        text.extend(character.escape_unicode());
    } else {
        text.push(character);
    }
}

/// Returns the columns that a character takes at a column.
fn width(character: char, column: usize) -> usize {
    if character == '\t' { TAB - column % TAB } else { widest(character) }
}

/// Returns the most columns that a character takes anywhere.
fn widest(character: char) -> usize {
    if character == '\t' {
        TAB
    } else if is_hidden(character) {
        character.escape_unicode().count()
    } else {
        character.width().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, start: usize, length: usize) -> String {
        let window = Window::around(line, start, length);
        assert!(window.shows(start), "the mark is in the window");
        let (indent, width) = window.span(start, length);
        format!("{}\n{:indent$}{}", window.text(), "", "^".repeat(width))
    }

    #[test]
    fn a_mark_stands_under_its_characters() {
        assert_eq!(shown("a: b", 3, 1), "a: b\n   ^");
        assert_eq!(shown("\ta: b", 1, 1), "    a: b\n    ^");
        assert_eq!(shown("ab\tc: d", 3, 1), "ab  c: d\n    ^");
        assert_eq!(shown("ab\tc", 2, 1), "ab  c\n  ^^");
        assert_eq!(shown("名前: x", 0, 2), "名前: x\n^^^^");
        assert_eq!(shown("名前: x", 4, 1), "名前: x\n      ^");
    }

    #[test]
    fn a_mark_behind_the_end_stands_at_the_end() {
        assert_eq!(shown("{", 1, 1), "{\n ^");
        assert_eq!(shown("", 0, 1), "\n^");
        assert_eq!(shown("abc", 1, 99), "abc\n ^^");
        assert_eq!(shown("abc", usize::MAX, usize::MAX), "abc\n   ^");
    }

    #[test]
    fn what_would_move_the_cursor_is_written_out() {
        assert_eq!(shown("a\u{1b}[2Jb", 5, 1), "a\\u{1b}[2Jb\n          ^");
        assert_eq!(escape("a\rb\u{202e}c"), "a\\u{d}b\\u{202e}c");
        assert_eq!(shown("\u{feff}{", 0, 1), "\\u{feff}{\n^^^^^^^^");
    }

    #[test]
    fn of_a_long_line_the_part_around_the_mark_is_shown() {
        let line = format!("{}here{}", "a".repeat(100), "b".repeat(100));
        let (a, b) = ("a".repeat(24), "b".repeat(45));
        assert_eq!(shown(&line, 100, 4), format!("…{a}here{b}…\n{}^^^^", " ".repeat(25)));
        assert_eq!(shown(&line, 2, 3), format!("{}…\n  ^^^", "a".repeat(WIDTH)));
        let end = shown(&line, 203, 1);
        assert!(end.starts_with('…') && end.contains("bbb\n"), "{end}");
    }

    #[test]
    fn a_window_is_never_wider_than_the_screen() {
        for (line, start, length) in [
            ("\t".repeat(500), 250, 3),
            ("名".repeat(500), 499, 1),
            ("\u{202e}".repeat(500), 100, 1000),
            ("x".repeat(500), 500, 1),
            ("x".repeat(75), 74, 1),
            ("e\u{301}".repeat(5000), 9000, 1),
            ("\u{301}".repeat(5000), 4000, 1),
        ] {
            let window = Window::around(&line, start, length);
            let (indent, width) = window.span(start, length);
            assert!(window.shows(start) && indent + width <= WIDTH + 1, "{line:.10} {start}: {indent} + {width}");
            assert!(window.columns.last().is_some_and(|column| *column <= WIDTH), "{line:.10} {start}");
        }
    }
}
