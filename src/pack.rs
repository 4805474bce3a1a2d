//! Packs: folders with a pack.json, a values.yaml and a logo.png, and the charts, manifests and roles they name.
//!
//! [`read`] looks at everything in a folder, reads each file once, and reports all that is wrong with it. Only where nothing is
//! wrong there is a [`Pack`]: whoever has one needs to check nothing again. It keeps the digest of every file as validated, so
//! that bytes that change afterwards can't be taken for it.

pub(crate) mod chart;
mod content;
mod day;
pub(crate) mod directory;
pub(crate) mod images;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
pub(crate) mod json;
mod mask;
mod metadata;
mod path;
mod report;
mod text;
mod validate;
mod values;
pub(crate) mod yaml;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

pub use day::{Day, InvalidDay};
pub use images::{DeclaredImage, FoundImage, Images};
pub use mask::{MASK, is_secret_key};
pub use metadata::{Constraints, Dependency, PackMetadata, ProfileLayer, Resource, ResourceComponent, UnknownLayer};
pub use path::{InvalidPackPath, PackPath};
pub use report::{Code, Finding, Position, Related, Report, Severity, UnknownCode};

pub(crate) use validate::secret_shapes;

use crate::digest::Digest;

/// A pack that has been read and found valid.
#[derive(Clone, Debug)]
pub struct Pack {
    directory: PathBuf,
    metadata: PackMetadata,
    metadata_bytes: Vec<u8>,
    files: Vec<PackFile>,
    folders: Vec<PackPath>,
    left_out: Vec<PackPath>,
    logo_media_type: &'static str,
}

/// A file of a pack as it was when it was validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackFile {
    /// Where it lies.
    pub path: PackPath,
    /// Its bytes.
    pub size: u64,
    /// The digest of its content.
    pub digest: Digest,
    /// The CRC-32 of its content, by which a change is noticed when it is read once more.
    pub checksum: u32,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// How a pack is read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The day that the end of a pack's life is compared with; without it, none is over.
    pub today: Option<Day>,
    /// Rules whose findings are accepted: they are not reported, and keep no pack from being one. Those that say
    /// [why not](Code::why_not_allowed) are reported all the same.
    pub allowed: BTreeSet<Code>,
}

/// What came of reading a folder.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Everything that was found.
    pub report: Report,
    /// The pack: present exactly when the report has no error.
    pub pack: Option<Pack>,
    /// The name, as far as it could be read; it need not be valid.
    pub name: Option<String>,
    /// The version, as far as it could be read; it need not be valid.
    pub version: Option<String>,
    /// The images it declares and uses, as far as they could be read.
    pub images: Images,
}

/// A folder that cannot be looked at. What is wrong inside of it is a finding.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing at the path.
    #[error("there is no folder `{}`", .0.display())]
    NotFound(PathBuf),
    /// There is something else at the path.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The folder cannot be opened.
    #[error("cannot read the folder `{}`", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads the pack in a folder and validates it. This blocks, and keeps a core busy: in async code it belongs on a blocking thread.
///
/// # Errors
///
/// Where the folder itself cannot be opened.
pub fn read(directory: &Path, options: &ReadOptions) -> Result<Reading, ReadError> {
    let opened = directory::Directory::open(directory).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ReadError::NotFound(directory.to_owned()),
        io::ErrorKind::NotADirectory => ReadError::NotAFolder(directory.to_owned()),
        _ => ReadError::Unreadable { path: directory.to_owned(), source },
    })?;
    let surroundings = validate::Surroundings { folder: folder_name(directory), today: options.today };
    let contents = validate::run(&opened, &surroundings);
    let report: Report = validate::allow::kept(&opened, &options.allowed, contents.findings).into_iter().collect();
    let metadata = contents.metadata.filter(|_| !report.has_errors());
    let pack = metadata.map(|metadata| Pack {
        directory: directory.to_owned(),
        metadata,
        metadata_bytes: contents.metadata_bytes,
        files: contents.files,
        folders: contents.listing.folders,
        left_out: contents.listing.left_out,
        logo_media_type: contents.logo_media_type,
    });
    debug_assert_eq!(pack.is_some(), !report.has_errors(), "a pack without errors has all its metadata");
    Ok(Reading { report, pack, name: contents.name, version: contents.version, images: contents.images })
}

/// Returns the name of a folder; where it is given as `.` or `..`, it has to be looked up.
fn folder_name(directory: &Path) -> Option<String> {
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name(directory).or_else(|| name(&directory.canonicalize().ok()?))
}

impl Pack {
    /// Returns the folder it was read from, as it was given.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns what pack.json says.
    pub fn metadata(&self) -> &PackMetadata {
        &self.metadata
    }

    /// Returns pack.json as it lies on disk.
    pub fn metadata_bytes(&self) -> &[u8] {
        &self.metadata_bytes
    }

    /// Returns every file that is part of the pack, pack.json included, sorted by the bytes of its path.
    pub fn files(&self) -> &[PackFile] {
        &self.files
    }

    /// Returns every folder, empty ones too, sorted by the bytes of its path.
    pub fn folders(&self) -> &[PackPath] {
        &self.folders
    }

    /// Returns what lies in the folder but is no part of the pack, by `.packignore` or by default. Of a folder that is left out
    /// only the folder itself is here.
    pub fn left_out(&self) -> &[PackPath] {
        &self.left_out
    }

    /// Returns the logo's media type by its content: `image/png`, `image/jpeg`, `image/gif` or `application/octet-stream`.
    pub fn logo_media_type(&self) -> &'static str {
        self.logo_media_type
    }
}

#[cfg(test)]
mod tests;
