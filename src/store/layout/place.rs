//! Where a repository's files are, and that they are files: no link is followed below the store's folder.
//!
//! The store's own folder may be a link, since whoever runs the program chose it. What is below it came from a push, a copy or
//! a tar, and a link there could lead a read or a write anywhere (the class of oras-go GHSA-m37j-52j7-pjw7).

use std::{
    collections::BTreeMap,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

use super::temporary::sync_folder;
use crate::{
    digest::Digest,
    store::{Error, ErrorKind, RepositoryName, Result},
};

/// Names that a layout, or zot, needs for itself.
const RESERVED: [&str; 4] = ["blobs", "index.json", "oci-layout", "cache.db"];

/// One repository's place on disk.
#[derive(Clone, Debug)]
pub(super) struct Place {
    directory: PathBuf,
    name: RepositoryName,
}

impl Place {
    pub(super) fn new(directory: &Path, name: RepositoryName) -> Self {
        Self { directory: directory.to_owned(), name }
    }

    /// Returns the folder of the whole store.
    pub(super) fn store(&self) -> &Path {
        &self.directory
    }

    /// Returns the repository's folder.
    pub(super) fn folder(&self) -> PathBuf {
        self.directory.join(self.name.as_str())
    }

    pub(super) fn index(&self) -> PathBuf {
        self.folder().join("index.json")
    }

    pub(super) fn marker(&self) -> PathBuf {
        self.folder().join("oci-layout")
    }

    /// Returns the folder of locks and unfinished files.
    pub(super) fn private(&self) -> PathBuf {
        self.folder().join(".spectro")
    }

    /// Returns the folder of the blobs that are named like this one.
    pub(super) fn shelf(&self, digest: &Digest) -> PathBuf {
        self.folder().join("blobs").join(digest.algorithm().as_str())
    }

    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        self.shelf(digest).join(digest.hex())
    }

    /// Returns whether the repository's folder is there.
    pub(super) fn exists(&self) -> Result<bool> {
        self.check_name()?;
        match fs::metadata(&self.directory) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(not_a_folder(&self.directory)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::file_system("read", &self.directory, error)),
        }
        check_store(&self.directory)?;
        for folder in self.folders() {
            if !is_folder(&folder)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Creates the repository's folder, and ours in it.
    pub(super) fn create(&self) -> Result<()> {
        self.check_name()?;
        create_store(&self.directory)?;
        check_store(&self.directory)?;
        self.folders().iter().chain([&self.private()]).try_for_each(|folder| create_folder(folder))
    }

    /// Creates the folder that this blob belongs in.
    pub(super) fn create_shelf(&self, digest: &Digest) -> Result<()> {
        create_folder(&self.folder().join("blobs"))?;
        create_folder(&self.shelf(digest))
    }

    /// Opens a blob without following links, or returns nothing where there is none.
    pub(super) fn open_blob(&self, digest: &Digest) -> Result<Option<(File, Metadata)>> {
        if self.exists()? && is_folder(&self.folder().join("blobs"))? && is_folder(&self.shelf(digest))? {
            open_file(&self.blob(digest))
        } else {
            Ok(None)
        }
    }

    /// Returns the blobs that are there, with their files. What is named like none is passed over.
    pub(super) fn blobs(&self) -> Result<BTreeMap<Digest, PathBuf>> {
        let mut blobs = BTreeMap::new();
        for algorithm in ["sha256", "sha512"] {
            let folder = self.folder().join("blobs").join(algorithm);
            if !is_folder(&folder)? {
                continue;
            }
            for entry in fs::read_dir(&folder).map_err(|error| Error::file_system("read", &folder, error))? {
                let entry = entry.map_err(|error| Error::file_system("read", &folder, error))?;
                let name = entry.file_name();
                let digest = name.to_str().and_then(|hex| format!("{algorithm}:{hex}").parse().ok());
                if let Some(digest) = digest.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file())) {
                    blobs.insert(digest, entry.path());
                }
            }
        }
        Ok(blobs)
    }

    /// Returns the error for a repository that is not there.
    pub(super) fn missing(&self) -> Error {
        Error::new(ErrorKind::NotFound, format!("there is no repository in `{}`", self.folder().display()))
    }

    /// Returns the folders from the store's down to the repository's.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        for component in self.name.as_str().split('/') {
            let parent = folders.last().unwrap_or(&self.directory);
            folders.push(parent.join(component));
        }
        folders
    }

    fn check_name(&self) -> Result<()> {
        match self.name.as_str().split('/').find(|component| RESERVED.contains(component)) {
            None => Ok(()),
            Some(component) => Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "`{}` can't be a repository of a local store: it needs the name `{component}` itself",
                    self.name
                ),
            )),
        }
    }
}

/// Refuses a folder that is a repository where a store is meant.
pub(super) fn check_store(directory: &Path) -> Result<()> {
    let index = directory.join("index.json");
    match fs::symlink_metadata(&index) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::file_system("read", &index, error)),
        Ok(_) => Err(Error::new(
            ErrorKind::Invalid,
            format!("`{}` holds an index.json: this is one repository; give its parent", directory.display()),
        )),
    }
}

/// Returns whether there is a folder; a link or a file in its place is refused.
pub(super) fn is_folder(path: &Path) -> Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(true),
        Ok(metadata) if metadata.is_symlink() => Err(link(path)),
        Ok(_) => Err(not_a_folder(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::file_system("read", path, error)),
    }
}

/// Opens a regular file without following links, or returns nothing where there is none.
pub(super) fn open_file(path: &Path) -> Result<Option<(File, Metadata)>> {
    let mut options = OpenOptions::new();
    // NONBLOCK, so that a pipe in a blob's place can't hold us.
    options.read(true).custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK));
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => return Err(link(path)),
        Err(error) => return Err(Error::file_system("open", path, error)),
    };
    let metadata = file.metadata().map_err(|error| Error::file_system("read", path, error))?;
    if metadata.is_file() {
        Ok(Some((file, metadata)))
    } else {
        Err(Error::new(ErrorKind::Unsafe, format!("`{}` is not a regular file", path.display())))
    }
}

/// Returns all bytes of an open file that has at most `limit` of them.
pub(super) fn read_file(path: &Path, file: &File, metadata: &Metadata, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or(0));
    // One more than allowed, so that a file that grows is seen.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| Error::file_system("read", path, error))?;
    if bytes.len() as u64 > limit {
        let message = format!("`{}` is larger than the {limit} bytes that are read", path.display());
        return Err(Error::new(ErrorKind::Unsafe, message));
    }
    Ok(bytes)
}

/// Returns the flags as `custom_flags` wants them.
pub(super) fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

fn link(path: &Path) -> Error {
    Error::new(ErrorKind::Unsafe, format!("`{}` is a symbolic link", path.display()))
}

fn not_a_folder(path: &Path) -> Error {
    Error::file_system("use", path, io::Error::from(io::ErrorKind::NotADirectory))
}

/// Creates the store's folder and those above it; links among them are the user's own.
fn create_store(directory: &Path) -> Result<()> {
    if directory.as_os_str().is_empty() || directory.is_dir() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        create_store(parent)?;
    }
    create_folder(directory)
}

/// Creates one folder and makes that durable, unless it is there.
fn create_folder(path: &Path) -> Result<()> {
    if is_folder(path)? {
        return Ok(());
    }
    match fs::create_dir(path) {
        Ok(()) => sync_folder(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => is_folder(path).map(drop),
        Err(error) => Err(Error::file_system("create", path, error)),
    }
}
