//! The house holds: imports run down only, the library touches neither terminal nor environment nor clock, files stay readable, and
//! nothing strange lies at the top.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::source::{CodePath, code_only, paths, test_files, without_unit_tests};

/// Every room of the library, and the rooms that it may import. `digest` is a leaf that all may import.
const ROOMS: [(&str, &[&str]); 11] = [
    ("create", &["pack", "store", "tarball"]),
    ("location", &["registry", "store"]),
    ("transfer", &["store"]),
    ("registry", &["store"]),
    ("compare", &["artifact", "pack", "store", "tarball"]),
    ("artifact", &["pack", "store", "tarball"]),
    ("pack", &["tarball", "template"]),
    ("store", &[]),
    ("tarball", &[]),
    ("template", &[]),
    ("digest", &[]),
];

/// The rooms that the binary may import.
const ROOMS_OF_THE_BINARY: [&str; 9] =
    ["create", "location", "transfer", "registry", "store", "compare", "artifact", "pack", "digest"];

/// What the library leaves to the binary, as it stands in code, and what it is.
const NOT_IN_THE_LIBRARY: [(&str, &str); 17] = [
    ("println!", "the terminal"),
    ("print!", "the terminal"),
    ("eprintln!", "the terminal"),
    ("eprint!", "the terminal"),
    ("dbg!", "the terminal"),
    ("stdout()", "the terminal"),
    ("stderr()", "the terminal"),
    ("stdin()", "the terminal"),
    ("SystemTime::now", "the clock"),
    ("home_dir()", "the home folder"),
    ("process::exit", "the process"),
    ("temp_dir()", "the system's temp folder"),
    (".tempfile()", "the system's temp folder"),
    (".tempdir()", "the system's temp folder"),
    ("tempfile::tempdir()", "the system's temp folder"),
    ("tempfile::tempfile()", "the system's temp folder"),
    ("NamedTempFile::new()", "the system's temp folder"),
];

/// What may lie at the top of the project.
const TOP: [&str; 17] = [
    ".ci",
    ".config",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".rustfmt.toml",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "docs",
    "examples",
    "scripts",
    "src",
    "testdata",
    "tests",
];

const MOST_LINES: usize = 400;

/// Returns what is wrong with one file of `src`, one line a fault.
fn faults(path: &str, source: &str) -> Vec<String> {
    let code = without_unit_tests(&code_only(source));
    let mut faults: Vec<String> = paths(&code).iter().filter_map(|found| import_fault(path, found)).collect();
    if !path.starts_with("bin/") {
        for (index, (line, original)) in code.lines().zip(source.lines()).enumerate() {
            if !line.trim().is_empty() && original.contains("\"HOME\"") {
                faults.push(format!("src/{path}:{}: the library does not know HOME", index + 1));
            }
            for (text, what) in NOT_IN_THE_LIBRARY {
                if holds_word(line, text) {
                    faults.push(format!("src/{path}:{}: `{text}`: the library does not touch {what}", index + 1));
                }
            }
        }
    }
    faults.dedup();
    faults
}

/// Returns whether `text` stands in the line and not as the end of a longer word.
fn holds_word(line: &str, text: &str) -> bool {
    let is_word = |one: char| one.is_alphanumeric() || one == '_';
    line.match_indices(text)
        .any(|(at, _)| !text.starts_with(is_word) || !line[..at].chars().next_back().is_some_and(is_word))
}

fn import_fault(path: &str, found: &CodePath) -> Option<String> {
    let place = format!("src/{path}:{}", found.line);
    let segments: Vec<&str> = found.segments.iter().map(String::as_str).collect();
    if path.starts_with("bin/") {
        let [crate_name, room, ..] = segments.as_slice() else { return None };
        let is_closed = *crate_name == "spectro_pack"
            && ROOMS.iter().any(|(name, _)| name == room)
            && !ROOMS_OF_THE_BINARY.contains(room);
        return is_closed.then(|| format!("{place}: the binary does not import `{room}`"));
    }
    if matches!(segments.as_slice(), ["std", "env", ..]) {
        return Some(format!("{place}: the library does not touch the environment"));
    }
    let modules: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
    let own = *modules.first()?;
    let imported = imported_room(&modules, &segments)?;
    if own == "lib" || own == imported || imported == "digest" {
        return None;
    }
    if !ROOMS.iter().any(|(name, _)| *name == imported) {
        return Some(format!("{place}: `{imported}` is no room of the house"));
    }
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == own) else {
        return Some(format!("{place}: `{own}` is no room of the house"));
    };
    (!allowed.contains(&imported)).then(|| format!("{place}: `{own}` does not import `{imported}`"))
}

