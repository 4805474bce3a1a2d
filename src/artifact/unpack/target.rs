//! Where a pack may be put: nowhere that something else is lost.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{super::decode::MAX_METADATA, leftover};
use crate::store::{Error, ErrorKind, Json, Result, file::open};

/// What is at the target now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Now {
    /// Nothing.
    Absent,
    /// An empty folder that may be swapped for the stage.
    Empty,
    /// An empty folder that must stay, such as a mount point: what is unpacked goes into it.
    Fixed,
    /// A folder with something in it, which may be replaced if it is the same pack.
    Occupied,
}

/// The folder that is to hold the pack.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Its path, free of links.
    pub(super) path: PathBuf,
    /// What is there.
    pub(super) now: Now,
}

impl Target {
    /// Returns the target, where it can be one; `protected` folders and those above them are never replaced.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] where it holds something that must not be lost.
    pub(super) fn examine(path: &Path, replace: bool, protected: &[PathBuf]) -> Result<Self> {
        let conflict = |what: &str| Error::new(ErrorKind::Conflict, format!("`{}` {what}", path.display()));
        let found = match fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::absent(path),
            Err(error) => return Err(Error::file_system("look at", path, error)),
        };
        if found.is_symlink() {
            return Err(conflict("is a symbolic link"));
        }
        if !found.is_dir() {
            return Err(conflict("exists and is not a folder"));
        }
        let real = fs::canonicalize(path).map_err(|error| Error::file_system("look at", path, error))?;
        let looked = |error| Error::file_system("look into", path, error);
        if leftover::is_empty_but_for_stages(&real).map_err(looked)? {
            leftover::sweep(&real);
        }
        let is_empty = fs::read_dir(&real).map_err(looked)?.next().is_none();
        let is_protected =
            protected.iter().filter_map(|folder| fs::canonicalize(folder).ok()).any(|folder| folder.starts_with(&real));
        let is_fixed = is_protected || real.parent().is_none() || is_mount_point(&real, &found);
        let now = match (is_empty, is_fixed) {
            (true, true) => Now::Fixed,
            (true, false) => Now::Empty,
            (false, _) if !replace => return Err(conflict("exists and is not empty")),
            (false, true) if is_protected => {
                return Err(conflict("is never replaced: it is or holds the home folder or the working folder"));
            }
            (false, true) => return Err(conflict("is never replaced: it is a mount point")),
            (false, false) => Now::Occupied,
        };
        Ok(Self { path: real, now })
    }

    fn absent(path: &Path) -> Result<Self> {
        let absolute = std::path::absolute(path).map_err(|error| Error::file_system("look at", path, error))?;
        let (Some(parent), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            return Err(Error::new(ErrorKind::Invalid, format!("`{}` has no name", path.display())));
        };
        // A parent that isn't there yet will be made by its name.
        let parent = fs::canonicalize(parent).unwrap_or_else(|_| parent.to_path_buf());
        Ok(Self { path: parent.join(name), now: Now::Absent })
    }

    /// Returns the folder above; the target of everything but [`Now::Fixed`] has one.
    pub(super) fn parent(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Fails where what is there is another pack than `name`, or none.
    pub(super) fn holds_only(&self, name: &str) -> Result<()> {
        if self.now != Now::Occupied {
            return Ok(());
        }
        let conflict = |what: &str| Error::new(ErrorKind::Conflict, format!("`{}` {what}", self.path.display()));
        let location = self.path.join("pack.json");
        let bytes = match read_metadata(&location) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(conflict("is not replaced: it holds no pack.json"));
            }
            Err(error) => return Err(conflict("is not replaced: its pack.json can't be read").because(error)),
        };
        match name_of(&bytes) {
            Ok(old) if old == name => Ok(()),
            Ok(old) => Err(conflict(&format!("is not replaced: it holds the pack `{old}`, not `{name}`"))),
            Err(error) => Err(conflict("is not replaced: its pack.json can't be read").because(error)),
        }
    }
}

/// Returns the `name` that a pack.json gives.
///
/// # Errors
///
/// [`ErrorKind::Integrity`] where it gives none.
pub(super) fn name_of(metadata: &[u8]) -> Result<String> {
    let wrong = |what: &str| Error::new(ErrorKind::Integrity, format!("pack.json {what}"));
    let json = Json::parse(metadata).map_err(|error| wrong("is not valid JSON").because(error))?;
    let object = json.as_object().ok_or_else(|| wrong("is not a JSON object"))?;
    object.get("name").and_then(Json::as_str).map(str::to_owned).ok_or_else(|| wrong("has no text `name`"))
}

/// Returns the bytes of a pack.json on disk.
pub(super) fn read_metadata(location: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = open(location)?.take(MAX_METADATA + 1).read_to_end(&mut bytes)?;
    if read as u64 > MAX_METADATA {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Returns whether something is mounted at the folder. A folder mounted onto one of the same file system is only known on
/// Linux from 5.8 on.
fn is_mount_point(path: &Path, found: &fs::Metadata) -> bool {
    let above = path.parent().and_then(|parent| fs::metadata(parent).ok());
    above.is_some_and(|above| above.dev() != found.dev()) || is_mount_root(path)
}

#[cfg(target_os = "linux")]
fn is_mount_root(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
        .is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(not(target_os = "linux"))]
fn is_mount_root(_: &Path) -> bool {
    false
}
