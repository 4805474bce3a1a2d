use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::compare::{Value, values::differences};

const SECRET: &str = "hunter2";

/// A mapping, each member with a key, whether it is written in flow style, and what is below.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(u8),
    Map(Vec<(usize, Tree)>),
    List(Vec<Tree>),
}

const KEYS: [&str; 6] = ["a", "password", "x-token", "name", "\"api.key\"", "b c"];

fn tree() -> impl Strategy<Value = Tree> {
    (0..6_u8).prop_map(Tree::Leaf).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec((0..KEYS.len(), inner.clone()), 1..4).prop_map(Tree::Map),
            proptest::collection::vec(inner, 1..4).prop_map(Tree::List),
        ]
    })
}

/// Writes a tree as YAML. Below a secret key every text is the secret; elsewhere none is.
fn write(tree: &Tree, indent: usize, is_secret: bool, version: u8, into: &mut String) {
    let text = if is_secret { format!("{SECRET}{version}") } else { format!("open{version}") };
    let space = " ".repeat(indent);
    match tree {
        Tree::Leaf(kind) => {
            let leaf = match kind {
                0 => format!(" {text}\n"),
                1 => format!(" \"{text}\" # why\n"),
                2 => format!(" |\n{space}{text}\n\n{space} {text}\n"),
                3 => format!(" '{text}\n\n{space}{text}'\n"),
                4 => format!(" {{k: {text}, l: [1, {text}]}}\n"),
                _ => format!(" &anchor{} >-\n{space}{text}\n", into.len()),
            };
            into.push_str(&leaf);
        }
        Tree::Map(members) => {
            into.push('\n');
            for (at, (key, below)) in members.iter().enumerate() {
                // Each key once.
                let key = KEYS[(key + at) % KEYS.len()];
                let _ = write!(into, "{space}{key}:");
                write(below, indent + 2, is_secret || is_secret_key(key), version, into);
            }
        }
        Tree::List(items) => {
            into.push('\n');
            for item in items {
                let _ = write!(into, "{space}-");
                write(item, indent + 2, is_secret, version, into);
            }
        }
    }
}

proptest! {
    #[test]
    fn no_secret_is_shown_however_it_is_written(tree in tree()) {
        let texts = [1, 2].map(|version| {
            let mut text = String::from("root:");
            write(&tree, 2, false, version, &mut text);
            text
        });
        for text in &texts {
            for path in ["values.yaml", "values.tpl"] {
                let shown = shown(path, text);
                prop_assert!(!shown.contains(SECRET), "{path}:\n{text}\n{shown}");
                prop_assert_eq!(shown.lines().count(), text.lines().count());
            }
        }
        let parsed = texts.each_ref().map(|text| Value::parse("values.yaml", text));
        let [Some(old), Some(new)] = parsed else { return Err(TestCaseError::fail(texts[0].clone())) };
        for change in differences(&old, &new).into_iter().chain(differences(&Value::Null, &new)) {
            prop_assert!(!format!("{change:?}").contains(SECRET), "{change:?}");
        }
    }
}

fn shown(path: &str, text: &str) -> String {
    masked(path, text).join("\n")
}

#[test]
fn what_parses_is_masked_by_its_values() {
    let text = "db:\n  user: root\n  password: |\n    hunter2\n\n    hunter3\n  tokens:\n  - \"one\"\n  - two # c\n\
        auth: {user: root, token: abc, x: 1}\nautomountToken: true\nempty: {secret: ''}\n\
        env:\n- name: DB_PASSWORD\n  value: x\n- value: y\n  name: API_TOKEN\n- {name: A, value: z}\nlong_secret: one\n  two\nlast: 1\n";
    assert_eq!(
        shown("values.yaml", text),
        "db:\n  user: root\n  password: ********\n    ********\n\n    ********\n  tokens:\n  - ********\n  - ********\n\
        auth: {user: root, token: ********\nautomountToken: true\nempty: {secret: ''}\n\
        env:\n- name: DB_PASSWORD\n  value: ********\n- value: ********\n  name: API_TOKEN\n- {name: A, value: z}\nlong_secret: ********\n  ********\nlast: 1"
    );
    let json = "{\n  \"annotations\": {\n    \"sshPassword\": \"pw\",\n    \"sshUsername\": \"root\"\n  },\n  \"secrets\":\n[\n\"a\"\n], \"x\": 1\n}";
    assert_eq!(
        shown("pack.json", json),
        "{\n  \"annotations\": {\n    \"sshPassword\": ********\n    \"sshUsername\": \"root\"\n  },\n  \"secrets\":\n[\n********\n], \"x\": 1\n}"
    );
}

#[test]
fn what_only_looks_a_little_like_a_secret_is_shown() {
    for line in
        ["image: quay.io/x/external-secrets:v1", "url: http://token:8080/a", "sa: {automountToken: true}", "a:b=c"]
    {
        assert_eq!(shown("values.tpl", line), line);
    }
    for (line, expected) in [
        (r#"{"a":1,"password":123}"#, r#"{"a":1,"password": ********"#),
        ("args: [\"--token=abc\"]", "args: [\"--token= ********"),
        ("token:\"abc\"", "token: ********"),
    ] {
        assert_eq!(shown("values.tpl", line), expected);
    }
}

#[test]
fn what_does_not_parse_is_masked_by_its_looks() {
    let text = "export PASSWORD=hunter2\nhelm --set db.password=x --set a=b\n# apiKey: abc\n# token:\n#     abc\n{{ if }}\n\
        password: {{ .x }}\nsecret:\n  a: b\n  c:\n    d\nname: x\n- name: SOME_TOKEN\n  value: abc\n  value: shown\n";
    assert_eq!(
        shown("run.sh", text),
        "export PASSWORD= ********\nhelm --set db.password= ********\n# apiKey: ********\n# token:\n#     ********\n{{ if }}\n\
        password: ********\nsecret:\n  ********\n  ********\n    ********\nname: x\n- name: SOME_TOKEN\n  value: ********\n  value: shown"
    );
}

#[test]
fn there_are_as_many_lines_as_before() {
    for text in ["", "\n", "a\r\nb", "password: \"a\n\n b\"\n", "password: &x [\n1,\n2]\nb: *x\n", "token: ü\n"] {
        assert_eq!(masked("a.yaml", text).len(), split(text).len(), "{text:?}");
    }
}
