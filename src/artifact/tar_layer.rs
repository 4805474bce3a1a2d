//! A layer that is a tar+gzip: its digest and size are there from the beginning, its bytes when they are wanted.
//!
//! Where the digest is [remembered](super::known), nothing is packed until then, and what is packed must be what was remembered.

use std::{fs::File, sync::Arc};

use tokio::sync::OnceCell;

use super::{
    known::KnownFolders,
    packing::{Packed, Packing, Scratch},
};
use crate::{
    store::{Error, ErrorKind, Result, file::blocking},
    tarball::write::Written,
};

/// A layer of packed folders.
#[derive(Debug)]
pub(super) struct TarLayer {
    packing: Packing,
    scratch: Arc<Scratch>,
    memory: Option<Arc<KnownFolders>>,
    /// What it is, if the memory is right.
    written: Written,
    /// The scratch file, and where in it the archive begins.
    made: OnceCell<(Arc<File>, u64)>,
}

impl TarLayer {
    /// Returns the layer that a packing makes. Blocks: what the memory does not know is packed now.
    pub(super) fn new(packing: Packing, scratch: Arc<Scratch>, memory: Option<Arc<KnownFolders>>) -> Result<Self> {
        let key = packing.key();
        if let Some(written) = memory.as_ref().and_then(|memory| memory.get(&key)) {
            return Ok(Self { packing, scratch, memory, written, made: OnceCell::new() });
        }
        let Packed { file, start, written } = scratch.pack(&packing)?;
        if let Some(memory) = &memory {
            memory.add(key, &written);
        }
        Ok(Self { packing, scratch, memory, written, made: OnceCell::new_with(Some((file, start))) })
    }

    /// Returns how it is called in errors.
    pub(super) fn name(&self) -> &str {
        &self.packing.name
    }

    /// Returns what it is.
    pub(super) fn written(&self) -> &Written {
        &self.written
    }

    /// Returns whether the bytes are there already.
    #[cfg(test)]
    pub(super) fn is_packed(&self) -> bool {
        self.made.initialized()
    }

    /// Returns the scratch file, and where in it the archive begins.
    pub(super) async fn packed(self: &Arc<Self>) -> Result<(Arc<File>, u64)> {
        let layer = Arc::clone(self);
        let made = self.made.get_or_try_init(|| blocking(move || layer.pack())).await?;
        Ok(made.clone())
    }

    fn pack(&self) -> Result<(Arc<File>, u64)> {
        let packed = self.scratch.pack(&self.packing)?;
        if packed.written == self.written {
            return Ok((packed.file, packed.start));
        }
        if let Some(memory) = &self.memory {
            memory.forget();
        }
        let message = format!("the remembered digest of `{}` was wrong; it is forgotten now, try again", self.name());
        Err(Error::new(ErrorKind::Integrity, message))
    }
}
