//! Every template of every chart and every manifest of the real packs, read by us and by `gtmpl-ng`, which has a parser of its own.
//!
//! `SPECTRO_CORPUS` names the folder of packs, or a `packs.tar.gz`; without it `../shared/corpus/packs.tar.gz` is tried.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, OpenOptions},
    io::{Read, Write as _},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;

use super::{Options, invariants, parse};

/// The real faults of real packs: the file, the byte and what is said of it.
const FAULTY: &[(&str, &str)] = &[
    // It ends with `{- end}`, which is text.
    ("external-snapshotter-4.0.1/manifests/vsclass.yaml", "155: this `if` is never closed"),
];

/// The templates of which `gtmpl-ng` thinks otherwise: the file, and what it says. Go thinks as we do.
const OTHERWISE: &[(&str, &str)] = &[
    // It looks for escapes in a raw string, where a backslash is a backslash.
    (
        "wordpress-6.4.3/charts/wordpress-19.4.3.tgz!wordpress/charts/common/templates/_images.tpl",
        "unable to unqote string",
    ),
];

#[test]
fn all_real_templates_are_read_as_another_parser_reads_them() {
    let Some(corpus) = corpus() else {
        return report_skipped("template::corpus_tests::all_real_templates_are_read_as_another_parser_reads_them");
    };
    let mut templates = BTreeMap::new();
    collect(&corpus, &mut templates);
    assert!(templates.len() > 3_000, "{} templates in {}", templates.len(), corpus.display());

    let mut faulty = Vec::new();
    let mut otherwise = Vec::new();
    for (text, name) in &templates {
        invariants::check(text);
        let ours = parse(text, Options::default());
        if let Err(problem) = &ours {
            faulty.push((name.as_str(), format!("{}: {}", problem.span.start, problem.message)));
        }
        let theirs = read_by_gtmpl(text);
        if ours.is_ok() != theirs.is_ok() {
            otherwise.push((name.as_str(), theirs.err().unwrap_or_else(|| "accepted".to_owned())));
        }
    }
    faulty.sort();
    otherwise.sort();
    assert_same(&faulty, FAULTY);
    assert_same(&otherwise, OTHERWISE);
}

/// Checks that these files are named and no others, each with these words among what is said of it.
fn assert_same(found: &[(&str, String)], named: &[(&str, &str)]) {
    let files = |files: &mut dyn Iterator<Item = &str>| files.map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        files(&mut found.iter().map(|found| found.0)),
        files(&mut named.iter().map(|named| named.0)),
        "{found:#?}"
    );
    for ((name, what), (_, words)) in found.iter().zip(named) {
        assert!(what.contains(words), "{name}: {what}");
    }
}

/// Returns what `gtmpl-ng` says, to which every word of the text is a function.
fn read_by_gtmpl(text: &str) -> Result<(), String> {
    let mut reader = gtmpl_ng::Template::default();
    for word in text.split(|one: char| one != '_' && !one.is_alphanumeric()).filter(|word| !word.is_empty()) {
        reader.add_func(word, |_| Ok(gtmpl_ng::Value::NoValue));
    }
    reader.parse(text).map_err(|error| error.to_string())
}

fn corpus() -> Option<PathBuf> {
    if let Some(named) = env::var_os("SPECTRO_CORPUS").map(PathBuf::from) {
        assert!(named.exists(), "SPECTRO_CORPUS names {}, which is not there", named.display());
        return Some(named);
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/packs.tar.gz");
    beside.exists().then_some(beside)
}

/// Says that the test is skipped, as the stories in `tests` do.
fn report_skipped(test: &str) {
    let line = format!("skipped {test}: the corpus of real packs is not here (SPECTRO_CORPUS names its folder)\n");
    eprint!("{line}");
    if let Some(path) = env::var_os("SPECTRO_SKIPPED_TESTS") {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the list of skipped tests is writable");
    }
}

/// Collects the templates, and of each the first name that it has, of a folder of packs or of an archive of it.
fn collect(corpus: &Path, templates: &mut BTreeMap<String, String>) {
    if corpus.is_file() {
        return collect_archive("", fs::File::open(corpus).expect("the corpus can be read"), templates);
    }
    let mut folders = vec![corpus.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the corpus can be listed") {
            let path = entry.expect("an entry of the corpus can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let name = path.strip_prefix(corpus).expect("the file lies below").to_string_lossy().into_owned();
                let file = fs::File::open(&path).expect("a file of the corpus can be read");
                collect_file(&name, file, templates);
            }
        }
    }
}

fn collect_file(name: &str, mut file: impl Read, templates: &mut BTreeMap<String, String>) {
    if Path::new(name).extension().is_some_and(|extension| extension == "tgz") {
        return collect_archive(&format!("{name}!"), file, templates);
    }
    if ["/templates/", "/manifests/"].iter().any(|folder| name.contains(folder)) {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("a template can be read");
        let first = templates.entry(String::from_utf8_lossy(&bytes).into_owned()).or_insert_with(|| name.to_owned());
        if name < first.as_str() {
            name.clone_into(first);
        }
    }
}

fn collect_archive(prefix: &str, archive: impl Read, templates: &mut BTreeMap<String, String>) {
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries().expect("an archive of the corpus can be read") {
        let entry = entry.expect("an entry of an archive can be read");
        let path = entry.path().expect("an entry has a name").to_string_lossy().into_owned();
        let path = path.trim_start_matches("./");
        if entry.header().entry_type().is_file() {
            collect_file(&format!("{prefix}{path}"), Box::new(entry) as Box<dyn Read>, templates);
        }
    }
}
