//! One repository of a local store, as the traits of every store have it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::{Mutex as Turn, Semaphore};

use super::{LayoutStore, blobs, blocking, change, lock::Lock, manifests, place::Place};
use crate::{
    digest::Digest,
    store::{
        BlobOutcome, BlobReader, Descriptor, Error, ErrorKind, Manifest, Observer, PageToken, RepositoryName, Result,
        Selector, Source, Tag, TagOutcome, TagPage, TagRule, Target,
        referrers::{by_tag_scheme, subject_of},
    },
};

/// A repository in a [`LayoutStore`].
pub struct LayoutRepository {
    pub(super) place: Place,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) writers: Arc<Semaphore>,
    /// The store's lock, while a push is under way.
    pub(super) push: Turn<Option<Lock>>,
    /// Tasks of this handle wait here for their turn at the index, so that only one of them asks for the file's lock.
    pub(super) turn: Turn<()>,
    /// Blobs that this handle knows to be on disk.
    pub(super) durable: Mutex<BTreeSet<Digest>>,
    /// What tags named when they were asked for, to tell a lost race from a tag that was there before.
    pub(super) seen: Mutex<BTreeMap<Tag, Option<Digest>>>,
}

impl LayoutRepository {
    pub(super) fn new(store: &LayoutStore, name: RepositoryName) -> Self {
        Self {
            place: Place::new(&store.directory, name),
            observer: store.observer.clone(),
            writers: store.writers.clone(),
            push: Turn::default(),
            turn: Turn::default(),
            durable: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    async fn find(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        let index = change::read(&self.place).await?.ok_or_else(|| self.place.missing())?;
        let (place, wanted) = (self.place.clone(), selector.clone());
        blocking(move || manifests::find(&place, &index, &wanted)).await
    }
}

#[async_trait]
impl Source for LayoutRepository {
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        let found = match self.find(selector).await {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            result => result?,
        };
        let place = self.place.clone();
        let found = blocking(move || match found {
            // An entry whose manifest is gone names nothing; a push may bring it back.
            Some(descriptor) if place.open_blob(&descriptor.digest)?.is_some() => Ok(Some(descriptor)),
            _ => Ok(None),
        })
        .await?;
        if let Selector::Tag(tag) = selector {
            locked(&self.seen).insert(tag.clone(), found.as_ref().map(|descriptor| descriptor.digest.clone()));
        }
        Ok(found)
    }

    async fn manifest(&self, selector: &Selector) -> Result<Manifest> {
        let found = self.find(selector).await?.ok_or_else(|| absent(&self.place, selector))?;
        let place = self.place.clone();
        blocking(move || manifests::read(&place, &found)).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        blobs::open(&self.place, descriptor).await
    }

    async fn tags(&self, after: Option<&PageToken>) -> Result<TagPage> {
        let index = change::read(&self.place).await?.ok_or_else(|| self.place.missing())?;
        let mut page = TagPage::default();
        for name in index.names() {
            match name.parse() {
                Ok(tag) if after.is_none_or(|after| name > after.0.as_str()) => page.tags.push(tag),
                Ok(_) => {}
                Err(_) => page.not_tags.push(name.to_owned()),
            }
        }
        Ok(page)
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let index = change::read(&self.place).await?.ok_or_else(|| self.place.missing())?;
        let (place, wanted) = (self.place.clone(), subject.clone());
        let found = blocking(move || {
            let mut found = Vec::new();
            for entry in index.descriptors()? {
                // One that is gone refers to nothing.
                if place.open_blob(&entry.digest)?.is_some() {
                    let manifest = manifests::read(&place, &entry)?;
                    if subject_of(&manifest).as_ref() == Some(&wanted) {
                        found.push(manifest.descriptor());
                    }
                }
            }
            found.sort();
            found.dedup();
            Ok(found)
        })
        .await?;
        if found.is_empty() { by_tag_scheme(self, subject).await } else { Ok(found) }
    }
}

#[async_trait]
impl Target for LayoutRepository {
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        let (place, wanted) = (self.place.clone(), descriptor.clone());
        blocking(move || manifests::is_there(&place, &wanted)).await
    }

    /// Blobs are not mounted: a link between repositories would let damage in one be damage in all.
    async fn push_blob(
        &self,
        descriptor: &Descriptor,
        from: &dyn Source,
        _: Option<&RepositoryName>,
    ) -> Result<BlobOutcome> {
        let _hold = self.hold().await?;
        let _permit = self.writers.acquire().await.expect("nobody closes the semaphore");
        self.store_blob(descriptor, from).await
    }

    async fn push_manifest(&self, manifest: &Manifest, tag: Option<(&Tag, &TagRule)>) -> Result<TagOutcome> {
        self.publish(manifest, tag).await
    }

    async fn delete(&self, selector: &Selector) -> Result<()> {
        self.remove(selector).await
    }
}

impl fmt::Debug for LayoutRepository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LayoutRepository({})", self.place.folder().display())
    }
}

pub(super) fn absent(place: &Place, selector: &Selector) -> Error {
    let what = match selector {
        Selector::Tag(tag) => format!("tag `{tag}`"),
        Selector::Digest(digest) => format!("manifest {digest}"),
    };
    Error::new(ErrorKind::NotFound, format!("there is no {what} in `{}`", place.folder().display()))
}

/// Takes a lock that is never held across anything that can panic.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
