//! Tests of the texts in this folder: what `spectro pack validate --explain CODE` prints.

use std::{collections::BTreeSet, fs, path::Path};

use super::Code;

/// Whether texts may wait here for a rule that is not written yet.
const TEXTS_MAY_WAIT: bool = false;

/// Returns the fenced examples below a line that begins with a word, each with its language.
fn examples<'a>(text: &'a str, word: &str) -> Vec<(&'a str, String)> {
    let mut found = Vec::new();
    let mut heading = "";
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let body =
                lines.by_ref().take_while(|line| *line != "```").fold(String::new(), |body, line| body + line + "\n");
            if heading.starts_with(word) {
                found.push((language, body));
            }
        } else if ["Bad", "Good"].iter().any(|word| line.starts_with(word)) {
            heading = line;
        }
    }
    found
}

fn texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pack/report/explanations");
    let list = fs::read_dir(folder).expect("the folder of the texts");
    let paths = list.map(|entry| entry.expect("an entry").path());
    let named = paths.map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("a text"))
    });
    let mut texts: Vec<_> = named.collect();
    texts.sort();
    texts
}

#[test]
fn every_text_says_what_it_means_and_has_a_bad_and_a_good_example() {
    let texts = texts();
    assert!(texts.len() >= Code::all().len());
    for (name, text) in texts {
        let lines: Vec<_> = text.lines().collect();
        assert!((8..=30).contains(&lines.len()), "{name} has {} lines", lines.len());
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{name} has a long line");
        let at = |word: &str| {
            lines.iter().position(|line| line.starts_with(word)).unwrap_or_else(|| panic!("{name}: {word}"))
        };
        assert!(0 < at("Bad") && at("Bad") < at("Good"), "{name}: first what it means, then bad, then good");
        assert_eq!((examples(&text, "Bad").len(), examples(&text, "Good").len()), (1, 1), "{name}");
    }
}

#[test]
fn every_good_example_is_json_or_yaml_as_it_says() {
    for (name, text) in texts() {
        for (language, body) in examples(&text, "Good") {
            match language {
                "json" => {
                    serde_json::from_str::<serde_json::Value>(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
                }
                "yaml" => {
                    let (_, problem) = crate::pack::yaml::read(&body);
                    assert!(problem.is_none(), "{name}: {problem:?}");
                }
                _ => assert_eq!(language, "text", "{name}"),
            }
        }
    }
}

#[test]
fn no_text_is_left_over() {
    let codes: BTreeSet<_> = Code::all().iter().map(|code| code.as_str().to_owned()).collect();
    let names: BTreeSet<_> = texts().into_iter().map(|(name, _)| name).collect();
    let missing: Vec<_> = codes.difference(&names).collect();
    let left: Vec<_> = names.difference(&codes).collect();
    assert!(missing.is_empty(), "rules without a text: {missing:?}");
    assert!(TEXTS_MAY_WAIT || left.is_empty(), "texts without a rule: {left:?}");
}
