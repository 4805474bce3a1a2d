use proptest::prelude::*;

use super::*;

/// Returns each problem as `AT..END message`, with the related place and the hint behind it.
fn problems(text: &str) -> Vec<String> {
    let told = parse(text).problems.into_iter().map(|problem| {
        let related = problem.related.map(|(label, span)| format!(" | {span:?} {label}")).unwrap_or_default();
        let hint = problem.hint.map(|hint| format!(" | {hint}")).unwrap_or_default();
        format!("{:?} {}{related}{hint}", problem.span, problem.message)
    });
    told.collect()
}

fn only(text: &str) -> String {
    let mut told = problems(text);
    assert_eq!(told.len(), 1, "{text}: {told:#?}");
    told.remove(0)
}

#[test]
fn what_is_json_is_read_as_others_read_it() {
    for text in [
        r#"{"a": [1, -0.5e+3, true, false, null, "ä\n\"\\\/\b\f\r\t\u00e4\ud83d\ude00"], "b": {}, "": []}"#,
        " [ ] ",
        "\"x\"",
        "0",
        "\r\n\t{\"a\":{\"a\":{}}}\n",
    ] {
        let document = parse(text);
        assert_eq!(document.problems, [], "{text}");
        assert!(document.complete);
        assert_eq!(document.root.unwrap().to_serde(), serde_json::from_str::<serde_json::Value>(text).unwrap());
    }
}

#[test]
fn values_and_names_know_their_place() {
    let document = parse("{\n  \"a\": [10, \"x\"]\n}");
    let Some(Value { kind: Kind::Object(members), span }) = document.root else { panic!() };
    assert_eq!(span, 0..20);
    assert_eq!((members[0].name_span.clone(), members[0].value.span.clone()), (4..7, 9..18));
    let Kind::Array(items) = &members[0].value.kind else { panic!() };
    assert_eq!([items[0].span.clone(), items[1].span.clone()], [10..12, 14..17]);
}

