//! The proxy's work on one connection: reads a request, forwards it, reads the answer, forwards that, with faults in between.

use std::{
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{
    http::{Body, Framing, Head, PATIENCE},
    proxy::{Fault, Moment, Shared},
    recorder::Recorded,
    reply::Reply,
};

/// What the faults of one request come to.
#[derive(Default)]
struct Plan {
    delay: Duration,
    reset: Option<Moment>,
    answer: Option<Reply>,
    truncate: Option<u64>,
    flip: Option<u64>,
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, Option<String>)>,
    request_headers: Vec<&'static str>,
    trickle: Option<(usize, Duration)>,
    slow_upload: Option<(usize, Duration)>,
}

impl Plan {
    fn new(faults: Vec<Fault>) -> Self {
        let mut plan = Self::default();
        for fault in faults {
            match fault {
                Fault::Delay(time) => plan.delay += time,
                Fault::Reset(moment) => plan.reset = Some(moment),
                Fault::Answer(reply) => plan.answer = Some(reply),
                Fault::Truncate(bytes) => plan.truncate = Some(bytes),
                Fault::Flip(offset) => plan.flip = Some(offset),
                Fault::Body(bytes) => plan.body = Some(bytes),
                Fault::Header(name, value) => plan.headers.push((name, Some(value))),
                Fault::WithoutHeader(name) => plan.headers.push((name, None)),
                Fault::WithoutRequestHeader(name) => plan.request_headers.push(name),
                Fault::Trickle(bytes, pause) => plan.trickle = Some((bytes, pause)),
                Fault::SlowUpload(bytes, pause) => plan.slow_upload = Some((bytes, pause)),
            }
        }
        plan
    }
}

/// Whether the connection can take another request.
#[derive(PartialEq, Eq)]
enum Next {
    Request,
    Close,
    Reset,
}

/// Serves one connection until either side ends it.
pub(crate) fn connection(shared: &Shared, client: &TcpStream, number: usize) {
    let mut session = Session { shared, client, reader: BufReader::new(client), upstream: None, number };
    loop {
        match session.exchange() {
            Ok(Next::Request) => {}
            Ok(Next::Reset) => {
                // Zero seconds to linger: the close that follows is a RST.
                rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO)).ok();
                return;
            }
            Ok(Next::Close) | Err(_) => return,
        }
    }
}

struct Session<'a> {
    shared: &'a Shared,
    client: &'a TcpStream,
    reader: BufReader<&'a TcpStream>,
    upstream: Option<BufReader<TcpStream>>,
    number: usize,
}

