//! The files of both sides by path, without looking into layers that both have.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{
    Change, CompareError, CompareOptions, FileFacts, FolderChange, LARGEST, Side, Which,
    kind::FileKind,
    shelf::{Fetched, Shelf, ShelfReader},
};
use crate::{
    artifact::{Form, Part},
    digest::{Algorithm, Digest},
    pack::PackPath,
    store::Result,
};

/// The file that every pack has.
pub(super) const METADATA: &str = "pack.json";

/// The files of both sides.
pub(super) struct Pair<'a> {
    pub(super) first: Inventory<'a>,
    pub(super) second: Inventory<'a>,
}

/// The files of one side, but for those in folders' layers that both sides have.
pub(super) struct Inventory<'a> {
    side: Side<'a>,
    which: Which,
    options: &'a CompareOptions,
    pub(super) files: BTreeMap<PackPath, Item>,
    folders: BTreeSet<PackPath>,
    unpacked: Option<ShelfReader>,
    fetched: Fetched,
}

/// A file of one side.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) facts: FileFacts,
    /// What its layer is to the pack, where it has one of its own.
    pub(super) part: Option<Part>,
    place: Place,
}

/// Where a file's bytes are.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In a layer of its own.
    Layer,
    /// On the shelf, from here.
    Shelf(u64),
    /// They went by.
    Gone,
}

impl Item {
    /// Returns whether its bytes are to be fetched from a layer of their own.
    pub(super) fn is_in_a_layer(&self) -> bool {
        matches!(self.place, Place::Layer)
    }
}

/// A file that is not the same on both sides.
pub(super) struct Difference<'a> {
    pub(super) change: Change,
    pub(super) old: Option<(&'a PackPath, &'a Item)>,
    pub(super) new: Option<(&'a PackPath, &'a Item)>,
}

impl<'a> Pair<'a> {
    pub(super) async fn of(
        first: Side<'a>,
        second: Side<'a>,
        options: &'a CompareOptions,
    ) -> Result<Self, CompareError> {
        let is_same = first.pack.manifest().digest() == second.pack.manifest().digest();
        let of = |which: Which, side, other: Side<'a>| async move {
            let common = other.pack.entries().iter().map(|entry| (&entry.title, &entry.digest)).collect();
            let read = Inventory::of(side, which, common, is_same, options).await;
            read.map_err(which.failed())
        };
        let (first, second) = futures::try_join!(of(Which::First, first, second), of(Which::Second, second, first))?;
        Ok(Self { first, second })
    }

    /// Returns the files that differ, sorted by path.
    pub(super) fn differences(&self) -> Vec<Difference<'_>> {
        let (old, new) = (&self.first.files, &self.second.files);
        let paths: BTreeSet<&PackPath> = old.keys().chain(new.keys()).collect();
        let mut renamed = self.renamed();
        let mut differences = Vec::new();
        for path in paths {
            let (old, new) = (old.get_key_value(path), new.get_key_value(path));
            let change = match (old, new) {
                (Some((_, old)), Some((_, new))) if old.facts == new.facts => continue,
                (Some(_), Some(_)) => Change::Changed,
                (None, Some(_)) => match renamed.remove(path) {
                    Some(old) => {
                        differences.push(Difference { change: Change::Renamed, old: Some(old), new });
                        continue;
                    }
                    None => Change::Added,
                },
                _ => Change::Removed,
            };
            differences.push(Difference { change, old, new });
        }
        let gone: BTreeSet<_> = differences
            .iter()
            .filter(|difference| difference.change == Change::Renamed)
            .filter_map(|difference| difference.old.map(|(path, _)| path.clone()))
            .collect();
        differences.retain(|difference| {
            difference.change != Change::Removed || difference.old.is_none_or(|(path, _)| !gone.contains(path))
        });
        differences
    }

    /// Returns the files that have another path and the same content: by their new path, what they were. Empty files are left out.
    fn renamed(&self) -> BTreeMap<&PackPath, (&PackPath, &Item)> {
        let (old, new) = (&self.first.files, &self.second.files);
        let mut lost: BTreeMap<&Digest, Vec<(&PackPath, &Item)>> = BTreeMap::new();
        for (path, item) in old.iter().rev().filter(|(path, item)| !new.contains_key(path) && item.facts.size > 0) {
            lost.entry(&item.facts.digest).or_default().push((path, item));
        }
        let gained = new.iter().filter(|(path, _)| !old.contains_key(path));
        gained.filter_map(|(path, item)| Some((path, lost.get_mut(&item.facts.digest)?.pop()?))).collect()
    }

    /// Returns the empty folders that only one side has.
    pub(super) fn folders(&self) -> Vec<FolderChange> {
        let (old, new) = (self.first.empty_folders(), self.second.empty_folders());
        let only = |one: &BTreeSet<PackPath>, other: &BTreeSet<PackPath>, added| -> Vec<_> {
            one.difference(other).map(|path| FolderChange { path: path.clone(), added }).collect()
        };
        let mut changes = only(&old, &new, false);
        changes.append(&mut only(&new, &old, true));
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        changes
    }
}

