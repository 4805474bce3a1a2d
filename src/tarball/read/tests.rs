use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;

const MIB: u64 = 1 << 20;

/// Builds archives that no well-behaved writer makes.
#[derive(Clone, Default)]
struct Archive(Vec<u8>);

impl Archive {
    fn new() -> Self {
        Self::default()
    }

    fn header(mut self, type_byte: u8, name: &[u8], size: u64) -> Self {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_mode(0o755);
        header.set_size(size);
        header.set_entry_type(tar::EntryType::new(type_byte));
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self
    }

    fn entry(self, type_byte: u8, name: &str, content: &[u8]) -> Self {
        let mut archive = self.header(type_byte, name.as_bytes(), content.len() as u64);
        archive.0.extend_from_slice(content);
        archive.0.resize(archive.0.len().next_multiple_of(BLOCK), 0);
        archive
    }

    fn pax(self, type_byte: u8, records: &[(&str, &str)]) -> Self {
        let mut content = Vec::new();
        for (key, value) in records {
            let rest = format!(" {key}={value}\n");
            let length = (rest.len() + 1..).find(|length| length.to_string().len() + rest.len() == *length).unwrap();
            content.extend_from_slice(format!("{length}{rest}").as_bytes());
        }
        self.entry(type_byte, "pax", &content)
    }

