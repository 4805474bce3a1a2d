//! Archives as they should not be.

use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};

use super::*;

/// Builds a tar block by block.
#[derive(Default)]
struct Tar(Vec<u8>);

impl Tar {
    fn header(name: &[u8], flag: u8, size: u64) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name);
        header.set_size(size);
        header.set_mode(0o644);
        header.as_mut_bytes()[156] = flag;
        header.set_cksum();
        header
    }

    fn entry(mut self, name: &str, flag: u8, content: &[u8]) -> Self {
        self.0.extend_from_slice(Self::header(name.as_bytes(), flag, content.len() as u64).as_bytes());
        self.content(content)
    }

    fn claims(mut self, name: &str, flag: u8, size: u64, content: &[u8]) -> Self {
        self.0.extend_from_slice(Self::header(name.as_bytes(), flag, size).as_bytes());
        self.content(content)
    }

    fn content(mut self, content: &[u8]) -> Self {
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        self
    }

    fn pax(self, records: &[(&str, &str)]) -> Self {
        let mut text = String::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut length = rest + 1;
            while length.to_string().len() + rest != length {
                length += 1;
            }
            writeln!(text, "{length} {key}={value}").unwrap();
        }
        self.entry("pax", b'x', text.as_bytes())
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 2 * BLOCK]);
        gzip(&self.0)
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Listed = Vec<(String, EntryKind, String)>;

fn list_within(packed: &[u8], limits: Limits) -> Result<Listed, TarballError> {
    let mut reader = TarballReader::new(packed, limits);
    let mut listed = Vec::new();
    while let Some(mut entry) = reader.next_entry()? {
        let mut content = String::new();
        let (path, kind) = (entry.path().to_owned(), entry.kind());
        entry.read_to_string(&mut content)?;
        listed.push((path, kind, content));
    }
    Ok(listed)
}

fn list(packed: &[u8]) -> Result<Listed, TarballError> {
    list_within(packed, Limits::default())
}

fn file(path: &str, content: &str) -> (String, EntryKind, String) {
    (path.to_owned(), EntryKind::File, content.to_owned())
}

#[test]
fn names_come_from_the_header_from_gnu_or_from_pax() {
    let long = "d/".repeat(60) + "file";
    let packed = Tar::default()
        .entry("folder/", b'5', b"")
        .entry("folder/a", b'0', b"hello")
        .entry("old/", 0, b"")
        .entry("././@LongLink", b'L', format!("{long}\0").as_bytes())
        .entry("short", b'0', b"gnu")
        .pax(&[("path", "ü/✓"), ("mtime", "1.5")])
        .entry("short", b'0', b"pax")
        .end();
    let folder = |path: &str| (path.to_owned(), EntryKind::Folder, String::new());
    let expected =
        vec![folder("folder/"), file("folder/a", "hello"), folder("old/"), file(&long, "gnu"), file("ü/✓", "pax")];
    assert_eq!(list(&packed).unwrap(), expected);
}

#[test]
fn links_and_devices_are_named_for_what_they_are_and_have_no_content() {
    let packed = Tar::default()
        .claims("hard", b'1', 512, b"")
        .claims("symbolic", b'2', 0, b"")
        .entry("device", b'3', b"")
        .entry("after", b'0', b"x")
        .end();
    let kinds: Vec<_> = list(&packed).unwrap().into_iter().map(|(_, kind, _)| kind).collect();
    assert_eq!(kinds, [EntryKind::Link, EntryKind::Link, EntryKind::Other, EntryKind::File]);
}

/// tokio-tar CVE-2025-62518: the size in the header hides an archive in the content.
#[test]
fn the_size_of_the_pax_record_counts_and_smuggles_nothing() {
    let hidden = Tar::default().entry("smuggled", b'0', b"x").0;
    let size = hidden.len().to_string();
    let packed =
        Tar::default().pax(&[("size", &size)]).claims("carrier", b'0', 0, &hidden).entry("last", b'0', b"").end();
    let names: Vec<_> = {
        let mut reader = TarballReader::new(packed.as_slice(), Limits::default());
        let mut names = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            names.push(entry.path().to_owned());
        }
        names
    };
    assert_eq!(names, ["carrier", "last"]);
}

