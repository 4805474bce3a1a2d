//! Blobs on disk: read in pieces, written aside and renamed.
//!
//! No blob is ever whole in memory. Reading is one piece ahead of whoever checks it, writing one batch behind, each on a blocking thread only
//! while the disk is busy: a slow source holds no thread, so any number of blobs can be under way.

use std::{fs::File, io::Read, path::PathBuf};

use bytes::Bytes;
use futures::stream;
use tokio::task::{JoinHandle, spawn_blocking};

use super::{place::Place, temporary::Temporary};
use crate::store::{
    BlobReader, Descriptor, Error, ErrorKind, Result,
    file::{blocking, joined},
};

/// How many bytes are read or written at once.
const PIECE: u64 = 256 * 1024;

/// Returns a reader of a blob, whose size was compared already.
pub(super) async fn open(place: &Place, descriptor: &Descriptor) -> Result<BlobReader> {
    let (place, wanted) = (place.clone(), descriptor.clone());
    let begin = blocking(move || {
        let Some((file, metadata)) = place.open_blob(&wanted.digest)? else {
            return Err(if place.exists()? { missing(&place, &wanted) } else { place.missing() });
        };
        if metadata.len() != wanted.size {
            return Err(wrong_size(&wanted, metadata.len()));
        }
        Pieces { file, path: place.blob(&wanted.digest), left: wanted.size }.read()
    })
    .await?;
    let ahead = Ahead::Read(begin);
    Ok(BlobReader::new(descriptor, stream::try_unfold(ahead, Ahead::next)))
}

/// Returns whether the blob is there, whole and right; a bad one counts as absent, because it will be replaced.
pub(super) async fn is_sound(place: &Place, descriptor: &Descriptor) -> Result<bool> {
    let mut reader = match open(place, descriptor).await {
        Ok(reader) => reader,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Integrity) => return Ok(false),
        Err(error) => return Err(error),
    };
    loop {
        match reader.next().await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Integrity => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Returns the error for a blob that is not there.
pub(super) fn missing(place: &Place, descriptor: &Descriptor) -> Error {
    let message = format!("there is no blob {} in `{}`", descriptor.digest, place.folder().display());
    Error::new(ErrorKind::NotFound, message)
}

/// Returns the error for a blob with another size than promised.
pub(super) fn wrong_size(descriptor: &Descriptor, found: u64) -> Error {
    let message = format!("blob {} has {found} bytes instead of {}", descriptor.digest, descriptor.size);
    Error::new(ErrorKind::Integrity, message)
}

/// What is left to read of an open blob.
struct Pieces {
    file: File,
    path: PathBuf,
    left: u64,
}

impl Pieces {
    /// Returns the next piece, which is empty at the end.
    fn read(mut self) -> Result<(Bytes, Self)> {
        let length = self.left.min(PIECE);
        let mut piece = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        let read = (&self.file).take(length).read_to_end(&mut piece);
        read.map_err(|error| Error::file_system("read", &self.path, error))?;
        // A file cut short ends here, and the reader says so.
        self.left = if piece.is_empty() { 0 } else { self.left - piece.len() as u64 };
        Ok((piece.into(), self))
    }
}

/// A piece that was read, or is being read.
enum Ahead {
    Read((Bytes, Pieces)),
    Reading(JoinHandle<Result<(Bytes, Pieces)>>),
}

impl Ahead {
    async fn next(self) -> Result<Option<(Bytes, Self)>> {
        let (piece, pieces) = match self {
            Self::Read(read) => read,
            Self::Reading(task) => joined(task).await?,
        };
        if piece.is_empty() {
            return Ok(None);
        }
        let next = if pieces.left == 0 {
            Self::Read((Bytes::new(), pieces))
        } else {
            Self::Reading(spawn_blocking(move || pieces.read()))
        };
        Ok(Some((piece, next)))
    }
}

/// Writes what the reader hands out, proven, to the blob's place. The folder is not synced yet.
pub(super) async fn write(place: &Place, descriptor: &Descriptor, mut reader: BlobReader) -> Result<()> {
    let (begin, target) = (place.clone(), descriptor.digest.clone());
    let mut file = spawn_blocking(move || {
        begin.create_shelf(&target)?;
        Temporary::create(&begin.private(), begin.blob(&target))
    });
    let mut batch = Vec::new();
    let mut waiting = 0;
    while let Some(piece) = reader.next().await? {
        waiting += piece.len() as u64;
        batch.push(piece);
        if waiting >= PIECE {
            waiting = 0;
            let ready = joined(file).await?;
            let full = std::mem::take(&mut batch);
            file = spawn_blocking(move || append(ready, &full));
        }
    }
    let ready = joined(file).await?;
    blocking(move || {
        let whole = append(ready, &batch)?;
        whole.sync()?;
        whole.publish()
    })
    .await
}

fn append(mut file: Temporary, batch: &[Bytes]) -> Result<Temporary> {
    batch.iter().try_for_each(|piece| file.write(piece))?;
    Ok(file)
}
