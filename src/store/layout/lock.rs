//! Locks between processes: advisory locks on files in the repository's own folder.
//!
//! They are asked for again and again instead of waited for, so that Ctrl-C works while somebody else holds one.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::{Duration, Instant},
};

use super::OWN_FOLDER;
use crate::store::{Error, ErrorKind, Event, Observer, Result};

/// How often a lock is asked for.
const POLL: Duration = Duration::from_millis(20);
/// After how long a wait is spoken of.
const SILENCE: Duration = Duration::from_secs(2);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock of a push: shared with other pushes, not with a delete.
pub(super) async fn shared(root: &Path, observer: &dyn Observer) -> Result<Lock> {
    take(&root.join(OWN_FOLDER).join("store.lock"), File::try_lock_shared, observer).await
}

/// Takes the lock of a delete: nobody pushes while it is held.
pub(super) async fn exclusive(root: &Path, observer: &dyn Observer) -> Result<Lock> {
    take(&root.join(OWN_FOLDER).join("store.lock"), File::try_lock, observer).await
}

/// Takes the lock around a change of the index.
pub(super) async fn index(root: &Path, observer: &dyn Observer) -> Result<Lock> {
    take(&root.join(OWN_FOLDER).join("index.lock"), File::try_lock, observer).await
}

/// Takes the lock of a delete where nobody pushes or deletes at this moment.
pub(super) fn exclusive_if_free(root: &Path) -> Result<Option<Lock>> {
    let file = open(&root.join(OWN_FOLDER).join("store.lock"))?;
    Ok(file.try_lock().is_ok().then_some(Lock { _file: file }))
}

async fn take(
    path: &Path,
    try_lock: fn(&File) -> std::result::Result<(), TryLockError>,
    observer: &dyn Observer,
) -> Result<Lock> {
    let file = open(path)?;
    let started = Instant::now();
    let mut spoke = false;
    loop {
        match try_lock(&file) {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(Error::file_system("lock", path, error)),
        }
        if !spoke && started.elapsed() > SILENCE {
            spoke = true;
            observer.event(Event::Note(&format!("waiting for another process that holds `{}`", path.display())));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn open(path: &Path) -> Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let opened = rustix::fs::open(path, flags, Mode::from_raw_mode(0o644));
    opened.map(File::from).map_err(|error| Error::file_system("open", path, error.into()))
}

/// Refuses to write while a zot serves the folder: it holds a lock on its cache (measured), and knows nothing of ours.
pub(super) fn refuse_while_served(store: &Path) -> Result<()> {
    let cache = store.join("cache.db");
    let file = match File::open(&cache) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file_system("open", &cache, error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let message = format!("a zot serves `{}`: push to that zot instead", store.display());
            Err(Error::new(ErrorKind::Denied, message))
        }
        Err(TryLockError::Error(error)) => Err(Error::file_system("lock", &cache, error)),
    }
}
