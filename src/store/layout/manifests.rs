//! Manifests of a repository: found by the index, read as blobs.
//!
//! A blob is a manifest here only where `index.json` says so, itself or through an index that it names. Otherwise a config or a
//! layer that looks like a manifest could be fetched as one.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    blobs::{missing, wrong_size},
    index::Index,
    place::{Place, read_file},
};
use crate::{
    digest::Digest,
    store::{Content, Descriptor, Error, ErrorKind, Manifest, Result, Selector, media_type},
};

/// How deep indexes may name indexes, and how many manifests are looked through for one.
const MAX_DEPTH: usize = 4;
const MAX_LOOKED_THROUGH: usize = 10_000;

/// Returns the descriptor of what is meant.
pub(super) fn find(place: &Place, index: &Index, selector: &Selector) -> Result<Option<Descriptor>> {
    match selector {
        Selector::Tag(tag) => index.tagged(tag),
        Selector::Digest(digest) => match index.entry(digest)? {
            Some(found) => Ok(Some(found)),
            None => find_below(place, index, digest),
        },
    }
}

/// Returns whether a file of the right size is in the blob's place.
pub(super) fn is_there(place: &Place, descriptor: &Descriptor) -> Result<bool> {
    Ok(place.open_blob(&descriptor.digest)?.is_some_and(|(_, metadata)| metadata.len() == descriptor.size))
}

/// Reads a manifest and checks it.
pub(super) fn read(place: &Place, descriptor: &Descriptor) -> Result<Manifest> {
    let (file, metadata) = place.open_blob(&descriptor.digest)?.ok_or_else(|| missing(place, descriptor))?;
    if metadata.len() != descriptor.size {
        return Err(wrong_size(descriptor, metadata.len()));
    }
    if descriptor.size > Manifest::MAX_BYTES {
        let message = format!("manifest {} has {} bytes, more than 4 MiB", descriptor.digest, descriptor.size);
        return Err(Error::new(ErrorKind::Integrity, message));
    }
    let bytes = read_file(&place.blob(&descriptor.digest), &file, &metadata, Manifest::MAX_BYTES)?;
    let manifest = Manifest::parse(Bytes::from(bytes), Some(&descriptor.media_type));
    let manifest =
        manifest.map_err(|error| error.while_doing(format!("cannot read manifest {}", descriptor.digest)))?;
    if manifest.has_digest(&descriptor.digest) {
        Ok(manifest)
    } else {
        let message = format!("manifest {} has bytes with the digest {}", descriptor.digest, manifest.digest());
        Err(Error::new(ErrorKind::Integrity, message))
    }
}

/// Looks for a manifest that only an index names.
fn find_below(place: &Place, index: &Index, wanted: &Digest) -> Result<Option<Descriptor>> {
    let lists = |media_type: &str| [media_type::IMAGE_INDEX, media_type::DOCKER_MANIFEST_LIST].contains(&media_type);
    let mut level = Vec::new();
    for (digest, media_type) in index.manifests() {
        if lists(media_type) {
            level.extend(index.entry(&digest)?);
        }
    }
    let mut looked_through = 0;
    for _ in 0..MAX_DEPTH {
        let mut below = Vec::new();
        for list in level {
            looked_through += 1;
            // One that is not there or broken names nothing; asked for itself, it is an error.
            let Ok(manifest) = read(place, &list) else { continue };
            let Content::Index { manifests } = manifest.content() else { continue };
            if let Some(found) = manifests.iter().find(|child| child.digest == *wanted) {
                return Ok(Some(Descriptor { annotations: BTreeMap::new(), ..found.clone() }));
            }
            below.extend(manifests.iter().filter(|child| lists(&child.media_type)).cloned());
            if looked_through + below.len() > MAX_LOOKED_THROUGH {
                return Ok(None);
            }
        }
        level = below;
    }
    Ok(None)
}
