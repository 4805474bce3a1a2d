//! A Helm chart archive: proven whole under limits, with a Chart.yaml that names it.
//!
//! Nothing is unpacked. The archive may be rooted at `./` or at a folder of any name: the Chart.yaml nearest to the top counts, as
//! it does for Helm with well-formed archives.

use std::io::Read;

use super::yaml;
use crate::tarball::read::{Entry, EntryKind, Limits, TarballError, TarballReader};

/// How many entries a chart may have.
const MOST_ENTRIES: u64 = 10_000;

/// How many bytes a chart may have unpacked (100 MiB; Helm 3.17.3 and later refuse more: GHSA-4hfp-h4cw-hj8p).
const MOST_UNPACKED: u64 = 100 << 20;

/// How many bytes a file of a chart may have for it to be read.
const LARGEST_FILE: u64 = 16 << 20;

/// Why a file is no chart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What follows the chart's path in a message.
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }
}

/// Reads a chart to its end and returns what is wrong with it.
pub(crate) fn check(archive: &mut impl Read) -> Result<(), Fault> {
    let mut archive = Headed { inner: archive, head: Vec::new() };
    let fault = match find_metadata(&mut archive) {
        Ok(Some(metadata)) => return check_metadata(&metadata),
        Ok(None) => Fault::new("has no Chart.yaml").hint("make the archive with: helm package"),
        Err(_) if !archive.head.starts_with(&[0x1f, 0x8b]) => not_gzip(&archive.head),
        Err(error @ TarballError::Truncated) => {
            Fault::new(format!("is no whole chart: {error}")).hint("download it again")
        }
        Err(error) => Fault::new(format!("is no chart: {error}")),
    };
    Err(fault)
}

/// A Chart.yaml within an archive.
struct Metadata {
    path: String,
    depth: usize,
    content: Result<Vec<u8>, u64>,
}

/// Returns the Chart.yaml nearest to the top, after the whole archive has been read.
fn find_metadata(archive: &mut impl Read) -> Result<Option<Metadata>, TarballError> {
    let limits = Limits { entries: MOST_ENTRIES, unpacked: MOST_UNPACKED, ..Limits::default() };
    let mut reader = TarballReader::new(archive, limits);
    let mut found: Option<Metadata> = None;
    while let Some(entry) = reader.next_entry()? {
        let Some(depth) = depth_of_metadata(entry.path(), entry.kind()) else { continue };
        if found.as_ref().is_none_or(|nearest| depth < nearest.depth) {
            found = Some(Metadata { path: entry.path().to_owned(), depth, content: content(entry)? });
        }
    }
    Ok(found)
}

/// Returns how deep a Chart.yaml lies that could be the chart's own.
fn depth_of_metadata(path: &str, kind: EntryKind) -> Option<usize> {
    let mut folders = path.split('/').filter(|name| !matches!(*name, "" | "."));
    let is_metadata = kind == EntryKind::File && folders.next_back() == Some("Chart.yaml");
    is_metadata.then(|| folders.count()).filter(|depth| *depth <= 1)
}

fn content(mut entry: Entry<'_>) -> Result<Result<Vec<u8>, u64>, TarballError> {
    if entry.size() > LARGEST_FILE {
        return Ok(Err(entry.size()));
    }
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(Ok(content))
}

fn check_metadata(metadata: &Metadata) -> Result<(), Fault> {
    let path = &metadata.path;
    let content = metadata.content.as_ref().map_err(|size| Fault::new(format!("has a {path} of {size} bytes")))?;
    let text = std::str::from_utf8(content).map_err(|_| Fault::new(format!("has a {path} that is not UTF-8")))?;
    let document = yaml::parse(text).map_err(|problem| {
        let (line, column) = (problem.position.line, problem.position.column);
        Fault::new(format!("has a {path} that is not YAML: {} (line {line}, column {column})", problem.message))
    })?;
    for field in ["name", "version"] {
        let value = document.root.as_ref().and_then(|root| root.get(field));
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Err(Fault::new(format!("has a {path} without `{field}`")));
        };
        if value.string().is_none_or(|text| text.trim().is_empty()) {
            return Err(Fault::new(format!("has a {path} whose `{field}` is no text")).hint("put it in quotes"));
        }
    }
    Ok(())
}

/// Says what a file is that should be a chart, by how it begins.
fn not_gzip(head: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(head);
    let start = text.trim_start();
    let lower = start.to_lowercase();
    let first_line: String = start.lines().next().unwrap_or_default().chars().take(100).collect();
    let again = "download it again, and look at what the server answers";
    match head {
        [] => Fault::new("is empty").hint("download it again"),
        [b'P', b'K', 3 | 5, ..] => {
            Fault::new("is a zip archive, not tar and gzip").hint("make the archive with: helm package")
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0xfd, b'7', b'z', b'X', b'Z', ..] | [b'B', b'Z', b'h', ..] => {
            Fault::new("is compressed, but not with gzip").hint("make the archive with: helm package")
        }
        _ if head.get(257..262) == Some(b"ustar") => {
            Fault::new("is a tar archive that is not compressed").hint("compress it with: gzip")
        }
        _ if lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.contains("<head>") => {
            Fault::new("is an HTML page, not a chart").hint(again)
        }
        _ if lower.starts_with("<?xml") => Fault::new("is an XML text, not a chart").hint(again),
        _ if lower.starts_with("error:") => {
            Fault::new(format!("is the text of an error, not a chart: `{first_line}`")).hint(again)
        }
        _ if lower.starts_with("version https://git-lfs") => {
            Fault::new("is a pointer of Git LFS, not a chart").hint("get the file with: git lfs pull")
        }
        _ if start.starts_with('{') => Fault::new(format!("is JSON, not a chart: `{first_line}`")).hint(again),
        _ if is_text(head) => Fault::new(format!("is a text, not a chart: `{first_line}`")).hint(again),
        _ => Fault::new("is not compressed with gzip").hint("make the archive with: helm package"),
    }
}

/// Returns whether bytes that may be cut in the middle of a character are a text.
fn is_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    valid && !bytes.iter().any(|byte| matches!(byte, 0..=8 | 14..=31))
}

/// Keeps how the bytes begin.
struct Headed<R> {
    inner: R,
    head: Vec<u8>,
}

impl<R: Read> Read for Headed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let wanted = 512 - self.head.len().min(512);
        self.head.extend_from_slice(&buffer[..read.min(wanted)]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        for (path, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            tar.append(&header, content.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
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
        assert_eq!(
            of("name: [a\n"),
            "has a a/Chart.yaml that is not YAML: this `[` is never closed (line 1, column 7)"
        );
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
}
