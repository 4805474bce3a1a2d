//! A value of a YAML or JSON text, without its comments, its layout and the order of its keys.

use std::{collections::BTreeMap, fmt};

use super::{kind::FileKind, masked_lines::masked_text};
use crate::pack::{
    MASK, is_secret_key,
    json::{self, Kind as JsonKind},
    secret_shapes,
    yaml::{self, Kind, Node, Style},
};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A mapping.
    Map(BTreeMap<String, Self>),
    /// What is not shown.
    Masked,
}

impl Value {
    /// Reads a file, by its name as JSON or YAML; nothing where it is neither, or several documents.
    pub(super) fn parse(path: &str, text: &str) -> Option<Self> {
        match FileKind::of(path) {
            FileKind::Yaml => {}
            FileKind::Json => {
                let document = json::parse(text);
                return document.root.filter(|_| document.complete && document.problems.is_empty()).map(of_json);
            }
            FileKind::Chart | FileKind::Other => return None,
        }
        let document = yaml::parse(text).ok().filter(|document| document.further.is_none())?;
        // A values.yaml without values is empty.
        document.root.filter(|root| !root.is_null()).map_or(Some(Self::Map(BTreeMap::new())), |root| of_yaml(&root))
    }

    /// Returns whether it is neither a list nor a mapping.
    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Map(_))
    }

    /// Returns the text of a scalar.
    pub(super) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Number(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns whether there is something to hide: what is empty, null, true or false is no secret.
    fn can_be_secret(&self) -> bool {
        match self {
            Self::Null | Self::Boolean(_) | Self::Masked => false,
            Self::Number(_) => true,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(members) => !members.is_empty(),
        }
    }

    /// Returns it with what is secret masked; all of it where its own key is.
    pub(super) fn masked(&self, is_secret: bool) -> Self {
        match self {
            _ if is_secret => {
                if self.can_be_secret() {
                    Self::Masked
                } else {
                    self.clone()
                }
            }
            Self::List(items) => Self::List(items.iter().map(|item| item.masked(false)).collect()),
            Self::Map(members) => {
                let masked =
                    |(key, value): (&String, &Self)| (key.clone(), value.masked(is_secret_key(key) || self.hides(key)));
                Self::Map(members.iter().map(masked).collect())
            }
            Self::Text(text) if !secret_shapes(text).is_empty() && !text.trim_end().contains('\n') => Self::Masked,
            // An argument such as `--token=x`, or a file within a value, as a ConfigMap has it.
            Self::Text(text) if text.contains([':', '=']) => Self::Text(masked_text(text)),
            scalar => scalar.clone(),
        }
    }

    /// Returns whether this member of a mapping is secret by its neighbour: `value` beside `name: DB_PASSWORD`.
    pub(super) fn hides(&self, key: &str) -> bool {
        let Self::Map(members) = self else { return false };
        key == "value" && members.get("name").and_then(Self::scalar).is_some_and(is_secret_key)
    }

    /// Returns it as JSON. A number that JSON has not is a text.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Number(text) => serde_json::from_str::<serde_json::Number>(text)
                .map_or_else(|_| text.as_str().into(), serde_json::Value::Number),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(members) => members.iter().map(|(key, value)| (key.clone(), value.to_json())).collect(),
            Self::Masked => MASK.into(),
        }
    }
}

/// On one line, texts in quotes, as YAML and JSON both read it.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Boolean(value) => value.fmt(formatter),
            Self::Number(text) => formatter.write_str(text),
            Self::Text(text) => write!(formatter, "{}", serde_json::Value::from(text.as_str())),
            Self::List(items) => {
                formatter.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(formatter, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                formatter.write_str("]")
            }
            Self::Map(members) => {
                formatter.write_str("{")?;
                for (index, (key, value)) in members.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(formatter, "{comma}{}: {value}", super::paths::key(key))?;
                }
                formatter.write_str("}")
            }
            Self::Masked => formatter.write_str(MASK),
        }
    }
}

