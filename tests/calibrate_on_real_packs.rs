//! What is found in real packs, pinned: each error was looked at and is a real fault, and nearly every warning is right.
//!
//! `testdata/real-packs.tsv` has a line for each error and warning: pack, code, file, line (`-` where there is none). Where a rule
//! changes, the difference is what has to be looked at by eye before the table is written anew with `SPECTRO_WRITE_TABLE=1`.

use std::{collections::BTreeSet, env, fs};

use spectro_pack::pack::{self, Day, ReadOptions, Severity};

use crate::support::{Corpus, needs, testdata};

const HEAD: &str =
    "# pack\tcode\tfile\tline: the errors and warnings of real packs; see tests/calibrate_on_real_packs.rs\n";

#[test]
fn the_errors_and_warnings_of_real_packs_are_those_that_were_looked_at() {
    needs!(Corpus);
    let mut options = ReadOptions::default();
    options.today = Day::new(2026, 1, 1);
    let mut found = Vec::new();
    for directory in Corpus::packs().expect("the corpus was asked for above") {
        let reading = pack::read(&directory, &options).expect("a real pack is a folder");
        let name = directory.file_name().expect("a pack has a name").to_str().expect("real packs have plain names");
        let told = reading.report.findings().iter().filter(|finding| finding.code.severity() != Severity::Note);
        found.extend(told.map(|finding| {
            let line = finding.position.map_or("-".to_owned(), |position| position.line.to_string());
            format!("{name}\t{}\t{}\t{line}", finding.code, finding.file.as_deref().unwrap_or("-"))
        }));
    }
    let path = testdata("real-packs.tsv");
    if env::var_os("SPECTRO_WRITE_TABLE").is_some() {
        fs::write(&path, format!("{HEAD}{}\n", found.join("\n"))).expect("the table can be written");
    }
    let table = fs::read_to_string(&path).expect("the table is there");
    let expected: Vec<_> = table.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let set = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
    let (found_set, expected_set) = (set(&found), set(&expected));
    let new: Vec<_> = found_set.difference(&expected_set).collect();
    let gone: Vec<_> = expected_set.difference(&found_set).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\ngone: {gone:#?}");
    assert_eq!(found.len(), expected.len(), "a finding comes more or less often than it did");
}
