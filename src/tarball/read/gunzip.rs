//! The gzip below a tar: counts what comes in and what goes out, and stops a bomb.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::{Limits, TarballError};

/// How much may come out beyond the files' own bytes: headers, padding, and what stands behind the end.
const OVERHEAD: u64 = 256 << 20;

/// How gzip begins.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Counts the bytes that were read, and keeps the first ones.
struct Counted<R> {
    inner: R,
    count: u64,
    head: Vec<u8>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        let missing = MAGIC.len() - self.head.len();
        self.head.extend_from_slice(&buffer[..count.min(missing)]);
        Ok(count)
    }
}

/// Unpacks. Several gzip members behind each other are one text, as `gunzip` has it.
pub(super) struct Gunzip<R> {
    decoder: MultiGzDecoder<Counted<R>>,
    limits: Limits,
    unpacked: u64,
}

impl<R: Read> Gunzip<R> {
    pub(super) fn new(packed: R, limits: &Limits) -> Self {
        Self {
            decoder: MultiGzDecoder::new(Counted { inner: packed, count: 0, head: Vec::new() }),
            limits: *limits,
            unpacked: 0,
        }
    }

    /// Skips exactly so many unpacked bytes.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), TarballError> {
        if count > 0 && io::copy(&mut self.by_ref().take(count), &mut io::sink())? < count {
            return Err(TarballError::Truncated);
        }
        Ok(())
    }

    /// Reads to the very end, where nothing but zeros may be left.
    pub(super) fn skip_zeros(&mut self) -> Result<(), TarballError> {
        let mut piece = [0; 8192];
        loop {
            match self.read(&mut piece)? {
                0 => return Ok(()),
                count if piece[..count].iter().all(|byte| *byte == 0) => {}
                _ => return Err(TarballError::GoesOn),
            }
        }
    }

    fn account(&mut self, count: usize) -> Result<(), TarballError> {
        self.unpacked += count as u64;
        if self.unpacked > self.limits.unpacked.saturating_add(OVERHEAD) {
            return Err(TarballError::TooLarge(self.limits.unpacked));
        }
        let packed = self.decoder.get_ref().count;
        if self.unpacked > self.limits.ratio_from && self.unpacked / self.limits.ratio.max(1) > packed {
            return Err(TarballError::RatioExceeded(self.limits.ratio));
        }
        Ok(())
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.decoder.read(buffer) {
            Ok(count) => {
                self.account(count)?;
                Ok(count)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
                Err(if self.unpacked == 0 { TarballError::NotGzip } else { TarballError::Damaged }.into())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                // What is too short to be anything is no gzip that was cut off, unless it begins as one.
                let is_gzip = self.decoder.get_ref().head == MAGIC;
                Err(if is_gzip { TarballError::Truncated } else { TarballError::NotGzip }.into())
            }
            Err(error) => Err(error),
        }
    }
}
