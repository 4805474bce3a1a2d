//! Where a value stands: `charts.nginx."a.b/c".list[2]`, `env[name=HOME].value`, `cloudTypes[]`.

use std::fmt::Write as _;

/// A step from a value to one within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// The member of a mapping.
    Key(&'a str),
    /// The item of a list, counted from 0.
    Index(usize),
    /// The item of a list that has this member.
    Named(&'static str, &'a str),
    /// Some item of a list.
    Any,
}

/// Returns a path as it is shown.
pub(super) fn shown(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(name) if text.is_empty() => text.push_str(&key(name)),
            Step::Key(name) => write!(text, ".{}", key(name)).expect("a String takes all"),
            Step::Index(index) => write!(text, "[{index}]").expect("a String takes all"),
            Step::Named(member, name) => write!(text, "[{member}={}]", key(name)).expect("a String takes all"),
            Step::Any => text.push_str("[]"),
        }
    }
    text
}

/// Returns a key as it stands in a path: in quotes unless it is a word.
pub(super) fn key(name: &str) -> String {
    let is_word = |one: char| one.is_alphanumeric() || matches!(one, '_' | '-' | '/');
    if !name.is_empty() && name.chars().all(is_word) {
        return name.to_owned();
    }
    serde_json::Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_dots_are_quoted() {
        let path = [
            Step::Key("charts"),
            Step::Key("a.b/c"),
            Step::Index(2),
            Step::Named("name", "HOME"),
            Step::Key(""),
            Step::Key("a \"b\"\n"),
            Step::Any,
        ];
        assert_eq!(shown(&path), r#"charts."a.b/c"[2][name=HOME].""."a \"b\"\n"[]"#);
        assert_eq!((shown(&[]), shown(&[Step::Index(0)])), (String::new(), "[0]".into()));
    }
}
