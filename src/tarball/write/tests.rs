//! The archive's bytes, pinned; and what other programs read in it.

use std::{fmt::Write as _, fs, process::Command};

use super::*;

fn small() -> (Vec<u8>, Written) {
    let mut writer = FolderWriter::new(Vec::new()).unwrap();
    writer.add_folder("role").unwrap();
    writer.add_file("role/run.sh", true, 10, &b"#!/bin/sh\n"[..]).unwrap();
    writer.finish().unwrap()
}

/// An archive with everything that the format can hold.
fn everything() -> (Vec<u8>, Written) {
    let (folder, name) = ("d".repeat(90), "ä".repeat(60));
    let mut writer = FolderWriter::new(Vec::new()).unwrap();
    writer.add_folder("role").unwrap();
    writer.add_folder(&format!("role/{folder}")).unwrap();
    writer.add_file(&format!("role/{folder}/split"), false, 5, &b"split"[..]).unwrap();
    writer.add_folder(&format!("role/{}", "e".repeat(120))).unwrap();
    writer.add_file("role/empty", false, 0, &b""[..]).unwrap();
    let large: Vec<u8> = (0..300_000_u32).flat_map(|number| (number % 1021).to_le_bytes()).collect();
    writer.add_file("role/large", true, large.len() as u64, large.as_slice()).unwrap();
    writer.add_file(&format!("role/{name}"), false, 4, &b"long"[..]).unwrap();
    writer.add_file("role/ü", false, 1, &b"u"[..]).unwrap();
    writer.finish().unwrap()
}

#[test]
fn the_bytes_are_these() {
    let (bytes, written) = small();
    let mut hex = String::new();
    for byte in &bytes {
        write!(hex, "{byte:02x}").unwrap();
    }
    let golden = "1f8b08000000000000ff\
        edd14d0a80201005e059770aa37dfe94759e82c0200c34ef9fb6cba04d2884f36d6676c3bc67f66da19016f34629afe9c5f3b973c6fb0188840c9c3d\
        26e3cfc347ecfe08fc8409fd1ba75bab209590c76bff5c44fdf38e092059422cbcffa6a6f3aaa9551520\
        84102ac809afacb434000a0000";
    assert_eq!(hex, golden);
    assert!(FORMAT.ends_with(&format!(" level {}", super::gzip::LEVEL)), "{FORMAT}");
    assert_eq!((written.size, written.digest), (bytes.len() as u64, Digest::of(&bytes)));
    let (bytes, written) = everything();
    assert_eq!((written.size, &written.digest), (bytes.len() as u64, &Digest::of(&bytes)));
    assert_eq!(written.digest.as_str(), "sha256:3b6d1f7a1b32653de0c166fcce8521282809d608e6c24b7a982819e07e389d26");
}

#[test]
fn the_tar_inside_is_what_was_hashed() {
    let (bytes, written) = everything();
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut tar).unwrap();
    assert_eq!(written.content, Digest::of(&tar));
    assert_eq!(tar.len() % BLOCK, 0);
    assert_eq!(&tar[tar.len() - 2 * BLOCK..], [0; 2 * BLOCK]);
    let body = miniz_oxide::deflate::compress_to_vec(&tar, super::gzip::LEVEL);
    assert_eq!(bytes[10..bytes.len() - 8], body, "as if compressed in one piece");
}

#[test]
fn the_size_of_writes_does_not_matter() {
    struct Dripping<'a>(&'a [u8], usize);
    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let step = self.1.min(buffer.len());
            self.0.read(&mut buffer[..step])
        }
    }
    let content: Vec<u8> = (0..200_000_u32).map(|number| (number.wrapping_mul(number) / 7).to_le_bytes()[0]).collect();
    let digests: Vec<_> = [1, 7, 511, 65_535, 1 << 20]
        .map(|step| {
            let mut writer = FolderWriter::new(Vec::new()).unwrap();
            writer.add_file("a", false, content.len() as u64, Dripping(&content, step)).unwrap();
            writer.finish().unwrap().1
        })
        .into();
    assert!(digests.iter().all(|written| *written == digests[0]), "{digests:?}");
}

#[test]
fn content_of_another_size_is_refused() {
    for content in [&b"abc"[..], b"abcde", b""] {
        let mut writer = FolderWriter::new(Vec::new()).unwrap();
        assert!(matches!(writer.add_file("a", false, 4, content), Err(AddError::Size(4))), "{content:?}");
    }
}

#[test]
fn gnu_tar_and_python_read_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("a.tgz");
    fs::write(&archive, everything().0).unwrap();
    let name = "ä".repeat(60);
    let expected = [
        "drwxr-xr-x 0 role/".to_owned(),
        format!("drwxr-xr-x 0 role/{}/", "d".repeat(90)),
        format!("-rw-r--r-- 5 role/{}/split", "d".repeat(90)),
        format!("drwxr-xr-x 0 role/{}/", "e".repeat(120)),
        "-rw-r--r-- 0 role/empty".to_owned(),
        "-rwxr-xr-x 1200000 role/large".to_owned(),
        format!("-rw-r--r-- 4 role/{name}"),
        "-rw-r--r-- 1 role/ü".to_owned(),
    ];
    let list = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).arg(&archive).env("LC_ALL", "C.UTF-8").output().ok()?;
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        Some(text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>())
    };
    // GNU tar is the only one that prints its version like this; others list in another shape.
    let is_gnu =
        Command::new("tar").arg("--version").output().is_ok_and(|output| output.stdout.starts_with(b"tar (GNU"));
    if is_gnu && let Some(lines) = list("tar", &["--utc", "--full-time", "-tvzf"]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|line| {
                let (mode, rest) = line.split_once(' ').unwrap();
                let (size, name) = rest.split_once(' ').unwrap();
                format!("{mode} 0/0 {size} 1970-01-01 00:00:00 {name}")
            })
            .collect();
        assert_eq!(lines, expected);
    }
    let script = "import sys,tarfile,stat\nfor m in tarfile.open(sys.argv[1]):\n assert (m.uid,m.gid,m.mtime,m.uname,m.gname)==(0,0,0,'','')\n \
                  print(stat.filemode(m.mode|(stat.S_IFDIR if m.isdir() else stat.S_IFREG)),m.size,m.name+('/' if m.isdir() else ''))";
    if let Some(lines) = list("python3", &["-c", script]) {
        assert_eq!(lines, expected);
    }
}
