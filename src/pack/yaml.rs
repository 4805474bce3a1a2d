//! YAML with positions: one document as a tree, and its faults in words.
//!
//! The parser is the one of `serde-saphyr`, asked for its events: so a key that stands twice is found with both places, and
//! nesting is limited. An alias is replaced by what it stands for and `<<` by the keys it merges, as Helm sees them, within a
//! budget of values that an alias bomb passes at once. Keys are compared as they are written after unescaping, because Helm turns
//! YAML into JSON, where every key is a string.
//!
//! Places are those of the first character of a key or value: of its quote, and in a block after `|` of the first line below.

mod read;
mod words;

use std::ops::Range;

use serde_saphyr::granit_parser::Marker;

use super::report::Position;

pub(crate) use read::{documents, parse, read};

/// How deep mappings and lists may be nested.
pub(crate) const DEEPEST: usize = 128;

/// How many values a text may have, those counted each time that an alias stands for.
pub(crate) const MOST_VALUES: usize = 250_000;

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

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) position: Position,
    /// Its bytes in the text, with its quotes; of a mapping or list only where it begins.
    pub(crate) span: Range<usize>,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A text, number, boolean or null.
    Scalar { text: String, style: Style },
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping in the order of the text; keys that `<<` brings come last.
    Mapping(Vec<(Key, Node)>),
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `text`
    Plain,
    /// `'text'` or `"text"`
    Quoted,
    /// The lines below a `|` or `>`.
    Block,
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    /// Its text, unless it is no scalar.
    pub(crate) text: Option<String>,
    pub(crate) position: Position,
    /// Its characters in the text.
    pub(crate) length: usize,
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

impl Node {
    /// Returns whether it is null, as an empty document is.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.plain(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    /// Returns whether it is a mapping.
    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.kind, Kind::Mapping(_))
    }

    /// Returns the text of a scalar, whatever its type.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    fn plain(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, style: Style::Plain } => Some(text),
            _ => None,
        }
    }

    /// Returns a boolean as Helm reads it (YAML 1.1: `yes` and `on` are booleans).
    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.plain()? {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
            _ => None,
        }
    }

    /// Returns whether it is a number without quotes.
    pub(crate) fn is_number(&self) -> bool {
        self.plain().is_some_and(|text| text.parse::<f64>().is_ok())
    }

    /// Returns the text of a scalar that is a string for Helm: not null, and no number or boolean without quotes.
    pub(crate) fn string(&self) -> Option<&str> {
        let other = self.is_null() || self.is_number() || matches!(self.plain(), Some("true" | "false"));
        self.scalar().filter(|_| !other)
    }

    /// Returns the members of a mapping whose key is a text; none of anything else.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Key, &Self)> {
        let members: &[(Key, Self)] = match &self.kind {
            Kind::Mapping(members) => members,
            _ => &[],
        };
        members.iter().filter_map(|(key, value)| Some((key.text.as_deref()?, key, value)))
    }

    /// Returns the items of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// Returns a member of a mapping.
    pub(crate) fn member(&self, name: &str) -> Option<(&Key, &Self)> {
        self.members().find(|(text, ..)| *text == name).map(|(_, key, value)| (key, value))
    }

    /// Returns the value of a key, where it is a mapping that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.member(name).map(|(_, value)| value)
    }

    /// Returns the value at a path of keys.
    pub(crate) fn at<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        path.into_iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns what it is, with its article.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Scalar { .. } if self.is_null() => "nothing",
            Kind::Scalar { .. } if self.is_number() => "a number",
            Kind::Scalar { .. } if self.boolean().is_some() => "a boolean",
            Kind::Scalar { .. } => "a single text",
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
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
        assert_eq!(parse(&bomb.concat()).unwrap_err().message, "more than 250000 values, aliases counted");
        let chain = (1..200).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1));
        let chain: Vec<_> = std::iter::once("a0: &a0 [x]\n".to_owned()).chain(chain).collect();
        assert_eq!(parse(&chain.concat()).unwrap_err().message, "nested more than 128 levels deep");
        assert_eq!(parse("a: &a [*a]").unwrap_err().message, "this alias stands for what it is a part of");
        assert!(parse(&"- a\n".repeat(600_000)).is_err());
    }

    #[test]
    fn aliases_and_merges_are_what_they_stand_for() {
        let text = "base: &b {x: 1, y: {z: 2}}\nsame: *b\nmore:\n  y: own\n  <<: [*b, {w: 3, x: 9}]\n";
        let root = parse(text).unwrap().root.unwrap();
        assert_eq!(root.get("same"), root.get("base"));
        let more: Vec<_> = root.get("more").unwrap().members().map(|(key, _, value)| (key, value.scalar())).collect();
        assert_eq!(more, [("y", Some("own")), ("x", Some("1")), ("w", Some("3"))]);
        assert_eq!(root.at(["same", "y", "z"]).unwrap().position, at(1, 24));
        let block = parse("a:\n  - |\n    text\n  - 'q'\n").unwrap().root.unwrap();
        let [literal, quoted] = block.get("a").unwrap().items() else { panic!("{block:?}") };
        assert_eq!((literal.scalar(), literal.position), (Some("text\n"), at(3, 5)));
        assert_eq!((quoted.scalar(), quoted.span.clone()), (Some("q"), 22..25));
        let types = parse("{n: 1, t: yes, s: 'no', z: ~, m: '1'}").unwrap().root.unwrap();
        let of = |name| types.get(name).unwrap();
        assert_eq!((of("n").string(), of("m").string(), of("s").boolean()), (None, Some("1"), None));
        assert_eq!((of("t").boolean(), of("t").string(), of("z").is_null()), (Some(true), Some("yes"), true));
        assert_eq!(documents("a\n---\nb\n").unwrap().len(), 2);
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
