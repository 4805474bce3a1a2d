//! Encodes a pack as one archive: what Palette's registry sync reads.
//!
//! Exactly what `tar -czvf` and `oras push` of ORAS 1.0 give (`oras push --image-spec v1.0` today), made reproducible: the manifest has
//! the same fields and no `created`, and the tar says nothing of the machine. `pack.json` comes right behind the root, so that a
//! reader who wants no more need not fetch the rest.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::{
    Artifact, EncodeOptions,
    content::Content,
    media_type,
    packing::{Item, Packing, Scratch},
    tar_layer::TarLayer,
};
use crate::{
    pack::Pack,
    store::{Descriptor, Error, ErrorKind, Manifest, Result, Tag},
};

/// The config of an artifact without one.
const EMPTY: &[u8] = b"{}";

impl Artifact {
    /// Returns the pack as an artifact with one layer, a tar+gzip of its whole folder. Blocks: it is packed now, where it
    /// is not known.
    ///
    /// The manifest has no annotations but a message and those of `options`.
    ///
    /// # Errors
    ///
    /// As [`Artifact::layered`].
    pub fn archive(pack: &Pack, options: &EncodeOptions) -> Result<Self> {
        let metadata = pack.metadata();
        let tag = Tag::of_version(&metadata.version)
            .map_err(|error| Error::new(ErrorKind::Invalid, "the version can't be a tag").because(error))?;
        let root = format!("{}-{}", metadata.name, metadata.version);
        let (mut items, rest): (Vec<_>, Vec<_>) =
            Item::within(pack, None).into_iter().partition(|item| item.path() == "pack.json");
        items.extend(rest);
        let title = format!("{root}.tar.gz");
        let prefix = format!("{root}/");
        let packing = Packing { directory: pack.directory().to_owned(), name: title.clone(), root, prefix, items };
        let scratch = Arc::new(Scratch::new(options.scratch.clone()));
        let tar = TarLayer::new(packing, scratch, options.known.clone())?;

        let layer = Descriptor {
            media_type: media_type::ARCHIVE.to_owned(),
            digest: tar.written().digest.clone(),
            size: tar.written().size,
            annotations: BTreeMap::from([(media_type::TITLE.to_owned(), title)]),
        };
        let config = Descriptor::of(media_type::UNKNOWN_CONFIG, EMPTY);
        let contents = BTreeMap::from([
            (config.digest.clone(), Content::Memory(Bytes::from_static(EMPTY))),
            (layer.digest.clone(), Content::Tar(Arc::new(tar))),
        ]);
        let message = options.message.clone().map(|message| (media_type::MESSAGE.to_owned(), message));
        let annotations = message.into_iter().chain(options.annotations.clone()).collect();
        Ok(Self { manifest: Manifest::image(config, vec![layer], annotations)?, tag, contents })
    }
}

#[cfg(test)]
mod tests;
