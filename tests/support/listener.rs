//! A socket on loopback that answers every connection on a thread of its own, until it is dropped.

use std::{
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use super::http::PATIENCE;

/// What a listener does with a connection: the stream and its number, counted from 0.
pub(crate) type Handler = Arc<dyn Fn(Arc<TcpStream>, usize) + Send + Sync>;

/// A listening socket. Dropping it closes the port and every connection.
pub(crate) struct Listener {
    port: u16,
    stopped: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<Weak<TcpStream>>>>,
    accepting: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens on `port` of 127.0.0.1, or on any free one for 0.
    pub(crate) fn start(port: u16, handler: Handler) -> Self {
        let socket = TcpListener::bind(("127.0.0.1", port)).unwrap_or_else(|error| panic!("port {port}: {error}"));
        let port = socket.local_addr().expect("a bound socket has an address").port();
        let stopped = Arc::new(AtomicBool::new(false));
        let open: Arc<Mutex<Vec<Weak<TcpStream>>>> = Arc::default();
        let (is_stopped, connections) = (Arc::clone(&stopped), Arc::clone(&open));
        let accepting = std::thread::spawn(move || {
            for (number, stream) in socket.incoming().flatten().enumerate() {
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let stream = Arc::new(stream);
                stream.set_nodelay(true).and_then(|()| stream.set_read_timeout(Some(PATIENCE))).ok();
                // Only a weak handle is kept: a connection that the handler lets go of closes at once.
                connections.lock().expect("nobody panics with this lock").push(Arc::downgrade(&stream));
                let handler = Arc::clone(&handler);
                std::thread::spawn(move || handler(stream, number));
            }
        });
        Self { port, stopped, open, accepting: Some(accepting) }
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
        for stream in self.open.lock().expect("nobody panics with this lock").drain(..) {
            if let Some(stream) = stream.upgrade() {
                drop(stream.shutdown(Shutdown::Both));
            }
        }
    }
}
