//! Reads tar+gzip that strangers wrote.
//!
//! The `tar` crate's own iteration reads a long name of a gigabyte into memory (measured: 1.57 GB) and unpacks what it should
//! not, so only its header type is used: blocks are walked here, under a limit for everything that a header can claim. Where
//! readers are known to disagree (a size in a PAX record and another in the header: tokio-tar CVE-2025-62518; a name in two
//! extensions), there is one reading, that of POSIX, or the archive is refused.
//!
//! Behind the last entry everything is read to the end, so that the check sum of the gzip is proven and whoever hashes the
//! packed bytes has seen them all.

mod extension;
mod gunzip;
mod header;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;

use std::io::{self, Read};

use self::{extension::Extensions, gunzip::Gunzip};

/// How many entries an archive may have.
pub const MAX_ENTRIES: u64 = 100_000;
/// How many bytes an archive may have unpacked.
pub const MAX_UNPACKED: u64 = 8 << 30;
/// How many times its packed size an archive may have unpacked …
pub const MAX_RATIO: u64 = 200;
/// … once it has more than so many bytes unpacked.
pub const RATIO_FROM: u64 = 100 << 20;

const BLOCK: usize = 512;

/// What an archive may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many entries it may have.
    pub entries: u64,
    /// How many bytes its files may have together.
    pub unpacked: u64,
    /// How many times its packed size it may have unpacked …
    pub ratio: u64,
    /// … once it has more than so many bytes unpacked.
    pub ratio_from: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: MAX_ENTRIES, unpacked: MAX_UNPACKED, ratio: MAX_RATIO, ratio_from: RATIO_FROM }
    }
}

/// Why an archive can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TarballError {
    /// It does not begin as gzip does.
    #[error("it is not gzip")]
    NotGzip,
    /// What was packed is not tar.
    #[error("what is packed in it is not tar")]
    NotTar,
    /// It ends too early.
    #[error("it is cut off")]
    Truncated,
    /// Its packed bytes are damaged.
    #[error("its gzip stream is damaged")]
    Damaged,
    /// A header says what no header may say, or two things at once.
    #[error("an entry has a header that {0}")]
    Header(&'static str),
    /// A name is not UTF-8.
    #[error("an entry has a name that is not UTF-8")]
    NotUtf8,
    /// Something other than zeros stands behind its end, where some readers go on.
    #[error("something stands behind its end")]
    GoesOn,
    /// It has more entries than [`Limits::entries`].
    #[error("it has more than {0} entries")]
    TooManyEntries(u64),
    /// It has more bytes than [`Limits::unpacked`].
    #[error("it has more than {} unpacked", in_words(*.0))]
    TooLarge(u64),
    /// It unpacks to more than [`Limits::ratio`] times its size.
    #[error("it unpacks to more than {0} times its size")]
    RatioExceeded(u64),
    /// It could not be read.
    #[error("it could not be read")]
    Io(#[source] io::Error),
}

/// Returns a limit as people read it: whole MiB as such, anything else in bytes.
fn in_words(limit: u64) -> String {
    match limit >> 20 {
        mebibytes if mebibytes > 0 && mebibytes << 20 == limit => format!("{mebibytes} MiB"),
        _ => format!("{limit} bytes"),
    }
}

impl TarballError {
    /// Returns whether accepting the archive would be dangerous, rather than merely impossible.
    pub fn is_unsafe(&self) -> bool {
        matches!(
            self,
            Self::Header(_)
                | Self::NotUtf8
                | Self::GoesOn
                | Self::TooManyEntries(_)
                | Self::TooLarge(_)
                | Self::RatioExceeded(_)
        )
    }
}

impl From<io::Error> for TarballError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Truncated,
            Err(error) => Self::Io(error),
        }
    }
}

impl From<TarballError> for io::Error {
    fn from(error: TarballError) -> Self {
        match error {
            TarballError::Io(error) => error,
            error => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic or a hard link.
    Link,
    /// A device, a FIFO, a sparse file, or something unknown.
    Other,
}

/// Reads the entries of a tar+gzip, one after the other.
pub struct TarballReader<R: Read> {
    gunzip: Gunzip<R>,
    limits: Limits,
    entries: u64,
    claimed: u64,
    left: u64,
    padding: u64,
    ended: bool,
}

/// An entry; reading it gives its content, and the archive's error where that breaks off.
pub struct Entry<'a> {
    path: String,
    kind: EntryKind,
    size: u64,
    executable: bool,
    content: &'a mut dyn Read,
}

impl Entry<'_> {
    /// Returns the path as the archive has it: it may be absolute or hold `..`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what it is.
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Returns how many bytes its content has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns whether its owner may execute it.
    pub fn executable(&self) -> bool {
        self.executable
    }
}

impl Read for Entry<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

impl<R: Read> TarballReader<R> {
    /// Returns a reader of packed bytes.
    pub fn new(packed: R, limits: Limits) -> Self {
        let gunzip = Gunzip::new(packed, &limits);
        Self { gunzip, limits, entries: 0, claimed: 0, left: 0, padding: 0, ended: false }
    }

