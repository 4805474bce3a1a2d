use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;

/// A PNG picture of one pixel, as far as a reader of chunks can tell.
const LOGO: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0CRC.\0\0\0\0IENDCRC.";

const METADATA: &str = r#"{"name": "demo", "displayName": "Demo", "layer": "os", "version": "1.0.0", "cloudTypes": ["all"],
"ansibleRoles": ["role"], "kubeManifests": ["m/a.yaml"]}"#;

fn pack(more: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("README.md", ""),
        ("pack.json", METADATA),
        ("values.yaml", ""),
        ("m/a.yaml", "a: 1\n"),
        ("role/tasks/main.yml", "[]\n"),
    ];
    for (path, content) in files.iter().chain(more) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    fs::write(folder.path().join("logo.png"), LOGO).unwrap();
    folder
}

fn messages(folder: &Path) -> Vec<String> {
    let reading = read(folder, &ReadOptions::default()).unwrap();
    reading.report.findings().iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect()
}

#[test]
fn a_pack_is_everything_in_its_folder() {
    let folder = pack(&[("role/files/run.sh", "#!/bin/sh\n")]);
    fs::create_dir_all(folder.path().join("empty/inner")).unwrap();
    fs::set_permissions(folder.path().join("role/files/run.sh"), fs::Permissions::from_mode(0o4744)).unwrap();
    let reading = read(folder.path(), &ReadOptions::default()).unwrap();
    assert_eq!(reading.report, Report::default());
    assert_eq!((reading.name.as_deref(), reading.version.as_deref()), (Some("demo"), Some("1.0.0")));
    let pack = reading.pack.unwrap();
    let files: Vec<_> = pack.files().iter().map(|file| (file.path.as_str(), file.size, file.executable)).collect();
    let expected = [
        ("README.md", 0, false),
        ("logo.png", LOGO.len() as u64, false),
        ("m/a.yaml", 5, false),
        ("pack.json", METADATA.len() as u64, false),
        ("role/files/run.sh", 10, true),
        ("role/tasks/main.yml", 3, false),
        ("values.yaml", 0, false),
    ];
    assert_eq!(files, expected);
    for file in pack.files() {
        assert_eq!(file.digest, Digest::of(&fs::read(file.path.to_path(folder.path())).unwrap()), "{}", file.path);
    }
    let folders: Vec<_> = pack.folders().iter().map(PackPath::as_str).collect();
    assert_eq!(folders, ["empty", "empty/inner", "m", "role", "role/files", "role/tasks"]);
    assert_eq!(pack.metadata_bytes(), METADATA.as_bytes());
    assert_eq!((pack.logo_media_type(), pack.directory()), ("image/png", folder.path()));
    assert_eq!(pack.left_out(), []);
}

#[test]
fn what_is_left_out_is_no_part_of_the_pack() {
    let more =
        [(".packignore", "# notes\n/notes/\n*.orig\n"), ("notes/a", "x"), ("m/a.yaml.orig", "x"), (".git/HEAD", "x")];
    let folder = pack(&more);
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("notes/link")).unwrap();
    let pack = read(folder.path(), &ReadOptions::default()).unwrap().pack.unwrap();
    let left_out: Vec<_> = pack.left_out().iter().map(PackPath::as_str).collect();
    assert_eq!(left_out, [".git", "m/a.yaml.orig", "notes"]);
    let files: Vec<_> = pack.files().iter().map(|file| file.path.as_str()).collect();
    let kept = [".packignore", "README.md", "logo.png", "m/a.yaml", "pack.json", "role/tasks/main.yml", "values.yaml"];
    assert_eq!(files, kept);
    assert!(!pack.folders().iter().any(|folder| folder.as_str() == "notes"));

    fs::write(folder.path().join(".packignore"), "/notes/\nm/\nvalues.yaml\n.packignore\n").unwrap();
    let reading = read(folder.path(), &ReadOptions::default()).unwrap();
    let hints: Vec<_> = reading.report.findings().iter().map(|finding| finding.hint.as_deref().unwrap()).collect();
    assert!(hints[0].starts_with("by `.packignore` or by default; "), "{}", hints[0]);
    assert_eq!(hints[1], "`values.yaml` is left out by `.packignore`: delete the pattern, or add `!/values.yaml`");
    assert_eq!(hints[2], "`m` is left out by `.packignore` or by default: take it in with `!/m`");
    assert!(messages(folder.path())[1].starts_with("values-missing"));
}

