//! The structure: values, objects and arrays, and how to go on after a fault.
//!
//! Where reading cannot go on, it jumps to the end: what was read so far stays, and nothing more is told.

use std::collections::BTreeMap;

use super::{DEEPEST, Document, Fault, Kind, MOST_PROBLEMS, Member, Problem, Span, Value};

pub(super) struct Parser<'text> {
    pub(super) text: &'text str,
    pub(super) at: usize,
    problems: Vec<Problem>,
    depth: usize,
    stopped: bool,
    /// The problem after the end, which nobody is told.
    untold: Problem,
}

/// What stood before, within an object or an array.
enum Before {
    Open,
    Comma(usize),
    Item(usize),
}

impl<'text> Parser<'text> {
    pub(super) fn new(text: &'text str) -> Self {
        Self { text, at: 0, problems: Vec::new(), depth: 0, stopped: false, untold: Problem::new(0..0, String::new()) }
    }

    pub(super) fn document(mut self) -> Document {
        if self.text.starts_with('\u{feff}') {
            self.at = '\u{feff}'.len_utf8();
            self.tell(0..self.at, "expected `{`, found a byte-order mark").hint("save the file as UTF-8 without it");
        }
        self.space();
        let root = if self.at == self.text.len() {
            self.stop(self.here(), "expected `{`, found the end of the file");
            None
        } else {
            Some(self.value())
        };
        self.space();
        if self.at < self.text.len() {
            let message = format!("expected the end of the file, found {}", self.found());
            self.stop(self.here(), message);
        }
        Document { root, complete: !self.stopped, problems: self.problems }
    }

