//! Recognises a pack by its manifest, and refuses what its manifest shows to be wrong.
//!
//! Both encodings are read, wherever they come from and whoever wrote them, in whatever order the layers stand. What can't be a
//! pack is refused by the name of what it is; what would meet on disk, or has no place there, is refused before any
//! layer is fetched.

use std::{collections::BTreeMap, sync::OnceLock};

use bytes::Bytes;

use super::{
    foreign::NotAPack,
    media_type,
    names::{Named, Names, shown},
    part::Part,
};
use crate::{
    digest::Digest,
    pack::PackPath,
    store::{Content, Descriptor, Error, ErrorKind, Manifest, Result, Selector, Source},
};

/// The largest pack.json that is read, in bytes.
pub(super) const MAX_METADATA: u64 = 1024 * 1024;
/// The most names that the layers of an artifact may have, folders on the way included.
const MAX_NAMES: usize = 100_000;
/// The most manifests of an index that are looked at.
const MAX_MANIFESTS: usize = 64;

/// How a pack is laid out in an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A layer for each file or folder.
    Layered,
    /// One tar+gzip of everything.
    Archive,
}

/// A layer of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path within the pack; of an archive the file name that it was given.
    pub title: PackPath,
    /// What it is to the pack.
    pub part: Part,
    /// Its size in bytes, packed where it is a folder.
    pub size: u64,
    /// Its digest.
    pub digest: Digest,
    /// Whether it is an executable file.
    pub executable: bool,
}

/// A pack in a store, known by its manifest.
#[derive(Clone, Debug)]
pub struct PackArtifact {
    manifest: Manifest,
    form: Form,
    entries: Vec<Entry>,
    /// pack.json, once it was fetched and proven.
    metadata: OnceLock<Bytes>,
}

impl PackArtifact {
    /// Fetches a manifest and returns the pack that it is. An index with exactly one pack is followed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is none, or, with [`NotAPack`] below, where it is something else;
    /// [`ErrorKind::Integrity`] and [`ErrorKind::Unsafe`] where it must be refused.
    pub async fn open(source: &dyn Source, selector: &Selector) -> Result<Self> {
        let manifest = source.manifest(selector).await?;
        let Content::Index { manifests } = manifest.content() else { return Self::of(manifest) };
        if manifests.len() > MAX_MANIFESTS {
            return Err(NotAPack::new(format!("an index of {} manifests", manifests.len())).into());
        }
        let mut found = None;
        for descriptor in manifests {
            let manifest = source.manifest(&Selector::Digest(descriptor.digest.clone())).await?;
            if manifest.bytes().len() as u64 != descriptor.size {
                let message = format!("manifest {} has not the size that its index says", descriptor.digest);
                return Err(Error::new(ErrorKind::Integrity, message));
            }
            if form(&manifest).is_some() && found.replace(manifest).is_some() {
                return Err(NotAPack::new("an index of several packs").into());
            }
        }
        Self::of(found.ok_or_else(|| NotAPack::new("an index without a pack"))?)
    }

    /// Returns the pack that a manifest is.
    ///
    /// # Errors
    ///
    /// As [`PackArtifact::open`].
    pub fn of(manifest: Manifest) -> Result<Self> {
        let form = form(&manifest).ok_or_else(|| NotAPack::of(&manifest))?;
        let Content::Image { config, layers, .. } = manifest.content() else {
            return Err(NotAPack::of(&manifest).into());
        };
        let entries = match form {
            Form::Layered => layered(config, layers)?,
            Form::Archive => vec![archive(&layers[0])?],
        };
        Ok(Self { manifest, form, entries, metadata: OnceLock::new() })
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns how the pack is laid out.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Returns the layers, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the manifest's annotations.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        match self.manifest.content() {
            Content::Image { annotations, .. } => annotations,
            Content::Index { .. } => &NONE,
        }
    }

    /// Returns the bytes of pack.json, and fetches nothing but them, and that once: of an archive only as much as is needed to come to them,
    /// whose bytes are then not proven by a digest.
    ///
    /// # Errors
    ///
    /// The store's; [`ErrorKind::Unsafe`] where it has more than 1 MiB; [`ErrorKind::Integrity`] where an
    /// archive has none.
    pub async fn metadata(&self, source: &dyn Source) -> Result<Bytes> {
        match self.form {
            Form::Layered => {
                if let Some(metadata) = self.metadata.get() {
                    return Ok(metadata.clone());
                }
                let config = self.manifest.blobs()[0];
                let metadata = source.blob(config).await?.read_all(MAX_METADATA).await?;
                Ok(self.metadata.get_or_init(|| metadata).clone())
            }
            Form::Archive => super::file::metadata_of_archive(source, self.descriptor(0)).await,
        }
    }

    /// Returns the descriptor of an entry.
    pub(super) fn descriptor(&self, index: usize) -> &Descriptor {
        self.manifest.blobs()[index + 1]
    }
}

