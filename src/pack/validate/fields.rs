//! The fields of an object of pack.json, each read as the type it must have.

use std::{collections::BTreeMap, ops::Range};

use super::nearest::nearest;
use crate::pack::{
    json::{Kind, Member, Span, Value},
    report::{Code, Finding, Position},
    text::Text,
};

/// An object, and how its fields are named in a message.
pub(super) struct Fields<'a> {
    text: &'a Text<'a>,
    members: &'a [Member],
    /// The byte where the object begins.
    start: usize,
    prefix: String,
}

impl<'a> Fields<'a> {
    /// Returns the fields of the object that begins at a byte of a text.
    pub(super) fn new(text: &'a Text<'a>, members: &'a [Member], start: usize) -> Self {
        Self { text, members, start, prefix: String::new() }
    }

    pub(super) fn members(&self) -> &'a [Member] {
        self.members
    }

    pub(super) fn member(&self, name: &str) -> Option<&'a Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// Returns the name of a field with the way to it, as `constraints.dependencies[0].type`.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the unknown field that could be meant by one that is missing.
    pub(super) fn meant(&self, name: &str, is_known: impl Fn(&str) -> bool) -> Option<&'a Member> {
        let mut unknown = self.members.iter().filter(|member| !is_known(&member.name));
        unknown.find(|member| nearest(&member.name, [name]).is_some())
    }

    /// Returns a finding about a missing field with the one that is meant.
    pub(super) fn is_this_it(&self, finding: Finding, member: &Member, name: &str) -> Finding {
        self.related(finding, "is this it?", &member.name_span).hint(format!("rename `{}` to `{name}`", member.name))
    }

    /// Returns where a span begins, and how many characters of it stand on that line.
    pub(super) fn place(&self, span: &Span) -> (Position, usize) {
        (self.text.position(span.start), self.text.length(span))
    }

    /// Returns a finding about a place.
    pub(super) fn finding(&self, code: Code, span: &Span, message: impl Into<String>) -> Finding {
        self.text.finding(code, span, message)
    }

    /// Returns a finding about the brace that opens the object: there is no place where a field is not.
    pub(super) fn finding_of_start(&self, code: Code, message: impl Into<String>) -> Finding {
        self.finding(code, &(self.start..self.start + 1), message)
    }

    /// Returns a finding about the value of a field.
    pub(super) fn finding_of_value(&self, name: &str, code: Code, message: impl Into<String>) -> Finding {
        match self.member(name) {
            Some(member) => self.finding(code, &member.value.span, message),
            None => self.finding_of_start(code, message),
        }
    }

    /// Returns a finding about some bytes of a string, or about the whole of it where it is written with escapes.
    pub(super) fn finding_within(&self, name: &str, part: &Range<usize>, code: Code, message: String) -> Finding {
        if let Some(member) = self.member(name)
            && let Kind::String(text) = &member.value.kind
            && *part != (0..text.len())
            && self.text.content().get(member.value.span.start + 1..member.value.span.end - 1) == Some(text)
        {
            let from = member.value.span.start + 1;
            return self.finding(code, &(from + part.start..from + part.end), message);
        }
        self.finding_of_value(name, code, message)
    }

    /// Returns a finding with another place that explains it.
    pub(super) fn related(&self, finding: Finding, label: &str, span: &Span) -> Finding {
        finding.related(label, self.text.position(span.start))
    }

    /// Returns a field that is there and not null: programs write a null for a list or text that was never set.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        let member = self.member(name)?;
        (!matches!(member.value.kind, Kind::Null)).then_some(&member.value)
    }

    pub(super) fn string(&self, name: &str, findings: &mut Vec<Finding>) -> Option<&'a str> {
        self.text_of(name, self.get(name)?, findings)
    }

    fn text_of(&self, name: &str, value: &'a Value, findings: &mut Vec<Finding>) -> Option<&'a str> {
        match &value.kind {
            Kind::String(text) => return Some(text),
            Kind::Number(text) => self.wrong(name, value, "a string", Some(format!("write `\"{text}\"`")), findings),
            Kind::Bool(flag) => self.wrong(name, value, "a string", Some(format!("write `\"{flag}\"`")), findings),
            _ => self.wrong(name, value, "a string", None, findings),
        }
        None
    }

    pub(super) fn integer(&self, name: &str, findings: &mut Vec<Finding>) -> Option<i64> {
        let value = self.get(name)?;
        let integer = match &value.kind {
            Kind::Number(text) => text.parse().ok(),
            _ => None,
        };
        if integer.is_none() {
            self.wrong(name, value, "a whole number", None, findings);
        }
        integer
    }

    /// Returns the strings of an array with their places.
    pub(super) fn strings(&self, name: &str, findings: &mut Vec<Finding>) -> Vec<(&'a str, &'a Span)> {
        let mut strings = Vec::new();
        for (index, item) in self.array(name, "strings", findings).iter().enumerate() {
            match &item.kind {
                Kind::String(text) => strings.push((text.as_str(), &item.span)),
                _ => self.wrong(&format!("{name}[{index}]"), item, "a string", None, findings),
            }
        }
        strings
    }

    /// Returns the objects of an array.
    pub(super) fn objects(&self, name: &str, findings: &mut Vec<Finding>) -> Vec<Self> {
        let mut objects = Vec::new();
        for (index, item) in self.array(name, "objects", findings).iter().enumerate() {
            let name = format!("{name}[{index}]");
            match &item.kind {
                Kind::Object(members) => objects.push(self.inner(&name, members, item)),
                _ => self.wrong(&name, item, "an object", None, findings),
            }
        }
        objects
    }

    pub(super) fn object(&self, name: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let value = self.get(name)?;
        if let Kind::Object(members) = &value.kind {
            return Some(self.inner(name, members, value));
        }
        let hint =
            matches!(value.kind, Kind::Array(_)).then(|| "write `{` and `}` in place of the brackets".to_owned());
        self.wrong(name, value, "an object", hint, findings);
        None
    }

    /// Returns an object whose values are all strings.
    pub(super) fn string_map(&self, name: &str, findings: &mut Vec<Finding>) -> BTreeMap<String, String> {
        let Some(fields) = self.object(name, findings) else { return BTreeMap::new() };
        let mut map = BTreeMap::new();
        for member in fields.members {
            if matches!(member.value.kind, Kind::Null) {
                let name = &member.name;
                fields.wrong(
                    name,
                    &member.value,
                    "a string",
                    Some("write `\"\"`, or delete the line".into()),
                    findings,
                );
            } else if let Some(text) = fields.text_of(&member.name, &member.value, findings) {
                map.entry(member.name.clone()).or_insert_with(|| text.to_owned());
            }
        }
        map
    }

    /// Tells that a value has the wrong type. What is no JSON has been told before.
    pub(super) fn wrong(
        &self,
        name: &str,
        value: &Value,
        wanted: &str,
        hint: Option<String>,
        findings: &mut Vec<Finding>,
    ) {
        if matches!(value.kind, Kind::Invalid) {
            return;
        }
        let message = format!("`{}` must be {wanted}, found {}", self.path(name), value.describe());
        let mut finding = self.text.finding(Code::FieldType, &value.span, message);
        finding.hint = hint;
        findings.push(finding);
    }

    fn array(&self, name: &str, of: &str, findings: &mut Vec<Finding>) -> &'a [Value] {
        let Some(value) = self.get(name) else { return &[] };
        if let Kind::Array(items) = &value.kind {
            return items;
        }
        let hint = match &value.kind {
            Kind::String(text) if of == "strings" => Some(format!("write `[{text:?}]`")),
            _ => None,
        };
        self.wrong(name, value, &format!("an array of {of}"), hint, findings);
        &[]
    }

    fn inner(&self, name: &str, members: &'a [Member], object: &Value) -> Self {
        Self { text: self.text, members, start: object.span.start, prefix: format!("{}{name}.", self.prefix) }
    }
}
