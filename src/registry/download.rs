//! A blob on its way from a registry: a broken download goes on where it stopped, and the whole is verified.

use std::time::Instant;

use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};
use http::{Method, StatusCode, header};

use super::{
    Repository,
    ahead::ahead,
    answer::Answer,
    client::Request,
    retry::{Again, Fault, Tries},
    wire,
};
use crate::store::{BlobReader, Descriptor, Error, ErrorKind, Result};

impl Repository {
    /// Returns whether the registry has the blob.
    pub(super) async fn ask_for_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        let request = Request::new(Method::HEAD, self.url(&format!("blobs/{}", descriptor.digest)));
        let answer = self.client().send(&request, Some(&self.access)).await?;
        match answer.status() {
            // A blob of another length is not this one, whatever the server calls it: it is sent again.
            StatusCode::OK => Ok(answer.content_length().is_none_or(|length| length == descriptor.size)),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(answer.into_error(format!("cannot look for a blob in `{}`", self.whole_name())).await),
        }
    }

    /// Returns a reader of the blob.
    pub(super) async fn download(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let answer = self.open(descriptor, 0).await.map_err(|fault| fault.error)?;
        let state = Download {
            repository: self.clone(),
            descriptor: descriptor.clone(),
            pieces: body(answer, 0),
            got: 0,
            tries: Tries::new(self.client().settings.retry),
        };
        Ok(BlobReader::new(descriptor, futures::stream::try_unfold(state, Download::step)))
    }

    /// Asks for the blob from a byte on. The answer to be read from there is that of 206, or of 200 with what was read
    /// already left out.
    async fn open(&self, descriptor: &Descriptor, from: u64) -> Result<Answer, Fault> {
        let mut request = Request::new(Method::GET, self.url(&format!("blobs/{}", descriptor.digest)));
        if from > 0 {
            request = request.header(header::RANGE, &format!("bytes={from}-"));
        }
        let answer = self.client().send(&request, Some(&self.access)).await?;
        let integrity = |what: String| Error::new(ErrorKind::Integrity, format!("blob {} {what}", descriptor.digest));
        let length = answer.content_length();
        match answer.status() {
            StatusCode::OK => match length {
                Some(length) if length != descriptor.size => {
                    Err(integrity(format!("has {length} bytes instead of {}", descriptor.size)).into())
                }
                _ => Ok(answer),
            },
            StatusCode::PARTIAL_CONTENT if from > 0 => match wire::range_start(answer.headers()) {
                Some(start) if start == from => Ok(answer),
                _ => Err(integrity(format!("was asked for from byte {from} on and came from elsewhere")).into()),
            },
            _ if wire::is_html(answer.headers()) || answer.status() != StatusCode::NOT_FOUND => {
                Err(answer.into_error(format!("cannot fetch a blob from `{}`", self.whole_name())).await.into())
            }
            _ => {
                let message = format!("`{}` does not have the blob {}", self.whole_name(), descriptor.digest);
                Err(answer.into_error(message).await.into())
            }
        }
    }
}

/// Returns the body's pieces from byte `from` of the blob on.
fn body(answer: Answer, from: u64) -> BoxStream<'static, Result<Bytes>> {
    let skip = if answer.status() == StatusCode::PARTIAL_CONTENT { 0 } else { from };
    ahead(skip_bytes(answer.into_pieces(), skip)).boxed()
}

fn skip_bytes(pieces: impl Stream<Item = Result<Bytes>> + Send, skip: u64) -> impl Stream<Item = Result<Bytes>> + Send {
    pieces.scan(skip, |left, piece| {
        let piece = piece.map(|mut piece| {
            let cut = usize::try_from(*left).unwrap_or(usize::MAX).min(piece.len());
            *left -= cut as u64;
            piece.split_off(cut)
        });
        std::future::ready(Some(piece))
    })
}

struct Download {
    repository: Repository,
    descriptor: Descriptor,
    pieces: BoxStream<'static, Result<Bytes>>,
    got: u64,
    tries: Tries,
}

impl Download {
    /// Returns the next piece, after another request where the last answer broke off.
    async fn step(mut self) -> Result<Option<(Bytes, Self)>> {
        loop {
            let error = match self.pieces.next().await {
                Some(Ok(piece)) => {
                    self.got += piece.len() as u64;
                    self.tries.moved(Instant::now());
                    return Ok(Some((piece, self)));
                }
                None if self.got >= self.descriptor.size => return Ok(None),
                None => Error::new(ErrorKind::Unavailable, format!("the download ended after {} bytes", self.got)),
                Some(Err(error)) if self.got > self.descriptor.size => return Err(error),
                Some(Err(error)) => error,
            };
            self.repository.client().pause(&mut self.tries, Fault { error, again: Again::Soon }).await?;
            let answer = self.repository.open(&self.descriptor, self.got).await.map_err(|fault| fault.error)?;
            self.pieces = body(answer, self.got);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_starts_over_is_read_on_from_where_it_broke() {
        for (skip, expected) in [(0, "hello world"), (3, "lo world"), (5, " world"), (11, ""), (12, "")] {
            let pieces = ["hel", "lo", " world"].map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
            let kept = skip_bytes(futures::stream::iter(pieces), skip);
            let got: Vec<u8> = kept.map(|piece| piece.unwrap().to_vec()).concat().await;
            assert_eq!(String::from_utf8(got).unwrap(), expected);
        }
    }
}