#[test]
fn the_faults_people_make_are_told_and_reading_goes_on() {
    let cases = [
        (
            "{\"a\": 1,\n}",
            "9..10 expected a property name, found `}` | 7..8 this comma promises another property | JSON allows no comma after the last property",
        ),
        (
            "[1,]",
            "3..4 expected a value, found `]` | 2..3 this comma promises another value | JSON allows no comma after the last value",
        ),
        ("[1,,2]", "3..4 expected a value, found `,` | delete this comma"),
        ("{,\"a\":1}", "1..2 expected a property name, found `,` | delete this comma"),
        ("{ // why\n}", "2..8 JSON has no comments | delete it, or say it in the pack's README.md"),
        ("{} # end", "3..8 JSON has no comments | delete it, or say it in the pack's README.md"),
        ("{ /* a\n */ }", "2..10 JSON has no comments | delete it, or say it in the pack's README.md"),
        ("\u{feff}{}", "0..3 expected `{`, found a byte-order mark | save the file as UTF-8 without it"),
        (
            "{\u{a0}}",
            "1..3 expected a space or a line break, found a no-break space (U+00A0) | put a plain space in its place",
        ),
        ("{\"a\": 'x'}", "6..7 expected `\"`, found `'` | JSON has only double quotes"),
        ("{a: 1}", "1..2 expected a property name in double quotes, found `a` | write `\"a\"`"),
        ("{\"a\" = 1}", "5..6 expected `:`, found `=`"),
        ("{\"a\" \"b\"}", "5..6 expected `:`, found a string | 1..4 a colon is missing after this"),
        ("{\"a\": 1 \"b\": 2}", "8..9 expected `,` or `}`, found a string | 6..7 a comma is missing after this"),
        ("[1 2]", "3..4 expected `,` or `]`, found `2` | 1..2 a comma is missing after this"),
        ("{\"a\": }", "6..7 expected a value, found `}`"),
        ("{\"a\": True}", "6..10 expected a value, found `True` | write `true`"),
        ("{\"a\": NaN}", "6..9 expected a value, found `NaN` | write `\"NaN\"`, if a string is meant"),
        ("[1.2.3]", "1..6 expected a value, found `1.2.3` | write `\"1.2.3\"`, if a string is meant"),
        ("[01]", "1..3 expected a value, found `01` | JSON numbers have no leading zero"),
        ("[+1]", "1..3 expected a value, found `+1` | JSON numbers have no `+`"),
        ("[.5]", "1..3 expected a value, found `.5` | write a digit on both sides of the point"),
        ("[1.]", "1..3 expected a value, found `1.` | write a digit on both sides of the point"),
        ("[-]", "1..2 expected a value, found `-` | write `\"-\"`, if a string is meant"),
        ("[\"a\tb\"]", "3..4 a tab may not stand in a string | write it as `\\t`"),
        ("[\"\\d\"]", "2..4 `\\d` is no escape | write a backslash as `\\\\`"),
        ("[\"\\u12x4\"]", "2..4 expected four hexadecimal digits after `\\u`"),
        ("[\"\\ud83d!\"]", "2..8 `\\ud83d` is half a character: expected a surrogate pair"),
        ("[\"\\ude00\"]", "2..8 `\\ude00` is half a character: expected a surrogate pair"),
        (
            "[\"a\n]",
            "3..3 expected `\"`, found the end of the line | 1..2 this string is not closed on its line | write a line break within a string as `\\n`",
        ),
        (
            "{\"a\": 1, \"a\": 2}",
            "9..12 the key `a` stands twice in one object | 1..4 it stands here already | one reader takes the first, another the last: delete one",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(only(text), expected, "{text}");
        assert!(parse(text).complete, "{text}");
    }
}

#[test]
fn where_reading_cannot_go_on_it_says_so() {
    let cases = [
        ("", "0..0 expected `{`, found the end of the file"),
        ("{\"a\": [1,", "9..9 expected a value, found the end of the file | 6..7 this `[` is never closed"),
        ("{", "1..1 expected a property name or `}`, found the end of the file | 0..1 this `{` is never closed"),
        ("{\"a\": 1", "7..7 expected `,` or `}`, found the end of the file | 0..1 this `{` is never closed"),
        ("{\"a", "3..3 expected `\"`, found the end of the file | 1..2 this string is never closed"),
        ("{\"a\\", "4..4 expected `\"`, found the end of the file | 1..2 this string is never closed"),
        ("{\"a\"", "4..4 expected `:`, found the end of the file | 1..4 a colon is missing after this"),
        ("{\"a\":", "5..5 expected the value of `a`, found the end of the file | 1..4 this has no value"),
        ("{} {}", "3..4 expected the end of the file, found `{`"),
        ("{\"a\": 1]", "7..8 expected `,` or `}`, found `]`"),
        ("{“a”: 1}", "1..4 expected a property name in double quotes, found `“`"),
        ("[“a”]", "1..4 expected a value, found `“` | write straight double quotes"),
        ("<html>", "0..1 expected a value, found `<`"),
        ("[\u{1}]", "1..2 expected a value, found U+0001"),
    ];
    for (text, expected) in cases {
        assert_eq!(only(text), expected, "{text}");
        assert!(!parse(text).complete, "{text}");
    }
}

#[test]
fn what_stands_before_the_fault_is_kept() {
    let document = parse("{\"name\": \"x\", \"charts\": [\"a\", \"b");
    let Some(Value { kind: Kind::Object(members), .. }) = document.root else { panic!() };
    assert_eq!(members[0].value.to_serde(), "x");
    assert_eq!(members[1].value.to_serde(), serde_json::json!(["a", null]));
    assert_eq!(problems("{\"a\": 1,\n// x\n'b': 2,}").len(), 3);
}

#[test]
fn depth_and_faults_are_limited() {
    let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(problems(&deep(DEEPEST)), Vec::<String>::new());
    assert_eq!(only(&deep(DEEPEST + 1)), "128..129 nested more than 128 levels deep");
    assert_eq!(problems(&"[".repeat(1 << 20)).len(), 1);
    assert_eq!(problems(&format!("[{}", "1 ".repeat(1000))).len(), MOST_PROBLEMS);
}

#[test]
fn one_fault_too_many_ends_the_reading_wherever_it_is() {
    let faults = [
        ",",
        "'",
        "'a',",
        "\"a\" = 1,",
        "{\"a\": 1,},",
        "[1,],",
        "{,},",
        "a: 1,",
        "\"\\u\",",
        "\"\\ud83d\",",
        "\"\\x\",",
        "\"\t\",",
        "\"a\n",
        "// x\n",
        "/**/",
        "\u{feff}",
        "\u{a0}",
        "01,",
        "x,",
        "1 ",
        "\"a\" ",
        "\"a\": 1 ",
        "\"a\" \"b\",",
        "\"a\": ,",
        "}",
    ];
    for fault in faults {
        for open in ["", "[", "{", "{\"a\": ", "[["] {
            for times in MOST_PROBLEMS - 1..MOST_PROBLEMS + 3 {
                for close in ["", "]", "}", "'", "é"] {
                    assert_same_verdict(&format!("{open}{}{close}", fault.repeat(times)));
                }
            }
        }
    }
}

/// Found by the fuzz target: a pack with such a number was pushed, and nobody could pull it by its name.
#[test]
fn a_number_that_nobody_could_read_is_told() {
    let document = parse("18446744073709551615");
    assert_eq!(document.root.unwrap().to_serde(), serde_json::json!(u64::MAX));
    for text in ["1e999", "-1e999", "2E8007"] {
        let document = parse(text);
        let expected = format!("the number `{text}` is larger than any that can be read");
        assert_eq!(document.problems[0].message, expected);
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err());
    }
    assert!(parse("1e-999").problems.is_empty(), "zero, nearly");
}

/// Asserts that a text is clean here exactly where `serde_json` reads it, but for what only one of them looks at.
fn assert_same_verdict(text: &str) {
    let document = parse(text);
    let clean = document.problems.iter().all(|problem| problem.fault == Fault::DuplicateKey);
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => assert!(clean, "{text}: {:?}", document.problems),
        Err(error) => assert!(!clean, "{text}: {error}"),
    }
    assert!(document.complete || !clean, "{text}");
    for problem in &document.problems {
        assert!(text.get(problem.span.clone()).is_some(), "{text}: {problem:?}");
    }
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9_f64).prop_map(Into::into),
        "[a\"\\\\/\u{1}\n\u{e9}\u{1f600}]{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::btree_map("[a-d]{0,2}", inner, 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "[\\[\\]{}\"',:0-9a-z/*#\\\\\n\t ä-]{0,40}") {
        assert_same_verdict(&text);
    }

    #[test]
    fn what_others_write_is_read_and_what_is_damaged_gets_their_verdict(
        value in any_value(),
        damage in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0..3_usize, "[\\[\\]{}\",:0-9.eE+tn/*'\\\\u\u{feff}\u{1} -]{0,2}"),
            0..3,
        ),
    ) {
        let mut text = serde_json::to_string_pretty(&value).unwrap();
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(parse(&text).root.unwrap().to_serde(), expected);
        for (at, length, put) in damage {
            let mut places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
            places.push(text.len());
            let start = at.index(places.len());
            let end = (start + length).min(places.len() - 1);
            text.replace_range(places[start]..places[end], &put);
        }
        assert_same_verdict(&text);
    }
}