    fn value(&mut self) -> Value {
        let (start, stopped) = (self.at, self.stopped);
        let kind = match self.peek() {
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::array),
            Some('"' | '\'') => Kind::String(self.string()),
            Some('-' | '+' | '.' | '0'..='9') => self.number(),
            Some(character) if character.is_alphabetic() || character == '_' => self.word(),
            found => {
                let message = format!("expected a value, found {}", self.found());
                if matches!(found, Some(',' | '}')) {
                    self.tell(self.here(), message);
                } else {
                    let curly = matches!(found, Some('“' | '”' | '„' | '‘' | '’' | '`'));
                    let hint = curly.then_some("write straight double quotes");
                    self.stop(self.here(), message).hint_if(hint);
                }
                Kind::Invalid
            }
        };
        let kind = match kind {
            Kind::Object(_) => kind,
            Kind::Array(items) if !items.is_empty() => Kind::Array(items),
            // Half a text is not the text that was meant, and an array that was cut off is not an empty one.
            _ if self.stopped && !stopped => Kind::Invalid,
            whole => whole,
        };
        Value { kind, span: start..self.at }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Kind) -> Kind {
        if self.depth == DEEPEST {
            self.stop(self.here(), format!("nested more than {DEEPEST} levels deep"));
            return Kind::Invalid;
        }
        self.depth += 1;
        let kind = read(self);
        self.depth -= 1;
        kind
    }

    fn array(&mut self) -> Kind {
        let mut items = Vec::new();
        self.items(']', "a value", |parser| items.push(parser.value()));
        Kind::Array(items)
    }

    fn object(&mut self) -> Kind {
        let mut members = Vec::new();
        let mut names = BTreeMap::new();
        self.items('}', "a property name", |parser| members.extend(parser.member(&mut names)));
        Kind::Object(members)
    }

    /// Reads what stands between the bracket here and the one that closes it.
    fn items(&mut self, close: char, wanted: &str, mut item: impl FnMut(&mut Self)) {
        let open = self.here();
        self.at += 1;
        let mut before = Before::Open;
        loop {
            self.space();
            match (self.peek(), &before) {
                (Some(found), _) if found == close => {
                    if let Before::Comma(comma) = before {
                        self.trailing_comma(close, wanted, comma);
                    }
                    self.step();
                    return;
                }
                (Some(','), Before::Item(_)) => {
                    before = Before::Comma(self.at);
                    self.at += 1;
                    continue;
                }
                (Some(','), _) => {
                    before = Before::Comma(self.at);
                    self.tell(self.here(), format!("expected {wanted}, found `,`")).hint("delete this comma");
                    self.step();
                    continue;
                }
                (None, before) => {
                    let wanted = match before {
                        Before::Comma(_) => wanted.to_owned(),
                        Before::Open => format!("{wanted} or `{close}`"),
                        Before::Item(_) => format!("`,` or `{close}`"),
                    };
                    let opened = &self.text[open.clone()];
                    let label = format!("this `{opened}` is never closed");
                    let message = format!("expected {wanted}, found the end of the file");
                    self.stop(self.here(), message).related(label, open);
                    return;
                }
                (Some(found), Before::Item(end)) => {
                    let end = *end;
                    let message = format!("expected `,` or `{close}`, found {}", self.found());
                    let begins_an_item = found.is_alphanumeric() || "\"'_-{[".contains(found) && wanted == "a value";
                    if begins_an_item || matches!(found, '"' | '\'') {
                        let last = self.text[..end].chars().next_back().map_or(0, char::len_utf8);
                        self.tell(self.here(), message).related("a comma is missing after this", end - last..end);
                    } else {
                        self.stop(self.here(), message);
                        return;
                    }
                }
                _ => {}
            }
            item(self);
            before = Before::Item(self.at);
        }
    }

    fn trailing_comma(&mut self, close: char, wanted: &str, comma: usize) {
        let what = if close == '}' { "property" } else { "value" };
        self.tell(self.here(), format!("expected {wanted}, found `{close}`"))
            .related(format!("this comma promises another {what}"), comma..comma + 1)
            .hint(format!("JSON allows no comma after the last {what}"));
    }

    fn member(&mut self, names: &mut BTreeMap<String, Span>) -> Option<Member> {
        let start = self.at;
        let name = match self.peek() {
            Some('"' | '\'') => self.string(),
            Some(character) if character.is_alphanumeric() || character == '_' => {
                let word = self.bare_word().to_owned();
                let message = format!("expected a property name in double quotes, found `{word}`");
                self.tell(start..self.at, message).hint(format!("write `\"{word}\"`"));
                word
            }
            _ => {
                let message = format!("expected a property name in double quotes, found {}", self.found());
                self.stop(self.here(), message);
                return None;
            }
        };
        let name_span = start..self.at;
        self.colon(&name_span);
        self.space();
        if self.peek().is_none() {
            let message = format!("expected the value of `{name}`, found the end of the file");
            self.stop(self.here(), message).related("this has no value", name_span);
            return None;
        }
        let value = self.value();
        if let Some(first) = names.get(&name) {
            self.tell(name_span.clone(), format!("the key `{name}` stands twice in one object"))
                .because(Fault::DuplicateKey)
                .related("it stands here already", first.clone())
                .hint("one reader takes the first, another the last: delete one");
        } else {
            names.insert(name.clone(), name_span.clone());
        }
        Some(Member { name, name_span, value })
    }

    fn colon(&mut self, name: &Span) {
        self.space();
        match self.peek() {
            Some(':') => self.at += 1,
            Some('=') => {
                self.tell(self.here(), "expected `:`, found `=`");
                self.step();
            }
            Some('"' | '\'' | '{' | '[') => {
                let message = format!("expected `:`, found {}", self.found());
                self.tell(self.here(), message).related("a colon is missing after this", name.clone());
            }
            _ => {
                let message = format!("expected `:`, found {}", self.found());
                self.stop(self.here(), message).related("a colon is missing after this", name.clone());
            }
        }
    }

    /// Tells a problem; reading goes on unless there were too many.
    pub(super) fn tell(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        let problem = Problem::new(span, message.into());
        if self.stopped {
            self.untold = problem;
            return &mut self.untold;
        }
        self.problems.push(problem);
        if self.problems.len() == MOST_PROBLEMS {
            self.end();
        }
        self.problems.last_mut().expect("one has just been told")
    }

    /// Tells a problem after which reading cannot go on.
    pub(super) fn stop(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        if self.stopped {
            return self.tell(span, message);
        }
        self.tell(span, message);
        self.end();
        self.problems.last_mut().expect("one has just been told")
    }

    fn end(&mut self) {
        self.stopped = true;
        self.at = self.text.len();
    }
}
