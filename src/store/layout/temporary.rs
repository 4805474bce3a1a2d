//! Files that are not finished: they get their name when they are whole and on disk, or vanish.
//!
//! A killed program leaves its unfinished files in `.spectro/`; the next push sweeps them. Since every living push holds the
//! store's lock, whoever gets that lock alone knows that no such file is anybody's.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::store::{Error, Result};

const PREFIX: &str = "unfinished-";

/// A file on its way to `target`; dropped before [`Temporary::publish`], it is removed.
#[derive(Debug)]
pub(super) struct Temporary {
    file: NamedTempFile,
    target: PathBuf,
}

impl Temporary {
    /// Creates an empty file in `folder`, which is on the same file system as `target`.
    pub(super) fn create(folder: &Path, target: PathBuf) -> Result<Self> {
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            // The default is 0600, but others may share this folder, or serve it: the umask decides.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(|error| Error::file_system("create a file in", folder, error))?;
        Ok(Self { file, target })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.as_file_mut().write_all(bytes).map_err(|error| Error::file_system("write", &self.target, error))
    }

    /// Waits until the bytes are on disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.as_file().sync_all().map_err(|error| Error::file_system("write", &self.target, error))
    }

    /// Renames the file to its target; [`sync_folder`] makes that durable.
    pub(super) fn publish(self) -> Result<()> {
        let Self { file, target } = self;
        file.persist(&target).map(drop).map_err(|error| Error::file_system("write", &target, error.error))
    }
}

/// Waits until the names in a folder are on disk.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    match File::open(path).and_then(|folder| folder.sync_all()) {
        // Some network file systems have nothing to sync in a folder and say so.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result.map_err(|error| Error::file_system("sync", path, error)),
    }
}

/// Returns the unfinished files in a folder.
pub(super) fn unfinished(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = |error| Error::file_system("read", folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        if entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Removes a file, whether or not it is still there.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file_system("remove", path, error)),
        _ => Ok(()),
    }
}