impl<'a> Inventory<'a> {
    async fn of(
        side: Side<'a>,
        which: Which,
        common: BTreeSet<(&PackPath, &Digest)>,
        is_same: bool,
        options: &'a CompareOptions,
    ) -> Result<Self> {
        let (files, folders) = (BTreeMap::new(), BTreeSet::new());
        let mut inventory = Self { side, which, options, files, folders, unpacked: None, fetched: Fetched::default() };
        if is_same {
            return Ok(inventory);
        }
        let pack = side.pack;
        let mut unpacked = None;
        for (index, entry) in pack.entries().iter().enumerate() {
            let is_common = common.contains(&(&entry.title, &entry.digest));
            if !entry.part.is_folder() {
                let mut digest = entry.digest.clone();
                if digest.algorithm() != Algorithm::Sha256 && !is_common && entry.size <= LARGEST {
                    // Written by somebody who hashes otherwise: only the content tells.
                    let bytes = pack.read_file(side.source, &entry.title, options.limits, LARGEST).await?;
                    digest = Digest::of(&bytes);
                }
                let facts = FileFacts { size: entry.size, digest, executable: entry.executable };
                inventory
                    .files
                    .insert(entry.title.clone(), Item { facts, part: Some(entry.part), place: Place::Layer });
            } else if !is_common {
                let so_far = match unpacked.take() {
                    Some(so_far) => so_far,
                    None => Shelf::new(
                        &options.scratch,
                        if options.text { |_| true } else { |path| FileKind::of(path).is_looked_into() },
                    )?,
                };
                unpacked = Some(pack.walk(side.source, index, options.limits, so_far).await?);
            }
        }
        if let Some(unpacked) = unpacked {
            inventory.take_in(unpacked);
        }
        if pack.form() == Form::Layered {
            inventory.add_config();
        }
        Ok(inventory)
    }

    /// Adds what was unpacked.
    fn take_in(&mut self, unpacked: Shelf) {
        self.unpacked = Some(unpacked.reader());
        for file in unpacked.files {
            let facts = FileFacts { size: file.size, digest: file.digest, executable: file.executable };
            let place = file.start.map_or(Place::Gone, Place::Shelf);
            self.files.insert(file.path, Item { facts, part: None, place });
        }
        self.folders.extend(unpacked.folders);
    }

    /// Adds pack.json, which others may have only as the config.
    fn add_config(&mut self) {
        let config = self.side.pack.manifest().blobs()[0];
        let facts = FileFacts { size: config.size, digest: config.digest.clone(), executable: false };
        let path = METADATA.parse().expect("a plain name is a path");
        self.files.entry(path).or_insert(Item { facts, part: Some(Part::Metadata), place: Place::Layer });
    }

    fn empty_folders(&self) -> BTreeSet<PackPath> {
        let parents = self.files.keys().chain(&self.folders).filter_map(PackPath::parent);
        let full: BTreeSet<PackPath> = parents.collect();
        self.folders.iter().filter(|folder| !full.contains(*folder)).cloned().collect()
    }

    /// Returns whether its blobs are on this machine.
    pub(super) fn is_near(&self) -> bool {
        self.side.near
    }

    /// Returns how the pack is laid out.
    pub(super) fn form(&self) -> Form {
        self.side.pack.form()
    }

    /// Returns a file's bytes, where it is no larger than what is compared and its bytes were kept.
    pub(super) async fn read(&self, path: &PackPath) -> Result<Option<Bytes>, CompareError> {
        let Some(item) = self.files.get(path).filter(|item| item.facts.size <= LARGEST) else { return Ok(None) };
        let read = match (item.place, &self.unpacked) {
            (Place::Layer, _) => self.layer(path, item).await,
            (Place::Shelf(start), Some(unpacked)) => unpacked.read(start, item.facts.size).await,
            _ => return Ok(None),
        };
        read.map(Some).map_err(self.which.failed())
    }

    /// Returns the bytes of a file's layer, which is fetched once.
    async fn layer(&self, path: &PackPath, item: &Item) -> Result<Bytes> {
        if let Some((kept, start)) = self.fetched.find(path) {
            return kept.read(start, item.facts.size).await;
        }
        let bytes = self.side.pack.read_file(self.side.source, path, self.options.limits, LARGEST).await?;
        if !self.side.near {
            self.fetched.keep(&self.options.scratch, path, bytes.clone()).await?;
        }
        Ok(bytes)
    }
}
