//! Reads a tar+gzip stream of unknown origin, entry by entry, in bounded memory.
//!
//! Nothing is believed. Long names and PAX records are read here, at most [`LARGEST_EXTENSION`] bytes of them: the `tar` crate
//! reads a long name of 1 GiB whole. An archive that two readers could understand differently is refused: a PAX `size` that
//! contradicts the header (CVE-2025-62518), a name given twice, a folder or link with content, anything but zeros behind the end.
//! Several gzip members in a row are one stream (RFC 1952, section 2.2), as Go reads them; what follows the last one is an error.
//! After the last entry the stream is read to its end, so that an archive whose entries were all handed out is proven whole.
//!
//! Paths are handed out as they are written: whether they are safe is for the caller to say.

mod error;
mod extension;
mod header;
mod stream;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

pub use error::TarballError;

use self::{
    extension::Extensions,
    header::{BLOCK, Header},
    stream::Stream,
};

/// How many entries an archive may have.
pub const MOST_ENTRIES: u64 = 100_000;

/// How many bytes an archive may have unpacked: 8 GiB.
pub const MOST_UNPACKED: u64 = 8 << 30;

/// How many times its packed size an archive may have unpacked.
pub const HIGHEST_RATIO: u64 = 200;

/// How many unpacked bytes are taken at any ratio: 100 MiB.
pub const RATIO_FROM: u64 = 100 << 20;

/// How many bytes one long name or one PAX header may have: 64 KiB.
pub const LARGEST_EXTENSION: u64 = 64 << 10;

/// How much of an archive is read before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most entries.
    pub entries: u64,
    /// The most bytes of the unpacked archive, headers and padding included.
    pub unpacked: u64,
    /// The most unpacked bytes for one packed byte.
    pub ratio: u64,
    /// The unpacked bytes from which on the ratio counts.
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: MOST_ENTRIES, unpacked: MOST_UNPACKED, ratio: HIGHEST_RATIO, ratio_from: RATIO_FROM }
    }
}

/// Reads the entries of a tar+gzip stream.
#[derive(Debug)]
pub struct TarballReader<R: Read> {
    stream: Stream<R>,
    limits: Limits,
    entries: u64,
    /// The content and padding of the current entry that nobody has read yet.
    content: u64,
    padding: u64,
    /// Whether the archive ended, well or badly.
    done: bool,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic or a hard link.
    Link,
    /// Anything else, by the type byte of its header; a sparse file is `S`.
    Other(u8),
}

/// One entry; reading it gives its content.
#[derive(Debug)]
pub struct Entry<'a, R: Read> {
    reader: &'a mut TarballReader<R>,
    path: String,
    kind: EntryKind,
    size: u64,
    executable: bool,
}

impl<R: Read> TarballReader<R> {
    /// Returns a reader of the gzip stream `packed`. Nothing is read yet.
    pub fn new(packed: R, limits: Limits) -> Self {
        let stream = Stream::new(packed, &limits);
        Self { stream, limits, entries: 0, content: 0, padding: 0, done: false }
    }

    /// Returns the next entry, after what is left of the one before has been read over. Nothing means that the archive has ended,
    /// and the gzip stream behind it too, whole and with the checksum it promises.
    ///
    /// # Errors
    ///
    /// Everything that [`TarballError`] names. There is nothing more to read after an error.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_, R>>, TarballError> {
        if self.done {
            return Ok(None);
        }
        self.done = true;
        self.stream.skip(self.content + self.padding)?;
        (self.content, self.padding) = (0, 0);
        let mut extensions = Extensions::default();
        loop {
            let Some(header) = self.next_header()? else {
                extensions.none_pending()?;
                return Ok(None);
            };
            if !extensions.take(&header, &mut self.stream)? {
                return self.entry(&header, extensions).map(Some);
            }
        }
    }

    fn entry(&mut self, header: &Header, extensions: Extensions) -> Result<Entry<'_, R>, TarballError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(TarballError::TooManyEntries { limit: self.limits.entries });
        }
        let (executable, size) = (header.executable(), header.size);
        let (sparse, other_size) = (extensions.sparse, extensions.size);
        let path = extensions.path(header)?;
        let kind = header.kind(&path, sparse);
        if other_size.is_some_and(|other| other != size) {
            return Err(TarballError::Malformed(format!("its entry `{path}` has two sizes")));
        }
        if size > 0 && matches!(kind, EntryKind::Folder | EntryKind::Link | EntryKind::Other(b'3'..=b'6')) {
            return Err(TarballError::Malformed(format!("its entry `{path}` is no file but has content")));
        }
        header.skip_sparse_map(&mut self.stream)?;
        self.stream.announce(size)?;
        self.content = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        self.done = false;
        Ok(Entry { reader: self, path, kind, size, executable })
    }

    /// Returns the next header, or nothing at the end.
    fn next_header(&mut self) -> Result<Option<Header>, TarballError> {
        let mut block = [0; BLOCK];
        let first = self.stream.unpacked() == 0;
        if !self.stream.block(&mut block)? {
            // Some writers leave out the two blocks of zeros. gzip still proves that nothing was cut off.
            return if first { Err(TarballError::NotTar) } else { Ok(None) };
        }
        if block.iter().any(|byte| *byte != 0) {
            return Header::parse(&block, first).map(Some);
        }
        self.stream.only_zeros()?;
        Ok(None)
    }
}

impl<R: Read> Entry<'_, R> {
    /// Returns the path as it is written in the archive: it may be absolute or lead upwards.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what it is.
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Returns the bytes of its content.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns whether its owner may execute it.
    pub fn executable(&self) -> bool {
        self.executable
    }
}

impl<R: Read> Read for Entry<'_, R> {
    /// Reads content. An error that is not of the packed stream itself is a [`TarballError`] inside of the `io::Error`:
    /// `TarballError::from` takes it out again.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.reader;
        let wanted = usize::try_from(reader.content).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        match reader.stream.read_some(&mut buffer[..wanted]) {
            Ok(0) => {
                reader.done = true;
                Err(TarballError::Truncated.into())
            }
            Ok(read) => {
                reader.content -= read as u64;
                Ok(read)
            }
            Err(error) => {
                reader.done = true;
                Err(error.into())
            }
        }
    }
}
