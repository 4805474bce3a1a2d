//! Which values differ between two texts.
//!
//! Lists of plain values are compared as sets, for their order says nothing in a pack (images, cloud types, constraints). So are lists
//! of nothing but `image: NAME`. Lists of mappings that all have a `name` of their own are matched by it, so that an item that was put in first
//! does not change all those behind it. Other lists are compared item by item.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    LinesChange, Value, lines,
    paths::{self, Step},
};
use crate::pack::is_secret_key;

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueChange {
    /// Where it stands, as `charts.nginx.controller.replicas`; nothing is the whole text.
    pub path: String,
    /// What it was, masked where it is secret; nothing where there was none.
    pub old: Option<Value>,
    /// What it is.
    pub new: Option<Value>,
    /// The lines that differ, where it was and is a text of several lines, such as a file within a value.
    pub lines: Option<LinesChange>,
}

/// Returns the values that differ, in the order of their paths.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<ValueChange> {
    let mut found = Finder { path: Vec::new(), changes: Vec::new() };
    found.compare(old, new, false);
    found.changes
}

struct Finder<'a> {
    path: Vec<Step<'a>>,
    changes: Vec<ValueChange>,
}

impl<'a> Finder<'a> {
    fn tell(&mut self, old: Option<&Value>, new: Option<&Value>, is_secret: bool) {
        let masked = |value: &Value| value.masked(is_secret);
        let lines = match (old, new) {
            (Some(Value::Text(old)), Some(Value::Text(new))) if !is_secret && has_lines(old) && has_lines(new) => {
                lines::compare("", old, new)
            }
            _ => None,
        };
        let (old, new) = (old.map(masked), new.map(masked));
        self.changes.push(ValueChange { path: paths::shown(&self.path), old, new, lines });
    }

    fn compare(&mut self, old: &'a Value, new: &'a Value, is_secret: bool) {
        match (old, new) {
            _ if old == new => {}
            (Value::Map(before), Value::Map(after)) => {
                let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for key in keys {
                    let is_secret = is_secret || is_secret_key(key) || old.hides(key) || new.hides(key);
                    self.step(Step::Key(key), before.get(key), after.get(key), is_secret);
                }
            }
            (Value::List(before), Value::List(after)) => self.lists(before, after, is_secret),
            _ => self.tell(Some(old), Some(new), is_secret),
        }
    }

    fn step(&mut self, step: Step<'a>, old: Option<&'a Value>, new: Option<&'a Value>, is_secret: bool) {
        self.path.push(step);
        match (old, new) {
            (Some(old), Some(new)) => self.compare(old, new, is_secret),
            _ => self.tell(old, new, is_secret),
        }
        self.path.pop();
    }

    fn lists(&mut self, old: &'a [Value], new: &'a [Value], is_secret: bool) {
        if old.iter().chain(new).all(Value::is_scalar) {
            let all = |list: &'a [Value]| list.iter().collect::<Vec<_>>();
            return self.sets(&all(old), &all(new), None, is_secret);
        }
        if let (Some(old), Some(new)) = (images(old), images(new)) {
            return self.sets(&old, &new, Some("image"), is_secret);
        }
        // Below a secret key a name is a secret as well, and stands in no path.
        if !is_secret && let (Some(old), Some(new)) = (by_name(old), by_name(new)) {
            let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
            for name in names {
                let items = (old.get(name).copied(), new.get(name).copied());
                self.step(Step::Named("name", name), items.0, items.1, is_secret);
            }
            return;
        }
        for index in 0..old.len().max(new.len()) {
            self.step(Step::Index(index), old.get(index), new.get(index), is_secret);
        }
    }

    /// Compares lists whose order says nothing; what stands twice counts twice. `member` is the one that each item has.
    fn sets(&mut self, old: &[&'a Value], new: &[&'a Value], member: Option<&'a str>, is_secret: bool) {
        let mut counts: BTreeMap<&'a Value, i64> = BTreeMap::new();
        let before = old.iter().map(|value| (*value, -1));
        for (value, one) in before.chain(new.iter().map(|value| (*value, 1))) {
            *counts.entry(value).or_default() += one;
        }
        let depth = self.path.len();
        self.path.extend([Some(Step::Any), member.map(Step::Key)].into_iter().flatten());
        for (value, count) in counts {
            for _ in 0..count.abs() {
                let (before, after) = if count < 0 { (Some(value), None) } else { (None, Some(value)) };
                self.tell(before, after, is_secret);
            }
        }
        self.path.truncate(depth);
    }
}

fn has_lines(text: &str) -> bool {
    text.trim_end().contains('\n')
}

