//! A pack as an OCI artifact: encoded from a pack that was read, recognised and restored from any store.
//!
//! An [`Artifact`] is a manifest and the knowledge where each blob's bytes come from. It is a [`Source`], so that a push is a
//! copy and nothing else. The way back is a [`PackArtifact`] (what a manifest says, refused where it is not a pack or not
//! safe) and [`unpack`](unpack::unpack), which shows nothing on disk before everything was verified.

mod archive;
mod content;
mod decode;
mod feed;
mod file;
mod foreign;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod known;
mod layered;
pub mod media_type;
mod names;
mod packed;
mod packing;
mod part;
mod tar_layer;
#[cfg(any(test, fuzzing))]
#[cfg_attr(fuzzing, allow(dead_code, reason = "a fuzz target needs only the store in memory"))]
mod testing;
pub mod unpack;
mod walk;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;

use self::content::Content;
pub use self::{
    decode::{Entry, Form, PackArtifact},
    file::FileReader,
    foreign::NotAPack,
    known::KnownFolders,
    part::Part,
};
pub use crate::tarball::read::Limits;
use crate::{
    digest::Digest,
    pack::Pack,
    store::{
        self, BlobReader, Descriptor, Error, ErrorKind, Manifest, PageToken, Result, Selector, Source, Tag, TagPage,
    },
};
pub(crate) use walk::Visitor;

/// What an artifact says beyond what is in the pack, and where it is put together.
#[derive(Clone, Debug)]
pub struct EncodeOptions {
    /// A message about this version.
    pub message: Option<String>,
    /// More annotations of the manifest; they win over those that come from the pack.
    pub annotations: BTreeMap<String, String>,
    /// The folder where packed folders wait, in a file without a name. Not a small tmpfs.
    pub scratch: PathBuf,
    /// What folders came to before, so that those that are sent nowhere need not be packed.
    pub known: Option<Arc<KnownFolders>>,
}

impl EncodeOptions {
    /// Returns options that say nothing beyond the pack, know no folder, and have packed folders wait in `scratch`.
    pub fn new(scratch: PathBuf) -> Self {
        Self { message: None, annotations: BTreeMap::new(), scratch, known: None }
    }
}

/// A pack that has been encoded, ready to be copied anywhere.
///
/// Files are not read again before they are sent: their descriptors have the digests that the pack was validated with, and
/// whoever sends the bytes proves them on the way.
#[derive(Debug)]
pub struct Artifact {
    manifest: Manifest,
    tag: Tag,
    contents: BTreeMap<Digest, Content>,
}

impl Artifact {
    /// Returns the pack as an artifact of this form. Blocks.
    ///
    /// # Errors
    ///
    /// As [`Artifact::layered`].
    pub fn encode(pack: &Pack, form: Form, options: &EncodeOptions) -> Result<Self> {
        match form {
            Form::Layered => Self::layered(pack, options),
            Form::Archive => Self::archive(pack, options),
        }
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns the tag of the pack's version.
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// Returns the layers' descriptors, in order; each has a title, the path within the pack.
    pub fn layers(&self) -> &[Descriptor] {
        match self.manifest.content() {
            store::Content::Image { layers, .. } => layers,
            store::Content::Index { .. } => &[],
        }
    }
}

#[async_trait]
impl Source for Artifact {
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        let is_meant = match selector {
            Selector::Tag(tag) => *tag == self.tag,
            Selector::Digest(digest) => self.manifest.has_digest(digest),
        };
        Ok(is_meant.then(|| self.manifest.descriptor()))
    }

    async fn manifest(&self, selector: &Selector) -> Result<Manifest> {
        match self.resolve(selector).await? {
            Some(_) => Ok(self.manifest.clone()),
            None => Err(Error::new(ErrorKind::NotFound, format!("the encoded pack is not `{selector}`"))),
        }
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        match self.contents.get(&descriptor.digest) {
            Some(content) => content.reader(descriptor).await,
            None => Err(Error::new(ErrorKind::NotFound, format!("the encoded pack has no blob {}", descriptor.digest))),
        }
    }

    async fn blob_for_a_prover(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        match self.contents.get(&descriptor.digest) {
            Some(content) => content.reader_for_a_prover(descriptor).await,
            None => self.blob(descriptor).await,
        }
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        Ok(TagPage { tags: vec![self.tag.clone()], ..TagPage::default() })
    }
}