#[test]
fn what_readers_would_read_differently_is_refused() {
    let twice = Tar::default().pax(&[("path", "a"), ("path", "b")]).entry("x", b'0', b"").end();
    let both = Tar::default().entry("long", b'L', b"a\0").pax(&[("path", "b")]).entry("x", b'0', b"").end();
    let sizes = Tar::default().pax(&[("size", "1"), ("size", "2")]).entry("x", b'0', b"").end();
    let signed = Tar::default().pax(&[("size", "+1")]).entry("x", b'0', b"1").end();
    let global = Tar::default().entry("global", b'g', b"10 path=a\n").entry("x", b'0', b"").end();
    let broken = Tar::default().entry("pax", b'x', b"99 path=a\n").entry("x", b'0', b"").end();
    let binary = Tar::default().pax(&[("hdrcharset", "BINARY")]).entry("x", b'0', b"").end();
    for packed in [twice, both, sizes, signed, global, broken, binary] {
        let error = list(&packed).unwrap_err();
        assert!(error.is_unsafe(), "{error:?}");
    }
    let mut latin = Tar::default();
    latin.0.extend_from_slice(Tar::header(b"\xe4", b'0', 0).as_bytes());
    assert!(matches!(list(&latin.end()), Err(TarballError::NotUtf8)));
    let sparse = Tar::default().pax(&[("GNU.sparse.major", "1")]).entry("x", b'0', b"x").end();
    assert_eq!(list(&sparse).unwrap()[0].1, EntryKind::Other);
}

/// Found by comparing with GNU tar and Python: the first of these is an error for Python, the second one a file.
#[test]
fn an_extension_of_nothing_and_a_file_named_as_a_folder_are_refused() {
    let nothing = Tar::default().entry("a", b'0', b"").entry("global", b'g', b"").end();
    assert!(matches!(list(&nothing), Err(TarballError::Truncated)));
    let folder = Tar::default().entry("a/", b'0', b"").end();
    assert_eq!(list(&folder).unwrap()[0].1, EntryKind::Other);
    for (said, counts) in [("a", "b/"), ("a/", "b")] {
        let folder = Tar::default().pax(&[("path", counts)]).entry(said, 0, b"").end();
        assert_eq!(list(&folder).unwrap()[0].1, EntryKind::Other, "{said} {counts}");
    }
}

#[test]
fn what_one_reader_ends_at_and_another_reads_on_from_is_refused() {
    let hidden = Tar::default().entry("hidden", b'0', b"x").0;
    let behind = |zeros: usize, what: &[u8]| {
        let mut tar = Tar::default().entry("a", b'0', b"x");
        tar.0.resize(tar.0.len() + zeros, 0);
        tar.0.extend_from_slice(what);
        gzip(&tar.0)
    };
    for packed in [behind(512, &hidden), behind(1024, &hidden), behind(20_000, b"x")] {
        assert!(matches!(list(&packed), Err(TarballError::GoesOn)));
    }
    for packed in [behind(0, b""), behind(512, b""), behind(10_240, b"")] {
        assert_eq!(list(&packed).unwrap(), [file("a", "x")]);
    }
    let folder = Tar::default().entry("folder", b'5', &hidden).end();
    let by_record = Tar::default().pax(&[("size", "1024")]).claims("folder", b'5', 0, &hidden).end();
    let mut sparse = Tar::default();
    let mut header = Tar::header(b"sparse", b'S', 0);
    header.as_mut_bytes()[482] = 1;
    header.set_cksum();
    sparse.0.extend_from_slice(header.as_bytes());
    let unnamed = Tar::default().entry("long", b'L', b"\0").entry("x", b'0', b"").end();
    let all_binary = Tar::default().entry("global", b'g', b"21 hdrcharset=BINARY\n").entry("x", b'0', b"").end();
    for packed in [folder, by_record, sparse.end(), unnamed, all_binary] {
        assert!(list(&packed).unwrap_err().is_unsafe());
    }
}