/// Returns the items of a list of `image: NAME` and nothing else.
fn images(items: &[Value]) -> Option<Vec<&Value>> {
    fn image(item: &Value) -> Option<&Value> {
        let Value::Map(members) = item else { return None };
        members.get("image").filter(|image| members.len() == 1 && image.is_scalar())
    }
    items.iter().map(image).collect()
}

/// Returns the items by their names, where each has one of its own.
fn by_name(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let mut by_name = BTreeMap::new();
    for item in items {
        let Value::Map(members) = item else { return None };
        if by_name.insert(members.get("name")?.scalar()?, item).is_some() {
            return None;
        }
    }
    Some(by_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: &str, new: &str) -> Vec<String> {
        let parse = |text| Value::parse("values.yaml", text).unwrap();
        let show = |value: Option<Value>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let changes = differences(&parse(old), &parse(new)).into_iter();
        changes.map(|change| format!("{}: {} → {}", change.path, show(change.old), show(change.new))).collect()
    }

    #[test]
    fn comments_order_and_quotes_say_nothing() {
        let old = "# one\na: 1\nb: {c: 'x', d: [1, 2]}\n";
        assert_eq!(told(old, "b:\n  d: [2, 1]  # two\n  c: x\na: 1\n"), [""; 0]);
        assert_eq!(told("a: '1'", "a: 1"), [r#"a: "1" → 1"#]);
    }

    #[test]
    fn each_value_has_its_path() {
        let old = "a: {b: 1, gone: {x: 1}}\nl: [{a: 1}, {a: 2}]\nm: {k: 1}\n";
        let new = "a: {b: 2, come: [1]}\nl: [{a: 1}, {a: 3}, {a: 4}]\nm: text\n";
        assert_eq!(
            told(old, new),
            [
                "a.b: 1 → 2",
                "a.come: - → [1]",
                "a.gone: {x: 1} → -",
                "l[1].a: 2 → 3",
                "l[2]: - → {a: 4}",
                r#"m: {k: 1} → "text""#,
            ]
        );
        assert_eq!(told("a", "[1]"), [r#": "a" → [1]"#]);
    }

    #[test]
    fn lists_are_matched_by_what_tells_their_items_apart() {
        assert_eq!(
            told("c: [aws, all, all]", "c: [all, gcp]"),
            [r#"c[]: "all" → -"#, r#"c[]: "aws" → -"#, r#"c[]: - → "gcp""#]
        );
        assert_eq!(
            told("e: [{name: a, v: 1}, {name: b, v: 2}]", "e: [{name: c}, {name: b, v: 3}, {name: a, v: 1}]"),
            ["e[name=b].v: 2 → 3", r#"e[name=c]: - → {name: "c"}"#]
        );
        assert_eq!(
            told("i: [{image: 'q/a:1'}, {image: 'q/b:1'}]", "i: [{image: 'q/b:1'}, {image: 'q/c:1'}]"),
            [r#"i[].image: "q/a:1" → -"#, r#"i[].image: - → "q/c:1""#]
        );
        assert_eq!(
            told("secrets: [{name: hunter2}]", "secrets: [{name: hunter3}]"),
            ["secrets[0].name: ******** → ********"],
            "a secret name is in no path"
        );
        assert_eq!(told("e: [{name: a}, {name: a, v: 1}]", "e: [{name: a}, {name: a, v: 2}]"), ["e[1].v: 1 → 2"]);
    }

    #[test]
    fn a_text_of_several_lines_differs_by_line() {
        let parse = |text| Value::parse("values.yaml", text).unwrap();
        let changes = differences(&parse("a: |\n  x\n  token: y\n"), &parse("a: |\n  x\n  token: z\n"));
        let lines = changes[0].lines.as_ref().unwrap().to_unified();
        assert_eq!(lines, "@@ -1,2 +1,2 @@\n x\n-token: ********\n+token: ********\n");
    }

    #[test]
    fn secrets_differ_and_are_not_told() {
        let old = "a: {adminPassword: one, secret: {user: u, on: true}}\ntokens: [x]\nenv: [{name: DB_PASSWORD, value: one}]\n";
        let new = "a: {adminPassword: two, secret: {user: v, on: false}}\ntokens: [y, z]\nenv: [{name: DB_PASSWORD, value: two}]\n";
        assert_eq!(
            told(old, new),
            [
                "a.adminPassword: ******** → ********",
                "a.secret.on: true → false",
                "a.secret.user: ******** → ********",
                "env[name=DB_PASSWORD].value: ******** → ********",
                "tokens[]: ******** → -",
                "tokens[]: - → ********",
                "tokens[]: - → ********",
            ]
        );
    }
}
