use std::io::Write;

use super::{archive::MOST_ENTRIES, testing::archive, *};

fn check(archive: &mut impl Read) -> Result<(), Fault> {
    open(archive, |_| ()).map(drop)
}

fn fault(bytes: &[u8]) -> String {
    check(&mut &bytes[..]).unwrap_err().message
}

const GOOD: &str = "apiVersion: v2\nname: a\nversion: 1.0.0\n";

#[test]
fn a_chart_may_be_rooted_anywhere() {
    for path in ["a/Chart.yaml", "./Chart.yaml", "Chart.yaml", "./other/Chart.yaml", "other/./Chart.yaml"] {
        let files = [("a/charts/b/Chart.yaml", "nonsense"), (path, GOOD), ("a/values.yaml", "x: 1\n")];
        assert_eq!(check(&mut archive(&files).as_slice()), Ok(()), "{path}");
    }
    let both = archive(&[("a/Chart.yaml", "x"), ("Chart.yaml", GOOD)]);
    assert_eq!(check(&mut both.as_slice()), Ok(()));
}

#[test]
fn what_chart_yaml_lacks_is_named() {
    let of = |content| fault(&archive(&[("a/Chart.yaml", content)]));
    assert_eq!(fault(&archive(&[("a/b/Chart.yaml", GOOD)])), "has no Chart.yaml");
    assert_eq!(of("name: a\n"), "has a a/Chart.yaml without `version`");
    assert_eq!(of("version: '1'\nname: ''\n"), "has a a/Chart.yaml whose `name` is no text");
    assert_eq!(of("version: 1.0\nname: a\n"), "has a a/Chart.yaml whose `version` is no text");
    assert_eq!(of(""), "has a a/Chart.yaml without `name`");
    assert_eq!(of("- a"), "has a a/Chart.yaml without `name`");
    assert_eq!(of("name: [a\n"), "has a a/Chart.yaml that is not YAML: this `[` is never closed (line 1, column 7)");
}

#[test]
fn what_is_no_archive_is_recognised() {
    for (bytes, expected) in [
        (&b""[..], "is empty"),
        (b"\n<!DOCTYPE html><html>", "is an HTML page, not a chart"),
        (b"Error: no such chart\nmore", "is the text of an error, not a chart: `Error: no such chart`"),
        (b"{\"errors\":[]}", "is JSON, not a chart: `{\"errors\":[]}`"),
        (b"404 page not found\n", "is a text, not a chart: `404 page not found`"),
        (b"PK\x03\x04....", "is a zip archive, not tar and gzip"),
        (b"\x28\xb5\x2f\xfd....", "is compressed, but not with gzip"),
        (b"version https://git-lfs.github.com/spec/v1\noid x", "is a pointer of Git LFS, not a chart"),
        (b"\x00\x01\x02\x03", "is not compressed with gzip"),
    ] {
        assert_eq!(fault(bytes), expected);
    }
    let mut plain = vec![0; 1024];
    plain[257..262].copy_from_slice(b"ustar");
    assert_eq!(fault(&plain), "is a tar archive that is not compressed");
}

#[test]
fn an_archive_is_read_to_its_end() {
    let good = archive(&[("a/Chart.yaml", GOOD), ("a/large", &"x".repeat(100_000))]);
    assert_eq!(fault(&good[..good.len() - 4]), "is no whole chart: it is cut off");
    let mut broken = good.clone();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(fault(&broken), "is no chart: its gzip stream is damaged");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"hello").unwrap();
    assert_eq!(fault(&gzip.finish().unwrap()), "is no chart: what is packed in it is not tar");
    assert_eq!(fault(&archive(&[])), "has no Chart.yaml");
    let names: Vec<_> = (0..=MOST_ENTRIES).map(|number| format!("a/{number}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(fault(&archive(&many)), "is no chart: it has more than 10000 entries");
}

#[test]
fn a_chart_has_what_lies_in_it() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(&mut gzip);
    let packed = archive(&[("c/Chart.yaml", "name: c\nversion: 0.1.0\n"), ("c/values.yaml", "deep: 1\n")]);
    let metadata = "name: a\nversion: 1.0.0\nappVersion: 2.0\ndependencies:\n- {name: b, alias: bee, condition: 'bee.on, all', tags: [x]}\n";
    for (path, content) in [
        ("a/Chart.yaml", metadata.as_bytes()),
        ("a/values.yaml", b"x: 1\n"),
        ("a/values.schema.json", b"{\"properties\": {\"y\": {}}}"),
        ("a/templates/one.yaml", b"{{ .Values.x }}"),
        ("a/templates/tests/two.yaml", b"two"),
        ("a/charts/b/Chart.yaml", b"name: b\nversion: 2.0.0\n"),
        ("a/charts/b/values.yaml", b"# nothing\n"),
        ("a/charts/broken/Chart.yaml", b"nonsense"),
        ("a/charts/_left/Chart.yaml", b"name: left\nversion: 1.0.0\n"),
        ("a/charts/c-0.1.0.tgz", packed.as_slice()),
    ] {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).unwrap();
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, content).unwrap();
    }
    tar.into_inner().unwrap();
    let mut seen = Vec::new();
    let chart = open(&mut gzip.finish().unwrap().as_slice(), |file| seen.push(file.path.clone())).unwrap();
    assert_eq!(seen.len(), 9, "all texts: {seen:?}");
    assert_eq!((chart.name(), chart.metadata.app_version.as_deref()), ("a", Some("2.0")));
    assert_eq!(chart.values.as_ref().unwrap().path, "a/values.yaml");
    assert!(chart.schema.is_some());
    let templates: Vec<_> = chart.templates.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(templates, ["a/templates/one.yaml", "a/templates/tests/two.yaml"]);
    let within: Vec<_> = chart
        .dependencies()
        .map(|(key, declared, chart)| (key, declared.is_some(), chart.name(), chart.values.is_some()))
        .collect();
    assert_eq!(within, [("bee", true, "b", false), ("c", false, "c", true)]);
    assert_eq!(chart.metadata.dependencies[0].conditions, ["bee.on", "all"]);
}
