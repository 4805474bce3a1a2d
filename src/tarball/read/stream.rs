//! The unpacked bytes: counted, held to the limits, and every failure told by its true name.

use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;

use super::{BLOCK, Limits, TarballError};

const BUFFER: usize = 64 << 10;

/// The unpacked stream of packed bytes.
#[derive(Debug)]
pub(super) struct Stream<R: Read>(BufReader<Unpacker<R>>);

/// Unpacks under limits; it sees every byte on its way into the buffer.
#[derive(Debug)]
struct Unpacker<R: Read> {
    gzip: MultiGzDecoder<Packed<R>>,
    limits: Limits,
    unpacked: u64,
}

/// The packed bytes, counted. A failure to read them is told from one to unpack them.
#[derive(Debug)]
struct Packed<R> {
    inner: R,
    count: u64,
    head: [u8; 2],
    failed: bool,
}

impl<R: Read> Stream<R> {
    pub(super) fn new(packed: R, limits: &Limits) -> Self {
        let packed = Packed { inner: packed, count: 0, head: [0; 2], failed: false };
        let unpacker = Unpacker { gzip: MultiGzDecoder::new(packed), limits: *limits, unpacked: 0 };
        Self(BufReader::with_capacity(BUFFER, unpacker))
    }

    /// Returns how many unpacked bytes have been handed out.
    pub(super) fn unpacked(&self) -> u64 {
        self.0.get_ref().unpacked - self.0.buffer().len() as u64
    }

    /// Checks that `size` more bytes are within the limits before any of them is read.
    pub(super) fn announce(&self, size: u64) -> Result<(), TarballError> {
        let limit = self.0.get_ref().limits.unpacked;
        if self.unpacked().saturating_add(size) > limit { Err(TarballError::TooLarge { limit }) } else { Ok(()) }
    }

    /// Fills a block; false means that the stream ended before its first byte.
    pub(super) fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, TarballError> {
        let mut filled = 0;
        while filled < block.len() {
            match self.read_some(&mut block[filled..])? {
                0 if filled == 0 => return Ok(false),
                0 => return Err(TarballError::Truncated),
                read => filled += read,
            }
        }
        Ok(true)
    }

    /// Reads some bytes; 0 means that the stream has ended.
    pub(super) fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, TarballError> {
        let available = self.fill()?;
        let read = available.len().min(buffer.len());
        buffer[..read].copy_from_slice(&available[..read]);
        self.0.consume(read);
        Ok(read)
    }

    /// Reads over bytes that must be there.
    pub(super) fn skip(&mut self, mut size: u64) -> Result<(), TarballError> {
        while size > 0 {
            let available = self.fill()?.len();
            if available == 0 {
                return Err(TarballError::Truncated);
            }
            let skipped = usize::try_from(size).unwrap_or(usize::MAX).min(available);
            self.0.consume(skipped);
            size -= skipped as u64;
        }
        Ok(())
    }

    /// Reads to the end of the stream, where only zeros may be left.
    pub(super) fn only_zeros(&mut self) -> Result<(), TarballError> {
        loop {
            let available = self.fill()?;
            if available.is_empty() {
                return Ok(());
            }
            if available.iter().any(|byte| *byte != 0) {
                return Err(TarballError::Malformed("something follows its end".into()));
            }
            let size = available.len();
            self.0.consume(size);
        }
    }

    fn fill(&mut self) -> Result<&[u8], TarballError> {
        loop {
            match self.0.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.0.get_ref().name(error)),
            }
        }
        let unpacker = self.0.get_ref();
        if unpacker.unpacked == 0 && !unpacker.is_gzip() {
            return Err(TarballError::NotGzip);
        }
        Ok(self.0.buffer())
    }
}

impl<R: Read> Unpacker<R> {
    fn is_gzip(&self) -> bool {
        self.gzip.get_ref().head == [0x1f, 0x8b]
    }

    fn name(&self, error: io::Error) -> TarballError {
        match error.downcast() {
            Ok(error) => error,
            Err(error) if self.gzip.get_ref().failed => TarballError::Io(error),
            Err(_) if !self.is_gzip() => TarballError::NotGzip,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => TarballError::Truncated,
            Err(error) => TarballError::Damaged(error.to_string()),
        }
    }
}

impl<R: Read> Read for Unpacker<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.gzip.read(buffer)?;
        self.unpacked += read as u64;
        let Limits { unpacked: limit, ratio, ratio_from, .. } = self.limits;
        if self.unpacked > limit {
            return Err(TarballError::TooLarge { limit }.into());
        }
        if self.unpacked > ratio_from && self.unpacked / ratio.max(1) > self.gzip.get_ref().count {
            return Err(TarballError::RatioExceeded { limit: ratio }.into());
        }
        Ok(read)
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer).inspect_err(|error| {
            self.failed = error.kind() != io::ErrorKind::Interrupted;
        })?;
        for (at, byte) in buffer[..read].iter().enumerate().take(2) {
            if let Some(place) = usize::try_from(self.count).ok().and_then(|count| self.head.get_mut(count + at)) {
                *place = *byte;
            }
        }
        self.count += read as u64;
        Ok(read)
    }
}
