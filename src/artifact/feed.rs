//! The bridge from a blob's reader, which is asynchronous, to a thread that unpacks and may block.
//!
//! The thread sees an end only after the blob's size and digest were proven; a fault of the store, or a reader that went away
//! in the middle, is an error. The channel holds [`PIECES`] pieces, so a slow disk slows the network instead of filling memory.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::store::{BlobReader, Error, ErrorKind, Result};

/// How many pieces may wait for the thread.
const PIECES: usize = 2;
/// How many bytes are read on after an entry was refused, only to find out whether the blob was wrong to begin with.
const PROVE_ANYWAY: u64 = 64 * 1024 * 1024;

enum Piece {
    Bytes(Bytes),
    Proven,
    Failed(Error),
}

/// Where a blob's bytes are put in.
pub(super) struct Pump(mpsc::Sender<Piece>);

/// Where a thread reads them.
pub(super) struct Feed {
    pieces: mpsc::Receiver<Piece>,
    current: Bytes,
    proven: bool,
    failure: Option<Error>,
}

/// Returns both ends.
pub(super) fn feed() -> (Pump, Feed) {
    let (sender, pieces) = mpsc::channel(PIECES);
    (Pump(sender), Feed { pieces, current: Bytes::new(), proven: false, failure: None })
}

impl Pump {
    /// Moves all of a blob's bytes, and ends early where nobody reads them any more.
    pub(super) async fn run(self, mut blob: BlobReader, mut moved: impl FnMut(u64)) {
        loop {
            let piece = match blob.next().await {
                Ok(Some(bytes)) => {
                    moved(bytes.len() as u64);
                    Piece::Bytes(bytes)
                }
                Ok(None) => Piece::Proven,
                Err(error) => Piece::Failed(error),
            };
            let is_last = !matches!(piece, Piece::Bytes(_));
            if self.0.send(piece).await.is_err() || is_last {
                return;
            }
        }
    }
}

impl Feed {
    /// Reads what is left, so that the blob is proven.
    ///
    /// # Errors
    ///
    /// The store's, where the bytes were not what they should be.
    pub(super) fn prove(mut self) -> Result<()> {
        let rest = io::copy(&mut self, &mut io::sink());
        self.ended(rest.map(drop))
    }

    /// Returns the error that explains a refusal: the store's where the blob was wrong anyway, otherwise the refusal.
    pub(super) fn explain(mut self, refusal: Error) -> Error {
        let may_be_its_fault = matches!(refusal.kind(), ErrorKind::Unsafe | ErrorKind::Integrity);
        if may_be_its_fault && self.failure.is_none() {
            // Only what it finds matters: whether the store failed.
            let _ = io::copy(&mut (&mut self).take(PROVE_ANYWAY), &mut io::sink());
        }
        self.failure.unwrap_or(refusal)
    }

    fn ended(self, outcome: io::Result<()>) -> Result<()> {
        match (self.failure, outcome) {
            (Some(failure), _) => Err(failure),
            (None, Ok(())) => Ok(()),
            (None, Err(error)) => {
                Err(Error::new(ErrorKind::Unavailable, "the blob was not read to its end").because(error))
            }
        }
    }

    /// Waits for bytes, and returns whether there are any.
    fn fill(&mut self) -> io::Result<bool> {
        while self.current.is_empty() && !self.proven {
            if self.failure.is_some() {
                return Err(io::Error::other("the blob could not be read"));
            }
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::Proven) => self.proven = true,
                Some(Piece::Failed(error)) => self.failure = Some(error),
                None => return Err(io::Error::new(io::ErrorKind::BrokenPipe, "reading the blob was given up")),
            }
        }
        Ok(!self.current.is_empty())
    }
}

/// Hands out the pieces as they came, without another copy.
impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill()?;
        Ok(&self.current)
    }

    fn consume(&mut self, count: usize) {
        self.current.advance(count);
    }
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || !self.fill()? {
            return Ok(0);
        }
        let length = buffer.len().min(self.current.len());
        self.current.split_to(length).copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
