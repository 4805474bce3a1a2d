//! Reads each file of a pack once, and tells of those that can't be read or are not there.

use std::{collections::BTreeMap, io::Read};

use super::{LARGEST_TEXT, logo, metadata, secrets};
use crate::pack::{
    PackFile,
    chart::{self, Chart},
    content::FileReader,
    directory::{Directory, IGNORE_FILE, Listing, unreadable},
    path::PackPath,
    report::{Code, Finding},
};

/// Reads `.packignore`, which has to be known before anything is listed.
pub(super) fn ignore_file(directory: &Directory, findings: &mut Vec<Finding>) -> Option<(PackFile, Vec<u8>)> {
    let path: PackPath = IGNORE_FILE.parse().expect("the name of a file is a path");
    // Where it is no regular file, the listing tells.
    directory.open_file(&path).ok().filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()))?;
    let read = FileReader::open(directory, &path).and_then(|reader| match reader.size() {
        size if size > LARGEST_TEXT => Err(Box::new(too_large(Code::FileUnreadable, IGNORE_FILE, size, LARGEST_TEXT))),
        _ => reader.bytes(),
    });
    read.map_err(|finding| findings.push(*finding)).ok()
}

pub(super) struct Reader<'a> {
    pub(super) directory: &'a Directory,
    pub(super) listing: &'a Listing,
    pub(super) findings: Vec<Finding>,
    pub(super) files: BTreeMap<PackPath, PackFile>,
}

impl Reader<'_> {
    /// Reads a text that every pack must have.
    pub(super) fn text(&mut self, name: &str, missing: Code, syntax: Code, limit: u64) -> Option<Vec<u8>> {
        let path = self.required(name, missing)?;
        self.bytes(path, syntax, limit)
    }

    /// Reads a text that a pack may have.
    pub(super) fn optional(&mut self, name: &str, syntax: Code) -> Option<Vec<u8>> {
        let path: PackPath = name.parse().expect("it is a path already, or the name of a file");
        let there = self.listing.files.binary_search(&path).is_ok() && !self.files.contains_key(&path);
        if there { self.bytes(path, syntax, LARGEST_TEXT) } else { None }
    }

    fn bytes(&mut self, path: PackPath, syntax: Code, limit: u64) -> Option<Vec<u8>> {
        let reader = self.open(&path)?;
        if reader.size() > limit {
            self.findings.push(too_large(syntax, path.as_str(), reader.size(), limit));
            self.keep(reader.finish());
            return None;
        }
        match reader.bytes() {
            Ok((file, bytes)) => {
                secrets::in_file(path.as_str(), &bytes, &mut self.findings);
                self.files.insert(path, file);
                Some(bytes)
            }
            Err(finding) => {
                self.findings.push(*finding);
                None
            }
        }
    }

    pub(super) fn logo(&mut self) -> &'static str {
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

    pub(super) fn chart(&mut self, path: &PackPath) -> Option<Chart> {
        if self.listing.files.binary_search(path).is_err() || self.files.contains_key(path) {
            return None;
        }
        let mut reader = self.open(path)?;
        let findings = &mut self.findings;
        let opened = chart::open(&mut reader, |file| secrets::in_chart(path.as_str(), file, findings));
        match reader.finish() {
            Ok(file) => {
                self.files.insert(path.clone(), file);
            }
            // A chart that can't be read to its end has no faults of its own.
            Err(finding) => {
                self.findings.push(*finding);
                return None;
            }
        }
        opened
            .map_err(|fault| {
                let mut finding = Finding::new(Code::ChartInvalid, format!("`{path}` {}", fault.message));
                finding.hint = fault.hint;
                self.findings.push(finding.in_file(path.as_str()));
            })
            .ok()
    }

    /// Hashes every file that nobody has read yet, and looks into those that are no larger than a text may be.
    pub(super) fn rest(&mut self) {
        for path in &self.listing.files {
            if !self.files.contains_key(path)
                && !self.told(path)
                && let Some(reader) = self.open(path)
            {
                let file = if reader.size() > LARGEST_TEXT {
                    reader.finish()
                } else {
                    reader.bytes().map(|(file, bytes)| {
                        secrets::in_file(path.as_str(), &bytes, &mut self.findings);
                        file
                    })
                };
                self.keep(file);
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
        } else if let Some(folder) = folder_of_packs(self.listing).filter(|_| missing == Code::MetadataMissing) {
            finding.hint(format!("`{folder}` has one: to check a folder of packs, name each of them, as in `packs/*`"))
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

/// Returns the first pack in a folder that holds packs.
fn folder_of_packs(listing: &Listing) -> Option<PackPath> {
    let mut packs = listing.files.iter().filter(|file| file.file_name() == metadata::FILE).filter_map(PackPath::parent);
    packs.find(|folder| folder.parent().is_none())
}

fn too_large(code: Code, name: &str, size: u64, limit: u64) -> Finding {
    Finding::new(code, format!("`{name}` has {size} bytes, more than {} MiB", limit >> 20)).in_file(name)
}
