//! A blob's bytes on their way, checked against what was promised.

use std::fmt;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};

use super::{Descriptor, Error, ErrorKind, Result};
use crate::digest::{Digest, Hasher};

/// Hands out a blob's bytes, piece by piece, and proves them: first their number, then their digest.
///
/// The last piece is held back until everything was seen, so whoever has all the bytes has the right ones. A store's
/// own faults pass through; wrong bytes are [`ErrorKind::Integrity`].
pub struct BlobReader {
    pieces: BoxStream<'static, Result<Bytes>>,
    digest: Digest,
    size: u64,
    seen: u64,
    proof: Option<Proof>,
    held: Option<Bytes>,
    proven: bool,
    blame: Option<String>,
}

/// What the bytes are held against.
enum Proof {
    /// The descriptor's digest.
    Digest(Hasher),
    /// A CRC-32 that was computed together with the digest.
    Checksum(crc32fast::Hasher, u32),
}

impl BlobReader {
    /// Returns a reader that checks `pieces` against `descriptor`.
    pub fn new(descriptor: &Descriptor, pieces: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self {
            pieces: pieces.boxed(),
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            seen: 0,
            proof: Some(Proof::Digest(Hasher::new(descriptor.digest.algorithm()))),
            held: None,
            proven: false,
            blame: None,
        }
    }

    /// Returns a reader that checks `pieces` only against their size and CRC-32: for bytes whose digest was computed with it
    /// and is computed again by whoever gets them.
    pub(crate) fn with_checksum(
        descriptor: &Descriptor,
        checksum: u32,
        pieces: impl Stream<Item = Result<Bytes>> + Send + 'static,
    ) -> Self {
        let proof = Proof::Checksum(crc32fast::Hasher::new(), checksum);
        Self { proof: Some(proof), ..Self::new(descriptor, pieces) }
    }

    /// Names what is to blame for wrong bytes: one clause, of which the digest's mismatch is the cause.
    #[must_use]
    pub fn blamed_on(mut self, clause: impl Into<String>) -> Self {
        self.blame = Some(clause.into());
        self
    }

    /// Returns a reader that passes on what another reader proves, so that no byte is hashed twice.
    pub(crate) fn passing(descriptor: &Descriptor, proven: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self { proven: true, ..Self::new(descriptor, proven) }
    }

    /// Returns a reader of bytes that are in memory.
    pub fn from_bytes(descriptor: &Descriptor, bytes: Bytes) -> Self {
        Self::new(descriptor, futures::stream::iter([Ok(bytes)]))
    }