#[test]
fn a_pattern_that_is_none_keeps_nothing_secret() {
    let folder = pack(&[(".packignore", "ok\n{secret\n")]);
    let told = messages(folder.path());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("file-unreadable: this line of `.packignore` is no pattern"), "{told:?}");
}

#[test]
fn sizes_are_checked_before_anything_is_read() {
    let folder = pack(&[]);
    for (name, size) in [("pack.json", 2 << 20), ("values.yaml", 17 << 20), ("logo.png", 2 << 20)] {
        fs::File::options().write(true).open(folder.path().join(name)).unwrap().set_len(size).unwrap();
    }
    assert_eq!(
        messages(folder.path()),
        [
            "logo-invalid: `logo.png` has 2097152 bytes, more than 1 MiB",
            "metadata-syntax: `pack.json` has 2097152 bytes, more than 1 MiB",
            "values-syntax: `values.yaml` has 17825792 bytes, more than 16 MiB",
        ]
    );
}

#[test]
fn a_folder_that_cannot_be_looked_at_is_an_error() {
    let folder = pack(&[]);
    let error = |path: &str| read(&folder.path().join(path), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error("none"), ReadError::NotFound(_)));
    assert!(matches!(error("pack.json"), ReadError::NotAFolder(_)));
    assert!(matches!(error("pack.json/x"), ReadError::NotAFolder(_)));
}

/// What people and broken programs put into a file.
const SCRAPS: [&[u8]; 20] = [
    b"",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\t",
    b"\r\n",
    b"\"",
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\\u",
    b"- ",
    b"---\n",
    b"*a",
    b"&a ",
    b"..",
];

fn damaged(text: &str, damage: &[(Index, usize, usize)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, length, scrap) in damage {
        let start = at.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, SCRAPS[*scrap].iter().copied());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_damage_to_a_pack_makes_it_panic(
        metadata in vec((any::<Index>(), 0..12_usize, 0..SCRAPS.len()), 0..4),
        values in vec((any::<Index>(), 0..12_usize, 0..SCRAPS.len()), 0..4),
    ) {
        let folder = pack(&[]);
        let metadata = damaged(METADATA, &metadata);
        let values = damaged("pack:\n  namespace: \"a\"\nmanifests:\n  a: &x {b: [1, 2]}\n  c: *x\n  d: |\n    e\n", &values);
        fs::write(folder.path().join("pack.json"), &metadata).unwrap();
        fs::write(folder.path().join("values.yaml"), &values).unwrap();
        let reading = read(folder.path(), &ReadOptions::default()).unwrap();
        prop_assert_eq!(reading.pack.is_none(), reading.report.has_errors());
        for finding in reading.report.findings() {
            let text = match finding.file.as_deref() {
                Some("pack.json") => &metadata,
                Some("values.yaml") => &values,
                _ => continue,
            };
            let places = finding.related.iter().map(|related| related.position).chain(finding.position);
            for place in places {
                let line = text.split(|byte| *byte == b'\n').nth(place.line - 1);
                let line = line.unwrap_or_else(|| panic!("{finding:?} is behind the last line"));
                prop_assert!(place.column <= String::from_utf8_lossy(line).chars().count() + 1, "{:?}", finding);
            }
        }
        if let Some(pack) = reading.pack {
            let digest = |name: &str| &pack.files().iter().find(|file| file.path.as_str() == name).unwrap().digest;
            prop_assert_eq!(pack.metadata_bytes(), &metadata);
            prop_assert_eq!(digest("pack.json"), &Digest::of(&metadata));
            prop_assert_eq!(digest("values.yaml"), &Digest::of(&values));
        }
    }
}
