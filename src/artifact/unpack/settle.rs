//! Puts a finished stage in the target's place: by one rename where the file system can, and never so that half a pack is there
//! under the final name.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    stage::Job,
    sync::sync_one,
    target::{Now, Target},
};
use crate::store::{Error, ErrorKind, Result};

/// Makes the stage the target, and returns whether something was replaced.
///
/// # Errors
///
/// [`ErrorKind::Conflict`] where the target has changed meanwhile and must not be lost.
pub(super) fn settle(job: &Job, target: &Target, name: &str) -> Result<bool> {
    job.go_on()?;
    match target.now {
        Now::Absent => rename(job.stage(), target)?,
        Now::Empty => {
            // The folder that was prepared keeps its mode.
            let mode = fs::metadata(&target.path).map(|found| found.permissions());
            mode.and_then(|mode| fs::set_permissions(job.stage(), mode))
                .map_err(|error| Error::file_system("set the mode of", job.stage(), error))?;
            rename(job.stage(), target)?;
        }
        Now::Fixed => fill(job, &target.path)?,
        Now::Occupied => {
            target.holds_only(name)?;
            exchange(job.stage(), &target.path)?;
        }
    }
    // The pack is in its place: that its name may not outlast a failure of power is no reason to say that it isn't.
    let _ = sync_one(if target.now == Now::Fixed { &target.path } else { target.parent() });
    if target.now == Now::Occupied {
        // The old pack; what is left of it goes away with the stage.
        let _ = fs::remove_dir_all(job.stage());
    }
    Ok(target.now == Now::Occupied)
}

/// Renames the stage to what isn't there or is an empty folder; the system refuses everything else.
fn rename(stage: &Path, target: &Target) -> Result<()> {
    fs::rename(stage, &target.path).map_err(|error| match error.kind() {
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            let message = format!("`{}` appeared while the pack was fetched", target.path.display());
            Error::new(ErrorKind::Conflict, message).because(error)
        }
        _ => Error::file_system("create", &target.path, error),
    })
}

/// Lets stage and target change places; the stage is the old pack afterwards, and goes away as the stage would.
fn exchange(stage: &Path, target: &Path) -> Result<()> {
    use rustix::io::Errno;
    match renameat_with(CWD, stage, CWD, target, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => exchange_in_steps(stage, target),
        Err(error) => Err(Error::file_system("replace", target, error.into())),
    }
}

/// The same on a file system that can't do it at once. Where the program is killed between the steps, the old pack is
/// whole under the hidden name.
fn exchange_in_steps(stage: &Path, target: &Path) -> Result<()> {
    let failed = |error| Error::file_system("replace", target, error);
    let mut aside = stage.as_os_str().to_owned();
    aside.push("-old");
    let aside = PathBuf::from(aside);
    fs::rename(target, &aside).map_err(failed)?;
    if let Err(error) = fs::rename(stage, target) {
        // Back, as it was; if that fails as well, the first error says more.
        let _ = fs::rename(&aside, target);
        return Err(failed(error));
    }
    // The new pack is in its place; the old one goes away with the stage, or else at once.
    let _ = fs::rename(&aside, stage).or_else(|_| fs::remove_dir_all(&aside));
    Ok(())
}

/// Moves what is in the stage into the target that must stay itself, pack.json last: without it the folder is no pack.
fn fill(job: &Job, target: &Path) -> Result<()> {
    let failed = |error| Error::file_system("write into", target, error);
    let mut names: Vec<_> = Vec::new();
    for entry in fs::read_dir(job.stage()).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort_by_key(|name| (name == "pack.json", name.clone()));
    for (index, name) in names.iter().enumerate() {
        if let Err(error) = move_into(&job.stage().join(name), &target.join(name)) {
            for moved in &names[..index] {
                // Back into the stage, which is removed as a whole.
                let _ = fs::rename(target.join(moved), job.stage().join(moved));
            }
            return Err(failed(error));
        }
    }
    Ok(())
}

/// Renames to what isn't there.
fn move_into(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        outcome => Ok(outcome?),
    }
}
