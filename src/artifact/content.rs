//! Where a blob's bytes come from: memory, a file of the pack, or packed folders.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;

use super::{packing::changed, tar_layer::TarLayer};
use crate::store::{
    BlobReader, Descriptor, Error, Result,
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
        /// Its CRC-32.
        checksum: u32,
    },
    /// A folder, or the whole pack, in an layer.
    Tar(Arc<TarLayer>),
}

impl Content {
    /// Returns a reader that proves the bytes by their digest.
    pub(super) async fn reader(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        match self {
            Self::Memory(bytes) => Ok(BlobReader::from_bytes(descriptor, bytes.clone())),
            Self::File { location, path, .. } => {
                let part = whole(location, path, descriptor.size).await?;
                Ok(BlobReader::new(descriptor, part.into_pieces()).blamed_on(changed(path).to_string()))
            }
            Self::Tar(layer) => {
                let (file, start) = layer.packed().await?;
                let part = FilePart { file, start, size: descriptor.size, name: layer.name().to_owned() };
                Ok(BlobReader::new(descriptor, part.into_pieces()).blamed_on(changed(layer.name()).to_string()))
            }
        }
    }

    /// Returns a reader for somebody who computes the digest anyway: a file is only held against its checksum.
    pub(super) async fn reader_for_a_prover(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let Self::File { location, path, checksum } = self else { return self.reader(descriptor).await };
        let part = whole(location, path, descriptor.size).await?;
        let reader = BlobReader::with_checksum(descriptor, *checksum, part.into_pieces());
        Ok(reader.blamed_on(changed(path).to_string()))
    }
}

/// Opens a file of the pack, which must still have the size that was validated.
async fn whole(location: &Path, path: &str, size: u64) -> Result<FilePart> {
    let (location, name) = (location.to_owned(), path.to_owned());
    let opened = blocking(move || {
        let file = open(&location).map_err(|error| Error::file_system("open", &location, error))?;
        let found = file.metadata().map_err(|error| Error::file_system("read", &location, error))?;
        if !found.is_file() || found.len() != size {
            return Err(changed(&name));
        }
        Ok(Arc::new(file))
    });
    Ok(FilePart { file: opened.await?, start: 0, size, name: path.to_owned() })
}
