//! Reads ahead: bytes come from where they are slow while those before are hashed, written or sent.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::store::Result;

/// How many pieces wait at most.
const PIECES: usize = 4;
/// Pieces smaller than this are put together, so that a thread is not woken for each packet.
const SMALL: usize = 64 * 1024;

/// Ends the task when whoever reads is gone.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Returns the same bytes, taken from `pieces` by a task of its own.
pub(super) fn ahead(
    pieces: impl Stream<Item = Result<Bytes>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
    let (sender, receiver) = mpsc::channel(PIECES);
    let task = Task(tokio::spawn(async move {
        let mut pieces = pin!(pieces);
        let mut gathered = BytesMut::new();
        let mut failure = None;
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) if gathered.is_empty() && piece.len() >= SMALL => {
                    if sender.send(Ok(piece)).await.is_err() {
                        return;
                    }
                }
                Ok(piece) => gathered.extend_from_slice(&piece),
                Err(error) => failure = Some(error),
            }
            if gathered.len() >= SMALL && sender.send(Ok(gathered.split().freeze())).await.is_err() {
                return;
            }
            if failure.is_some() {
                break;
            }
        }
        // Where nobody reads any more, there is nobody to tell.
        if !gathered.is_empty() {
            sender.send(Ok(gathered.freeze())).await.ok();
        }
        if let Some(error) = failure {
            sender.send(Err(error)).await.ok();
        }
    }));
    futures::stream::unfold((receiver, task), |(mut receiver, task)| async move {
        receiver.recv().await.map(|piece| (piece, (receiver, task)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Error, ErrorKind};

    #[tokio::test]
    async fn the_same_bytes_come_and_then_the_same_error() {
        let large = vec![7_u8; 2 * SMALL];
        let pieces = vec![
            Ok(Bytes::from_static(b"he")),
            Ok(Bytes::from_static(b"llo")),
            Ok(Bytes::from(large.clone())),
            Ok(Bytes::from_static(b"end")),
            Err(Error::new(ErrorKind::Unavailable, "broken")),
            Ok(Bytes::from_static(b"never")),
        ];
        let mut read = Box::pin(ahead(futures::stream::iter(pieces)));
        let mut got = Vec::new();
        let mut error = None;
        while let Some(piece) = read.next().await {
            match piece {
                Ok(piece) => got.extend_from_slice(&piece),
                Err(failure) => error = Some(failure.to_string()),
            }
        }
        assert_eq!(got, [b"hello".as_slice(), &large, b"end"].concat());
        assert_eq!(error.as_deref(), Some("broken"));
    }

    #[tokio::test]
    async fn nothing_is_read_on_when_the_reader_is_gone() {
        let (sender, receiver) = mpsc::channel::<()>(1);
        let pieces = futures::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await;
            None::<(Result<Bytes>, _)>
        });
        drop(ahead(pieces));
        sender.closed().await;
    }
}
