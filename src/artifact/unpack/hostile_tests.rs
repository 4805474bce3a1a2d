//! Artifacts that nobody should unpack: each is refused for its own reason, and nothing is left of it.

use std::fs;

use super::{
    super::{
        media_type,
        testing::{Memory, Raw, gzip, raw_tar},
    },
    *,
};
use crate::{
    digest::Digest,
    store::{
        Content, Descriptor,
        ErrorKind::{Integrity, NotFound, Unsafe},
        Manifest, Silent,
    },
};

const CONFIG: &str = r#"{"name":"a"}"#;

/// Unpacks what must not be unpacked, and returns the kinds of the error and what its messages say, one line each.
async fn refusal(store: &Memory, limits: Limits) -> (ErrorKind, String) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("outer/target");
    let options = UnpackOptions { replace: false, protected: Vec::new(), limits, jobs: 3 };
    let error = match PackArtifact::open(store, &store.selector()).await {
        Ok(artifact) => unpack(store, &artifact, &target, &options, &Silent).await.expect_err("it must be refused"),
        Err(error) => error,
    };
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{error}: {left:?}");
    let mut text = error.to_string();
    let mut next = std::error::Error::source(&error);
    while let Some(cause) = next {
        text = format!("{text}\n{cause}");
        next = cause.source();
    }
    (error.kind(), text)
}

fn role(entries: &[Raw<'_>]) -> Memory {
    Memory::layered(CONFIG, &[("role", media_type::ROLE, raw_tar(entries)), ("z", media_type::OCTETS, b"z".to_vec())])
}

/// oras CVE-2021-21272 (a link, then a write through it), oras-go CVE-2026-50163 (a hard link, resolved against the working folder) and
/// GHSA-m37j-52j7-pjw7 (chains of links), among others.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_could_leave_the_folder_are_refused() {
    let name: String = "n".repeat(60);
    let pax =
        |record: &'static str| Raw { name: b"pax", flag: b'x', link: b"", content: record.as_bytes(), size: None };
    let folder = || Raw::of(b'5', "role/", "");
    let file = |name| Raw::file(name, b"x");
    let cases: Vec<(&str, Vec<Raw<'_>>)> = vec![
        ("a link", vec![folder(), Raw::of(b'2', "role/l", "/etc/passwd")]),
        ("a link, then a write through it", vec![folder(), Raw::of(b'2', "role/l", "/tmp"), file("role/l/x")]),
        (
            "a chain of links",
            vec![folder(), Raw::of(b'2', "role/a", "b"), Raw::of(b'2', "role/b", "../.."), file("role/a/x")],
        ),
        ("a hard link to a file of the working folder", vec![folder(), Raw::of(b'1', "role/l", "Cargo.toml")]),
        ("a hard link", vec![folder(), Raw::of(b'1', "role/l", "role/x")]),
        ("a character device", vec![folder(), Raw::of(b'3', "role/d", "")]),
        ("a block device", vec![folder(), Raw::of(b'4', "role/d", "")]),
        ("a FIFO", vec![folder(), Raw::of(b'6', "role/f", "")]),
        ("up and out", vec![folder(), file("role/../../x")]),
        ("up and in again", vec![folder(), file("role/../role/x")]),
        ("absolute", vec![folder(), file("/role/x")]),
        ("beside the folder", vec![folder(), file("rolex/x")]),
        ("a file of the pack", vec![folder(), file("pack.json")]),
        ("a file in the folder's place", vec![file("role")]),
        ("twice", vec![folder(), file("role/x"), file("role/x")]),
        ("twice by another spelling", vec![folder(), file("role/x"), file("role/./x")]),
        ("a folder twice", vec![folder(), folder()]),
        ("a file, then a folder of that name", vec![folder(), file("role/x"), Raw::of(b'5', "role/x/", "")]),
        ("a file, then something in it", vec![folder(), file("role/x"), file("role/x/y")]),
        ("only case", vec![folder(), file("role/x"), file("role/X")]),
        ("only case of a folder", vec![folder(), file("role/a/x"), file("role/A/y")]),
        ("only case of the title", vec![folder(), file("Role/x")]),
        ("not UTF-8", vec![folder(), Raw { name: b"role/\xff", flag: b'0', link: b"", content: b"", size: None }]),
        ("a name from PAX", vec![folder(), pax("20 path=role/../../x\n"), file("role/fine")]),
        ("a link's name from PAX", vec![folder(), pax("24 linkpath=/etc/passwd\n"), Raw::of(b'2', "role/l", "short")]),
        ("nothing but a name", vec![file(&name)]),
    ];
    for (what, entries) in cases {
        let (kind, text) = refusal(&role(&entries), Limits::default()).await;
        assert_eq!(kind, Unsafe, "{what}: {text}");
        assert!(text.contains("`role`") || text.contains("role"), "{what} names the layer: {text}");
    }
}

