//! A folder of OCI image layouts (image-spec 1.1.1, "OCI Image Layout"), one a repository: the store that needs no server.
//!
//! `DIR/<repository>/` is a complete layout that oras, skopeo and zot read; what is only ours (locks, unfinished files) lives in
//! its `.spectro/`, because a stray name in `blobs/sha256` makes zot's garbage collection fail. Three promises:
//!
//! - **Every write is kept.** Pushes of any number of tasks and processes change `index.json` one after the other
//!   (`change`), and a tag's rule is checked inside that turn.
//! - **Old or new, never a mixture.** A blob is written aside, synced and renamed; the folders are synced before the index names
//!   it, and the index is on disk before a push is acknowledged. A kill or a full disk leaves the old state.
//! - **Nothing here is believed.** Every blob is checked by size and digest, a link is refused wherever it stands, and an
//!   index that can't be understood is never replaced.

mod blobs;
mod change;
mod delete;
pub(crate) mod export;
mod garbage;
mod index;
mod lock;
mod manifests;
mod place;
mod push;
mod repositories;
mod repository;
mod temporary;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::Semaphore;

pub use self::repository::LayoutRepository;
use super::{Observer, RepositoryName, file::blocking};

/// How many blobs are written at once, whatever the number of tasks: each holds a few files open.
const WRITERS: usize = 64;

/// A folder whose subfolders are repositories.
#[derive(Clone)]
pub struct LayoutStore {
    directory: PathBuf,
    observer: Arc<dyn Observer>,
    writers: Arc<Semaphore>,
}

impl LayoutStore {
    /// Returns the store in this folder, which need not exist: the first push creates it, reading creates nothing.
    ///
    /// The observer is told when a push has to wait for another one.
    pub fn new(directory: impl Into<PathBuf>, observer: Arc<dyn Observer>) -> Self {
        Self { directory: directory.into(), observer, writers: Arc::new(Semaphore::new(WRITERS)) }
    }

    /// Returns a handle of one repository; touches nothing on disk.
    ///
    /// A handle is one push: from its first blob to its manifest no other program of ours deletes anything there.
    pub fn repository(&self, name: RepositoryName) -> LayoutRepository {
        LayoutRepository::new(self, name)
    }

    /// Returns the folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}
