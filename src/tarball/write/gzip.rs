//! A gzip stream (RFC 1952) of one member, its compressor called directly.
//!
//! `flate2` would do, but another crate of a program can switch its compressor by feature unification, and then the same
//! folder has another digest. `miniz_oxide` is pinned exactly, gets pieces of one size whatever the caller writes, and runs
//! at level 5 (115 MB/s over the charts of 150 packs; level 6 saves 2 % at 70 MB/s, level 4 costs 2 % at 140 MB/s).

use std::{fmt, io, io::Write};

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output, create_comp_flags_from_zip_params,
};

/// Magic bytes, method deflate, no name, no time, no extra flags, operating system 255 (unknown).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// How hard the compressor tries, from 1 to 9.
pub(super) const LEVEL: u8 = 5;
/// How the compressor is told to write the stream alone, without a header of zlib's.
const RAW: i32 = -15;
/// The size of the pieces that the compressor gets, in bytes.
const PIECE: usize = 64 * 1024;

/// Compresses what is written to it.
pub(super) struct GzipWriter<W> {
    output: W,
    compressor: Box<CompressorOxide>,
    piece: Vec<u8>,
    checksum: crc32fast::Hasher,
    size: u32,
}

impl<W: Write> GzipWriter<W> {
    /// Returns a writer of an empty stream, whose header is written.
    pub(super) fn new(mut output: W) -> io::Result<Self> {
        output.write_all(&HEADER)?;
        let flags = create_comp_flags_from_zip_params(LEVEL.into(), RAW, 0);
        Ok(Self {
            output,
            compressor: Box::new(CompressorOxide::new(flags)),
            piece: Vec::with_capacity(PIECE),
            checksum: crc32fast::Hasher::new(),
            size: 0,
        })
    }

    /// Writes what is left and the trailer, and returns the output.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.compress(TDEFLFlush::Finish)?;
        self.output.write_all(&self.checksum.finalize().to_le_bytes())?;
        self.output.write_all(&self.size.to_le_bytes())?;
        Ok(self.output)
    }

    fn compress(&mut self, flush: TDEFLFlush) -> io::Result<()> {
        let mut input = self.piece.as_slice();
        loop {
            let mut written = Ok(());
            let (status, consumed) = compress_to_output(&mut self.compressor, input, flush, |bytes| {
                written = self.output.write_all(bytes);
                written.is_ok()
            });
            written?;
            input = &input[consumed..];
            match status {
                TDEFLStatus::Done => break,
                TDEFLStatus::Okay if flush != TDEFLFlush::Finish && input.is_empty() => break,
                TDEFLStatus::Okay => {}
                _ => return Err(io::Error::other("the compressor was called in a wrong state")),
            }
        }
        self.piece.clear();
        Ok(())
    }
}

impl<W: Write> Write for GzipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = &bytes[..bytes.len().min(PIECE - self.piece.len())];
        self.checksum.update(taken);
        // RFC 1952, ISIZE: the size modulo 2^32. A piece is far smaller than that.
        self.size = self.size.wrapping_add(u32::try_from(taken.len()).expect("a piece is at most 64 KiB"));
        self.piece.extend_from_slice(taken);
        if self.piece.len() == PIECE {
            self.compress(TDEFLFlush::None)?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

impl<W> fmt::Debug for GzipWriter<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GzipWriter({} bytes waiting)", self.piece.len())
    }
}
