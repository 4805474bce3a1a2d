//! What happens while bytes move, for whoever wants to show it.

use std::time::Duration;

use super::{BlobOutcome, Descriptor};

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A blob's bytes begin to move, from the first one (again, after a fault).
    BlobStarted(&'a Descriptor),
    /// That many more bytes of it were read.
    BlobBytes(&'a Descriptor, u64),
    /// It is where it should be.
    BlobDone(&'a Descriptor, BlobOutcome),
    /// A request was answered, or not.
    Request(&'a Trace),
    /// Something worth one line: a wait, a retry, a warning of the server.
    Note(&'a str),
}

/// One request to a server, as it may be shown: nothing of it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The method.
    pub method: String,
    /// The address; of its query only what OCI distribution defines.
    pub url: String,
    /// The status, nothing where no answer came.
    pub status: Option<u16>,
    /// Until the answer's headers had come.
    pub took: Duration,
    /// The bytes of the request's body.
    pub sent: u64,
    /// The bytes of the answer's body, where its headers say that.
    pub received: Option<u64>,
    /// Whether credentials were shown.
    pub authorized: bool,
}

/// Is told what happens. Called from many tasks; must not block.
pub trait Observer: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: Event<'_>);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: Event<'_>) {}
}
