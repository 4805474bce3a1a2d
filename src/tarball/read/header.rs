//! One header block (POSIX.1-2017, pax, "ustar Interchange Format"; GNU's numbers and sparse maps).

use std::io::Read;

use super::{EntryKind, TarballError, stream::Stream};

/// The bytes of a block.
pub(super) const BLOCK: usize = 512;

/// Where an old GNU sparse header says that a block of its map follows, and where such a block says it.
const SPARSE_GOES_ON: (usize, usize) = (482, 504);

pub(super) struct Header {
    fields: tar::Header,
    /// The type byte, which is NUL for files of the oldest archives.
    pub(super) type_byte: u8,
    /// The bytes of content that follow.
    pub(super) size: u64,
}

impl Header {
    pub(super) fn parse(block: &[u8; BLOCK], first: bool) -> Result<Self, TarballError> {
        let fields = tar::Header::from_byte_slice(block).clone();
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = block[148..156].iter().map(|byte| u32::from(*byte)).sum();
        if fields.cksum().ok() != Some(sum - own + 8 * u32::from(b' ')) {
            return Err(if first {
                TarballError::NotTar
            } else {
                TarballError::Malformed("a header has a wrong checksum".into())
            });
        }
        let name = || String::from_utf8_lossy(&fields.path_bytes()).into_owned();
        let size = fields.entry_size().map_err(|_| TarballError::Malformed(format!("`{}` has no size", name())))?;
        Ok(Self { type_byte: block[156], size, fields })
    }

    /// Returns the name in the header itself.
    pub(super) fn name(&self) -> Vec<u8> {
        self.fields.path_bytes().into_owned()
    }

    pub(super) fn executable(&self) -> bool {
        self.fields.mode().is_ok_and(|mode| mode & 0o100 != 0)
    }

    pub(super) fn kind(&self, path: &str, sparse: bool) -> EntryKind {
        match self.type_byte {
            _ if sparse => EntryKind::Other(b'S'),
            // The oldest archives mark a folder by its last `/` only.
            b'0' | 0 if path.ends_with('/') => EntryKind::Folder,
            b'0' | b'7' | 0 => EntryKind::File,
            b'5' => EntryKind::Folder,
            b'1' | b'2' => EntryKind::Link,
            other => EntryKind::Other(other),
        }
    }

    /// Reads over the map of an old GNU sparse file, which its size does not count.
    pub(super) fn skip_sparse_map<R: Read>(&self, stream: &mut Stream<R>) -> Result<(), TarballError> {
        let mut goes_on = self.type_byte == b'S' && self.fields.as_bytes()[SPARSE_GOES_ON.0] != 0;
        let mut block = [0; BLOCK];
        while goes_on {
            if !stream.block(&mut block)? {
                return Err(TarballError::Truncated);
            }
            goes_on = block[SPARSE_GOES_ON.1] != 0;
        }
        Ok(())
    }
}
