//! What every place that keeps artifacts can do, be it a registry or a folder.
//!
//! [`Source`] and [`Target`] are the whole vocabulary: whoever moves bytes ([`crate::transfer`]) knows these two traits and
//! nothing else, so that a push, a pull and a copy are the same walk. A store never hands out a byte that it has not
//! checked ([`BlobReader`]), and never re-serialises a manifest that it fetched ([`Manifest`] keeps the bytes).

pub mod archive_file;
mod blob;
mod descriptor;
mod error;
mod event;
pub(crate) mod file;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod json;
pub mod layout;
mod manifest;
mod name;
mod newest;
mod range;
pub(crate) mod referrers;
mod tags;

use async_trait::async_trait;

pub(crate) use self::tags::Pages;
pub use self::{
    blob::BlobReader,
    descriptor::Descriptor,
    error::{Error, ErrorKind, Result, TagConflict},
    event::{Event, Observer, Silent, Trace},
    json::{Json, JsonError},
    manifest::{Content, Manifest, media_type},
    name::{InvalidName, RepositoryName, Tag},
    newest::{Newest, by_version, is_referrer, newest, newest_of},
    range::{InvalidRange, VersionRange},
    referrers::{cosign_tags, referrers_tag},
    tags::all_tags,
};
use crate::digest::Digest;

/// Which manifest of a repository is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The one that a tag names at this moment.
    Tag(Tag),
    /// The one with these bytes.
    Digest(Digest),
}

impl std::fmt::Display for Selector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => write!(formatter, "{tag}"),
            Self::Digest(digest) => write!(formatter, "{digest}"),
        }
    }
}

/// Where a list of tags goes on; its text means something only to the store that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// One page of a list of tags, in the store's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagPage {
    /// The tags of this page.
    pub tags: Vec<Tag>,
    /// Names in the store's list that are no tags by the grammar of OCI distribution, for the reader to be told.
    pub not_tags: Vec<String>,
    /// Where the next page begins, or nothing at the end.
    pub next: Option<PageToken>,
}

/// What must be true of a tag at the moment it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagRule {
    /// There is no such tag, or it has this very content.
    Absent,
    /// It names this manifest (or the one to be written already).
    Is(Digest),
    /// Anything.
    Any,
}

/// What became of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlobOutcome {
    /// The target had it; nothing was sent.
    Exists,
    /// The target took it over from another of its repositories; nothing was sent.
    Mounted,
    /// Its bytes were sent.
    Uploaded,
}

/// What became of a manifest and its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagOutcome {
    /// The tag is new (or none was asked for).
    Created,
    /// The tag had this content already.
    Unchanged,
    /// The tag named this manifest before.
    Replaced(Digest),
}

/// A repository that can be read.
#[async_trait]
pub trait Source: Send + Sync {
    /// Returns the descriptor of a manifest, or nothing where there is none.
    ///
    /// # Errors
    ///
    /// Fails where the store can't tell: being refused is not absence.
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>>;

    /// Returns a manifest whose bytes match its digest and whose text passed the strict reader.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is none, [`ErrorKind::Integrity`] where it is not what it claims to be.
    async fn manifest(&self, selector: &Selector) -> Result<Manifest>;

    /// Returns a reader of a blob's bytes, which checks them against the descriptor.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is none; the reader itself fails with [`ErrorKind::Integrity`].
    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader>;

    /// Returns a reader of a blob's bytes for somebody who computes their digest anyway, as a registry does before it keeps them.
    ///
    /// The reader may check less than [`Source::blob`]'s, so that a large file is not hashed twice; it still notices a change.
    ///
    /// # Errors
    ///
    /// As [`Source::blob`].
    async fn blob_for_a_prover(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        self.blob(descriptor).await
    }

    /// Returns a page of the tags, the first one or the one after `after`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is no such repository.
    async fn tags(&self, after: Option<&PageToken>) -> Result<TagPage>;

    /// Returns what refers to a manifest: signatures, SBOMs and the like.
    ///
    /// # Errors
    ///
    /// The store's own. That nothing refers to it is no error.
    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let _ = subject;
        Ok(Vec::new())
    }
}

/// A repository that can be written, too.
#[async_trait]
pub trait Target: Source {
    /// Returns whether the blob is there. Writes nothing.
    ///
    /// # Errors
    ///
    /// Fails where the store can't tell.
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool>;

    /// Makes sure that the blob is there, taking its bytes from `from` only if they are needed.
    ///
    /// `mount` names another repository of the same store that is known to have it. The source is asked anew for
    /// every try: a consumed stream could not be repeated.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Integrity`] where the source's bytes are not what the descriptor says; the store's own otherwise.
    async fn push_blob(
        &self,
        descriptor: &Descriptor,
        from: &dyn Source,
        mount: Option<&RepositoryName>,
    ) -> Result<BlobOutcome>;

    /// Writes the manifest, whose blobs are there, and lets the tag name it where the rule allows that.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] with a [`TagConflict`] where the rule forbids it.
    async fn push_manifest(&self, manifest: &Manifest, tag: Option<(&Tag, &TagRule)>) -> Result<TagOutcome>;

    /// Deletes a tag, or a manifest with all its tags.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is none; [`ErrorKind::Denied`] where the store does not delete.
    async fn delete(&self, selector: &Selector) -> Result<()>;
}
