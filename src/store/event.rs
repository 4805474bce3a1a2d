//! What happens while bytes move, for whoever wants to show it.

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
    /// Something worth one line: a wait, a retry, a warning of the server.
    Note(&'a str),
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