    /// Returns the next piece, or nothing at the proven end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Integrity`] where there are too many, too few or other bytes than promised; afterwards there is
    /// nothing more to read.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.proven {
            return self.pieces.next().await.transpose();
        }
        while self.proof.is_some() {
            match self.pieces.next().await {
                Some(Ok(piece)) if piece.is_empty() => {}
                Some(Ok(piece)) => {
                    self.take_in(&piece)?;
                    if let Some(held) = self.held.replace(piece) {
                        return Ok(Some(held));
                    }
                }
                Some(Err(error)) => {
                    self.proof = None;
                    self.held = None;
                    return Err(error);
                }
                None => self.prove()?,
            }
        }
        Ok(self.held.take())
    }

    /// Returns all bytes, where there are at most `limit` of them.
    ///
    /// # Errors
    ///
    /// As [`BlobReader::next`]; [`ErrorKind::Unsafe`] where the descriptor promises more than `limit`.
    pub async fn read_all(mut self, limit: u64) -> Result<Bytes> {
        if self.size > limit {
            let message =
                format!("{} has {} bytes, more than the {limit} that are read at once", self.digest, self.size);
            return Err(Error::new(ErrorKind::Unsafe, message));
        }
        let mut all = Vec::with_capacity(usize::try_from(self.size).unwrap_or(0));
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.into())
    }

    /// Returns the pieces as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        futures::stream::try_unfold(
            self,
            |mut reader| async move { Ok(reader.next().await?.map(|piece| (piece, reader))) },
        )
    }

    fn take_in(&mut self, piece: &Bytes) -> Result<()> {
        self.seen += piece.len() as u64;
        if self.seen > self.size {
            self.proof = None;
            self.held = None;
            return Err(self.wrong(&format!("has more than the {} bytes promised", self.size)));
        }
        match &mut self.proof {
            Some(Proof::Digest(hasher)) => hasher.update(piece),
            Some(Proof::Checksum(hasher, _)) => hasher.update(piece),
            None => {}
        }
        Ok(())
    }

    fn prove(&mut self) -> Result<()> {
        let Some(proof) = self.proof.take() else { return Ok(()) };
        if self.seen != self.size {
            self.held = None;
            return Err(self.wrong(&format!("ended after {} of {} bytes", self.seen, self.size)));
        }
        let fault = match proof {
            Proof::Digest(hasher) => {
                let found = hasher.finish();
                (found != self.digest).then(|| format!("has bytes with the digest {found}"))
            }
            Proof::Checksum(hasher, expected) => {
                let found = hasher.finalize();
                (found != expected).then(|| format!("has bytes with the CRC-32 {found:08x}"))
            }
        };
        match fault {
            Some(fault) => {
                self.held = None;
                Err(self.wrong(&fault))
            }
            None => Ok(()),
        }
    }

    fn wrong(&self, what: &str) -> Error {
        let error = Error::new(ErrorKind::Integrity, format!("blob {} {what}", self.digest));
        match &self.blame {
            Some(clause) => error.while_doing(clause.as_str()),
            None => error,
        }
    }
}

impl fmt::Debug for BlobReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BlobReader({}, {} of {} bytes)", self.digest, self.seen, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(promised: &[u8], pieces: &[&'static str]) -> (Vec<u8>, Option<ErrorKind>) {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        let mut reader = BlobReader::new(&Descriptor::of("text/plain", promised), futures::stream::iter(pieces));
        let mut got = Vec::new();
        loop {
            match reader.next().await {
                Ok(Some(piece)) => got.extend_from_slice(&piece),
                Ok(None) => return (got, None),
                Err(error) => {
                    assert!(matches!(reader.next().await, Ok(None)), "nothing follows an error");
                    return (got, Some(error.kind()));
                }
            }
        }
    }

    #[tokio::test]
    async fn bytes_that_are_proven_elsewhere_are_held_against_their_checksum() {
        let descriptor = Descriptor::of("text/plain", b"hello");
        let read = |bytes: &'static [u8]| {
            let pieces = futures::stream::iter([Ok(Bytes::from_static(bytes))]);
            BlobReader::with_checksum(&descriptor, crc32fast::hash(b"hello"), pieces).read_all(10)
        };
        assert_eq!(read(b"hello").await.unwrap(), "hello");
        for wrong in [&b"jello"[..], b"hell", b"hello!"] {
            assert_eq!(read(wrong).await.unwrap_err().kind(), ErrorKind::Integrity);
        }
    }

    #[tokio::test]
    async fn right_bytes_pass_whatever_their_pieces() {
        assert_eq!(read(b"hello", &["he", "", "llo"]).await, (b"hello".to_vec(), None));
        assert_eq!(read(b"", &[]).await, (Vec::new(), None));
        assert_eq!(read(b"", &[""]).await, (Vec::new(), None));
    }

    #[tokio::test]
    async fn the_last_byte_of_wrong_bytes_is_never_handed_out() {
        let cases: [&[&str]; 5] = [&["he", "ll"], &["he", "llo", "!"], &["he", "LLO"], &["jello"], &[]];
        for pieces in cases {
            let (got, error) = read(b"hello", pieces).await;
            assert_eq!(error, Some(ErrorKind::Integrity), "{pieces:?}");
            assert!(got.len() < 5, "{pieces:?}");
        }
    }
}