    /// Returns the next entry, or nothing when the archive was read to its very end. What was not read of the entry before is
    /// skipped.
    ///
    /// # Errors
    ///
    /// [`TarballError`]; afterwards there is nothing more to read.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, TarballError> {
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        let Some((path, kind, size, executable)) = self.advance()? else { return Ok(None) };
        self.ended = false;
        Ok(Some(Entry { path, kind, size, executable, content: self }))
    }

    fn advance(&mut self) -> Result<Option<(String, EntryKind, u64, bool)>, TarballError> {
        let mut extensions = Extensions::default();
        loop {
            self.gunzip.skip(self.left.saturating_add(self.padding))?;
            (self.left, self.padding) = (0, 0);
            let Some(header) = self.header()? else {
                return if extensions.is_empty() { Ok(None) } else { Err(TarballError::Truncated) };
            };
            let size = header::size(header.as_bytes())?;
            let flag = header.as_bytes()[156];
            if matches!(flag, b'L' | b'K' | b'x' | b'g') {
                let text = self.extension(size)?;
                extensions.add(flag, &text)?;
                continue;
            }
            return self.entry(&header, flag, size, &extensions).map(Some);
        }
    }

    /// Returns the next header, or nothing at the end: a block of zeros, or the end of the bytes where a header could be.
    fn header(&mut self) -> Result<Option<tar::Header>, TarballError> {
        let mut header = tar::Header::new_old();
        let block = header.as_mut_bytes();
        let mut filled = 0;
        while filled < BLOCK {
            match self.gunzip.read(&mut block[filled..])? {
                0 if filled == 0 && self.entries > 0 => return Ok(None),
                0 if self.entries == 0 => return Err(TarballError::NotTar),
                0 => return Err(TarballError::Truncated),
                count => filled += count,
            }
        }
        if block.iter().all(|byte| *byte == 0) {
            self.gunzip.skip_zeros()?;
            return Ok(None);
        }
        if header::is_sound(block) {
            return Ok(Some(header));
        }
        Err(if self.entries == 0 { TarballError::NotTar } else { TarballError::Header("has a wrong check sum") })
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, TarballError> {
        if size > extension::MAX_BYTES {
            return Err(TarballError::Header("has a name or an extension of more than 64 KiB"));
        }
        let mut text = vec![0; usize::try_from(size).expect("64 KiB are within memory")];
        self.gunzip.read_exact(&mut text)?;
        self.padding = padding(size);
        Ok(text)
    }

    fn entry(
        &mut self,
        header: &tar::Header,
        flag: u8,
        header_size: u64,
        extensions: &Extensions,
    ) -> Result<(String, EntryKind, u64, bool), TarballError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(TarballError::TooManyEntries(self.limits.entries));
        }
        let path = match extensions.path() {
            Some(path) => path.to_owned(),
            None => String::from_utf8(header.path_bytes().into_owned()).map_err(|_| TarballError::NotUtf8)?,
        };
        if header::has_more_map(header.as_bytes()) {
            return Err(TarballError::Header("has a sparse map of several blocks"));
        }
        let size = extensions.size().unwrap_or(header_size);
        // Some readers would take the content of a folder for the next header.
        if flag == b'5' && size > 0 {
            return Err(TarballError::Header("gives a folder content"));
        }
        // Links, devices, folders and FIFOs have no content, whatever their size says (POSIX; Go and Python read them so).
        let size = if matches!(flag, b'1'..=b'6') { 0 } else { size };
        // Python goes by the name in the header, tar by the one that counts.
        let named_as_folder = header.path_bytes().ends_with(b"/");
        let kind = match flag {
            _ if extensions.is_sparse() => EntryKind::Other,
            // Before POSIX a folder was a file whose name ends in a slash. With a flag of POSIX, tar and Python see two things in it.
            0 if path.ends_with('/') && named_as_folder && size == 0 => EntryKind::Folder,
            0 if path.ends_with('/') || named_as_folder => EntryKind::Other,
            b'0' | 0 | b'7' if !path.ends_with('/') => EntryKind::File,
            b'5' => EntryKind::Folder,
            b'1' | b'2' => EntryKind::Link,
            _ => EntryKind::Other,
        };
        self.claimed = self.claimed.saturating_add(size);
        if self.claimed > self.limits.unpacked {
            return Err(TarballError::TooLarge(self.limits.unpacked));
        }
        (self.left, self.padding) = (size, padding(size));
        let executable = header.mode().is_ok_and(|mode| mode & 0o100 != 0);
        Ok((path, kind, size, executable))
    }
}

/// The content of the current entry.
impl<R: Read> Read for TarballReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        match self.gunzip.read(&mut buffer[..wanted])? {
            0 => Err(TarballError::Truncated.into()),
            count => {
                self.left -= count as u64;
                Ok(count)
            }
        }
    }
}

/// Returns how many bytes fill the last block of so much content.
fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

#[cfg(test)]
mod tests;