    fn file(self, name: &str, content: &str) -> Self {
        self.entry(b'0', name, content.as_bytes())
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn ended(self) -> Self {
        self.raw(&[0; 2 * BLOCK])
    }

    fn packed(&self) -> Vec<u8> {
        gzip(&self.0)
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Returns every entry as `kind path content`.
fn entries_under(packed: &[u8], limits: Limits) -> Result<Vec<String>, TarballError> {
    let mut reader = TarballReader::new(packed, limits);
    let mut entries = Vec::new();
    while let Some(mut entry) = reader.next_entry()? {
        let mut content = String::new();
        entry.read_to_string(&mut content)?;
        assert_eq!(entry.size(), content.len() as u64);
        entries.push(format!("{:?} {} {content}", entry.kind(), entry.path()));
    }
    assert!(reader.next_entry().unwrap().is_none());
    Ok(entries)
}

fn entries(archive: &Archive) -> Result<Vec<String>, TarballError> {
    entries_under(&archive.packed(), Limits::default())
}

fn refused(archive: &Archive) -> String {
    entries(archive).unwrap_err().to_string()
}

#[test]
fn entries_are_handed_out_in_order_and_may_be_left_unread() {
    let long = "long/".repeat(40) + "name";
    let archive = Archive::new()
        .entry(b'5', "folder/", b"")
        .file("./folder/a", &"x".repeat(1000))
        .pax(b'g', &[("comment", "0123")])
        .pax(b'x', &[("mtime", "1.5"), ("path", &long)])
        .file("short", "pax")
        .entry(b'L', "././@LongLink", format!("{long}\0").as_bytes())
        .entry(0, "short", b"gnu")
        .entry(0, "old/", b"")
        .entry(b'2', "link", b"")
        .entry(b'1', "hard", b"")
        .entry(b'6', "fifo", b"")
        .file("../../etc/passwd", "")
        .ended();
    let expected = [
        "Folder folder/ ".to_owned(),
        format!("File ./folder/a {}", "x".repeat(1000)),
        format!("File {long} pax"),
        format!("File {long} gnu"),
        "Folder old/ ".into(),
        "Link link ".into(),
        "Link hard ".into(),
        "Other(54) fifo ".into(),
        "File ../../etc/passwd ".into(),
    ];
    assert_eq!(entries(&archive).unwrap(), expected);
    let packed = archive.packed();
    let mut reader = TarballReader::new(packed.as_slice(), Limits::default());
    let mut names = 0;
    while let Some(mut entry) = reader.next_entry().unwrap() {
        assert!(entry.executable());
        entry.read_exact(&mut [0; 2][..usize::from(entry.size() > 2)]).unwrap();
        names += 1;
    }
    assert_eq!(names, expected.len());
}

#[test]
fn an_archive_may_be_in_several_members_and_without_its_end() {
    let archive = Archive::new().file("a", "1").file("b", "2");
    let (first, second) = archive.0.split_at(700);
    let packed = [gzip(first), gzip(b""), gzip(second)].concat();
    assert_eq!(entries_under(&packed, Limits::default()).unwrap(), ["File a 1", "File b 2"]);
    let padded = archive.clone().raw(&[0; 10_240]);
    assert_eq!(entries(&padded).unwrap().len(), 2);
    assert_eq!(entries(&archive.raw(&[0; BLOCK])).unwrap().len(), 2);
}

#[test]
fn a_cut_anywhere_is_an_error() {
    let packed = Archive::new().file("a", &"x".repeat(3000)).ended().packed();
    for end in 0..packed.len() {
        let error = entries_under(&packed[..end], Limits::default()).unwrap_err();
        let expected =
            if end < 2 { matches!(error, TarballError::NotGzip) } else { matches!(error, TarballError::Truncated) };
        assert!(expected, "{end}: {error:?}");
    }
    let whole = Archive::new().file("a", &"x".repeat(3000)).ended();
    for end in 1..8 {
        assert!(matches!(entries(&Archive(whole.0[..end * 500].to_vec())), Err(TarballError::Truncated)), "{end}");
    }
}

#[test]
fn what_is_no_archive_is_named() {
    let of = |packed: &[u8]| entries_under(packed, Limits::default()).unwrap_err();
    assert!(matches!(of(b"<html>"), TarballError::NotGzip));
    assert!(matches!(of(&gzip(b"")), TarballError::NotTar));
    assert!(matches!(of(&gzip(&[b'x'; 2000])), TarballError::NotTar));
    let whole = Archive::new().file("a", "text").ended().packed();
    let mut broken = whole.clone();
    *broken.iter_mut().rev().nth(6).unwrap() ^= 1;
    assert!(matches!(of(&broken), TarballError::Damaged(_)));
    for tail in [&b"garbage behind the end"[..], &[0; 100]] {
        assert!(matches!(of(&[&whole, tail].concat()), TarballError::Damaged(_)));
    }
    let failing = TarballReader::new(Failing, Limits::default()).next_entry().unwrap_err();
    assert!(matches!(failing, TarballError::Io(error) if error.to_string() == "the disk is gone"));
}

#[derive(Debug)]
struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

#[test]
fn what_could_be_understood_in_two_ways_is_refused() {
    let file = |archive: Archive| archive.file("a", "x").ended();
    let new = Archive::new;
    let cases = [
        (file(new().pax(b'x', &[("size", "512")])), "its entry `a` has two sizes"),
        (file(new().pax(b'x', &[("size", "one")])), "a size is no number"),
        (file(new().pax(b'x', &[("path", "b"), ("path", "c")])), "an entry is given a name twice"),
        (file(new().entry(b'L', "", b"b").pax(b'x', &[("path", "c")])), "an entry is given a name twice"),
        (file(new().entry(b'L', "", b"b").entry(b'L', "", b"c")), "an entry is given a name twice"),
        (file(new().pax(b'x', &[]).pax(b'x', &[])), "an entry is given a PAX header twice"),
        (file(new().entry(b'K', "", b"b").entry(b'K', "", b"c")), "an entry is given a link twice"),
        (file(new().pax(b'g', &[("size", "1")])), "a global header names or measures entries"),
        (file(new().entry(b'x', "", b"99 path=b\n")), "a PAX header is broken"),
        (file(new().entry(b'x', "", b"3 a")), "a PAX header is broken"),
        (file(new().entry(b'x', "", b"0 a=b\n")), "a PAX header is broken"),
        (file(new().pax(b'x', &[("path", "b\0c")])), "its entry `b\\0c` has a NUL in its name"),
        (new().file("a", "x").entry(b'L', "", b"b").ended(), "a header speaks of an entry that does not come"),
        (new().entry(b'5', "a/", b"x").ended(), "its entry `a/` is no file but has content"),
        (new().entry(b'2', "a", b"x").ended(), "its entry `a` is no file but has content"),
        (new().file("a/", "x").ended(), "its entry `a/` is no file but has content"),
        (file(new()).file("b", "hidden"), "something follows its end"),
        (file(new()).raw(&[0; 1 << 17]).raw(b"x"), "something follows its end"),
        (new().file("a", "").raw(&[0; BLOCK]).file("b", ""), "something follows its end"),
        (new().file("a", "").raw(&[1; BLOCK]), "a header has a wrong checksum"),
    ];
    for (archive, expected) in cases {
        assert_eq!(refused(&archive), format!("it is not a sound tar archive: {expected}"));
    }
    let latin = new().header(b'0', b"caf\xe9", 0).ended();
    assert_eq!(refused(&latin), "its entry `caf\u{fffd}` has a name that is not UTF-8");
}

#[test]
fn sparse_files_are_something_else_and_read_over() {
    let mut old = Archive::new().header(b'S', b"sparse", 1);
    old.0[482] = 1;
    let sum: u32 = old.0[..148].iter().chain(&old.0[156..BLOCK]).map(|byte| u32::from(*byte)).sum::<u32>() + 256;
    old.0[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut map = [0; BLOCK];
    map[504] = 1;
    let old = old.raw(&map).raw(&[0; BLOCK]).raw(b"x").raw(&[0; BLOCK - 1]).file("b", "").ended();
    assert_eq!(entries(&old).unwrap(), ["Other(83) sparse x", "File b "]);
    let new = Archive::new().pax(b'x', &[("GNU.sparse.major", "1")]).file("a", "1\n0\n").ended();
    assert_eq!(entries(&new).unwrap(), ["Other(83) a 1\n0\n"]);
}

#[test]
fn every_limit_holds_before_memory_is_taken() {
    let tight = Limits { entries: 2, unpacked: 8192, ratio: 10, ratio_from: MIB };
    let many = Archive::new().file("a", "").file("b", "").file("c", "").ended();
    assert!(matches!(entries_under(&many.packed(), tight), Err(TarballError::TooManyEntries { limit: 2 })));
    let large = Archive::new().header(b'0', b"a", 1 << 40).packed();
    assert!(matches!(entries_under(&large, Limits::default()), Err(TarballError::TooLarge { limit: MOST_UNPACKED })));
    let padded = Archive::new().file("a", "").raw(&[0; 10_000]).packed();
    assert!(matches!(entries_under(&padded, tight), Err(TarballError::TooLarge { limit: 8192 })));
    for type_byte in [b'L', b'K', b'x', b'g'] {
        let archive = Archive::new().header(type_byte, b"", 1 << 30).raw(&[b'a'; 100_000]);
        let error = entries(&archive).unwrap_err();
        assert!(matches!(error, TarballError::ExtensionTooLarge { size: 1_073_741_824, limit: 65_536 }), "{error:?}");
    }
    let bomb = Archive::new().header(b'0', b"zeros", 8 * MIB).raw(&vec![0; 8 << 20]).ended().packed();
    let limits = Limits { ratio: 10, ratio_from: MIB, ..Limits::default() };
    assert!(matches!(entries_under(&bomb, limits), Err(TarballError::RatioExceeded { limit: 10 })));
    assert!(entries_under(&bomb, Limits { ratio_from: 100 * MIB, ..limits }).is_ok());
}

#[test]
fn a_stream_of_a_few_bytes_at_a_time_is_read_as_well() {
    struct Trickle(Cursor<Vec<u8>>);
    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let size = buffer.len().min(1);
            self.0.read(&mut buffer[..size])
        }
    }
    let packed = Archive::new().file("a", "x").ended().packed();
    let mut reader = TarballReader::new(Trickle(Cursor::new(packed)), Limits::default());
    assert_eq!(reader.next_entry().unwrap().unwrap().path(), "a");
    assert!(reader.next_entry().unwrap().is_none());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_run_on(
        at in 0..3000_usize, bytes in proptest::collection::vec(any::<u8>(), 1..20), refresh in any::<bool>()
    ) {
        let mut archive = Archive::new()
            .pax(b'x', &[("path", "some/file")])
            .file("a", "content")
            .entry(b'L', "", b"long\0")
            .file("b", "more")
            .ended();
        let end = (at + bytes.len()).min(archive.0.len());
        let start = at.min(end);
        archive.0[start..end].copy_from_slice(&bytes[..end - start]);
        if refresh {
            // Mend the checksum of the damaged block, so that the damage gets past it.
            let block = start / BLOCK * BLOCK;
            if let Some(header) = archive.0.get_mut(block..block + BLOCK) {
                header[148..156].fill(b' ');
                let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
                header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            }
        }
        let limits = Limits { unpacked: MIB, ..Limits::default() };
        let mut reader = TarballReader::new(Cursor::new(archive.packed()), limits);
        let mut entries = 0;
        while let Ok(Some(mut entry)) = reader.next_entry() {
            let read = io::copy(&mut entry, &mut io::sink());
            prop_assert!(read.is_err() || read.unwrap() == entry.size());
            entries += 1;
        }
        prop_assert!(entries < 20);
    }
}
