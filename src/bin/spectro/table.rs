//! A table of text: as wide as its content, or as a terminal allows.

use std::io::IsTerminal;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::findings::line::escape;

/// The narrowest that a column becomes.
const NARROWEST: usize = 12;
/// The columns between two cells.
const GAP: usize = 2;

/// A column of a table.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) align: Align,
    /// What may be done where the terminal is too narrow.
    pub(crate) narrow: Narrow,
}

/// What a terminal that is too narrow does to a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Narrow {
    Keeps,
    /// Its cells are cut.
    Shrinks,
    /// It is left out, before any cell is cut.
    Goes,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

impl Column {
    pub(crate) fn left(title: &'static str) -> Self {
        Self { title, align: Align::Left, narrow: Narrow::Keeps }
    }

    pub(crate) fn right(title: &'static str) -> Self {
        Self { title, align: Align::Right, narrow: Narrow::Keeps }
    }

    /// Lets its cells be cut.
    pub(crate) fn shrinking(self) -> Self {
        Self { narrow: Narrow::Shrinks, ..self }
    }

    /// Lets it be left out.
    pub(crate) fn optional(self) -> Self {
        Self { narrow: Narrow::Goes, ..self }
    }
}

/// Returns how many columns the terminal has that standard output is, or nothing where it is none.
pub(crate) fn terminal_width() -> Option<usize> {
    let output = std::io::stdout();
    let size = if output.is_terminal() { rustix::termios::tcgetwinsize(&output).ok() } else { None };
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Returns the lines of a table, the titles first, without a line feed at the end. Control characters are written out.
pub(crate) fn draw(columns: &[Column], rows: &[Vec<String>], width: Option<usize>) -> String {
    let titles: Vec<_> = columns.iter().map(|column| column.title.to_owned()).collect();
    let escaped = rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect());
    let lines: Vec<Vec<String>> = std::iter::once(titles).chain(escaped).collect();
    let mut widths: Vec<_> = (0..columns.len())
        .map(|column| lines.iter().map(|line| line[column].width()).max().unwrap_or_default())
        .collect();
    let mut shown = vec![true; columns.len()];
    if let Some(width) = width {
        let whole = widths.iter().sum::<usize>() + GAP * columns.len().saturating_sub(1);
        if whole > width {
            shown = columns.iter().map(|column| column.narrow != Narrow::Goes).collect();
        }
        shrink(columns, &mut widths, &shown, width);
    }
    let drawn = lines.iter().map(|line| {
        let mut text = String::new();
        for (((cell, column), width), _) in
            line.iter().zip(columns).zip(&widths).zip(&shown).filter(|(_, shown)| **shown)
        {
            let cell = cut(cell, *width);
            let blank = " ".repeat(width - cell.width());
            match column.align {
                Align::Left => text.extend([cell.as_str(), &blank]),
                Align::Right => text.extend([blank.as_str(), &cell]),
            }
            text.push_str(&" ".repeat(GAP));
        }
        text.trim_end().to_owned()
    });
    drawn.collect::<Vec<_>>().join("\n")
}

/// Makes columns that may shrink narrower, the last one first, until all fit or none can shrink further.
fn shrink(columns: &[Column], widths: &mut [usize], shown: &[bool], width: usize) {
    let places: Vec<_> = (0..columns.len()).filter(|place| shown[*place]).collect();
    let whole = places.iter().map(|place| widths[*place]).sum::<usize>() + GAP * places.len().saturating_sub(1);
    let mut too_wide = whole.saturating_sub(width);
    for place in places.into_iter().rev().filter(|place| columns[*place].narrow == Narrow::Shrinks) {
        let less = too_wide.min(widths[place].saturating_sub(NARROWEST));
        widths[place] -= less;
        too_wide -= less;
    }
}

/// Returns the text in so many columns, with `…` where something is left out.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut columns = 0;
    for character in text.chars() {
        columns += character.width().unwrap_or_default();
        if columns >= width {
            break;
        }
        shown.push(character);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_wide_as_its_content_and_fits_where_it_must() {
        let columns = [
            Column::left("NAME"),
            Column::left("CLOUDS").shrinking(),
            Column::right("SIZE"),
            Column::left("ID").optional(),
        ];
        let rows = [["nginx", "aws, azure, gcp, vsphere, maas", "1.2 MiB", "7"], ["a", "all\u{1b}", "9 B", "8"]];
        let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        insta::assert_snapshot!(draw(&columns, &rows, None), @r"
        NAME   CLOUDS                             SIZE  ID
        nginx  aws, azure, gcp, vsphere, maas  1.2 MiB  7
        a      all\u{1b}                           9 B  8
        ");
        insta::assert_snapshot!(draw(&columns, &rows, Some(36)), @r"
        NAME   CLOUDS                   SIZE
        nginx  aws, azure, gcp, vs…  1.2 MiB
        a      all\u{1b}                 9 B
        ");
        let narrow = draw(&columns, &rows, Some(10));
        assert!(narrow.lines().all(|line| line.width() == 28), "what can't shrink further stays: {narrow}");
    }
}
