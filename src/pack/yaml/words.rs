//! What the parser has to say, in the words of somebody who edits the file.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::{Position, Problem, position};

pub(super) fn problem(text: &str, error: &ScanError) -> Problem {
    use ErrorKind as Is;
    let mut place = position(*error.marker());
    let told_of_tab = matches!(
        error.kind(),
        Is::TabNotAllowed
            | Is::TabInBlockIndentation
            | Is::TabInIndentation
            | Is::TabAtBlockScalarStart
            | Is::TabInPlainScalar
    );
    let message = match error.kind() {
        _ if told_of_tab => "a tab may not stand here".to_owned(),
        Is::MappingValueNotAllowed | Is::InvalidColonPlacement => "a `:` may not stand here".into(),
        Is::InvalidIndentation | Is::InvalidQuotedScalarIndent | Is::InvalidFlowScalarIndent => {
            "expected this line to be indented like its neighbours".into()
        }
        Is::InvalidBlockScalarIndent => "expected this line to be indented like the lines of the block above".into(),
        Is::ExpectedBlockMappingKey => "expected a key with the indentation of the keys above".into(),
        Is::ExpectedBlockSequenceEntry => "expected `- ` with the indentation of the items above".into(),
        Is::SimpleKeyExpected | Is::InvalidSimpleKey => "expected `:` after this key".into(),
        Is::ExpectedFlowMappingSeparator => "expected `,` or `}`".into(),
        Is::ExpectedFlowSequenceSeparator => "expected `,` or `]`".into(),
        Is::UnclosedFlowCollection { open } => format!("this `{open}` is never closed"),
        Is::MismatchedFlowCollectionEnd { open, close } => format!("`{open}` is closed with `{close}`"),
        Is::MisplacedFlowCollectionEnd => "this bracket closes nothing".into(),
        Is::UnexpectedEofFlowSequence => "expected `]`, found the end of the file".into(),
        Is::UnexpectedEofFlowMapping | Is::UnexpectedEofImplicitFlowMapping => {
            "expected `}`, found the end of the file".into()
        }
        Is::UnclosedQuotedScalar => "this quote is never closed".into(),
        Is::UnknownAnchor => "this `*name` stands for no `&name` above".into(),
        Is::BlockSequenceEntryNotAllowed | Is::BlockEntryInFlowCollection => "a list may not begin here".into(),
        Is::MappingKeyNotAllowed => "a key may not stand here".into(),
        Is::ExpectedNodeContent => "expected a value".into(),
        Is::UnexpectedCharacter { character: '`' } => "a text may not begin with a backtick: put it in quotes".into(),
        Is::UnexpectedCharacter { character } if character.is_control() => {
            "a control character may not stand here: in double quotes it is written as `\\x00`".into()
        }
        Is::UnexpectedCharacter { character } => {
            format!("a text may not begin with `{character}`: put it in quotes")
        }
        Is::InvalidTrailingSingleQuotedScalar | Is::InvalidTrailingDoubleQuotedScalar => {
            "expected the end of the value after the closing quote".into()
        }
        Is::RecursionLimitExceeded => "nested too deep".into(),
        kind => kind.to_string(),
    };
    // The parser notices a tab only at the text behind it, or at the end of the line before.
    let lines = if told_of_tab { place.line..place.line + 2 } else { place.line..place.line + 1 };
    let tab = lines.into_iter().find_map(|line| Some(Position { line, column: leading_tab(text, line)? }));
    if let Some(tab) = tab {
        place = tab;
    }
    let message = if tab.is_some() { "expected spaces, found a tab".into() } else { message };
    Problem { message, position: place, tab: tab.is_some() }
}

/// Returns the column of a tab before the text of a line.
fn leading_tab(text: &str, line: usize) -> Option<usize> {
    let line = text.lines().nth(line - 1)?;
    let indentation = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
    indentation.find('\t').map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn faults_are_told_in_plain_words() {
        let cases = [
            ("pack:\n\tnamespace: x\n", "2:1 expected spaces, found a tab"),
            ("a:\n  b: 1\n \tc: 2\n", "3:2 expected spaces, found a tab"),
            ("a: b: c\n", "1:5 a `:` may not stand here"),
            ("a:\n  b: 1\n c: 2\n", "3:2 expected a key with the indentation of the keys above"),
            ("a: [1, 2\nb: 3\n", "2:2 a `:` may not stand here"),
            ("a: {x: 1\n", "1:4 this `{` is never closed"),
            ("a: \"x\n", "1:4 this quote is never closed"),
            ("a: 'x' y\n", "1:8 expected the end of the value after the closing quote"),
            ("a: *b\n", "1:4 this `*name` stands for no `&name` above"),
            ("a: @b\n", "1:4 a text may not begin with `@`: put it in quotes"),
            (
                "a: \"b\u{0}c\"\n",
                "1:6 a control character may not stand here: in double quotes it is written as `\\x00`",
            ),
            ("a: `b`\n", "1:4 a text may not begin with a backtick: put it in quotes"),
            ("- a\nb: 1\n", "2:1 expected `- ` with the indentation of the items above"),
            ("a: 1\n- b\n", "2:3 expected a key with the indentation of the keys above"),
            ("a: ]\n", "1:4 this bracket closes nothing"),
        ];
        for (text, expected) in cases {
            let problem = parse(text).unwrap_err();
            let told = format!("{}:{} {}", problem.position.line, problem.position.column, problem.message);
            assert_eq!(told, expected, "{text:?}");
        }
    }
}
