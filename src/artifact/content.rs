//! Where a blob's bytes come from: memory, a file of the pack, or a part of the scratch file that holds packed folders.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::store::{BlobReader, Descriptor, Error, ErrorKind, Result};

/// How much of a file is read at once, in bytes: large enough that going to a blocking thread and back is no cost (770 MB/s
/// measured on a slow machine, hashing included), small enough that eight blobs on their way are 8 MiB.
const PIECE: u64 = 256 * 1024;

/// Where a blob's bytes come from.
#[derive(Debug)]
pub(super) enum Content {
    /// Here they are.
    Memory(Bytes),
    /// A file of the pack, opened when its bytes are wanted.
    File {
        /// Where it lies.
        location: PathBuf,
        /// Its path within the pack, for messages.
        path: String,
    },
    /// A part of the scratch file.
    Scratch {
        /// The file, which has no name.
        file: Arc<File>,
        /// Where the part begins, in bytes.
        start: u64,
        /// The path of the folder within the pack, for messages.
        path: String,
    },
}

impl Content {
    /// Returns a reader that proves the bytes.
    pub(super) async fn reader(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let size = descriptor.size;
        let (opened, path) = match self {
            Self::Memory(bytes) => return Ok(BlobReader::from_bytes(descriptor, bytes.clone())),
            Self::File { location, path } => {
                let (location, name) = (location.clone(), path.clone());
                let opened = blocking(move || {
                    let file = open(&location).map_err(|error| Error::file_system("open", &location, error))?;
                    let found = file.metadata().map_err(|error| Error::file_system("read", &location, error))?;
                    if !found.is_file() || found.len() != size {
                        return Err(changed(&name));
                    }
                    Part { file: Arc::new(file), start: 0, size, path: name }.first_piece()
                });
                (opened.await?, path)
            }
            Self::Scratch { file, start, path } => {
                let part = Part { file: Arc::clone(file), start: *start, size, path: path.clone() };
                (blocking(move || part.first_piece()).await?, path)
            }
        };
        let (part, first) = opened;
        let rest = stream::try_unfold((part, first.len() as u64), |(part, offset)| async move {
            if offset >= part.size {
                return Ok(None);
            }
            let (part, piece) = blocking(move || part.piece(offset)).await?;
            // An early end is seen, and named, by the reader that proves the bytes.
            Ok((!piece.is_empty()).then(|| {
                let next = offset + piece.len() as u64;
                (piece, (part, next))
            }))
        });
        let pieces = stream::once(async { Ok(first) }).chain(rest);
        let path = path.clone();
        let reader = BlobReader::new(descriptor, pieces);
        Ok(reader.blamed_on(changed(&path).to_string()))
    }
}

/// A file that is open, and which of its bytes are meant.
struct Part {
    file: Arc<File>,
    start: u64,
    size: u64,
    path: String,
}

impl Part {
    fn first_piece(self) -> Result<(Self, Bytes)> {
        self.piece(0)
    }

    fn piece(self, offset: u64) -> Result<(Self, Bytes)> {
        let wanted = usize::try_from((self.size - offset).min(PIECE)).expect("a piece fits into memory");
        let mut piece = vec![0; wanted];
        let mut filled = 0;
        while filled < wanted {
            match self.file.read_at(&mut piece[filled..], self.start + offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::file_system("read", Path::new(&self.path), error)),
            }
        }
        piece.truncate(filled);
        Ok((self, piece.into()))
    }
}

/// Opens a file for reading, not through a link in its place, and without waiting where it has become a FIFO.
pub(super) fn open(location: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    Ok(rustix::fs::open(location, flags, Mode::empty())?.into())
}

/// Returns the error of a file that is no longer what was validated.
pub(super) fn changed(path: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("`{path}` changed after it was read"))
}

/// Runs work that blocks on a thread where it may.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::new(ErrorKind::FileSystem, "the program is ending").because(error)),
        },
    }
}
