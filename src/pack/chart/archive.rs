//! The files of a chart archive that are looked at, held in memory under limits.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
};

use super::{Fault, lookalike::not_gzip};
use crate::tarball::read::{EntryKind, Limits, TarballError, TarballReader};

/// How many entries a chart may have.
pub(super) const MOST_ENTRIES: u64 = 10_000;

/// How many bytes a chart may have unpacked (100 MiB; Helm 3.17.3 and later refuse more: GHSA-4hfp-h4cw-hj8p).
const MOST_UNPACKED: u64 = 100 << 20;

/// How many bytes a file of a chart may have for it to be read.
const LARGEST_FILE: u64 = 16 << 20;

/// How many bytes of a chart's files are held; what comes behind them is not looked at.
const MOST_HELD: u64 = 48 << 20;

/// A text file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    /// Its path in the archive.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A Chart.yaml; where it is too large, its size.
pub(super) struct Found<'a> {
    pub(super) path: &'a str,
    pub(super) content: Result<&'a [u8], u64>,
}

/// The files of an archive by their paths, without `.` and empty parts.
#[derive(Default)]
pub(super) struct Archive {
    files: BTreeMap<String, Content>,
    /// The folder of the Chart.yaml nearest to the top, with a `/` behind, unless it lies there itself.
    root: Option<String>,
}

enum Content {
    Text(File),
    Bytes(Vec<u8>),
    TooLarge(u64),
}

/// The files of one chart in an archive.
pub(super) struct Files<'a> {
    archive: &'a Archive,
    /// The chart's folder with a `/` behind, or nothing.
    folder: String,
}

/// Reads an archive to its end.
pub(super) fn read(archive: &mut impl Read) -> Result<Archive, Fault> {
    let mut archive = Headed { inner: archive, head: Vec::new() };
    match read_files(&mut archive) {
        Ok(files) if files.root.is_some() => Ok(files),
        Ok(_) => Err(Fault::new("has no Chart.yaml").hint("make the archive with: helm package")),
        Err(_) if !archive.head.starts_with(&[0x1f, 0x8b]) => Err(not_gzip(&archive.head)),
        Err(error @ TarballError::Truncated) => {
            Err(Fault::new(format!("is no whole chart: {error}")).hint("download it again"))
        }
        Err(error) => Err(Fault::new(format!("is no chart: {error}"))),
    }
}

fn read_files(archive: &mut impl Read) -> Result<Archive, TarballError> {
    let limits = Limits { entries: MOST_ENTRIES, unpacked: MOST_UNPACKED, ..Limits::default() };
    let mut reader = TarballReader::new(archive, limits);
    let mut found = Archive::default();
    let mut held = 0;
    while let Some(mut entry) = reader.next_entry()? {
        if entry.kind() != EntryKind::File {
            continue;
        }
        let parts: Vec<_> = entry.path().split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let path = parts.join("/");
        if parts.last() == Some(&"Chart.yaml") && parts.len() <= 2 {
            let folder = parts[..parts.len() - 1].concat();
            let folder = if folder.is_empty() { folder } else { folder + "/" };
            if found.root.as_ref().is_none_or(|root| folder.is_empty() && !root.is_empty()) {
                found.root = Some(folder);
            }
        }
        let size = entry.size();
        let content = if size > LARGEST_FILE || held + size > MOST_HELD {
            Content::TooLarge(size)
        } else {
            held += size;
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            entry.read_to_end(&mut bytes)?;
            match String::from_utf8(bytes) {
                Ok(text) => Content::Text(File { path: path.clone(), text }),
                Err(error) => Content::Bytes(error.into_bytes()),
            }
        };
        // The last of two files with one name counts, as it does for Helm.
        found.files.insert(path, content);
    }
    Ok(found)
}

impl Archive {
    /// Returns every text file, sorted by path.
    pub(super) fn texts(&self) -> impl Iterator<Item = &File> {
        self.files.values().filter_map(Content::text)
    }

    /// Returns the files of the chart itself by their paths within it.
    pub(super) fn into_files(self) -> BTreeMap<String, Option<Vec<u8>>> {
        let root = self.root.unwrap_or_default();
        let file = |(path, content): (String, Content)| {
            let path = path.strip_prefix(&root)?.to_owned();
            let bytes = match content {
                Content::Text(file) => Some(file.text.into_bytes()),
                Content::Bytes(bytes) => Some(bytes),
                Content::TooLarge(_) => None,
            };
            Some((path, bytes))
        };
        self.files.into_iter().filter_map(file).collect()
    }

    /// Returns the files of the chart itself.
    pub(super) fn chart(&self) -> Files<'_> {
        Files { archive: self, folder: self.root.clone().unwrap_or_default() }
    }
}

impl Content {
    fn text(&self) -> Option<&File> {
        match self {
            Self::Text(file) => Some(file),
            _ => None,
        }
    }
}

impl<'a> Files<'a> {
    /// Returns Chart.yaml.
    pub(super) fn metadata(&self) -> Result<Found<'a>, Fault> {
        let (path, content) = self
            .archive
            .files
            .get_key_value(&format!("{}Chart.yaml", self.folder))
            .ok_or_else(|| Fault::new("has no Chart.yaml"))?;
        let content = match content {
            Content::Text(file) => Ok(file.text.as_bytes()),
            Content::Bytes(bytes) => Ok(bytes.as_slice()),
            Content::TooLarge(size) => Err(*size),
        };
        Ok(Found { path, content })
    }

    /// Returns a text file.
    pub(super) fn get(&self, name: &str) -> Option<&'a File> {
        self.archive.files.get(&format!("{}{name}", self.folder))?.text()
    }

    /// Returns the text files in a folder and in the folders below it.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = &'a File> + use<'a> {
        self.entries(folder).filter_map(|(_, content)| content.text())
    }

    /// Returns the names of the folders in `charts/`, sorted.
    pub(super) fn charts(&self) -> BTreeSet<&'a str> {
        let skipped = self.folder.len() + "charts/".len();
        self.entries("charts/").filter_map(|(path, _)| path[skipped..].split_once('/')).map(|(name, _)| name).collect()
    }

    /// Returns the files of a chart in `charts/`.
    pub(super) fn within(&self, name: &str) -> Self {
        Self { archive: self.archive, folder: format!("{}charts/{name}/", self.folder) }
    }

    /// Returns the names and bytes of the archives in `charts/`.
    pub(super) fn archives(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + use<'a> {
        let skipped = self.folder.len() + "charts/".len();
        self.entries("charts/").filter_map(move |(path, content)| match content {
            Content::Bytes(bytes) => {
                let name = path[skipped..].strip_suffix(".tgz").filter(|name| !name.contains('/'))?;
                Some((name, bytes.as_slice()))
            }
            _ => None,
        })
    }

    fn entries(&self, folder: &str) -> impl Iterator<Item = (&'a str, &'a Content)> + use<'a> {
        let start = format!("{}{folder}", self.folder);
        let entries = self.archive.files.range(start.clone()..);
        entries.map(|(path, content)| (path.as_str(), content)).take_while(move |(path, _)| path.starts_with(&start))
    }
}

/// Keeps how the bytes begin.
struct Headed<R> {
    inner: R,
    head: Vec<u8>,
}

impl<R: Read> Read for Headed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let wanted = 512 - self.head.len().min(512);
        self.head.extend_from_slice(&buffer[..read.min(wanted)]);
        Ok(read)
    }
}
