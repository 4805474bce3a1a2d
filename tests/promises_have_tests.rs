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

#[test]
fn every_test_that_is_named_exists() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&project.join("src"), &mut files);
    sources(&project.join("tests"), &mut files);
    let text = fs::read_to_string(project.join("docs/promises.md")).expect("the promises are there");
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| ") && line.contains("**")).collect();
    assert_eq!(rows.len(), 12, "there are twelve promises");
    for row in rows {
        let names: Vec<_> = row.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect();
        assert!(names.len() > 1, "a promise without tests: {row}");
        for name in names {
            let (modules, function) = name.rsplit_once("::").expect("it has a `::`");
            let head = format!("fn {function}(");
            let is_there = files.iter().any(|(path, text)| {
                modules.split("::").all(|module| path.contains(module) || text.contains(&format!("mod {module}")))
                    && text.contains(&head)
            });
            assert!(is_there, "there is no test `{name}`");
        }
    }
}
