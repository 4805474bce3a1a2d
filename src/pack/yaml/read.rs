//! Builds the tree from the parser's events.

use std::{collections::BTreeMap, mem};

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::{
    DEEPEST, Document, Duplicate, Key, Kind, MOST_DUPLICATES, MOST_VALUES, Node, Position, Problem, Style, position,
    words,
};

/// Reads a text as YAML.
pub(crate) fn parse(text: &str) -> Result<Document, Problem> {
    let (document, problem) = read(text);
    problem.map_or(Ok(document), Err)
}

/// Reads a text as YAML to its end, or to the problem where it stops being YAML. What is found before that is kept.
pub(crate) fn read(text: &str) -> (Document, Option<Problem>) {
    let mut reader = Reader::new(text);
    let mut document = Document::default();
    let refusal = reader.each_document(|root| {
        if document.root.is_none() {
            document.root = Some(root);
        } else if document.further.is_none() && !root.is_null() {
            document.further = Some(root.position);
        }
    });
    document.duplicates = reader.duplicates;
    (document, refusal.err().map(|refusal| refusal.problem(text)))
}

/// Reads all documents of a text.
pub(crate) fn documents(text: &str) -> Result<Vec<Node>, Problem> {
    let mut roots = Vec::new();
    Reader::new(text).each_document(|root| roots.push(root)).map_err(|refusal| refusal.problem(text))?;
    Ok(roots)
}

struct Reader<'text> {
    parser: Parser<'text, StrInput<'text>>,
    duplicates: Vec<Duplicate>,
    /// What is named with `&`, with the number of its values and of its levels.
    anchors: BTreeMap<usize, (Node, Measure)>,
    values: usize,
}

enum Refusal {
    Syntax(ScanError),
    TooDeep(Position),
    TooMany(Position),
    WithinItself(Position),
}

impl Refusal {
    fn problem(self, text: &str) -> Problem {
        let (message, position) = match self {
            Self::Syntax(error) => return words::problem(text, &error),
            Self::TooDeep(position) => (format!("nested more than {DEEPEST} levels deep"), position),
            Self::TooMany(position) => (format!("more than {MOST_VALUES} values, aliases counted"), position),
            Self::WithinItself(position) => ("this alias stands for what it is a part of".to_owned(), position),
        };
        Problem { message, position, tab: false }
    }
}

type Step<'text> = (Event<'text>, Span);

/// How large a value is.
#[derive(Clone, Copy, Default)]
struct Measure {
    values: usize,
    levels: usize,
}

impl<'text> Reader<'text> {
    fn new(text: &'text str) -> Self {
        let parser = Parser::new_from_str(text);
        Self { parser, duplicates: Vec::new(), anchors: BTreeMap::new(), values: 0 }
    }

    fn each_document(&mut self, mut take: impl FnMut(Node)) -> Result<(), Refusal> {
        while let Some((event, span)) = self.next()? {
            if event.is_node() {
                take(self.node((event, span), 0)?.0);
            }
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Step<'text>>, Refusal> {
        self.parser.next_event().transpose().map_err(Refusal::Syntax)
    }

    /// Reads the node that begins with an event. The parser limits how deep that can go, and so does this.
    fn node(&mut self, (event, span): Step<'text>, depth: usize) -> Result<(Node, Measure), Refusal> {
        let position = position(span.start);
        if depth > DEEPEST {
            return Err(Refusal::TooDeep(position));
        }
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(Refusal::TooMany(position));
        }
        let before = self.values;
        let mut levels = 0;
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                (Kind::Scalar { text: text.into_owned(), style }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                while let Some(item) = self.next_within(&Event::SequenceEnd)? {
                    let (item, measure) = self.node(item, depth + 1)?;
                    levels = levels.max(measure.levels + 1);
                    items.push(item);
                }
                (Kind::Sequence(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                let (members, below) = self.mapping(depth)?;
                levels = below;
                (Kind::Mapping(members), anchor)
            }
            Event::Alias(anchor) => return self.alias(anchor, depth, position),
            _ => (Kind::Scalar { text: String::new(), style: Style::Plain }, 0),
        };
        let node = Node { kind, position, span: span.byte_range().unwrap_or_default() };
        let measure = Measure { values: self.values - before + 1, levels };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), measure));
        }
        Ok((node, measure))
    }

    /// Returns what an alias stands for.
    fn alias(&mut self, anchor: usize, depth: usize, position: Position) -> Result<(Node, Measure), Refusal> {
        let (node, measure) = self.anchors.get(&anchor).ok_or(Refusal::WithinItself(position))?;
        if depth + measure.levels > DEEPEST {
            return Err(Refusal::TooDeep(position));
        }
        self.values += measure.values - 1;
        if self.values > MOST_VALUES {
            return Err(Refusal::TooMany(position));
        }
        Ok((node.clone(), *measure))
    }

    /// Reads the members of a mapping, and how many levels are below it.
    fn mapping(&mut self, depth: usize) -> Result<(Vec<(Key, Node)>, usize), Refusal> {
        let mut members: Vec<(Key, Node)> = Vec::new();
        let mut places: BTreeMap<String, Position> = BTreeMap::new();
        let mut merged = Vec::new();
        let mut levels = 0;
        while let Some((event, span)) = self.next_within(&Event::MappingEnd)? {
            let (key, _) = self.node((event, span), depth + 1)?;
            let Some(value) = self.next_within(&Event::MappingEnd)? else { break };
            let (value, measure) = self.node(value, depth + 1)?;
            levels = levels.max(measure.levels + 1);
            let key = Key {
                position: key.position,
                length: span.len().max(1),
                text: match key.kind {
                    Kind::Scalar { text, .. } => Some(text),
                    _ => None,
                },
            };
            match &key.text {
                // `<<` merges another mapping into this one, and may do so more than once.
                Some(text) if text == "<<" => {
                    merged.push(value);
                    continue;
                }
                Some(text) => match places.get(text) {
                    Some(first) => self.twice(text, *first, &key),
                    None => drop(places.insert(text.clone(), key.position)),
                },
                None => {}
            }
            members.push((key, value));
        }
        for member in merged.into_iter().flat_map(merged_members) {
            if member.0.text.as_ref().is_none_or(|text| !places.contains_key(text)) {
                places.extend(member.0.text.clone().map(|text| (text, member.0.position)));
                members.push(member);
            }
        }
        Ok((members, levels))
    }

    fn twice(&mut self, key: &str, first: Position, second: &Key) {
        if self.duplicates.len() < MOST_DUPLICATES {
            let (second, length) = (second.position, second.length);
            self.duplicates.push(Duplicate { key: key.to_owned(), first, second, length });
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

/// Returns the members of what stands behind `<<`: a mapping, or a list of them of which the first counts.
fn merged_members(mut value: Node) -> Vec<(Key, Node)> {
    match &mut value.kind {
        Kind::Mapping(members) => mem::take(members),
        Kind::Sequence(items) => mem::take(items).into_iter().flat_map(merged_members).collect(),
        Kind::Scalar { .. } => Vec::new(),
    }
}
