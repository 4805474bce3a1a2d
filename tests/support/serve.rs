//! A small HTTP server, plain or over TLS, that records each request and answers it with what a function says.

use std::{
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Instant,
};

use super::{
    http::{Body, Head},
    listener::Listener,
    recorder::{Recorded, Recorder},
    reply::Reply,
};

/// Starts a server on any free port. `{host}` in a reply becomes its `127.0.0.1:PORT`.
pub(crate) fn start(
    tls: Option<Arc<rustls::ServerConfig>>,
    recorder: Recorder,
    answer: impl Fn(&Recorded) -> Reply + Send + Sync + 'static,
) -> Listener {
    let handler = move |stream: Arc<TcpStream>, number| {
        let host = stream.local_addr().map(|address| address.to_string()).unwrap_or_default();
        let conversation = Conversation { recorder: &recorder, answer: &answer, host, number };
        // However a connection ends, that is the client's affair.
        drop(match &tls {
            None => conversation.hold(&*stream),
            Some(config) => rustls::ServerConnection::new(Arc::clone(config))
                .map_err(io::Error::other)
                .and_then(|session| conversation.hold(rustls::StreamOwned::new(session, &*stream))),
        });
    };
    Listener::start(0, Arc::new(handler))
}

struct Conversation<'a, A> {
    recorder: &'a Recorder,
    answer: &'a A,
    host: String,
    number: usize,
}

impl<A: Fn(&Recorded) -> Reply> Conversation<'_, A> {
    fn hold(&self, stream: impl Read + Write) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(head) = Head::read(&mut stream)? {
            let (framing, closes) = (head.request_framing(), head.closes());
            let mut recorded = Recorded::new(head, self.number);
            let mut body = Body::new(&mut stream, framing);
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let count = body.read(&mut buffer)?;
                if count == 0 {
                    break;
                }
                recorded.add_body(&buffer[..count]);
            }
            let reply = (self.answer)(&recorded).at(&self.host);
            recorded.status = Some(reply.status());
            recorded.answer_length = reply.length();
            recorded.finished = Some(Instant::now());
            let method = recorded.method.clone();
            self.recorder.add(recorded);
            reply.write(stream.get_mut(), &method)?;
            if closes {
                break;
            }
        }
        Ok(())
    }
}
