//! Where a blob's bytes come from: memory, a file of the pack, or a part of the scratch file that holds packed folders.

use std::{fs::File, path::PathBuf, sync::Arc};

use bytes::Bytes;

use crate::store::{
    BlobReader, Descriptor, Error, ErrorKind, Result,
    file::{FilePart, blocking, open},
};

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
        let part = match self {
            Self::Memory(bytes) => return Ok(BlobReader::from_bytes(descriptor, bytes.clone())),
            Self::File { location, path } => {
                let (location, name) = (location.clone(), path.clone());
                let opened = blocking(move || {
                    let file = open(&location).map_err(|error| Error::file_system("open", &location, error))?;
                    let found = file.metadata().map_err(|error| Error::file_system("read", &location, error))?;
                    if !found.is_file() || found.len() != size {
                        return Err(changed(&name));
                    }
                    Ok(Arc::new(file))
                });
                FilePart { file: opened.await?, start: 0, size, name: path.clone() }
            }
            Self::Scratch { file, start, path } => {
                FilePart { file: Arc::clone(file), start: *start, size, name: path.clone() }
            }
        };
        let blame = changed(&part.name).to_string();
        Ok(BlobReader::new(descriptor, part.into_pieces()).blamed_on(blame))
    }
}

/// Returns the error of a file that is no longer what was validated.
pub(super) fn changed(path: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("`{path}` changed after it was read"))
}
