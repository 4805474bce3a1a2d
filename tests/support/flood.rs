//! A server that sends more than anybody wants: bodies of gigabytes, endless headers, a byte now and then.

use std::{io::Write as _, net::TcpStream, sync::Arc, time::Duration};

use super::{http, listener::Listener};

/// An answer: its head, then a piece so and so many times, with a pause before each.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    head: String,
    piece: Vec<u8>,
    times: u64,
    pause: Duration,
}

impl Flow {
    /// Returns an answer with this head (status line and headers, without the empty line) and no body.
    pub(crate) fn new(head: impl Into<String>) -> Self {
        Self { head: head.into(), piece: Vec::new(), times: 0, pause: Duration::ZERO }
    }

    /// Sends the piece so many times behind the head. What the head says of the length is the head's affair.
    pub(crate) fn piece(mut self, piece: impl Into<Vec<u8>>, times: u64) -> Self {
        (self.piece, self.times) = (piece.into(), times);
        self
    }

    /// Waits so long before each piece.
    pub(crate) fn every(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    fn send(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        stream.write_all(format!("{}\r\nConnection: close\r\n\r\n", self.head).as_bytes())?;
        for _ in 0..self.times {
            std::thread::sleep(self.pause);
            stream.write_all(&self.piece)?;
        }
        Ok(())
    }
}

/// The server. It takes one request a connection.
pub(crate) struct Flood(Listener);

impl Flood {
    /// Starts it; `answer` is given the method and the target of each request, and the server's own `host:port`.
    pub(crate) fn start(answer: impl Fn(&str, &str, &str) -> Flow + Send + Sync + 'static) -> Self {
        let handler = move |stream: Arc<TcpStream>, _| {
            let Some((method, target, host)) = http::first_line(&stream) else { return };
            // A client that has enough goes away; that is what is tested.
            answer(&method, &target, &host).send(&stream).ok();
        };
        Self(Listener::start(0, Arc::new(handler)))
    }

    /// Returns `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.0.host()
    }
}
