//! Reads folders on blocking threads: as many at once as there are cores.

use std::{path::PathBuf, sync::Arc};

use spectro_pack::pack::{self, ReadError, ReadOptions, Reading};
use tokio::sync::Semaphore;

use crate::{
    blocking::blocking,
    failure::{Exit, Failure},
};

/// Runs work that keeps a core busy, as much of it at once as there are cores.
#[derive(Clone)]
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }

    /// Runs `work` on a blocking thread.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let _permit = self.0.acquire().await.expect("the semaphore is never closed");
        blocking(work).await
    }

    /// Reads the pack in a folder.
    pub(crate) async fn read(&self, directory: PathBuf, options: Arc<ReadOptions>) -> Result<Reading, Failure> {
        let reading = self.run(move || pack::read(&directory, &options)).await?;
        reading.map_err(|error| unreadable(&error))
    }
}

/// Returns the failure of a folder that can't be read as a pack at all.
fn unreadable(error: &ReadError) -> Failure {
    let failure = match error {
        ReadError::NotFound(_) | ReadError::NotAFolder(_) => Failure::new(Exit::NotFound, error.to_string()),
        _ => Failure::new(Exit::FileSystem, error.to_string()),
    };
    match std::error::Error::source(error) {
        Some(source) => failure.cause(source.to_string()),
        None => failure,
    }
}
