//! A push: blobs, then the manifest, then the index; each is on disk before the next one names it.
//!
//! Every blob is synced before it gets its name. The folder of blobs is synced once, before the change of the index, rather than
//! after every rename: a name that a power cut takes away was named by nothing yet, and the blob is pushed again.

use std::collections::BTreeSet;

use super::{
    blobs, blocking,
    change::{self, Edit},
    index::Index,
    lock::{Lock, Mode, refuse_beside_zot},
    repository::{LayoutRepository, locked},
    temporary::sync_folder,
};
use crate::{
    digest::Digest,
    store::{
        BlobOutcome, BlobReader, Content, Descriptor, Error, ErrorKind, Manifest, Result, Source, Tag, TagConflict,
        TagOutcome, TagRule,
    },
};

impl LayoutRepository {
    /// Returns this handle's hold on the store, taking it where this is the first write.
    pub(super) async fn hold(&self) -> Result<Lock> {
        let mut push = self.push.lock().await;
        if let Some(lock) = &*push {
            return Ok(lock.clone());
        }
        self.prepare().await?;
        let lock = Lock::store(&self.place, Mode::Shared, &*self.observer).await?;
        *push = Some(lock.clone());
        Ok(lock)
    }

    /// Creates the folders, unless nothing may be written.
    pub(super) async fn prepare(&self) -> Result<()> {
        let place = self.place.clone();
        blocking(move || {
            // Before anything is created: what can't be read must not be written to.
            place.exists()?;
            refuse_beside_zot(&place)?;
            place.create()
        })
        .await
    }

    /// Writes a blob, unless a sound one is there.
    pub(super) async fn store_blob(&self, descriptor: &Descriptor, from: &dyn Source) -> Result<BlobOutcome> {
        if blobs::is_sound(&self.place, descriptor).await? {
            return Ok(BlobOutcome::Exists);
        }
        let reader = from.blob(descriptor).await?;
        self.write_blob(descriptor, reader).await?;
        Ok(BlobOutcome::Uploaded)
    }

    async fn write_blob(&self, descriptor: &Descriptor, reader: BlobReader) -> Result<()> {
        blobs::write(&self.place, descriptor, reader).await?;
        locked(&self.durable).insert(descriptor.digest.clone());
        Ok(())
    }

    /// Checks that everything the manifest names is there, and waits until it is on disk.
    async fn settle(&self, manifest: &Manifest) -> Result<()> {
        let place = self.place.clone();
        let durable = locked(&self.durable).clone();
        let own = Descriptor::of(manifest.media_type(), manifest.bytes());
        let mut parts = match manifest.content() {
            Content::Image { config, layers, .. } => [std::slice::from_ref(config), layers].concat(),
            Content::Index { manifests } => manifests.clone(),
        };
        parts.push(own);
        blocking(move || {
            let mut shelves = BTreeSet::new();
            for part in &parts {
                let Some((file, metadata)) = place.open_blob(&part.digest)? else {
                    return Err(Error::new(
                        ErrorKind::Unavailable,
                        format!("blob {} of the manifest is not in `{}`", part.digest, place.folder().display()),
                    ));
                };
                if metadata.len() != part.size {
                    return Err(blobs::wrong_size(part, metadata.len()));
                }
                if !durable.contains(&part.digest) {
                    file.sync_all().map_err(|error| Error::file_system("sync", &place.blob(&part.digest), error))?;
                }
                shelves.insert(place.shelf(&part.digest));
            }
            shelves.iter().try_for_each(|shelf| sync_folder(shelf))
        })
        .await
    }

    /// Says what becomes of the index by a push.
    fn edit(&self, index: &Index, own: &Descriptor, tag: Option<(&Tag, &TagRule)>) -> Result<Edit<TagOutcome>> {
        let mut changed = index.clone();
        let Some((tag, rule)) = tag else {
            let new = changed.add(own);
            return Ok(if new { Edit::Write(changed, TagOutcome::Created) } else { Edit::Keep(TagOutcome::Created) });
        };
        let there = index.tagged(tag)?.map(|descriptor| descriptor.digest);
        let outcome = match there {
            Some(there) if there == own.digest => return Ok(Edit::Keep(TagOutcome::Unchanged)),
            Some(there) if *rule == TagRule::Any || *rule == TagRule::Is(there.clone()) => TagOutcome::Replaced(there),
            Some(there) => return Err(self.conflict(tag, there, own)),
            None => match rule {
                TagRule::Is(gone) => {
                    let message = format!("the tag `{tag}` is gone: it no longer names {gone}");
                    return Err(Error::new(ErrorKind::Conflict, message));
                }
                TagRule::Absent | TagRule::Any => TagOutcome::Created,
            },
        };
        changed.point(tag, own);
        Ok(Edit::Write(changed, outcome))
    }

    fn conflict(&self, tag: &Tag, there: Digest, own: &Descriptor) -> Error {
        let raced = locked(&self.seen).get(tag).is_some_and(|seen| seen.as_ref() != Some(&there));
        Error::conflict(TagConflict { there, here: own.digest.clone(), stored: false, raced, refusal: None })
    }

    /// Writes the manifest and lets the index name it. The hold ends with that; a push that failed keeps it for another try.
    pub(super) async fn publish(&self, manifest: &Manifest, tag: Option<(&Tag, &TagRule)>) -> Result<TagOutcome> {
        let _hold = self.hold().await?;
        let place = self.place.clone();
        blocking(move || refuse_beside_zot(&place)).await?;
        let own = Descriptor::of(manifest.media_type(), manifest.bytes());
        if let Some(index) = change::read(&self.place).await? {
            // Checked again in our turn; this spares a push that has lost already its write.
            self.edit(&index, &own, tag)?;
        }
        if !blobs::is_sound(&self.place, &own).await? {
            self.write_blob(&own, BlobReader::from_bytes(&own, manifest.bytes().clone())).await?;
        }
        self.settle(manifest).await?;
        let _turn = self.turn.lock().await;
        let lock = Lock::index(&self.place, &*self.observer).await?;
        let holds = |index: &Index| match tag {
            Some((tag, _)) => {
                index.tagged(tag).is_ok_and(|found| found.is_some_and(|found| found.digest == own.digest))
            }
            None => index.entry(&own.digest).is_ok_and(|found| found.is_some()),
        };
        let (outcome, _) = change::change(&self.place, &lock, |index| self.edit(index, &own, tag), holds).await?;
        *self.push.lock().await = None;
        Ok(outcome)
    }
}
