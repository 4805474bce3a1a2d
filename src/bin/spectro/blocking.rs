//! A thread of its own for what blocks, so that Ctrl-C is heard meanwhile.

use crate::failure::{Exit, Failure};

/// Runs what waits for files, helper programs or people, or needs the processor for long.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::new(Exit::FileSystem, "a thread ended early").cause(error.to_string()))
}
