//! A strict JSON reader with positions (RFC 8259).
//!
//! It accepts exactly what other readers of a pack.json accept, Go's among them, and says at the place of a fault what JSON wants
//! there. After the faults that people make (a trailing comma, a comment, a byte-order mark, single quotes) it goes on, so that
//! the findings of the rest of the file appear too. Where it cannot go on, the document is not complete, and nobody should
//! conclude from a field that is not there.

mod parser;
mod scan;
#[cfg(test)]
mod tests;

use std::ops::Range;

/// A byte range of the text.
pub(crate) type Span = Range<usize>;

/// How deep objects and arrays may be nested.
pub(crate) const DEEPEST: usize = 128;

/// How many faults are told of one text: more say nothing new.
pub(crate) const MOST_PROBLEMS: usize = 20;

/// A text that was read as JSON.
#[derive(Debug)]
pub(crate) struct Document {
    /// The value, as far as it could be read.
    pub(crate) root: Option<Value>,
    /// Whether the text was read to its end.
    pub(crate) complete: bool,
    /// What is wrong.
    pub(crate) problems: Vec<Problem>,
}

/// A value and where it stands.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    /// A number as it is written.
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<Member>),
    /// What stands there is no JSON; a problem tells of it.
    Invalid,
}

/// A property of an object.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) name_span: Span,
    pub(crate) value: Value,
}

/// Something that JSON does not allow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) fault: Fault,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) span: Span,
    /// Another place that explains it, and how.
    pub(crate) related: Option<(String, Span)>,
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Syntax,
    DuplicateKey,
}

impl Problem {
    fn new(span: Span, message: String) -> Self {
        Self { fault: Fault::Syntax, message, hint: None, span, related: None }
    }

    fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }

    fn hint_if(&mut self, hint: Option<&str>) -> &mut Self {
        self.hint = hint.map(str::to_owned);
        self
    }

    fn related(&mut self, label: impl Into<String>, span: Span) -> &mut Self {
        self.related = Some((label.into(), span));
        self
    }

    fn because(&mut self, fault: Fault) -> &mut Self {
        self.fault = fault;
        self
    }
}

/// Reads a text as JSON.
pub(crate) fn parse(text: &str) -> Document {
    parser::Parser::new(text).document()
}

impl Value {
    /// Returns what it is, with its article.
    pub(crate) fn describe(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::String(_) => "a string",
            Kind::Array(_) => "an array",
            Kind::Object(_) => "an object",
            Kind::Invalid => "no JSON",
        }
    }

    /// Returns the text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether it is null or a text of nothing but spaces.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self.kind, Kind::Null) || self.as_str().is_some_and(|text| text.trim().is_empty())
    }

    /// Returns the value in the form that other code takes. A number that is too large for it stays as its text.
    pub(crate) fn to_serde(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Null | Kind::Invalid => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Number(text) => text.parse().map_or_else(|_| text.as_str().into(), serde_json::Value::Number),
            Kind::String(text) => text.as_str().into(),
            Kind::Array(items) => items.iter().map(Self::to_serde).collect(),
            Kind::Object(members) => {
                members.iter().map(|member| (member.name.clone(), member.value.to_serde())).collect()
            }
        }
    }
}
