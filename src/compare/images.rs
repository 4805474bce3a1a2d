//! The images that only one of two packs needs: those that it declares, and those that its charts and manifests name.
//!
//! An image can only come or go with values.yaml, a chart or a manifest that differs, but what it is may stand in one that does not: a
//! tag in values.yaml counts for a chart. Those that both sides have are read where that costs nothing or is asked
//! for; otherwise they are named, so that nobody takes the answer for more than it is.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{
    CompareError, CompareOptions, Detail, FileChange, Which,
    inventory::{Inventory, METADATA, Pair},
};
use crate::{
    artifact::{Form, Part},
    digest::Digest,
    pack::{Images, PackPath, images::ImageTexts},
    store::file::blocking,
};

const VALUES: &str = "values.yaml";

/// The images that only one side needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageChanges {
    /// Those that only the second pack has, sorted.
    pub gained: Vec<String>,
    /// Those that only the first pack has, sorted.
    pub lost: Vec<String>,
    /// The files that are the same on both sides and were not fetched, although images may be named there.
    pub unread: Vec<PackPath>,
}

/// The files of one side in which images stand.
#[derive(Default)]
struct Named {
    charts: BTreeSet<PackPath>,
    manifests: BTreeSet<PackPath>,
}

impl Named {
    fn all(&self) -> impl Iterator<Item = &PackPath> {
        self.charts.iter().chain(&self.manifests)
    }
}

/// Returns the images that come and go.
pub(super) async fn compare(
    pair: &Pair<'_>,
    files: &[FileChange],
    options: &CompareOptions,
) -> Result<ImageChanges, CompareError> {
    let (old, new) = futures::try_join!(named(&pair.first), named(&pair.second))?;
    let changed: Vec<&FileChange> = files.iter().filter(|file| file.has_other_content()).collect();
    let paths = changed.iter().flat_map(|file| [Some(&file.path), file.old_path.as_ref()]).flatten();
    let changed: BTreeSet<&PackPath> = paths.collect();
    let other_values = files.iter().any(|file| file.path.as_str() == VALUES && touches_more_than_the_list(file));
    let other_texts = old.all().chain(new.all()).any(|path| changed.contains(path));
    if !other_texts && !changed.iter().any(|path| path.as_str() == VALUES) {
        return Ok(ImageChanges::default());
    }
    let mut reader =
        Reader { pair, changed, all: options.all_images, common: BTreeMap::new(), unread: BTreeSet::new() };
    let old = reader.names(&pair.first, &old).await?;
    let new = reader.names(&pair.second, &new).await?;
    let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect();
    let unread = if other_texts || other_values { reader.unread.into_iter().collect() } else { Vec::new() };
    Ok(ImageChanges { gained: only(&new, &old), lost: only(&old, &new), unread })
}

/// Reads what names images, as far as it may.
struct Reader<'a> {
    pair: &'a Pair<'a>,
    /// The files that are not the same on both sides.
    changed: BTreeSet<&'a PackPath>,
    /// Whether to fetch what is the same on both sides.
    all: bool,
    /// What is the same on both sides and was read.
    common: BTreeMap<Digest, Bytes>,
    unread: BTreeSet<PackPath>,
}

impl<'a> Reader<'a> {
    /// Returns the names of the images of one side.
    async fn names(&mut self, side: &'a Inventory<'a>, named: &Named) -> Result<BTreeSet<String>, CompareError> {
        let mut texts = ImageTexts::default();
        if let Some(bytes) = self.read(side, &VALUES.parse().expect("a plain name is a path")).await? {
            texts.values = Some(bytes.into());
        }
        for path in &named.charts {
            texts.charts.extend(self.read(side, path).await?.map(|bytes| (path.clone(), bytes)));
        }
        for path in &named.manifests {
            texts.manifests.extend(self.read(side, path).await?.map(|bytes| (path.clone(), bytes)));
        }
        blocking(move || Ok(Images::of(&texts).names())).await.map_err(Which::Second.failed())
    }

    async fn read(&mut self, side: &'a Inventory<'a>, path: &PackPath) -> Result<Option<Bytes>, CompareError> {
        let Some(item) = side.files.get(path) else { return Ok(None) };
        if self.changed.contains(path) || !item.is_in_a_layer() {
            return side.read(path).await;
        }
        let digest = &item.facts.digest;
        if let Some(bytes) = self.common.get(digest) {
            return Ok(Some(bytes.clone()));
        }
        let has_it = |other: &&&Inventory<'_>| {
            other.is_near() && other.files.get(path).is_some_and(|item| item.facts.digest == *digest)
        };
        let near = [side, &self.pair.first, &self.pair.second];
        let near = near.iter().find(has_it).copied().or(self.all.then_some(side));
        let Some(near) = near else {
            self.unread.insert(path.clone());
            return Ok(None);
        };
        let bytes = near.read(path).await?;
        self.common.extend(bytes.clone().map(|bytes| (digest.clone(), bytes)));
        Ok(bytes)
    }
}

/// Returns whether values.yaml differs in more than the list of images and what says nothing about images.
fn touches_more_than_the_list(file: &FileChange) -> bool {
    match &file.detail {
        Detail::Values(changes) => changes.iter().any(|change| !change.path.starts_with("pack.")),
        _ => true,
    }
}

/// Returns which files of a side are charts and manifests: by their layers, or of an archive by its pack.json.
async fn named(side: &Inventory<'_>) -> Result<Named, CompareError> {
    let of = |part| {
        let own = side.files.iter().filter(move |(_, item)| item.part == Some(part));
        own.map(|(path, _)| path.clone()).collect()
    };
    if side.form() == Form::Layered {
        return Ok(Named { charts: of(Part::Chart), manifests: of(Part::KubeManifest) });
    }
    let metadata: PackPath = METADATA.parse().expect("a plain name is a path");
    let bytes = side.read(&metadata).await?.unwrap_or_default();
    let metadata: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let list = |key: &str| -> BTreeSet<PackPath> {
        let items = metadata.get(key).and_then(serde_json::Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str()?.parse().ok()).collect()
    };
    Ok(Named { charts: list("charts"), manifests: list("kubeManifests") })
}
