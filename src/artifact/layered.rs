//! Encodes a pack with a layer for each of its files or folders.
//!
//! Two layers never share a path, and together they are the whole folder. A file's layer is its bytes on disk, so that a
//! chart's blob is the one that `helm push` makes; a folder's layer is the canonical tar+gzip of [`crate::tarball::write`]. Nothing of
//! the machine, the user or the clock goes into the manifest, whose text is canonical: the same pack has the same digest.

mod plan;

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use self::plan::{Item, Plan};
use super::{
    Artifact, EncodeOptions,
    content::Content,
    media_type,
    packing::{self, Packing, Scratch},
    part::Part,
    tar_layer::TarLayer,
};
use crate::{
    digest::Digest,
    pack::{Pack, PackFile, PackPath},
    store::{Descriptor, Error, ErrorKind, Manifest, Result, Tag},
};

impl Artifact {
    /// Returns the pack as an artifact with a layer for each file or folder. Blocks: folders that are not known are packed now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Integrity`] where a file of a folder is not what was validated, [`ErrorKind::FileSystem`] where it can't be read
    /// or the scratch file can't be written, [`ErrorKind::Invalid`] where the manifest would be larger than registries take.
    pub fn layered(pack: &Pack, options: &EncodeOptions) -> Result<Self> {
        let metadata = pack.metadata();
        let tag = Tag::of_version(&metadata.version)
            .map_err(|error| Error::new(ErrorKind::Invalid, "the version can't be a tag").because(error))?;
        let scratch = Arc::new(Scratch::new(options.scratch.clone()));
        let mut encoder = Encoder { pack, options, contents: BTreeMap::new(), scratch };
        let config = Descriptor::of(media_type::METADATA, pack.metadata_bytes());
        let bytes = Bytes::copy_from_slice(pack.metadata_bytes());
        encoder.contents.insert(config.digest.clone(), Content::Memory(bytes));
        let layers: Result<Vec<_>> = Plan::of(pack)?.items().iter().map(|item| encoder.layer(item)).collect();
        let manifest = Manifest::image(config, layers?, annotations(pack, options))?;
        Ok(Self { manifest, tag, contents: encoder.contents })
    }
}

struct Encoder<'a> {
    pack: &'a Pack,
    options: &'a EncodeOptions,
    contents: BTreeMap<Digest, Content>,
    scratch: Arc<Scratch>,
}

impl Encoder<'_> {
    fn layer(&mut self, item: &Item<'_>) -> Result<Descriptor> {
        match *item {
            Item::File(part, file) => Ok(self.file_layer(part, file)),
            Item::Folder(part, path) => self.folder_layer(part, path),
        }
    }

    fn file_layer(&mut self, part: Part, file: &PackFile) -> Descriptor {
        let path = file.path.as_str();
        let location = || file.path.to_path(self.pack.directory());
        self.contents.entry(file.digest.clone()).or_insert_with(|| Content::File {
            location: location(),
            path: path.to_owned(),
            checksum: file.checksum,
        });
        let mut annotations = BTreeMap::from([(media_type::TITLE.to_owned(), path.to_owned())]);
        if file.executable {
            annotations.insert(media_type::MODE.to_owned(), media_type::EXECUTABLE.to_owned());
        }
        if part == Part::Logo {
            annotations.insert(media_type::ICON.to_owned(), String::new());
        }
        let media_type = match part {
            Part::Metadata => media_type::METADATA,
            Part::Values => media_type::VALUES,
            Part::Logo => self.pack.logo_media_type(),
            Part::Chart => media_type::CHART,
            Part::KubeManifest => media_type::KUBE_MANIFEST,
            Part::Readme => media_type::MARKDOWN,
            Part::Presets => media_type::PRESETS,
            Part::Schema => media_type::SCHEMA,
            Part::Role | Part::Folder | Part::Archive | Part::File => media_type::OCTETS,
        };
        Descriptor { media_type: media_type.to_owned(), digest: file.digest.clone(), size: file.size, annotations }
    }

    fn folder_layer(&mut self, part: Part, path: &PackPath) -> Result<Descriptor> {
        let packing = Packing {
            directory: self.pack.directory().to_owned(),
            name: path.to_string(),
            root: path.to_string(),
            prefix: String::new(),
            items: packing::Item::within(self.pack, Some(path)),
        };
        let tar = TarLayer::new(packing, Arc::clone(&self.scratch), self.options.known.clone())?;
        let written = tar.written().clone();
        self.contents.entry(written.digest.clone()).or_insert_with(|| Content::Tar(Arc::new(tar)));
        let annotations = [
            (media_type::TITLE, path.as_str()),
            (media_type::UNPACK, "true"),
            (media_type::CONTENT_DIGEST, written.content.as_str()),
        ];
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let media_type = if part == Part::Role { media_type::ROLE } else { media_type::FOLDER };
        Ok(Descriptor {
            media_type: media_type.to_owned(),
            digest: written.digest,
            size: written.size,
            annotations: annotations.into(),
        })
    }
}

/// Returns the manifest's annotations.
fn annotations(pack: &Pack, options: &EncodeOptions) -> BTreeMap<String, String> {
    let metadata = pack.metadata();
    let said = |key: &str| metadata.annotations.get(key).filter(|text| !text.trim().is_empty()).cloned();
    let own = [
        (media_type::TITLE, Some(metadata.display_name.clone()).filter(|text| !text.is_empty())),
        (media_type::VERSION, Some(metadata.version.clone())),
        (media_type::DESCRIPTION, said("description")),
        (media_type::DOCUMENTATION, said("docsURL")),
        (media_type::MESSAGE, options.message.clone()),
    ];
    let own = own.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?)));
    own.chain(options.annotations.clone()).collect()
}

#[cfg(test)]
mod tests;