fn form(manifest: &Manifest) -> Option<Form> {
    let Content::Image { config, layers, .. } = manifest.content() else { return None };
    let is_archive = |layer: &Descriptor| {
        let is_tar = [media_type::ARCHIVE, media_type::ARCHIVE_GZIP].contains(&layer.media_type.as_str());
        let name = layer.title().unwrap_or_default();
        is_tar && [".tar.gz", ".tgz"].iter().any(|end| name.ends_with(end))
    };
    match (config.media_type.as_str(), layers.as_slice()) {
        (media_type::METADATA, _) => Some(Form::Layered),
        (media_type::UNKNOWN_CONFIG | media_type::EMPTY_CONFIG, [layer]) if is_archive(layer) => Some(Form::Archive),
        _ => None,
    }
}

fn layered(config: &Descriptor, layers: &[Descriptor]) -> Result<Vec<Entry>> {
    if config.size > MAX_METADATA {
        let message = format!("pack.json has {} bytes, more than {MAX_METADATA}", config.size);
        return Err(Error::new(ErrorKind::Unsafe, message));
    }
    let mut names = Names::default();
    let mut entries = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let title = title(layer, index)?;
        // Nothing may lie within another layer, be it a file's or a folder's.
        names.add(title.as_str(), Named::File).map_err(|clash| {
            Error::new(ErrorKind::Unsafe, format!("layer `{title}` has no place of its own")).because(clash)
        })?;
        if names.count() > MAX_NAMES {
            return Err(Error::new(ErrorKind::Unsafe, format!("the layers have more than {MAX_NAMES} names")));
        }
        let part = part(&title, layer)?;
        if part == Part::Metadata && (&layer.digest, layer.size) != (&config.digest, config.size) {
            return Err(Error::new(ErrorKind::Integrity, "the layer `pack.json` is not the config"));
        }
        entries.push(Entry {
            executable: executable(&title, layer)?,
            title,
            part,
            size: layer.size,
            digest: layer.digest.clone(),
        });
    }
    Ok(entries)
}

fn archive(layer: &Descriptor) -> Result<Entry> {
    let title = title(layer, 0)?;
    Ok(Entry { title, part: Part::Archive, size: layer.size, digest: layer.digest.clone(), executable: false })
}

fn title(layer: &Descriptor, index: usize) -> Result<PackPath> {
    let Some(text) = layer.title() else {
        return Err(Error::new(ErrorKind::Integrity, format!("layer {index} has no title")));
    };
    let unsafe_title = || Error::new(ErrorKind::Unsafe, format!("layer {index} has the title `{}`", shown(text)));
    let path: PackPath = text.parse().map_err(|error| unsafe_title().because(error))?;
    // `./x` and `x` would be one file.
    if path.as_str() == text { Ok(path) } else { Err(unsafe_title()) }
}

/// Returns what a layer is, where its path and its media type agree.
fn part(title: &PackPath, layer: &Descriptor) -> Result<Part> {
    let part = match Part::of_media_type(&layer.media_type) {
        // A logo that is no picture is a warning to its author, and part of the pack all the same.
        Some(Part::File) if Part::of_fixed_path(title.as_str()) == Some(Part::Logo) => Some(Part::Logo),
        part => part,
    };
    let is_right = |part: &Part| {
        part.fixed_path().is_none_or(|path| path == title.as_str())
            && Part::of_fixed_path(title.as_str()).is_none_or(|fixed| fixed == *part)
    };
    part.filter(is_right).ok_or_else(|| {
        let message = format!("layer `{title}` has the media type `{}`, which it can't have", shown(&layer.media_type));
        Error::new(ErrorKind::Integrity, message)
    })
}

fn executable(title: &PackPath, layer: &Descriptor) -> Result<bool> {
    match layer.annotations.get(media_type::MODE).map(String::as_str) {
        Some(media_type::EXECUTABLE) => Ok(true),
        None | Some("0644") => Ok(false),
        Some(_) => {
            let message = format!("layer `{title}` has another `{}` than 0644 and 0755", media_type::MODE);
            Err(Error::new(ErrorKind::Integrity, message))
        }
    }
}

#[cfg(test)]
mod tests;
