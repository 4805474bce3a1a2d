//! Which lines differ between two texts.

use std::{collections::HashMap, fmt::Write as _, ops::Range};

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

use super::masked_lines::masked;

/// How many lines that both have are shown before and behind those that differ.
const CONTEXT: usize = 3;
/// The most lines of a text that is compared (400,000 shuffled lines took 40 s, and nobody reads that).
const MOST: usize = 100_000;

/// A line of a hunk, masked where it shows a secret, without its line feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it stands.
    pub change: LineChange,
    /// What it says.
    pub text: String,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineChange {
    /// In both texts.
    Same,
    /// Only in the second.
    Added,
    /// Only in the first.
    Removed,
}

/// Lines that differ, with some that don't around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Its first line in the first text, counted from 1, and how many lines it has there.
    pub old: (usize, usize),
    /// The same in the second text.
    pub new: (usize, usize),
    /// The lines.
    pub lines: Vec<Line>,
}

/// The lines in which two texts differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinesChange {
    /// The places, in order.
    pub hunks: Vec<Hunk>,
}

impl Hunk {
    /// Returns its head as in a unified diff, `@@ -1,2 +1,3 @@`. Where it has no lines, the line before is named.
    pub fn head(&self) -> String {
        let range = |(start, count): (usize, usize)| match count {
            0 => format!("{},0", start - 1),
            1 => format!("{start}"),
            _ => format!("{start},{count}"),
        };
        format!("@@ -{} +{} @@", range(self.old), range(self.new))
    }
}

impl LinesChange {
    /// Returns how many lines all hunks have.
    pub fn len(&self) -> usize {
        self.hunks.iter().map(|hunk| hunk.lines.len()).sum()
    }

    /// Returns whether no line differs.
    pub fn is_empty(&self) -> bool {
        self.hunks.is_empty()
    }

    /// Returns how many lines stand where `change` says.
    pub fn count(&self, change: LineChange) -> usize {
        self.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.change == change).count()
    }

    /// Returns the hunks as a unified diff, without the two lines with the names of the files.
    pub fn to_unified(&self) -> String {
        let mut text = String::new();
        for hunk in &self.hunks {
            writeln!(text, "{}", hunk.head()).expect("a String takes all");
            for line in &hunk.lines {
                writeln!(text, "{}{}", line.change.sign(), line.text).expect("a String takes all");
            }
        }
        text
    }
}

impl LineChange {
    /// Returns the first character of the line in a unified diff.
    pub fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Added => '+',
            Self::Removed => '-',
        }
    }
}

/// Returns the lines that differ between two files of this name, unless there are too many. What ends a line is not compared.
pub(super) fn compare(path: &str, old: &str, new: &str) -> Option<LinesChange> {
    let (before, after) = (split(old), split(new));
    if before.len().max(after.len()) > MOST {
        return None;
    }
    // Lines are long and numbers are not: each different line is hashed once.
    let mut numbers = HashMap::new();
    let (before, after) = (numbered(&before, &mut numbers), numbered(&after, &mut numbers));
    let operations = capture_diff_slices(Algorithm::Myers, &before, &after);
    let groups = group_diff_ops(operations, CONTEXT);
    if groups.is_empty() {
        return Some(LinesChange::default());
    }
    let shown = (masked(path, old), masked(path, new));
    let hunks = groups.iter().map(|group| hunk(group, &shown.0, &shown.1)).collect();
    Some(LinesChange { hunks })
}

/// Returns the lines of a text as they are compared and shown.
pub(super) fn split(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// Returns a number for each line, the same for the same line.
fn numbered<'a>(lines: &[&'a str], numbers: &mut HashMap<&'a str, usize>) -> Vec<usize> {
    let mut number = |line: &&'a str| {
        let next = numbers.len();
        *numbers.entry(*line).or_insert(next)
    };
    lines.iter().map(&mut number).collect()
}

fn hunk(operations: &[DiffOp], old: &[String], new: &[String]) -> Hunk {
    let mut lines = Vec::new();
    let mut add = |change, texts: &[String], range: Range<usize>| {
        lines.extend(texts[range].iter().map(|text| Line { change, text: text.clone() }));
    };
    for operation in operations {
        let (before, after) = (operation.old_range(), operation.new_range());
        if matches!(operation, DiffOp::Equal { .. }) {
            add(LineChange::Same, new, after);
        } else {
            add(LineChange::Removed, old, before);
            add(LineChange::Added, new, after);
        }
    }
    let span = |range: fn(&DiffOp) -> Range<usize>| {
        let first = operations.first().map_or(0, |operation| range(operation).start);
        let end = operations.last().map_or(0, |operation| range(operation).end);
        (first + 1, end - first)
    };
    Hunk { old: span(DiffOp::old_range), new: span(DiffOp::new_range), lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unified_diff_is_what_diff_u_prints() {
        let old: Vec<_> = (1..=20).map(|line| format!("line {line}\n")).collect();
        let old = old.concat();
        let new = old.replace("line 3\n", "").replace("line 15\n", "line fifteen\nmore\n");
        let change = compare("README.md", &old, &new).unwrap();
        assert_eq!(
            change.to_unified(),
            "@@ -1,6 +1,5 @@\n line 1\n line 2\n-line 3\n line 4\n line 5\n line 6\n\
             @@ -12,7 +11,8 @@\n line 12\n line 13\n line 14\n-line 15\n+line fifteen\n+more\n line 16\n line 17\n line 18\n"
        );
        assert_eq!((change.count(LineChange::Added), change.count(LineChange::Removed)), (2, 2));
        assert_eq!(compare("a", "", "x\n").unwrap().to_unified(), "@@ -0,0 +1 @@\n+x\n");
        assert_eq!(compare("a", "x\n", "x"), Some(LinesChange::default()));
        assert_eq!(compare("a", "", &"\n".repeat(MOST + 1)), None);
    }

    #[test]
    fn secrets_are_masked_and_their_change_is_seen() {
        let change = compare("values.yaml", "a: 1\nadminPassword: one\n", "a: 1\nadminPassword: two\n").unwrap();
        assert_eq!(change.to_unified(), "@@ -1,2 +1,2 @@\n a: 1\n-adminPassword: ********\n+adminPassword: ********\n");
    }
}
