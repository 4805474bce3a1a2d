//! Locks between programs: `flock`, asked for again and again rather than waited for, so that a dropped future ends the wait.
//!
//! Two locks, always taken in this order. `store.lock`: shared by a push, from its first blob to its change of the index; alone for
//! deleting and sweeping. `index.lock`: alone, while `index.json` is read, checked, changed and written. And one that is not ours: a zot
//! that serves the folder holds `DIR/cache.db` locked (measured with 2.1.20), and nobody may write beside it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustix::fs::OFlags;
use tokio::time::{Instant, sleep};

use super::{
    blocking,
    place::{Place, flags, open_file},
    temporary::{remove, unfinished},
};
use crate::store::{Error, ErrorKind, Event, Observer, Result};

/// How long a wait is silent.
const SILENT: Duration = Duration::from_secs(2);
/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Shared,
    Alone,
}

/// A lock that is held until the last clone is dropped: work on a blocking thread takes one along, so that a dropped future
/// frees the lock only when that work has ended.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    _file: Arc<File>,
}

impl Lock {
    /// Waits for the lock on `store.lock`, sweeping what dead pushes left if nobody else is there.
    pub(super) async fn store(place: &Place, mode: Mode, observer: &dyn Observer) -> Result<Self> {
        let path = place.private().join("store.lock");
        if mode == Mode::Shared {
            let (place, path) = (place.clone(), path.clone());
            blocking(move || sweep(&place, &path)).await?;
        }
        Self::wait(path, mode, observer).await
    }

    /// Waits for the lock on `index.lock`.
    pub(super) async fn index(place: &Place, observer: &dyn Observer) -> Result<Self> {
        Self::wait(place.private().join("index.lock"), Mode::Alone, observer).await
    }

    async fn wait(path: PathBuf, mode: Mode, observer: &dyn Observer) -> Result<Self> {
        let begin = Instant::now();
        let mut told = false;
        let mut pause = Duration::from_millis(1);
        loop {
            let attempt = path.clone();
            if let Some(lock) = blocking(move || Self::attempt(&attempt, mode)).await? {
                return Ok(lock);
            }
            if !told && begin.elapsed() >= SILENT {
                told = true;
                observer.event(Event::Note(&format!("waiting for another program that holds `{}`", path.display())));
            }
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
            pause = (pause * 2).min(PAUSE);
        }
    }

    /// Returns the lock if it is free.
    fn attempt(path: &Path, mode: Mode) -> Result<Option<Self>> {
        let failed = |error| Error::file_system("lock", path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o666);
        let file = options.custom_flags(flags(OFlags::NOFOLLOW)).open(path).map_err(failed)?;
        let taken = match mode {
            Mode::Shared => file.try_lock_shared(),
            Mode::Alone => file.try_lock(),
        };
        match taken {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Somebody may have removed the file meanwhile: then others lock another one.
        let held = file.metadata().map_err(failed)?;
        let named = fs::symlink_metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
        Ok((named == Some((held.dev(), held.ino()))).then(|| Self { _file: Arc::new(file) }))
    }
}

/// Removes the unfinished files of dead pushes, unless some push is alive.
fn sweep(place: &Place, lock: &Path) -> Result<()> {
    if unfinished(&place.private())?.is_empty() {
        return Ok(());
    }
    let Some(_alone) = Lock::attempt(lock, Mode::Alone)? else { return Ok(()) };
    unfinished(&place.private())?.iter().try_for_each(|path| remove(path))
}

/// Refuses to go on where a zot serves the folder.
pub(super) fn refuse_beside_zot(place: &Place) -> Result<()> {
    let path = place.store().join("cache.db");
    let Some((file, _)) = open_file(&path)? else { return Ok(()) };
    match file.try_lock_shared() {
        Ok(()) => Ok(()),
        Err(TryLockError::Error(error)) => Err(Error::file_system("lock", &path, error)),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            ErrorKind::Denied,
            format!(
                "a zot serves `{}` (it holds `{}` locked): push to that zot instead, or stop it first",
                place.store().display(),
                path.display()
            ),
        )),
    }
}
