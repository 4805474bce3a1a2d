//! What a killed unpack leaves: its stage, which the next unpack beside it removes.
//!
//! A stage is locked (`flock`) for as long as its program lives, and the system frees the lock however that ends. So a folder with
//! the name of a stage that can be locked is nobody's. Where a file system has no locks for folders, nothing is swept.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

const PREFIX: &str = ".spectro-";
/// How many hexadecimal digits stand behind the prefix.
const DIGITS: usize = 16;

/// Returns a name that no other stage has.
pub(super) fn new_name() -> String {
    format!("{PREFIX}{:0DIGITS$x}", fastrand::u64(..))
}

/// Locks a stage that was just created; `None` where somebody took it for a leftover in that very moment, so that another is needed.
///
/// Where the file system has no such locks, the folder comes back open and unlocked.
pub(super) fn lock(stage: &Path) -> io::Result<Option<File>> {
    let folder = open(stage);
    let folder = match folder {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    if matches!(folder.try_lock(), Err(fs::TryLockError::WouldBlock)) {
        return Ok(None);
    }
    Ok(is_still(stage, &folder).then_some(folder))
}

/// Removes the stages of dead programs from a folder. What can't be removed stays: that is no reason to fail.
pub(super) fn sweep(folder: &Path) {
    for stage in stages(folder).unwrap_or_default() {
        let Ok(open) = open(&stage) else { continue };
        if open.try_lock().is_ok() && is_still(&stage, &open) && is_ours(&open) {
            let _ = fs::remove_dir_all(&stage);
        }
    }
}

/// Returns whether a folder holds nothing, or nothing but stages.
pub(super) fn is_empty_but_for_stages(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder)?.count() == stages(folder)?.len())
}

fn stages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_named = entry.file_name().to_str().and_then(|name| name.strip_prefix(PREFIX)).is_some_and(|digits| {
            digits.len() == DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        if is_named && entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn open(folder: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(folder, flags, Mode::empty())?.into())
}

/// Returns whether the path still leads to the open folder.
fn is_still(path: &Path, open: &File) -> bool {
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    match (fs::symlink_metadata(path), open.metadata()) {
        (Ok(named), Ok(held)) => identity(named) == identity(held),
        _ => false,
    }
}

/// Returns whether the folder belongs to whoever runs this.
fn is_ours(open: &File) -> bool {
    open.metadata().is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_stage_is_swept_and_a_living_one_and_everything_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let living = path(&new_name());
        fs::create_dir(&living).unwrap();
        let lock = lock(&living).unwrap();
        assert!(lock.is_some());
        let dead = path(&new_name());
        fs::create_dir_all(dead.join("role/deep")).unwrap();
        // Not a stage by its name, or not a folder.
        for name in [".spectro", ".spectro-0123456789abcdeg", ".spectro-0123456789abcdef-old", ".spectro-0123"] {
            fs::create_dir(path(name)).unwrap();
        }
        fs::write(path(".spectro-0123456789abcdef"), "").unwrap();
        std::os::unix::fs::symlink(path(".spectro"), path(".spectro-fedcba9876543210")).unwrap();
        let before = fs::read_dir(folder.path()).unwrap().count();
        sweep(folder.path());
        assert!(!dead.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before - 1);
        drop(lock);
        sweep(folder.path());
        assert!(!living.exists(), "its program is gone");
    }

    #[test]
    fn a_stage_that_somebody_took_for_a_leftover_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let stage = folder.path().join(new_name());
        fs::create_dir(&stage).unwrap();
        let sweeper = open(&stage).unwrap();
        sweeper.try_lock().unwrap();
        assert!(lock(&stage).unwrap().is_none());
        fs::remove_dir(&stage).unwrap();
        assert!(lock(&stage).unwrap().is_none());
    }

    #[test]
    fn a_folder_of_stages_is_as_good_as_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_empty_but_for_stages(folder.path()).unwrap());
        fs::create_dir(folder.path().join(new_name())).unwrap();
        assert!(is_empty_but_for_stages(folder.path()).unwrap());
        fs::write(folder.path().join("mine"), "").unwrap();
        assert!(!is_empty_but_for_stages(folder.path()).unwrap());
    }
}