#[tokio::test]
async fn a_refusal_names_layer_and_entry() {
    let store = role(&[Raw::of(b'5', "role/", ""), Raw::of(b'2', "role/l", "/etc/passwd")]);
    assert_eq!(
        refusal(&store, Limits::default()).await,
        (Unsafe, "entry `role/l` of layer `role` is a link".to_owned())
    );
}

#[tokio::test]
async fn a_name_that_no_file_system_takes_is_refused() {
    let long = "n".repeat(300);
    let record = format!("315 path=role/{long}\n");
    assert_eq!(record.len(), 315, "it says so");
    let pax = Raw { name: b"pax", flag: b'x', link: b"", content: record.as_bytes(), size: None };
    let entry = role(&[Raw::of(b'5', "role/", ""), pax, Raw::file("role/short", b"x")]);
    let deep = "d/".repeat(3000) + "x";
    let title = |title: &str| Memory::layered(CONFIG, &[(title, media_type::OCTETS, b"x".to_vec())]);
    for store in [entry, title(&long), title(&deep)] {
        let (kind, text) = refusal(&store, Limits::default()).await;
        assert_eq!(kind, Unsafe, "{text}");
        assert!(text.contains("is too long"), "{text}");
    }
}

#[tokio::test]
async fn limits_hold_over_all_layers() {
    let many: Vec<String> = (0..40).map(|number| format!("role/{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| Raw::file(name, b"12345")).collect();
    let layers = [("role", media_type::ROLE, raw_tar(&many)), ("b", media_type::OCTETS, vec![0; 100])];
    let store = Memory::layered(CONFIG, &layers);
    let (kind, text) = refusal(&store, Limits { entries: 30, ..Limits::default() }).await;
    assert_eq!(kind, Unsafe, "{text}");
    // pack.json, the folder, 40 files and `b` are 43, and 312 bytes.
    let (kind, text) = refusal(&store, Limits { entries: 42, ..Limits::default() }).await;
    assert_eq!((kind, text.as_str()), (Unsafe, "the pack has more than 42 files and folders"));
    let half = |title| (title, media_type::OCTETS, vec![0; 50]);
    let store = Memory::layered(CONFIG, &[half("a"), half("b")]);
    let (kind, text) = refusal(&store, Limits { unpacked: 111, ..Limits::default() }).await;
    assert_eq!((kind, text.as_str()), (Unsafe, "the pack has more than 111 bytes unpacked"));
}

#[tokio::test]
async fn a_bomb_is_refused() {
    let zeros = vec![0; 4 << 20];
    let store = role(&[Raw::file("role/zeros", &zeros)]);
    let (kind, text) = refusal(&store, Limits { ratio_from: 1 << 20, ..Limits::default() }).await;
    assert_eq!(kind, Unsafe, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_promised_is_refused() {
    let fine = || raw_tar(&[Raw::file("role/x", b"x")]);
    let torn = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let lying = raw_tar(&[Raw { size: Some(1 << 20), ..Raw::file("role/x", b"x") }]);
    let cases = [
        ("no gzip", media_type::ROLE, b"<html>".to_vec()),
        ("no tar", media_type::ROLE, gzip(&[b'x'; 2000])),
        ("cut", media_type::ROLE, torn(fine())),
        ("a size that lies", media_type::ROLE, lying),
    ];
    for (what, media_type, bytes) in cases {
        let (kind, text) = refusal(&Memory::layered(CONFIG, &[("role", media_type, bytes)]), Limits::default()).await;
        assert_eq!(kind, Integrity, "{what}: {text}");
    }
    for config in ["", "{", "[]", r#"{"name":1}"#, r#"{"name":"a","name":"a"}"#] {
        let (kind, text) = refusal(&Memory::layered(config, &[]), Limits::default()).await;
        assert_eq!(kind, Integrity, "{config}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_than_promised_are_refused_whatever_they_hold() {
    let link = raw_tar(&[Raw::of(b'2', "role/l", "/etc/passwd")]);
    for (media_type, title) in [(media_type::ROLE, "role"), (media_type::OCTETS, "file")] {
        for bytes in [b"other".to_vec(), link.clone(), Vec::new()] {
            let fine = raw_tar(&[Raw::file("role/x", b"x")]);
            let mut store = Memory::layered(CONFIG, &[(title, media_type, fine.clone())]);
            store.blobs.insert(Digest::of(&fine), bytes.into());
            let (kind, text) = refusal(&store, Limits::default()).await;
            assert_eq!(kind, Integrity, "{text}");
            assert!(text.contains(&format!("layer `{title}` is not what its manifest promises")), "{text}");
        }
    }
}

#[tokio::test]
async fn bytes_behind_the_end_of_the_tar_are_proven_too() {
    let tar = raw_tar(&[Raw::file("role/x", b"x")]);
    let more = [tar.clone(), vec![0; 100_000]].concat();
    let mut store = Memory::layered(CONFIG, &[("role", media_type::ROLE, more.clone())]);
    let mut other = more.clone();
    *other.last_mut().unwrap() = 1;
    store.blobs.insert(Digest::of(&more), other.into());
    let (kind, text) = refusal(&store, Limits::default()).await;
    assert_eq!(kind, Integrity, "{text}");
}

#[tokio::test]
async fn archives_are_refused_for_the_same_reasons() {
    let cases = [
        ("two roots", Unsafe, vec![Raw::file("a-1/pack.json", CONFIG.as_bytes()), Raw::file("b/x", b"")]),
        ("no root", Unsafe, vec![Raw::file("pack.json", CONFIG.as_bytes())]),
        ("no pack.json", Integrity, vec![Raw::file("a-1/values.yaml", b"")]),
        ("a pack.json that is a folder", Integrity, vec![Raw::of(b'5', "a-1/pack.json/", "")]),
        ("a link", Unsafe, vec![Raw::file("a-1/pack.json", CONFIG.as_bytes()), Raw::of(b'2', "a-1/l", "x")]),
        ("twice", Unsafe, vec![Raw::file("a-1/pack.json", CONFIG.as_bytes()), Raw::file("a-1/pack.json", b"")]),
        ("up", Unsafe, vec![Raw::file("a-1/../x", b"")]),
        ("nothing", Integrity, vec![]),
    ];
    for (what, expected, entries) in cases {
        let store = Memory::archive("a-1.tar.gz", &raw_tar(&entries));
        let (kind, text) = refusal(&store, Limits::default()).await;
        assert_eq!(kind, expected, "{what}: {text}");
    }
    let (kind, text) = refusal(&Memory::archive("../a-1.tar.gz", &raw_tar(&[])), Limits::default()).await;
    assert_eq!(kind, Unsafe, "{text}");
}

#[tokio::test]
async fn manifests_that_are_wrong_are_refused_before_any_layer_is_fetched() {
    let octets = |title| (title, media_type::OCTETS, Vec::new());
    let folder = |title| (title, media_type::FOLDER, raw_tar(&[]));
    let cases = [
        ("two titles", Unsafe, vec![octets("x"), octets("x")]),
        ("only case", Unsafe, vec![octets("x"), octets("X")]),
        ("only case of a folder", Unsafe, vec![octets("a/x"), octets("A/y")]),
        ("a file within a file", Unsafe, vec![octets("a"), octets("a/b")]),
        ("the other way", Unsafe, vec![octets("a/b"), octets("a")]),
        ("a file within a folder's layer", Unsafe, vec![folder("a"), octets("a/b")]),
        ("a folder within a folder's layer", Unsafe, vec![folder("a/b/c"), folder("a/b")]),
        ("up and out", Unsafe, vec![octets("../x")]),
        ("up within", Unsafe, vec![octets("a/../x")]),
        ("absolute", Unsafe, vec![octets("/etc/cron.d/x")]),
        ("not in its shortest form", Unsafe, vec![octets("./x")]),
        ("two slashes", Unsafe, vec![octets("a//x")]),
        ("a slash at the end", Unsafe, vec![folder("a/")]),
        ("empty", Unsafe, vec![octets("")]),
        ("the pack itself", Unsafe, vec![folder(".")]),
        ("a zero byte", Unsafe, vec![octets("a\0b")]),
        ("an unknown type", Integrity, vec![("x", "application/x-tar", Vec::new())]),
        ("values elsewhere", Integrity, vec![("x.yaml", media_type::VALUES, Vec::new())]),
        ("values that are anything", Integrity, vec![octets("values.yaml")]),
        ("a logo that is a folder", Integrity, vec![("logo.png", media_type::FOLDER, raw_tar(&[]))]),
        ("another pack.json", Integrity, vec![("pack.json", media_type::METADATA, b"{}".to_vec())]),
    ];
    for (what, expected, layers) in cases {
        let store = Memory::layered(CONFIG, &layers);
        let (kind, text) = refusal(&store, Limits::default()).await;
        assert_eq!(kind, expected, "{what}: {text}");
        assert!(store.asked().is_empty(), "{what}: {text}");
    }
}

fn with(store: &mut Memory, change: impl FnOnce(&mut Descriptor, &mut Vec<Descriptor>)) {
    let Content::Image { config, layers, annotations, .. } = store.manifests[0].content().clone() else { panic!() };
    let (mut config, mut layers) = (config, layers);
    change(&mut config, &mut layers);
    store.manifests[0] = Manifest::image(config, layers, annotations).unwrap();
}

#[tokio::test]
async fn descriptors_that_are_wrong_are_refused() {
    let sample = || Memory::layered(CONFIG, &[("x", media_type::OCTETS, b"hello".to_vec())]);
    for size in [0, 4, 6, 1 << 62] {
        let mut store = sample();
        with(&mut store, |_, layers| layers[0].size = size);
        let (kind, text) = refusal(&store, Limits { unpacked: u64::MAX, ..Limits::default() }).await;
        assert_eq!(kind, Integrity, "{size}: {text}");
    }
    let mut store = sample();
    with(&mut store, |_, layers| layers[0].size = 1 << 62);
    assert_eq!(refusal(&store, Limits::default()).await.0, Unsafe, "more than a pack may have");
    let mut store = sample();
    with(&mut store, |config, _| config.size = 1 << 40);
    let (kind, text) = refusal(&store, Limits::default()).await;
    assert_eq!((kind, text.as_str()), (Unsafe, "pack.json has 1099511627776 bytes, more than 1048576"));
    let mut store = sample();
    with(&mut store, |_, layers| layers[0].annotations.clear());
    assert_eq!(refusal(&store, Limits::default()).await, (Integrity, "layer 0 has no title".to_owned()));
    let mut store = sample();
    with(&mut store, |_, layers| {
        layers[0].annotations.insert(media_type::MODE.to_owned(), "4755".to_owned());
    });
    assert_eq!(refusal(&store, Limits::default()).await.0, Integrity);
    let mut store = sample();
    store.blobs.clear();
    assert_eq!(refusal(&store, Limits::default()).await.0, NotFound);
}
