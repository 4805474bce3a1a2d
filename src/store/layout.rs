//! The built-in store: a folder that holds one OCI image layout (image-spec 1.1.1, "Image Layout") for each repository.
//!
//! This is the storage layout of zot, and what `oras --oci-layout` and `skopeo oci:` read. Nothing that was acknowledged
//! gets lost: blobs are on disk under their digest before the index names them, and the index changes under a lock, by a
//! rename. Whatever kills the process leaves the old state or the new one. Nothing is collected behind anybody's back.

mod blobs;
mod index;
mod lock;
mod sweep;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::sync::Mutex;

use self::{index::Index, lock::Lock};
use super::{
    BlobOutcome, BlobReader, Descriptor, Error, ErrorKind, Manifest, Observer, PageToken, RepositoryName, Result,
    Selector, Source, Tag, TagOutcome, TagPage, TagRule, Target, file::blocking,
};

/// Locks and files that are being written live here: a stray name below `blobs` makes zot's garbage collection fail.
const OWN_FOLDER: &str = ".spectro";
/// Names that are part of a layout, and so can be no repository's.
const RESERVED: [&str; 3] = ["blobs", "index.json", "oci-layout"];

/// A folder of repositories. Cheap to clone.
#[derive(Clone)]
pub struct LayoutStore {
    directory: Arc<Path>,
    observer: Arc<dyn Observer>,
}

impl LayoutStore {
    /// Returns the store in a folder, which need not exist yet.
    pub fn new(directory: impl Into<PathBuf>, observer: Arc<dyn Observer>) -> Self {
        Self { directory: directory.into().into(), observer }
    }

    /// Returns the folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns a repository. Looks at nothing yet.
    pub fn repository(&self, name: RepositoryName) -> LayoutRepository {
        let root = self.directory.join(name.as_str()).into();
        LayoutRepository { store: self.clone(), name, root, pushing: Mutex::default() }
    }
}

/// One repository of the store: a complete OCI image layout.
pub struct LayoutRepository {
    store: LayoutStore,
    name: RepositoryName,
    root: Arc<Path>,
    /// Held, shared with other pushes, from the first look at a blob to the change of the index: a sweep that ran in between
    /// could take a blob away that the index is about to name.
    pushing: Mutex<Option<Lock>>,
}

impl LayoutRepository {
    /// Refuses what can't be a store, or no store of ours.
    fn check(&self) -> Result<()> {
        let invalid = |message: String| Err(Error::new(ErrorKind::Invalid, message));
        let shown = self.store.directory.display();
        if self.store.directory.join("index.json").exists() {
            return invalid(format!("`{shown}` is one repository; give its parent as the store"));
        }
        if self.name.as_str().split('/').any(|part| RESERVED.contains(&part)) {
            return invalid(format!("`{}` can't be a repository's name in a local store", self.name));
        }
        // A link on the way could lead the writes anywhere.
        let mut path = self.store.directory.to_path_buf();
        for part in self.name.as_str().split('/') {
            path.push(part);
            refuse_link(&path)?;
        }
        refuse_link(&path.join("blobs"))
    }

    async fn index(&self) -> Result<Option<Index>> {
        self.check()?;
        Index::read_patiently(&self.root).await
    }

    fn nothing_there(&self) -> Error {
        Error::new(ErrorKind::NotFound, format!("there is no repository in `{}`", self.root.display()))
    }

    /// Makes the folders and takes the lock of a push, once a handle.
    async fn begin_push(&self) -> Result<()> {
        let mut pushing = self.pushing.lock().await;
        if pushing.is_none() {
            self.check()?;
            lock::refuse_while_served(&self.store.directory)?;
            let root = self.root.clone();
            blocking(move || {
                blobs::create_folders(&root)?;
                // Only where nobody pushes: what another process is writing is not stale.
                match lock::exclusive_if_free(&root)? {
                    Some(_lock) => sweep::stale_files(&root),
                    None => Ok(()),
                }
            })
            .await?;
            let lock = lock::shared(&self.root, &*self.store.observer).await?;
            let root = self.root.clone();
            blocking(move || blobs::mark(&root)).await?;
            *pushing = Some(lock);
        }
        Ok(())
    }