impl Session<'_> {
    fn exchange(&mut self) -> io::Result<Next> {
        let Some(mut head) = Head::read(&mut self.reader)? else { return Ok(Next::Close) };
        let recorded = Recorded::new(head.clone(), self.number);
        let method = recorded.method.clone();
        let mut plan = Plan::new(self.shared.faults(&recorded));
        let record = self.shared.recorder.add(recorded);
        std::thread::sleep(plan.delay);
        if plan.reset == Some(Moment::BeforeRequest) {
            return Ok(Next::Reset);
        }
        if head.header("expect").is_some() {
            self.client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            head.remove("expect");
        }
        let closes = head.closes();
        if let Some(reply) = plan.answer.take() {
            self.send_request_body(record, head.request_framing(), &plan, None)?;
            self.shared.recorder.update(record, |recorded| {
                recorded.status = Some(reply.status());
                recorded.answer_length = reply.length();
                recorded.finished = Some(Instant::now());
            });
            reply.write(&mut self.client, &method)?;
            return Ok(if closes { Next::Close } else { Next::Request });
        }
        for name in &plan.request_headers {
            head.remove(name);
        }
        let mut upstream = self.connect()?;
        upstream.get_mut().write_all(&head.to_bytes())?;
        let sent = self.send_request_body(record, head.request_framing(), &plan, Some(upstream.get_mut()));
        match sent {
            Ok(Next::Request) => {}
            Ok(next) => return Ok(next),
            // An answer may have come before the body was sent: a registry that refuses need not read on.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(error),
        }
        let answer = Head::read(&mut upstream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if plan.reset == Some(Moment::AfterRequest) {
            return Ok(Next::Reset);
        }
        let next = self.send_answer(record, &method, &answer, &plan, &mut upstream)?;
        if next == Next::Request && !closes && !answer.closes() {
            self.upstream = Some(upstream);
            return Ok(Next::Request);
        }
        Ok(if next == Next::Reset { Next::Reset } else { Next::Close })
    }

    fn connect(&mut self) -> io::Result<BufReader<TcpStream>> {
        if let Some(open) = self.upstream.take() {
            return Ok(open);
        }
        let stream = TcpStream::connect(&self.shared.upstream)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(BufReader::new(stream))
    }

    /// Reads the request's body and sends it on, framed as it came.
    fn send_request_body(
        &mut self,
        record: usize,
        framing: Framing,
        plan: &Plan,
        mut to: Option<&mut TcpStream>,
    ) -> io::Result<Next> {
        let recorder = self.shared.recorder.clone();
        let mut body = Body::new(&mut self.reader, framing);
        let (piece, pause) = plan.slow_upload.unwrap_or((64 * 1024, Duration::ZERO));
        let mut buffer = vec![0; piece];
        let mut left = match plan.reset {
            Some(Moment::DuringRequest(bytes)) => Some(bytes),
            _ => None,
        };
        loop {
            let most = left.map_or(piece, |left| piece.min(usize::try_from(left).unwrap_or(piece)));
            if most == 0 {
                return Ok(Next::Reset);
            }
            let count = body.read(&mut buffer[..most])?;
            let bytes = &buffer[..count];
            recorder.update(record, |recorded| recorded.add_body(bytes));
            if let Some(to) = &mut to {
                write_framed(to, framing, bytes)?;
            }
            if count == 0 {
                return Ok(if left.is_some() { Next::Reset } else { Next::Request });
            }
            left = left.map(|left| left - count as u64);
            std::thread::sleep(pause);
        }
    }

    fn send_answer(
        &mut self,
        record: usize,
        method: &str,
        answer: &Head,
        plan: &Plan,
        upstream: &mut BufReader<TcpStream>,
    ) -> io::Result<Next> {
        let framing = answer.answer_framing(method);
        let mut head = answer.clone();
        if let Some(bytes) = &plan.body {
            head.remove("transfer-encoding");
            head.set("Content-Length", bytes.len());
        }
        for (name, value) in &plan.headers {
            match value {
                Some(value) => head.set(name, value),
                None => head.remove(name),
            }
        }
        self.shared.recorder.update(record, |recorded| {
            recorded.status = Some(answer.status());
            recorded.finished = Some(Instant::now());
        });
        self.client.write_all(&head.to_bytes())?;
        if let Some(bytes) = &plan.body {
            io::copy(&mut Body::new(upstream, framing), &mut io::sink())?;
            let mut replaced = bytes.as_slice();
            let length = Framing::Length(bytes.len() as u64);
            return self.send_answer_body(record, &mut Body::new(&mut replaced, length), length, plan);
        }
        let next = self.send_answer_body(record, &mut Body::new(upstream, framing), framing, plan)?;
        // After a length that may be a lie nobody can find the next answer.
        let lies = plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        Ok(if next == Next::Request && (lies || framing == Framing::UntilClose) { Next::Close } else { next })
    }

    fn send_answer_body(&self, record: usize, body: &mut impl Read, framing: Framing, plan: &Plan) -> io::Result<Next> {
        let mut client = self.client;
        let (piece, pause) = plan.trickle.unwrap_or((64 * 1024, Duration::ZERO));
        let cut = match plan.reset {
            Some(Moment::DuringAnswer(bytes)) => Some((bytes, Next::Reset)),
            _ => plan.truncate.map(|bytes| (bytes, Next::Close)),
        };
        let mut buffer = vec![0; piece];
        let mut offset = 0_u64;
        loop {
            let room = cut.as_ref().map_or(u64::MAX, |(bytes, _)| bytes - offset);
            let most = piece.min(usize::try_from(room).unwrap_or(piece));
            if let (0, Some((_, next))) = (most, cut.as_ref()) {
                return Ok(if *next == Next::Reset { Next::Reset } else { Next::Close });
            }
            let count = body.read(&mut buffer[..most])?;
            let bytes = &mut buffer[..count];
            if let Some(byte) = plan.flip.and_then(|at| bytes.get_mut(usize::try_from(at.checked_sub(offset)?).ok()?)) {
                *byte = !*byte;
            }
            offset += count as u64;
            // Where nothing more is written, the client has had the last byte already and may be at its next request.
            if count > 0 || framing == Framing::Chunked {
                self.shared.recorder.update(record, |recorded| {
                    recorded.answer_length = offset;
                    recorded.finished = Some(Instant::now());
                });
            }
            write_framed(&mut client, framing, bytes)?;
            if count == 0 {
                return Ok(Next::Request);
            }
            std::thread::sleep(pause);
        }
    }
}

/// Writes a piece of a body, or its end where `bytes` is empty.
fn write_framed(to: &mut impl Write, framing: Framing, bytes: &[u8]) -> io::Result<()> {
    if framing != Framing::Chunked {
        return to.write_all(bytes);
    }
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    to.write_all(&chunk)
}
