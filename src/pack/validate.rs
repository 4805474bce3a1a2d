//! Reads every file of a pack once and runs every rule on it; nothing stops at the first finding.
//!
//! The rules are in the files below, one a subject. A rule gets what it is about and a list to put findings in.

mod constraints;
mod fields;
pub(crate) mod logo;
pub(crate) mod metadata;
mod nearest;
mod references;
pub(crate) mod values;

use std::{collections::BTreeMap, io::Read};

use super::{
    PackFile, chart,
    content::FileReader,
    directory::{Directory, IGNORE_FILE, Listing, unreadable},
    metadata::PackMetadata,
    path::PackPath,
    report::{Code, Finding},
};

/// The most bytes of a pack.json.
const LARGEST_METADATA: u64 = 1 << 20;

/// The most bytes of any other text that is parsed.
const LARGEST_TEXT: u64 = 16 << 20;

/// What was read of a pack's folder.
#[derive(Debug)]
pub(crate) struct Contents {
    pub(crate) findings: Vec<Finding>,
    pub(crate) listing: Listing,
    /// Every file that could be read, by its path.
    pub(crate) files: Vec<PackFile>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) metadata: Option<PackMetadata>,
    pub(crate) metadata_bytes: Vec<u8>,
    pub(crate) logo_media_type: &'static str,
}

/// Reads and validates everything in a pack's folder.
pub(crate) fn run(directory: &Directory) -> Contents {
    let mut findings = Vec::new();
    let ignored = ignore_file(directory, &mut findings);
    let patterns = ignored.as_ref().map_or(&[][..], |(_, bytes)| bytes);
    let listing = directory.list(patterns, &mut findings);
    let mut reader = Reader { directory, listing: &listing, findings, files: BTreeMap::new() };
    if let Some((file, _)) = ignored {
        reader.files.insert(file.path.clone(), file);
    }
    let metadata_bytes = reader.text(metadata::FILE, Code::MetadataMissing, Code::MetadataSyntax, LARGEST_METADATA);
    let declared = metadata_bytes.as_ref().map(|bytes| metadata::read(bytes, &mut reader.findings)).unwrap_or_default();
    references::check(&declared.references, &listing, &mut reader.findings);
    if let Some(bytes) = reader.text(values::FILE, Code::ValuesMissing, Code::ValuesSyntax, LARGEST_TEXT) {
        values::check(&bytes, &mut reader.findings);
    }
    let logo_media_type = reader.logo();
    for path in references::paths(&declared.references, references::List::Charts) {
        reader.chart(&path);
    }
    reader.rest();
    let Reader { findings, mut files, .. } = reader;
    files.retain(|path, _| listing.files.binary_search(path).is_ok());
    Contents {
        findings,
        files: files.into_values().collect(),
        name: declared.name,
        version: declared.version,
        metadata: declared.metadata,
        metadata_bytes: metadata_bytes.unwrap_or_default(),
        logo_media_type,
        listing,
    }
}

/// Reads `.packignore`, which has to be known before anything is listed.
fn ignore_file(directory: &Directory, findings: &mut Vec<Finding>) -> Option<(PackFile, Vec<u8>)> {
    let path: PackPath = IGNORE_FILE.parse().expect("the name of a file is a path");
    // Where it is no regular file, the listing tells.
    directory.open_file(&path).ok().filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()))?;
    let read = FileReader::open(directory, &path).and_then(|reader| match reader.size() {
        size if size > LARGEST_TEXT => Err(Box::new(too_large(Code::FileUnreadable, IGNORE_FILE, size, LARGEST_TEXT))),
        _ => reader.bytes(),
    });
    read.map_err(|finding| findings.push(*finding)).ok()
}

struct Reader<'a> {
    directory: &'a Directory,
    listing: &'a Listing,
    findings: Vec<Finding>,
    files: BTreeMap<PackPath, PackFile>,
}

