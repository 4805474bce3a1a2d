//! What a delete removes: the blobs that only the deleted manifests needed.
//!
//! Blobs that no manifest names are left alone: somebody may be about to name them. What a remaining manifest mentions is needed,
//! wherever its text does so: config, layers, an index's children, a referrer's `subject`, and whatever a later specification
//! adds. Where a remaining manifest can't be read, nothing is removed, because what it needs can't be known.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, Metadata},
};

use super::{
    index::Index,
    place::{Place, read_file},
    temporary::{remove, sync_folder},
};
use crate::{
    digest::{Digest, Hasher},
    store::{ErrorKind, Json, Manifest, Result, media_type},
};

/// Removes what the deleted manifests needed and `index` does not; returns the manifest that forbade it, if one did.
pub(super) fn collect(place: &Place, deleted: &Digest, index: &Index) -> Result<Option<Digest>> {
    let mut needed = BTreeSet::new();
    for (manifest, media_type) in index.manifests() {
        if let Err(unreadable) = mention(place, manifest, media_type, &mut needed)? {
            return Ok(Some(unreadable));
        }
    }
    let mut candidates = BTreeSet::new();
    describe(place, deleted.clone(), &mut candidates)?;
    let mut shelves = BTreeSet::new();
    for digest in candidates.difference(&needed) {
        if open(place, digest)?.is_some() {
            remove(&place.blob(digest))?;
            shelves.insert(place.shelf(digest));
        }
    }
    shelves.iter().try_for_each(|shelf| sync_folder(shelf))?;
    Ok(None)
}

/// Adds everything that this manifest, and those below it, mention; gives back the one that can't be read.
fn mention(place: &Place, root: Digest, media_type: &str, needed: &mut BTreeSet<Digest>) -> Result<Result<(), Digest>> {
    let mut open = vec![(root, media_type::MANIFESTS.contains(&media_type))];
    let mut followed = BTreeSet::new();
    while let Some((digest, is_manifest)) = open.pop() {
        needed.insert(digest.clone());
        if !followed.insert(digest.clone()) {
            continue;
        }
        match document(place, &digest)? {
            Document::Manifest(json) => mentioned(&json, &mut |digest, is_manifest| {
                if is_manifest {
                    open.push((digest, true));
                } else {
                    needed.insert(digest);
                }
            }),
            Document::Other if is_manifest => return Ok(Err(digest)),
            Document::Other | Document::Absent => {}
        }
    }
    Ok(Ok(()))
}

/// Adds this manifest and what it is made of.
fn describe(place: &Place, root: Digest, made_of: &mut BTreeSet<Digest>) -> Result<()> {
    let mut open = vec![root];
    while let Some(digest) = open.pop() {
        if !made_of.insert(digest.clone()) {
            continue;
        }
        let Document::Manifest(json) = document(place, &digest)? else { continue };
        let Some(object) = json.as_object() else { continue };
        made_of.extend(parts(object, &["config", "layers", "blobs"]));
        open.extend(parts(object, &["manifests", "subject"]));
    }
    Ok(())
}

enum Document {
    Manifest(Json),
    Absent,
    Other,
}

/// Reads a blob as a manifest, whatever kind of manifest; its digest is checked.
fn document(place: &Place, digest: &Digest) -> Result<Document> {
    let Some((file, metadata)) = open(place, digest)? else {
        return Ok(if place.blob(digest).symlink_metadata().is_ok() { Document::Other } else { Document::Absent });
    };
    if metadata.len() > Manifest::MAX_BYTES {
        return Ok(Document::Other);
    }
    let bytes = read_file(&place.blob(digest), &file, &metadata, Manifest::MAX_BYTES)?;
    let mut hasher = Hasher::new(digest.algorithm());
    hasher.update(&bytes);
    Ok(match Json::parse(&bytes) {
        Ok(json @ Json::Object(_)) if hasher.finish() == *digest => Document::Manifest(json),
        _ => Document::Other,
    })
}

/// Opens a blob; a link or the like in its place is left as it is.
fn open(place: &Place, digest: &Digest) -> Result<Option<(File, Metadata)>> {
    match place.open_blob(digest) {
        Err(error) if error.kind() == ErrorKind::Unsafe => Ok(None),
        result => result,
    }
}

/// Calls `found` with every digest in the text, and whether it is that of a manifest.
fn mentioned(json: &Json, found: &mut impl FnMut(Digest, bool)) {
    match json {
        Json::String(text) => {
            if let Ok(digest) = text.parse() {
                found(digest, false);
            }
        }
        Json::Array(items) => {
            for item in items {
                mentioned(item, found);
            }
        }
        Json::Object(members) => {
            for digest in parts(members, &["manifests", "subject"]) {
                found(digest, true);
            }
            for member in members.values() {
                mentioned(member, found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Returns the digests of the descriptors, or lists of descriptors, under these keys.
fn parts(object: &BTreeMap<String, Json>, keys: &[&str]) -> Vec<Digest> {
    let mut digests = Vec::new();
    for value in keys.iter().filter_map(|key| object.get(*key)) {
        let descriptors = match value {
            Json::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let texts = descriptors.iter().filter_map(|item| item.as_object()?.get("digest")?.as_str());
        digests.extend(texts.filter_map(|text| text.parse::<Digest>().ok()));
    }
    digests
}
