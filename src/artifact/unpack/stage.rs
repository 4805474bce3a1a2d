//! The hidden folder in which a pack is put together, and the promise that it goes away.
//!
//! Threads write into it, and a thread can't be stopped from outside: when the future that unpacks is dropped (Ctrl-C) while they
//! run, the stage first tells them to end, waits for them, and removes the folder then. A thread that hangs on a slow disk is
//! waited for [`PATIENCE`]; after that, the last one to end removes the folder. A killed program's stage goes with the next unpack
//! beside it ([`leftover`]).

use std::{
    fs::{self, File},
    io::ErrorKind as IoErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::leftover;
use crate::store::{Error, ErrorKind, Result, file::blocking};

/// How long an interrupted unpack waits for its threads.
const PATIENCE: Duration = Duration::from_millis(900);

/// A hidden folder that is removed when this goes away, whatever is in it by then.
#[derive(Debug, Default)]
pub(super) struct Stage(Arc<Shared>);

/// The right to write into the stage, held by a thread while it does.
#[derive(Debug)]
pub(super) struct Job(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    place: OnceLock<Place>,
    ending: AtomicBool,
    jobs: Mutex<Jobs>,
    idle: Condvar,
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Folders that had to be made for the stage, the outermost first; they go away, too, where they stayed empty.
    made: Vec<PathBuf>,
    /// Says that the stage is somebody's.
    _lock: File,
}

#[derive(Debug, Default)]
struct Jobs {
    running: usize,
    /// The stage is gone: the last job cleans up.
    orphaned: bool,
}

impl Stage {
    /// Runs work that writes into the stage on a thread where it may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Job) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.0);
        blocking(move || work(&Job::enter(shared)?)).await
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.0.ending.store(true, Ordering::SeqCst);
        let jobs = self.0.jobs();
        let waited = self.0.idle.wait_timeout_while(jobs, PATIENCE, |jobs| jobs.running > 0);
        let (mut jobs, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if jobs.running == 0 {
            self.0.clean_up();
        } else {
            jobs.orphaned = true;
        }
    }
}

impl Job {
    fn enter(shared: Arc<Shared>) -> Result<Self> {
        let mut jobs = shared.jobs();
        if shared.ending.load(Ordering::SeqCst) {
            return Err(interrupted());
        }
        jobs.running += 1;
        drop(jobs);
        Ok(Self(shared))
    }

    /// Creates the stage in `parent`, which is created where it is missing, and removes what killed programs left there. A job
    /// like any other, so that an interruption in the middle leaves nothing.
    pub(super) fn create(&self, parent: &Path) -> Result<()> {
        let made = make_folders(parent)?;
        leftover::sweep(parent);
        for _ in 0..16 {
            let path = parent.join(leftover::new_name());
            let created = fs::DirBuilder::new().mode(0o755).create(&path);
            match created.and_then(|()| leftover::lock(&path)) {
                Ok(Some(lock)) => {
                    self.0.place.get_or_init(|| Place { path, made, _lock: lock });
                    return Ok(());
                }
                Ok(None) => {}
                Err(error) if error.kind() == IoErrorKind::AlreadyExists => {}
                Err(error) => {
                    remove_made(&made);
                    return Err(Error::file_system("create a folder in", parent, error));
                }
            }
        }
        remove_made(&made);
        Err(Error::new(ErrorKind::FileSystem, format!("cannot find a free name in `{}`", parent.display())))
    }

    /// Returns where the stage is.
    ///
    /// # Panics
    ///
    /// Where it has not been created.
    pub(super) fn stage(&self) -> &Path {
        &self.0.place.get().expect("the first job creates the stage").path
    }

    /// Fails where the work is no longer wanted.
    pub(super) fn go_on(&self) -> Result<()> {
        if self.0.ending.load(Ordering::SeqCst) { Err(interrupted()) } else { Ok(()) }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let mut jobs = self.0.jobs();
        jobs.running -= 1;
        if jobs.running == 0 {
            if jobs.orphaned {
                self.0.clean_up();
            }
            self.0.idle.notify_all();
        }
    }
}

impl Shared {
    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        // A count is right whatever panicked while it was held.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the folder: what was unpacked so far, or the old pack after the swap. It isn't there any more where it has
    /// become the target. What can't be removed can't be helped here.
    fn clean_up(&self) {
        if let Some(place) = self.place.get() {
            let _ = fs::remove_dir_all(&place.path);
            remove_made(&place.made);
        }
    }
}

/// Creates a folder with those above it, and returns the ones that were not there.
fn make_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut missing: Vec<_> = folder.ancestors().take_while(|path| !path.exists()).map(Path::to_path_buf).collect();
    missing.reverse();
    for (index, path) in missing.iter().enumerate() {
        match fs::create_dir(path) {
            Ok(()) => {}
            Err(error) if error.kind() == IoErrorKind::AlreadyExists => {}
            Err(error) => {
                remove_made(&missing[..index]);
                return Err(Error::file_system("create the folder", path, error));
            }
        }
    }
    Ok(missing)
}

fn remove_made(made: &[PathBuf]) {
    for path in made.iter().rev() {
        // Not empty means in use by now.
        let _ = fs::remove_dir(path);
    }
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Unavailable, "unpacking was interrupted")
}