    async fn change_tag(&self, manifest: &Manifest, tag: Option<(&Tag, &TagRule)>) -> Result<TagOutcome> {
        let _lock = lock::index(&self.root, &*self.store.observer).await?;
        // Not dropped half-way: the change and its look afterwards are one step.
        let (root, manifest) = (self.root.clone(), manifest.clone());
        let tag = tag.map(|(tag, rule)| (tag.clone(), rule.clone()));
        blocking(move || index::write_tag(&root, &manifest, tag.as_ref())).await
    }
}

fn refuse_link(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_symlink() => {
            Err(Error::new(ErrorKind::Unsafe, format!("`{}` is a symbolic link", path.display())))
        }
        // What is not there will be made, and what can't be looked at fails when it is opened.
        _ => Ok(()),
    }
}

#[async_trait]
impl Source for LayoutRepository {
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        let Some(index) = self.index().await? else { return Ok(None) };
        match selector {
            Selector::Tag(tag) => index.find(tag),
            Selector::Digest(digest) => {
                let (root, digest) = (self.root.clone(), digest.clone());
                let found = blocking(move || blobs::manifest(&root, &digest, None)).await?;
                Ok(found.map(|manifest| manifest.descriptor()))
            }
        }
    }

    async fn manifest(&self, selector: &Selector) -> Result<Manifest> {
        let index = self.index().await?.ok_or_else(|| self.nothing_there())?;
        let absent = || Error::new(ErrorKind::NotFound, format!("`{selector}` is not in `{}`", self.root.display()));
        let (digest, media_type) = match selector {
            Selector::Tag(tag) => {
                let found = index.find(tag)?.ok_or_else(absent)?;
                (found.digest, Some(found.media_type))
            }
            Selector::Digest(digest) => (digest.clone(), None),
        };
        let root = self.root.clone();
        blocking(move || blobs::manifest(&root, &digest, media_type.as_deref())).await?.ok_or_else(absent)
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        self.check()?;
        blobs::open(&self.root, descriptor).await
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        let index = self.index().await?.ok_or_else(|| self.nothing_there())?;
        Ok(index.tags())
    }
}

#[async_trait]
impl Target for LayoutRepository {
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        self.check()?;
        blobs::is_intact(&self.root, descriptor).await
    }

    async fn push_blob(
        &self,
        descriptor: &Descriptor,
        from: &dyn Source,
        _: Option<&RepositoryName>,
    ) -> Result<BlobOutcome> {
        self.begin_push().await?;
        if blobs::is_intact(&self.root, descriptor).await? {
            return Ok(BlobOutcome::Exists);
        }
        let reader = from.blob(descriptor).await?;
        blobs::write(&self.root, descriptor, reader).await?;
        Ok(BlobOutcome::Uploaded)
    }

    async fn push_manifest(&self, manifest: &Manifest, tag: Option<(&Tag, &TagRule)>) -> Result<TagOutcome> {
        self.begin_push().await?;
        let descriptor = manifest.descriptor();
        if !blobs::is_intact(&self.root, &descriptor).await? {
            let reader = BlobReader::from_bytes(&descriptor, manifest.bytes().clone());
            blobs::write(&self.root, &descriptor, reader).await?;
        }
        let root = self.root.clone();
        // Blobs were renamed into this folder: their names are on disk before the index is.
        blocking(move || blobs::sync_folders(&root)).await?;
        let outcome = self.change_tag(manifest, tag).await;
        *self.pushing.lock().await = None;
        outcome
    }

    async fn delete(&self, selector: &Selector) -> Result<()> {
        self.check()?;
        if self.index().await?.is_none() {
            return Err(self.nothing_there());
        }
        lock::refuse_while_served(&self.store.directory)?;
        let _store = lock::exclusive(&self.root, &*self.store.observer).await?;
        let _index = lock::index(&self.root, &*self.store.observer).await?;
        let (root, selector) = (self.root.clone(), selector.clone());
        blocking(move || sweep::delete(&root, &selector)).await
    }
}

#[cfg(test)]
mod tests;