/// RFC 1952, section 2.2: several members are one stream. Bytes that are no member are no part of it.
#[test]
fn members_are_one_stream_and_nothing_stands_behind_them() {
    let tar = Tar::default().entry("a", b'0', b"x").0;
    let (first, second) = tar.split_at(700);
    let joined = [gzip(first), gzip(second), gzip(&[0; 1024])].concat();
    assert_eq!(list(&joined).unwrap(), [file("a", "x")]);
    assert!(list(&[joined.as_slice(), b"garbage"].concat()).is_err());
    let hidden = Tar::default().entry("hidden", b'0', b"x").end();
    let two = [Tar::default().entry("a", b'0', b"x").end(), hidden].concat();
    assert!(matches!(list(&two), Err(TarballError::GoesOn)));
}

proptest::proptest! {
    #[test]
    fn no_damage_makes_it_panic_or_run_on(
        at in 0..3000_usize,
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..20),
        mend in proptest::prelude::any::<bool>(),
    ) {
        let tar = Tar::default().pax(&[("path", "some/file")]).entry("a", b'0', b"content");
        let mut tar = tar.entry("", b'L', b"long\0").entry("b", b'0', b"more").0;
        let start = at.min(tar.len());
        let end = (at + bytes.len()).min(tar.len()).max(start);
        tar[start..end].copy_from_slice(&bytes[..end - start]);
        // Mended, the damage gets past the check sum.
        let block = start / BLOCK * BLOCK;
        if let Some(header) = tar.get_mut(block..block + BLOCK).filter(|_| mend) {
            let mut mended = tar::Header::new_old();
            mended.as_mut_bytes().copy_from_slice(header);
            mended.set_cksum();
            header.copy_from_slice(mended.as_bytes());
        }
        let limits = Limits { unpacked: 1 << 20, ..Limits::default() };
        if let Ok(sizes) = list_sizes(&gzip(&tar), limits) {
            proptest::prop_assert!(sizes.len() < 20 && sizes.iter().all(|(size, read)| size == read));
        }
    }
}

fn list_sizes(packed: &[u8], limits: Limits) -> Result<Vec<(u64, u64)>, TarballError> {
    let mut reader = TarballReader::new(packed, limits);
    let mut sizes = Vec::new();
    while let Some(mut entry) = reader.next_entry()? {
        sizes.push((entry.size(), io::copy(&mut entry, &mut io::sink())?));
    }
    Ok(sizes)
}

#[test]
fn a_long_name_of_a_gigabyte_is_refused_before_it_is_read() {
    for flag in [b'L', b'K', b'x', b'g'] {
        let packed = Tar::default().claims("huge", flag, 1 << 30, b"").end();
        assert!(matches!(list(&packed), Err(TarballError::Header(_))));
    }
}

#[test]
fn limits_hold() {
    let three = Tar::default().entry("a", b'0', b"12").entry("b", b'0', b"34").entry("c", b'0', b"56").end();
    let within = |entries, unpacked| list_within(&three, Limits { entries, unpacked, ..Limits::default() });
    assert_eq!(within(3, 6).unwrap().len(), 3);
    assert!(matches!(within(2, 6), Err(TarballError::TooManyEntries(2))));
    assert!(matches!(within(3, 5), Err(TarballError::TooLarge(5))));
    // Helm CVE-2025-32386: a bomb. The claim alone is fine, the bytes are not.
    let bomb = Tar::default().entry("zeros", b'0', &vec![0; 8 << 20]).end();
    let limits = Limits { ratio_from: 1 << 20, ..Limits::default() };
    assert!(matches!(list_within(&bomb, limits), Err(TarballError::RatioExceeded(200))));
    assert_eq!(list(&bomb).unwrap()[0].2.len(), 8 << 20);
}

#[test]
fn what_is_no_archive_is_called_by_its_name() {
    let good = Tar::default().entry("a", b'0', &[7; 5000]).end();
    assert!(matches!(list(b"<!DOCTYPE html>"), Err(TarballError::NotGzip)));
    assert!(matches!(list(b""), Err(TarballError::NotGzip)));
    assert!(matches!(list(&gzip(b"hello")), Err(TarballError::NotTar)));
    assert!(matches!(list(&gzip(&[b'x'; 2000])), Err(TarballError::NotTar)));
    for cut in [5, 20, good.len() / 2, good.len() - 1] {
        assert!(matches!(list(&good[..cut]), Err(TarballError::Truncated)), "{cut}");
    }
    let mut flipped = good.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    assert!(matches!(list(&flipped), Err(TarballError::Damaged)), "the check sum of the gzip is proven");
}
