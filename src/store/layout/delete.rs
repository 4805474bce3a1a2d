//! A delete: the index first, then what nothing names any more, alone in the repository.

use super::{
    blocking,
    change::{self, Edit},
    garbage,
    index::Index,
    lock::{Lock, Mode},
    repository::{LayoutRepository, absent, locked},
    temporary::{remove, unfinished},
};
use crate::store::{Event, Result, Selector};

impl LayoutRepository {
    /// Deletes a tag, or a manifest with all its tags.
    pub(super) async fn remove(&self, selector: &Selector) -> Result<()> {
        if change::read(&self.place).await?.is_none() {
            return Err(self.place.missing());
        }
        self.prepare().await?;
        *self.push.lock().await = None;
        let alone = Lock::store(&self.place, Mode::Alone, &*self.observer).await?;
        let _turn = self.turn.lock().await;
        let lock = Lock::index(&self.place, &*self.observer).await?;
        let edit = |index: &Index| {
            let mut changed = index.clone();
            let found = match selector {
                Selector::Tag(tag) => index.tagged(tag)?,
                Selector::Digest(digest) => index.entry(digest)?,
            };
            let found = found.ok_or_else(|| absent(&self.place, selector))?;
            match selector {
                Selector::Tag(tag) => changed.remove_tag(tag),
                Selector::Digest(digest) => changed.remove_manifest(digest),
            }
            Ok(Edit::Write(changed, found.digest))
        };
        let holds = |index: &Index| match selector {
            Selector::Tag(tag) => !index.names().contains(tag.as_str()),
            Selector::Digest(digest) => index.manifests().all(|(there, _)| there != *digest),
        };
        let (deleted, index) = change::change(&self.place, &lock, edit, holds).await?;
        let place = self.place.clone();
        locked(&self.durable).clear();
        let unreadable = blocking(move || {
            unfinished(&place.private())?.iter().try_for_each(|path| remove(path))?;
            let unreadable = garbage::collect(&place, &deleted, &index);
            drop(alone);
            unreadable
        })
        .await?;
        if let Some(unreadable) = unreadable {
            let note =
                format!("no blob was removed: manifest {unreadable} can't be read, so what it needs is not known");
            self.observer.event(Event::Note(&note));
        }
        Ok(())
    }
}
