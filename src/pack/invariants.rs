//! What holds for every text that is read as a pack's JSON or YAML: used by the property tests and by the fuzz targets. Each function
//! panics where it does not hold.

use std::ops::Range;

use super::{Position, json as own_json, yaml as own_yaml};

/// Every place that the reader names lies inside of the text, and what it takes without a word is JSON.
pub(crate) fn json(text: &str) {
    let document = own_json::parse(text);
    assert!(document.problems.len() <= own_json::MOST_PROBLEMS + 1, "{}", document.problems.len());
    for problem in &document.problems {
        inside(text, &problem.span);
        assert!(!problem.message.is_empty() && !problem.message.contains('\n'), "{problem:?}");
        if let Some((_, span)) = &problem.related {
            inside(text, span);
        }
    }
    if let Some(root) = &document.root {
        check_value(text, root);
        if document.complete && document.problems.is_empty() && !nested(text) {
            let other: serde_json::Result<serde_json::Value> = serde_json::from_str(text);
            assert!(other.is_ok(), "another reader refuses it: {other:?}");
        }
    } else {
        assert!(!document.problems.is_empty(), "no value, and nothing is said about it");
    }
}

/// Returns whether the text may be nested deeper than `serde_json` goes.
fn nested(text: &str) -> bool {
    text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() >= own_json::DEEPEST - 1
}

fn inside(text: &str, span: &Range<usize>) {
    assert!(text.get(span.clone()).is_some(), "{span:?} does not lie in the text, or cuts a character");
}

fn check_value(text: &str, value: &own_json::Value) {
    inside(text, &value.span);
    match &value.kind {
        own_json::Kind::Array(items) => items.iter().for_each(|item| check_value(text, item)),
        own_json::Kind::Object(members) => {
            for member in members {
                inside(text, &member.name_span);
                check_value(text, &member.value);
            }
        }
        _ => {}
    }
}

/// Every place that the reader names lies inside of the text.
pub(crate) fn yaml(text: &str) {
    let (document, problem) = own_yaml::read(text);
    if let Some(problem) = &problem {
        assert!(!problem.message.is_empty() && !problem.message.contains('\n'), "{problem:?}");
        within(text, problem.position);
    }
    for duplicate in &document.duplicates {
        within(text, duplicate.first);
        within(text, duplicate.second);
    }
    assert!(document.duplicates.len() <= own_yaml::MOST_DUPLICATES);
    if let Some(root) = &document.root {
        check_node(text, root);
    }
    let all = own_yaml::documents(text);
    assert_eq!(all.is_ok(), problem.is_none(), "both ways of reading agree");
    if let Ok(documents) = all {
        assert_eq!(documents.first(), document.root.as_ref());
    }
}

fn within(text: &str, position: Position) {
    // A line ends with LF, CR or both; the place behind the last one counts as well.
    let most = text.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 2;
    assert!((1..=most).contains(&position.line), "{position:?} of {most}");
    assert!(position.column >= 1 && position.column <= text.chars().count() + 2, "{position:?}");
}

fn check_node(text: &str, node: &own_yaml::Node) {
    within(text, node.position);
    inside(text, &node.span);
    for item in node.items() {
        check_node(text, item);
    }
    for (_, key, value) in node.members() {
        within(text, key.position);
        check_node(text, value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const JSON: [&str; 24] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"a",
        "1",
        "-",
        "0.5e3",
        "01",
        "true",
        "nul",
        "null",
        "// c\n",
        "/* c */",
        "\n",
        "\u{feff}",
        "'x'",
        "\\u12",
        "ü",
        "\u{1f600}",
    ];
    const YAML: [&str; 30] = [
        "a: ",
        "b:\n",
        "  ",
        "\n",
        "- ",
        "? ",
        ": ",
        "&x ",
        "*x",
        "<<: ",
        "!!str ",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        ",",
        "# c\n",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "\t",
        "\r\n",
        "\r",
        "ü",
        "\u{feff}",
        "key: value\n",
    ];

    fn of(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
        let pieces = vec(prop_oneof![12 => select(pieces).prop_map(str::to_owned), 1 => ".{0,3}"], 0..20);
        pieces.prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn any_pieces_of_json_have_places_inside_of_the_text(text in of(&JSON)) {
            json(&text);
        }

        #[test]
        fn any_pieces_of_yaml_have_places_inside_of_the_text(text in of(&YAML)) {
            yaml(&text);
        }
    }
}