/// Returns the room of a path that begins with `crate`, or with enough `super`s to leave the file's own.
fn imported_room<'a>(modules: &[&str], segments: &[&'a str]) -> Option<&'a str> {
    if segments.first() == Some(&"crate") {
        return segments.get(1).copied();
    }
    let up = segments.iter().take_while(|segment| **segment == "super").count();
    if up > 0 && up >= modules.len() { segments.get(up).copied() } else { None }
}

/// Returns the modules with files of their own that this file has for tests only, as `registry/client/tests`.
fn modules_for_tests(path: &str, source: &str) -> Vec<String> {
    let folder = match path.rsplit_once('/') {
        Some((folder, "main.rs" | "lib.rs" | "mod.rs")) => folder,
        None if path == "lib.rs" => "",
        _ => path.trim_end_matches(".rs"),
    };
    let names = test_files(&code_only(source)).into_iter();
    names.map(|name| format!("{folder}/{name}").trim_start_matches('/').to_owned()).collect()
}

fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a folder's entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn imports_run_down_and_the_library_stays_pure() {
    let source = project().join("src");
    let files = files_below(&source, ".rs");
    assert!(files.len() > 8, "the library's files were not found");
    let named = |file: &PathBuf| file.strip_prefix(&source).expect("a file lies below").to_string_lossy().into_owned();
    let texts: BTreeMap<String, String> =
        files.iter().map(|file| (named(file), fs::read_to_string(file).expect("source is UTF-8"))).collect();
    let spared: Vec<String> = texts.iter().flat_map(|(path, text)| modules_for_tests(path, text)).collect();
    let is_for_tests = |path: &str| {
        spared.iter().any(|module| path == format!("{module}.rs") || path.starts_with(&format!("{module}/")))
    };
    let checked = texts.iter().filter(|(path, _)| !is_for_tests(path));
    let found: Vec<String> = checked.flat_map(|(path, text)| faults(path, text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let files =
        files_below(&project().join("src"), ".rs").into_iter().chain(files_below(&project().join("tests"), ".rs"));
    let lines = |file: &PathBuf| fs::read_to_string(file).expect("source is UTF-8").lines().count();
    let long: Vec<String> = files
        .map(|file| (lines(&file), file))
        .filter(|(count, _)| *count > MOST_LINES)
        .map(|(count, file)| format!("{}: {count} lines", file.display()))
        .collect();
    assert!(long.is_empty(), "is each of these one noun or one verb?\n{}", long.join("\n"));
}

#[test]
fn nothing_strange_lies_at_the_top() {
    let strange: Vec<String> = top_entries().into_iter().filter(|name| !TOP.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "these do not belong at the top of the project: {}", strange.join(", "));
}

/// Returns what git knows at the top; where there is no git, what lies there and is no build folder.
fn top_entries() -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(project()).output();
    let mut names: Vec<String> = match listed {
        Ok(output) if output.status.success() && !output.stdout.is_empty() => String::from_utf8_lossy(&output.stdout)
            .split_terminator('\0')
            .filter_map(|path| path.split('/').next().map(str::to_owned))
            .collect(),
        _ => fs::read_dir(project())
            .expect("the project's folder can be listed")
            .map(|entry| entry.expect("a folder's entry can be read").file_name().to_string_lossy().into_owned())
            .filter(|name| !matches!(name.as_str(), ".git" | "target"))
            .collect(),
    };
    names.sort();
    names.dedup();
    assert!(names.contains(&"Cargo.toml".to_owned()), "the top of the project was not found: {names:?}");
    names
}

