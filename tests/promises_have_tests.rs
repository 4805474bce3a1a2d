//! Each test that `docs/promises.md` names is there: a promise whose test was renamed or removed is nobody's promise any more.

use std::{fs, path::Path};

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of the project can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).expect("source is UTF-8");
            found.push((path.display().to_string(), text));
        }
    }
}

/// Returns the text of all tests, by path.
fn tests() -> Vec<(String, String)> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&project.join("src"), &mut files);
    sources(&project.join("tests"), &mut files);
    files
}

/// Returns the rows of a table whose row begins with `first`, each with the tests that it names.
fn rows(first: impl Fn(&str) -> bool) -> Vec<(String, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/promises.md");
    let text = fs::read_to_string(path).expect("the promises are there");
    let rows = text.lines().filter(|line| line.starts_with("| ") && first(line));
    let named = rows.map(|row| {
        let names = row.split('`').skip(1).step_by(2).filter(|name| name.contains("::"));
        (row.to_owned(), names.map(str::to_owned).collect())
    });
    named.collect()
}

/// Returns the texts of the files in which a test of this name is.
fn found<'a>(files: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let (modules, function) = name.rsplit_once("::").expect("it has a `::`");
    let head = format!("fn {function}(");
    let holds = |(path, text): &&(String, String)| {
        modules.split("::").all(|module| path.contains(module) || text.contains(&format!("mod {module}")))
            && text.contains(&head)
    };
    files.iter().filter(holds).map(|(_, text)| text.as_str()).collect()
}

#[test]
fn every_test_that_is_named_exists() {
    let files = tests();
    let rows = rows(|row| row.contains("**"));
    assert_eq!(rows.len(), 12, "there are twelve promises");
    for (row, names) in rows {
        assert!(names.len() > 1, "a promise without tests: {row}");
        for name in names {
            assert!(!found(&files, &name).is_empty(), "there is no test `{name}`");
        }
    }
}

#[test]
fn every_advisory_has_a_test_that_names_it() {
    let files = tests();
    let is_advisory =
        |row: &str| ["CVE-", "GHSA-", "rust-oci-client #"].iter().any(|number| row[2..].starts_with(number));
    let rows = rows(is_advisory);
    assert_eq!(rows.len(), 13, "each advisory has its row");
    for (row, names) in rows {
        assert!(!names.is_empty(), "an advisory without a test: {row}");
        let texts: Vec<_> = names.iter().flat_map(|name| found(&files, name)).collect();
        let advisories = row.split('|').nth(1).expect("a row has cells").split(',').map(str::trim);
        for advisory in advisories {
            let number = advisory.strip_prefix("rust-oci-client ").unwrap_or(advisory);
            assert!(texts.iter().any(|text| text.contains(number)), "no test beside {names:?} names {advisory}");
        }
        for name in names {
            assert!(!found(&files, &name).is_empty(), "there is no test `{name}`");
        }
    }
}
