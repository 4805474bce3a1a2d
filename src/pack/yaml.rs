//! YAML with positions: one document as a tree, and its faults in words.
//!
//! The parser is the one of `serde-saphyr`, asked for its events: so a key that stands twice is found with both places, aliases
//! are never expanded (an alias bomb stays as small as it is written), and nesting is limited. Keys are compared as they are
//! written after unescaping, because Helm turns YAML into JSON, where every key is a string.

mod words;

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};

use super::report::Position;

/// How deep mappings and lists may be nested.
const DEEPEST: usize = 128;

/// How many keys that stand twice are told of one text: more say nothing new.
pub(crate) const MOST_DUPLICATES: usize = 20;

/// A text that was read as YAML.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// The first document, unless the text has none.
    pub(crate) root: Option<Node>,
    /// Keys that stand twice in one mapping.
    pub(crate) duplicates: Vec<Duplicate>,
    /// Where a second document with content begins.
    pub(crate) further: Option<Position>,
}

/// A value and where it begins.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) position: Position,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// A text, number, boolean or null; plain where it is not in quotes and no block.
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence,
    Mapping(Vec<(Key, Node)>),
    Alias,
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its text, unless it is no scalar.
    pub(crate) text: Option<String>,
}

/// A key that stands twice.
#[derive(Debug)]
pub(crate) struct Duplicate {
    pub(crate) key: String,
    pub(crate) first: Position,
    pub(crate) second: Position,
    /// The characters of the second.
    pub(crate) length: usize,
}

/// Where a text stops being YAML, and what YAML wants there.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) position: Position,
    pub(crate) tab: bool,
}

/// Reads a text as YAML.
pub(crate) fn parse(text: &str) -> Result<Document, Problem> {
    let (document, problem) = read(text);
    problem.map_or(Ok(document), Err)
}

/// Reads a text as YAML to its end, or to the problem where it stops being YAML. What is found before that is kept.
pub(crate) fn read(text: &str) -> (Document, Option<Problem>) {
    let mut reader = Reader { parser: Parser::new_from_str(text), document: Document::default() };
    let problem = reader.document().err().map(|error| match error {
        Refusal::Syntax(error) => words::problem(text, &error),
        Refusal::TooDeep(position) => {
            let message = format!("nested more than {DEEPEST} levels deep");
            Problem { message, position, tab: false }
        }
    });
    (reader.document, problem)
}

struct Reader<'text> {
    parser: Parser<'text, serde_saphyr::granit_parser::StrInput<'text>>,
    document: Document,
}

enum Refusal {
    Syntax(ScanError),
    TooDeep(Position),
}

type Step<'text> = (Event<'text>, Span);