#[test]
fn an_import_upwards_is_found_however_it_is_written() {
    let found = |path: &str, source: &str| faults(path, source).join("\n");
    let upward = "`store` does not import `registry`";
    for source in [
        "use crate::registry::Server;",
        "use crate::{\n    digest::Digest,\n    registry::{Server, client::Client},\n};",
        "pub(crate) use super::super::registry::Server;",
        "fn f() { let server = crate::registry::Server::new(); }",
        "fn f(server: &crate::registry::Server) {}",
    ] {
        assert!(found("store/layout.rs", source).contains(upward), "not found: {source}");
    }
    assert!(found("store.rs", "use super::registry::Server;").contains(upward));
    assert!(found("store/layout.rs", "\n\nuse crate::registry;").starts_with("src/store/layout.rs:3:"));
    assert!(found("store.rs", "use crate::helpers::join;").contains("`helpers` is no room"));
    assert!(found("helpers.rs", "use crate::store::Tag;").contains("`helpers` is no room"));
    assert!(found("bin/spectro/main.rs", "use spectro_pack::tarball::read;").contains("does not import `tarball`"));
}

#[test]
fn what_the_house_allows_is_not_found() {
    for (path, source) in [
        ("artifact/layered.rs", "use crate::{digest::Digest, pack::Pack, store::Source, tarball::write};"),
        ("store/layout.rs", "use super::{Tag, events::Event};\nuse crate::store::Source;"),
        ("store.rs", "//! Not like `crate::registry`.\nconst TEXT: &str = \"crate::registry\"; // crate::registry"),
        ("store.rs", "/* crate::registry /* nested */ println!() */ const C: char = '\"'; fn f<'a>(x: &'a str) {}"),
        ("store.rs", "const RAW: &str = r#\"a \" crate::registry std::env\"#;"),
        (
            "store.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::registry::Server;\n    fn f() { println!(\"{}\", 1); }\n}\n",
        ),
        (
            "registry/client.rs",
            "const VERSION: &str = env!(\"CARGO_PKG_VERSION\"); fn f() { std::time::Instant::now(); }",
        ),
        ("pack/values.rs", "fn f(sink: &mut W) { writeln!(sink, \"a\").ok(); blueprint!(); }"),
        ("bin/spectro/main.rs", "use std::env; fn main() { println!(\"{}\", crate::args::parse()); }"),
    ] {
        assert_eq!(faults(path, source), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn what_belongs_to_the_binary_is_found_in_the_library() {
    for source in [
        "use std::env;",
        "use std::{\n    env,\n    fs,\n};",
        "use std::{fs, env::{var, vars}};",
        "fn f() { std::env::var_os(NAME); }",
        "fn f() { println!(\"{}\", 1); }",
        "fn f() { eprint!(\"a\") }",
        "use std::io; fn f() { io::stdout().write_all(b\"a\"); }",
        "fn f() { let now = std::time::SystemTime::now(); }",
        "fn f(map: &Map) { map.get(\"HOME\"); }",
        "fn f() { tempfile::NamedTempFile::new(); }",
        "fn f() { tempfile::Builder::new().prefix(\"a\").tempfile(); }",
        "#[cfg(test)]\nmod tests {\n fn f() {} }\nfn f() { print!(\"after the tests\") }",
    ] {
        assert_eq!(faults("registry/auth.rs", source).len(), 1, "{source}\n{:?}", faults("registry/auth.rs", source));
    }
}

#[test]
fn only_what_is_compiled_for_tests_alone_is_spared() {
    let source = "#[cfg(test)]\nmod testing;\n#[cfg(test)]\n#[allow(clippy::all)]\npub(crate) mod more;\nmod client;\n\
        #[cfg(test)]\nuse std::fs;\nmod wire;\n#[cfg(test)]\nmod tests { }";
    assert_eq!(modules_for_tests("registry.rs", source), ["registry/testing", "registry/more"]);
    assert_eq!(modules_for_tests("lib.rs", source), ["testing", "more"]);
    let inline = "#[cfg(test)]\nmod helpers {\n    fn f() { print!(\"a\") }\n}\nmod tests_of_others { fn f() { print!(\"b\") } }";
    assert_eq!(faults("registry.rs", inline).len(), 1, "{:?}", faults("registry.rs", inline));
}
