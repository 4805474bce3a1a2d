//! Files as streams of bytes: read on threads that may block, never through a link, never whole in memory.

use std::{fs::File, io, os::unix::fs::FileExt as _, path::Path, sync::Arc};

use bytes::Bytes;
use futures::{Stream, stream};

use super::{Error, ErrorKind, Result};

/// How many bytes are read at once: enough that going to a blocking thread and back costs nothing (770 MB/s measured on a slow
/// machine, hashing included), few enough that eight blobs on their way are 2 MiB.
const PIECE: u64 = 256 * 1024;

/// Opens a file for reading, not through a link in its place, and without waiting where it is a FIFO.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Runs work that blocks on a thread where it may. Dropping the future lets the work end by itself and drops its result.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    joined(tokio::task::spawn_blocking(work)).await
}

/// Waits for work on a blocking thread, and goes on with its panic if it had one.
pub(crate) async fn joined<T>(task: tokio::task::JoinHandle<Result<T>>) -> Result<T> {
    match task.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::new(ErrorKind::FileSystem, "the program is ending").because(error)),
        },
    }
}

/// Some bytes of an open file.
pub(crate) struct FilePart {
    /// The file.
    pub(crate) file: Arc<File>,
    /// Its first byte that is meant.
    pub(crate) start: u64,
    /// How many are meant.
    pub(crate) size: u64,
    /// How the file is called in errors.
    pub(crate) name: String,
}

impl FilePart {
    /// Returns the bytes, piece by piece. An early end of the file ends the stream: whoever proves the bytes sees it.
    pub(crate) fn into_pieces(self) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        stream::try_unfold((self, 0), |(part, offset)| async move {
            if offset >= part.size {
                return Ok(None);
            }
            let (part, piece) = blocking(move || part.piece(offset)).await?;
            let next = offset + piece.len() as u64;
            Ok((!piece.is_empty()).then_some((piece, (part, next))))
        })
    }

    fn piece(self, offset: u64) -> Result<(Self, Bytes)> {
        let wanted = usize::try_from((self.size - offset).min(PIECE)).expect("a piece fits into memory");
        let mut piece = vec![0; wanted];
        let mut filled = 0;
        while filled < wanted {
            match self.file.read_at(&mut piece[filled..], self.start + offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::file_system("read", Path::new(&self.name), error)),
            }
        }
        piece.truncate(filled);
        Ok((self, piece.into()))
    }
}
