//! Writes a folder as the one tar+gzip that its content has.
//!
//! The same names, bytes and execute bits give the same archive on every machine and in every release of this tool: what
//! else a tar could say (owner, time, order, the system's way to write a long name) is fixed, and the compressor is called
//! with pieces of one size. Changing any byte of the output is a change of the artifact format: the golden tests below
//! are there to notice it.
//!
//! The caller gives the paths in the order of their bytes, a folder before what is in it, and gives only such paths as may
//! be restored. Nothing here touches the file system.

mod gzip;
mod header;

use std::io::{self, Read, Write};

use self::{
    gzip::GzipWriter,
    header::{BLOCK, Kind},
};
use crate::digest::{Algorithm, Digest, Hasher};

/// The name of the bytes that this writes: another one with every change that a golden test notices.
pub const FORMAT: &str = "ustar, miniz_oxide 0.9 level 5";

/// How much of a file is read at once, in bytes.
const PIECE: usize = 64 * 1024;

/// Writes an archive to `W`, entry by entry.
#[derive(Debug)]
pub struct FolderWriter<W: Write> {
    output: GzipWriter<Counted<W>>,
    content: Hasher,
    piece: Vec<u8>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The digest of the tar before it was compressed.
    pub content: Digest,
    /// The digest of the compressed bytes.
    pub digest: Digest,
    /// The number of compressed bytes.
    pub size: u64,
}

/// Why a file could not be added. The archive is of no use afterwards.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// Its content could not be read.
    #[error("cannot read the content")]
    Read(#[source] io::Error),
    /// Its content ended early or went on.
    #[error("the content is not the {0} bytes that were announced")]
    Size(u64),
    /// The archive could not be written.
    #[error("cannot write the archive")]
    Write(#[source] io::Error),
}

impl<W: Write> FolderWriter<W> {
    /// Returns a writer of an archive without entries, and writes the compressed stream's header.
    ///
    /// # Errors
    ///
    /// Fails where `output` does.
    pub fn new(output: W) -> io::Result<Self> {
        let output = GzipWriter::new(Counted { output, hasher: Hasher::new(Algorithm::Sha256), size: 0 })?;
        Ok(Self { output, content: Hasher::new(Algorithm::Sha256), piece: vec![0; PIECE] })
    }

    /// Adds a folder; `path` has no `/` at its end.
    ///
    /// # Errors
    ///
    /// Fails where the output does.
    pub fn add_folder(&mut self, path: &str) -> io::Result<()> {
        self.write(&header::entry(path, Kind::Folder, 0))
    }

    /// Adds a file whose content is the `size` bytes that `content` has.
    ///
    /// # Errors
    ///
    /// Fails where the content can't be read or has another size, and where the output fails.
    pub fn add_file(
        &mut self,
        path: &str,
        executable: bool,
        size: u64,
        mut content: impl Read,
    ) -> Result<(), AddError> {
        let kind = if executable { Kind::Executable } else { Kind::File };
        self.write(&header::entry(path, kind, size)).map_err(AddError::Write)?;
        let mut left = size;
        loop {
            let read = match content.read(&mut self.piece) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(AddError::Read(error)),
            };
            if read == 0 {
                break;
            }
            left = left.checked_sub(read as u64).ok_or(AddError::Size(size))?;
            let Self { output, content: hasher, piece } = self;
            write(output, hasher, &piece[..read]).map_err(AddError::Write)?;
        }
        if left > 0 {
            return Err(AddError::Size(size));
        }
        let beyond = usize::try_from(size % BLOCK as u64).expect("less than a block");
        let padding = (BLOCK - beyond) % BLOCK;
        self.write(&[0; BLOCK][..padding]).map_err(AddError::Write)
    }

    /// Writes the end (two blocks of zeros, and no more: `oras pull` fails where a tar is padded to 10 KiB) and returns the
    /// output with what was written.
    ///
    /// # Errors
    ///
    /// Fails where the output does.
    pub fn finish(mut self) -> io::Result<(W, Written)> {
        self.write(&[0; 2 * BLOCK])?;
        let Counted { mut output, hasher, size } = self.output.finish()?;
        output.flush()?;
        Ok((output, Written { content: self.content.finish(), digest: hasher.finish(), size }))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        write(&mut self.output, &mut self.content, bytes)
    }
}

fn write(output: &mut impl Write, content: &mut Hasher, bytes: &[u8]) -> io::Result<()> {
    content.update(bytes);
    output.write_all(bytes)
}

/// Hashes and counts what goes through.
#[derive(Debug)]
struct Counted<W> {
    output: W,
    hasher: Hasher,
    size: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests;