impl<'text> Reader<'text> {
    fn document(&mut self) -> Result<(), Refusal> {
        while let Some((event, span)) = self.next()? {
            if !event.is_node() {
                continue;
            }
            let node = self.node((event, span), 0)?;
            if self.document.root.is_none() {
                self.document.root = Some(node);
            } else if self.document.further.is_none() && !node.is_null() {
                self.document.further = Some(node.position);
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Step<'text>>, Refusal> {
        self.parser.next_event().transpose().map_err(Refusal::Syntax)
    }

    /// Reads the node that begins with an event. The parser limits how deep that can go, and so does this.
    fn node(&mut self, (event, span): Step<'text>, depth: usize) -> Result<Node, Refusal> {
        let position = position(span.start);
        if depth > DEEPEST {
            return Err(Refusal::TooDeep(position));
        }
        let kind = match event {
            Event::Scalar(text, style, ..) => {
                Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => {
                while let Some(item) = self.next_within(&Event::SequenceEnd)? {
                    self.node(item, depth + 1)?;
                }
                Kind::Sequence
            }
            Event::MappingStart(..) => Kind::Mapping(self.mapping(depth)?),
            _ => Kind::Alias,
        };
        Ok(Node { kind, position })
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<(Key, Node)>, Refusal> {
        let mut members = Vec::new();
        let mut places: BTreeMap<String, Position> = BTreeMap::new();
        while let Some((event, span)) = self.next_within(&Event::MappingEnd)? {
            let key = self.node((event, span), depth + 1)?;
            let text = match key.kind {
                Kind::Scalar { text, .. } => Some(text),
                _ => None,
            };
            // `<<` merges another mapping into this one, and may do so more than once.
            if let Some(text) = text.as_ref().filter(|text| *text != "<<") {
                if let Some(first) = places.get(text) {
                    self.twice(text, *first, key.position, span.len());
                } else {
                    places.insert(text.clone(), key.position);
                }
            }
            let Some(value) = self.next_within(&Event::MappingEnd)? else { break };
            members.push((Key { text }, self.node(value, depth + 1)?));
        }
        Ok(members)
    }

    fn twice(&mut self, key: &str, first: Position, second: Position, length: usize) {
        if self.document.duplicates.len() < MOST_DUPLICATES {
            self.document.duplicates.push(Duplicate { key: key.to_owned(), first, second, length: length.max(1) });
        }
    }

    /// Returns the next node of a collection, or nothing at its end.
    fn next_within(&mut self, end: &Event<'_>) -> Result<Option<Step<'text>>, Refusal> {
        while let Some((event, span)) = self.next()? {
            if event.is_node() {
                return Ok(Some((event, span)));
            }
            if event == *end {
                break;
            }
        }
        Ok(None)
    }
}

impl Node {
    /// Returns whether it is null, as an empty document is.
    pub(crate) fn is_null(&self) -> bool {
        let Kind::Scalar { text, plain: true } = &self.kind else { return false };
        matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Returns whether it is a mapping.
    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.kind, Kind::Mapping(_))
    }

    /// Returns the text of a scalar that is a string for Helm: not null, and no number or boolean without quotes.
    pub(crate) fn string(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, plain: false } => Some(text),
            Kind::Scalar { text, .. } => {
                let other = self.is_null() || text.parse::<f64>().is_ok() || matches!(text.as_str(), "true" | "false");
                (!other).then_some(text)
            }
            _ => None,
        }
    }

    /// Returns the value of a key, where it is a mapping that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Kind::Mapping(members) = &self.kind else { return None };
        members.iter().find(|(key, _)| key.text.as_deref() == Some(name)).map(|(_, value)| value)
    }

    /// Returns what it is, with its article.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Scalar { .. } => "a single text",
            Kind::Sequence => "a list",
            Kind::Mapping(_) => "a mapping",
            Kind::Alias => "an alias",
        }
    }
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn a_key_that_stands_twice_has_two_places() {
        let text =
            "a: {x: 1, 'x': 2}\nb:\n  - c: 1\n    d: 2\n    c: 3\nü: &anchor {}\n<<: *anchor\n<<: *anchor\na: 4\n";
        let document = parse(text).unwrap();
        let told: Vec<_> = document
            .duplicates
            .iter()
            .map(|found| (found.key.as_str(), found.first, found.second, found.length))
            .collect();
        assert_eq!(told, [("x", at(1, 5), at(1, 11), 3), ("c", at(3, 5), at(5, 5), 1), ("a", at(1, 1), at(9, 1), 1)]);
    }

    #[test]
    fn what_stands_twice_is_limited_and_kept_before_a_problem() {
        assert_eq!(parse(&"a: 1\n".repeat(1000)).unwrap().duplicates.len(), MOST_DUPLICATES);
        let (document, problem) = read("a: {x: 1, x: 2}\nb: ]\n");
        assert_eq!(document.duplicates.iter().map(|found| found.second).collect::<Vec<_>>(), [at(1, 11)]);
        assert_eq!(problem.unwrap().position, at(2, 4));
    }

    #[test]
    fn empty_texts_and_several_documents() {
        for text in ["", "\n", "# only a comment", "---\n", "--- \n# x\n...\n", "~", "\u{feff}"] {
            let document = parse(text).unwrap();
            assert!(document.root.is_none_or(|root| root.is_null()), "{text:?}");
        }
        assert_eq!(parse("a: 1\n---\n").unwrap().further, None);
        assert_eq!(parse("---\na: 1\n---\n# x\nb: 2\n").unwrap().further, Some(at(5, 1)));
        assert_eq!(parse("a: b").unwrap().root.unwrap().get("a").unwrap().position, at(1, 4));
    }

    #[test]
    fn depth_is_limited_and_aliases_stay_small() {
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(&deep(100)).is_ok());
        assert_eq!(parse(&deep(200)).unwrap_err().message, "nested more than 128 levels deep");
        assert!(parse(&"- ".repeat(100_000)).is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
        let levels = (1..100).map(|level| {
            let alias = format!("*a{}", level - 1);
            format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "))
        });
        let bomb: Vec<_> = std::iter::once("a0: &a0 [x]\n".to_owned()).chain(levels).collect();
        assert!(parse(&bomb.concat()).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[a-c:\\-\\[\\]{}&*!|>'\"%@#,?~ \t\nä]{0,60}") {
            if let Err(problem) = parse(&text) {
                prop_assert!(problem.position.line >= 1 && problem.position.column >= 1);
                prop_assert!(!problem.message.is_empty());
            }
        }
    }
}