impl Reader<'_> {
    /// Reads a text that every pack must have.
    fn text(&mut self, name: &str, missing: Code, syntax: Code, limit: u64) -> Option<Vec<u8>> {
        let path = self.required(name, missing)?;
        let reader = self.open(&path)?;
        if reader.size() > limit {
            self.findings.push(too_large(syntax, name, reader.size(), limit));
            self.keep(reader.finish());
            return None;
        }
        match reader.bytes() {
            Ok((file, bytes)) => {
                self.files.insert(path, file);
                Some(bytes)
            }
            Err(finding) => {
                self.findings.push(*finding);
                None
            }
        }
    }

    fn logo(&mut self) -> &'static str {
        let Some(path) = self.required(logo::FILE, Code::LogoMissing) else { return logo::UNKNOWN };
        let Some(mut reader) = self.open(&path) else { return logo::UNKNOWN };
        if reader.size() > logo::LARGEST {
            self.findings.push(logo::too_large(reader.size()));
            let mut head = Vec::new();
            if let Err(error) = (&mut reader).take(16).read_to_end(&mut head) {
                self.findings.push(unreadable(path.as_str(), &error));
            } else {
                self.keep(reader.finish());
            }
            return logo::media_type(&head);
        }
        match reader.bytes() {
            Ok((file, bytes)) => {
                logo::check(&bytes, &mut self.findings);
                self.files.insert(path, file);
                logo::media_type(&bytes)
            }
            Err(finding) => {
                self.findings.push(*finding);
                logo::UNKNOWN
            }
        }
    }

    fn chart(&mut self, path: &PackPath) {
        if self.listing.files.binary_search(path).is_err() || self.files.contains_key(path) {
            return;
        }
        let Some(mut reader) = self.open(path) else { return };
        let checked = chart::check(&mut reader);
        match reader.finish() {
            Ok(file) => {
                self.files.insert(path.clone(), file);
            }
            // A chart that can't be read to its end has no faults of its own.
            Err(finding) => return self.findings.push(*finding),
        }
        if let Err(fault) = checked {
            let mut finding = Finding::new(Code::ChartInvalid, format!("`{path}` {}", fault.message));
            finding.hint = fault.hint;
            self.findings.push(finding.in_file(path.as_str()));
        }
    }

    /// Hashes every file that nobody has read yet.
    fn rest(&mut self) {
        for path in &self.listing.files {
            if !self.files.contains_key(path)
                && !self.told(path)
                && let Some(reader) = self.open(path)
            {
                self.keep(reader.finish());
            }
        }
    }

    /// Returns whether a file was found unreadable before.
    fn told(&self, path: &PackPath) -> bool {
        let unreadable =
            |finding: &Finding| finding.code == Code::FileUnreadable && finding.file.as_deref() == Some(path.as_str());
        self.findings.iter().any(unreadable)
    }

    /// Returns the path of a file that every pack must have, or tells that it is missing.
    fn required(&mut self, name: &str, missing: Code) -> Option<PackPath> {
        let path: PackPath = name.parse().expect("the name of a file is a path");
        let has = |paths: &[PackPath]| paths.binary_search(&path).is_ok();
        if has(&self.listing.files) {
            return Some(path);
        }
        let finding = Finding::new(missing, format!("there is no `{name}`"));
        self.findings.push(if has(&self.listing.folders) {
            finding.hint(format!("`{name}` is a folder"))
        } else if has(&self.listing.links) {
            finding.hint(format!("`{name}` is a link: put a copy of what it leads to in its place"))
        } else if has(&self.listing.left_out) {
            finding.hint(format!("`{name}` is left out by `{IGNORE_FILE}`: delete the pattern, or add `!/{name}`"))
        } else if let Some(other) = self.listing.files.iter().find(|other| other.as_str().eq_ignore_ascii_case(name)) {
            finding.hint(format!("rename `{other}` to `{name}`"))
        } else {
            match missing {
                Code::ValuesMissing => finding.hint("an empty file is enough where there is nothing to set"),
                Code::LogoMissing => finding.hint("put a PNG picture of 128 × 128 pixels there"),
                _ => finding.hint("a pack is a folder with a pack.json, a values.yaml and a logo.png"),
            }
        });
        None
    }

    fn open(&mut self, path: &PackPath) -> Option<FileReader> {
        FileReader::open(self.directory, path).map_err(|finding| self.findings.push(*finding)).ok()
    }

    fn keep(&mut self, file: Result<PackFile, Box<Finding>>) {
        match file {
            Ok(file) => {
                self.files.insert(file.path.clone(), file);
            }
            Err(finding) => self.findings.push(*finding),
        }
    }
}

fn too_large(code: Code, name: &str, size: u64, limit: u64) -> Finding {
    Finding::new(code, format!("`{name}` has {size} bytes, more than {limit}")).in_file(name)
}