fn of_json(value: json::Value) -> Value {
    match value.kind {
        JsonKind::Null | JsonKind::Invalid => Value::Null,
        JsonKind::Bool(value) => Value::Boolean(value),
        JsonKind::Number(text) => Value::Number(text),
        JsonKind::String(text) => Value::Text(text),
        JsonKind::Array(items) => Value::List(items.into_iter().map(of_json).collect()),
        JsonKind::Object(members) => {
            Value::Map(members.into_iter().map(|member| (member.name, of_json(member.value))).collect())
        }
    }
}

/// Returns what a node says; nothing where a key is no text, for it has no path then.
fn of_yaml(node: &Node) -> Option<Value> {
    Some(match &node.kind {
        Kind::Scalar { text, style } => match text.as_str() {
            _ if node.is_null() => Value::Null,
            "true" | "True" | "TRUE" if *style == Style::Plain => Value::Boolean(true),
            "false" | "False" | "FALSE" if *style == Style::Plain => Value::Boolean(false),
            text if node.is_number() && text.starts_with(|first: char| !first.is_alphabetic()) => {
                Value::Number(text.to_owned())
            }
            text => Value::Text(text.to_owned()),
        },
        Kind::Sequence(items) => Value::List(items.iter().map(of_yaml).collect::<Option<_>>()?),
        Kind::Mapping(members) => {
            let member = |(key, value): &(yaml::Key, Node)| Some((key.text.clone()?, of_yaml(value)?));
            Value::Map(members.iter().map(member).collect::<Option<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Value::parse("values.yaml", text).map_or_else(|| "nothing".to_owned(), |value| value.to_string())
    }

    #[test]
    fn a_text_is_what_it_says_and_not_how() {
        let value = shown("# a\nb: {y: yes, 'x': 1.10}\na: [~, True, '1', |\n  t\n]\n");
        assert_eq!(value, "nothing", "a block within a flow is no YAML");
        assert_eq!(
            shown("# a\nb: {y: yes, 'x.y': 1.10}\na: [~, True, '1', nan]\n"),
            r#"{a: [null, true, "1", "nan"], b: {"x.y": 1.10, y: "yes"}}"#
        );
        assert_eq!(
            (shown(""), shown("a: 1\n---\nb: 1\n"), shown("{[a]: 1}")),
            ("{}".into(), "nothing".into(), "nothing".into())
        );
        let json = Value::parse("pack.json", "{\t\"b\": 1e2, \"a\": \"\\ud83d\\ude00\"}").unwrap();
        assert_eq!(json.to_string(), "{a: \"😀\", b: 1e2}");
        assert_eq!(Value::parse("pack.json", "{\"a\": 1,}"), None);
        assert_eq!(json.to_json()["b"], serde_json::json!(100.0));
    }

    #[test]
    fn a_file_within_a_value_is_masked_by_its_looks() {
        let value = Value::parse("values.yaml", "app.conf: |\n  user=root\n  password=hunter2\n").unwrap();
        assert_eq!(value.masked(false).to_string(), r#"{"app.conf": "user=root\npassword= ********\n"}"#);
        let value = Value::parse("values.yaml", "args: ['--token=abc', quay.io/x/external-secrets:v1]").unwrap();
        assert_eq!(
            value.masked(false).to_string(),
            r#"{args: ["--token= ********", "quay.io/x/external-secrets:v1"]}"#
        );
        let key = format!("AKIA{}", "Q7ZTB2LMN4XWPK3D");
        let value = Value::parse("values.yaml", &format!("id: {key}\n")).unwrap();
        assert_eq!(value.masked(false).to_string(), "{id: ********}", "whatever its key");
    }

    #[test]
    fn what_is_secret_is_masked_wherever_it_lies() {
        let text = "a: {sshPassword: x, token: '', tokens: [1], secret: {user: u}, automountServiceAccountToken: true}\n\
            env:\n- {name: DB_PASSWORD, value: hunter2}\n- {name: USER, value: root}\n";
        let value = Value::parse("values.yaml", text).unwrap().masked(false).to_string();
        assert_eq!(
            value,
            r#"{a: {automountServiceAccountToken: true, secret: ********, sshPassword: ********, token: "", tokens: ********}, env: [{name: "DB_PASSWORD", value: ********}, {name: "USER", value: "root"}]}"#
        );
    }
}
