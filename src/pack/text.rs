//! A text file of a pack, and the way from a byte in it to a line and a column.

use std::{cell::Cell, ops::Range};

use super::report::{Code, Finding, Position};

/// The text of one file.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    file: &'a str,
    content: &'a str,
    line_starts: Vec<usize>,
    /// The byte and the place that were asked for last: a file of one long line is not counted anew for every finding.
    last: Cell<(usize, Position)>,
}

/// Where bytes stop being UTF-8.
#[derive(Debug)]
pub(crate) struct NotUtf8 {
    /// The place of the first byte that is not UTF-8.
    pub(crate) position: Position,
    /// What the bytes look like instead.
    pub(crate) guess: Option<&'static str>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(file: &'a str, content: &'a str) -> Self {
        let breaks = content.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Self { file, content, line_starts, last: Cell::new((0, Position { line: 1, column: 1 })) }
    }

    /// Reads bytes as UTF-8.
    pub(crate) fn decode(file: &'a str, bytes: &'a [u8]) -> Result<Self, NotUtf8> {
        std::str::from_utf8(bytes).map(|content| Self::new(file, content)).map_err(|error| {
            let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).expect("it was found valid up to there");
            let guess = match bytes {
                [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
                [b'P', b'K', 3, 4, ..] => Some("a zip archive"),
                [0x1f, 0x8b, ..] => Some("gzip"),
                _ => None,
            };
            NotUtf8 { position: Self::new(file, valid).position(valid.len()), guess }
        })
    }

    pub(crate) fn content(&self) -> &'a str {
        self.content
    }

    /// Returns the line and column of a byte.
    pub(crate) fn position(&self, at: usize) -> Position {
        let line = self.line_starts.partition_point(|start| *start <= at);
        let (from, column) = match self.last.get() {
            (before, place) if place.line == line && before <= at => (before, place.column),
            _ => (self.line_starts[line - 1], 1),
        };
        let Some(between) = self.content.get(from..at) else { return Position { line, column } };
        let position = Position { line, column: column + between.chars().count() };
        self.last.set((at, position));
        position
    }

    /// Returns the line that a byte stands in, from its begin on.
    pub(crate) fn line_from(&self, at: usize) -> &'a str {
        let line = self.line_starts.partition_point(|start| *start <= at);
        self.content.get(self.line_starts[line - 1]..).unwrap_or_default()
    }

    /// Returns how many characters of a span stand on its first line.
    pub(crate) fn length(&self, span: &Range<usize>) -> usize {
        let text = self.content.get(span.clone()).unwrap_or_default();
        text.lines().next().unwrap_or_default().chars().count()
    }

    /// Returns a finding about a span.
    pub(crate) fn finding(&self, code: Code, span: &Range<usize>, message: impl Into<String>) -> Finding {
        Finding::new(code, message).in_file(self.file).at(self.position(span.start), self.length(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let text = Text::new("a", "äb\r\n\u{1f600}c\n");
        let place = |at| {
            let Position { line, column } = text.position(at);
            (line, column)
        };
        assert_eq!([place(0), place(2), place(3), place(5)], [(1, 1), (1, 2), (1, 3), (2, 1)]);
        assert_eq!([place(9), place(10), place(11)], [(2, 2), (2, 3), (3, 1)]);
        assert_eq!(
            [text.line_from(0), text.line_from(3), text.line_from(6)],
            ["äb\r\n\u{1f600}c\n", "äb\r\n\u{1f600}c\n", "\u{1f600}c\n"]
        );
        assert_eq!([place(10), place(3), place(9)], [(2, 3), (1, 3), (2, 2)], "in any order");
        assert_eq!((text.length(&(0..9)), text.length(&(5..10)), text.length(&(11..11))), (2, 2, 0));
    }

    #[test]
    fn bytes_that_are_no_text_have_a_place_too() {
        let error = Text::decode("a", b"ab\n\xc3\xa4\xff").unwrap_err();
        assert_eq!(error.position, Position { line: 2, column: 2 });
        assert_eq!(Text::decode("a", b"\xff\xfe{\0").unwrap_err().guess, Some("UTF-16"));
    }
}
