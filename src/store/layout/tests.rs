//! What the local store promises, each as a story on a temporary folder.

mod damage;
mod delete;
mod foreign;
mod push;
mod together;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use tempfile::TempDir;

use super::{LayoutRepository, LayoutStore};
use crate::{
    digest::Digest,
    store::{
        BlobReader, Descriptor, Error, ErrorKind, Event, Json, Manifest, Observer, PageToken, Result, Selector, Silent,
        Source, Tag, TagOutcome, TagPage, TagRule, Target,
    },
};

/// A store in a temporary folder.
struct Sandbox {
    folder: TempDir,
    store: LayoutStore,
}

impl Sandbox {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { store: LayoutStore::new(folder.path().join("packs"), Arc::new(Silent)), folder }
    }

    fn repository(&self) -> LayoutRepository {
        self.store.repository("nginx".parse().unwrap())
    }

    /// Returns a path in the repository.
    fn path(&self, inside: &str) -> PathBuf {
        self.store.directory().join("nginx").join(inside)
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        self.path(&format!("blobs/sha256/{}", digest.hex()))
    }

    /// Returns the names of all blobs.
    fn blobs(&self) -> Vec<String> {
        names(&self.path("blobs/sha256"))
    }

    fn index(&self) -> Json {
        Json::parse(&fs::read(self.path("index.json")).unwrap()).unwrap()
    }

    /// Returns every entry of the index as its tag, or nothing, and its digest.
    fn entries(&self) -> Vec<(Option<String>, String)> {
        let index = self.index();
        let Some(Json::Array(entries)) = index.as_object().unwrap().get("manifests") else { panic!("no entries") };
        let member = |json: &Json, key: &str| json.as_object().and_then(|object| object.get(key)).cloned();
        let text = |json: Json| json.as_str().unwrap().to_owned();
        entries
            .iter()
            .map(|entry| {
                let name = member(entry, "annotations").and_then(|all| member(&all, super::index::NAME));
                (name.map(text), text(member(entry, "digest").unwrap()))
            })
            .collect()
    }
}

/// Returns the sorted names in a folder; none where there is no folder.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// An artifact in memory: a config and some layers.
#[derive(Clone)]
struct Content {
    blobs: BTreeMap<Digest, Bytes>,
    parts: Vec<Descriptor>,
    manifest: Manifest,
}

impl Content {
    fn of(texts: &[&str]) -> Self {
        Self::of_bytes(texts.iter().map(|text| Bytes::from((*text).to_owned())))
    }

    fn of_bytes(parts: impl IntoIterator<Item = Bytes>) -> Self {
        let all: Vec<_> = parts.into_iter().map(|bytes| (Descriptor::of("text/plain", &bytes), bytes)).collect();
        let parts: Vec<_> = all.iter().map(|(descriptor, _)| descriptor.clone()).collect();
        let manifest = Manifest::image(parts[0].clone(), parts[1..].to_vec(), BTreeMap::new()).unwrap();
        let blobs = all.into_iter().map(|(descriptor, bytes)| (descriptor.digest, bytes)).collect();
        Self { blobs, parts, manifest }
    }

    fn digest(&self) -> Digest {
        self.manifest.digest().clone()
    }

    /// Pushes the blobs, then the manifest.
    async fn push(&self, to: &dyn Target, name: &str, rule: TagRule) -> Result<TagOutcome> {
        for part in &self.parts {
            to.push_blob(part, self, None).await?;
        }
        to.push_manifest(&self.manifest, Some((&tag(name), &rule))).await
    }
}

#[async_trait]
impl Source for Content {
    async fn resolve(&self, _: &Selector) -> Result<Option<Descriptor>> {
        Ok(Some(Descriptor::of(self.manifest.media_type(), self.manifest.bytes())))
    }

    async fn manifest(&self, _: &Selector) -> Result<Manifest> {
        Ok(self.manifest.clone())
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let bytes = self.blobs.get(&descriptor.digest).cloned();
        let bytes = bytes.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such blob in memory"))?;
        let pieces: Vec<_> =
            (0..bytes.len()).step_by(8192).map(|from| Ok(bytes.slice(from..bytes.len().min(from + 8192)))).collect();
        Ok(BlobReader::new(descriptor, stream::iter(pieces)))
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        Ok(TagPage::default())
    }
}

/// Remembers what it was told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn event(&self, event: Event<'_>) {
        if let Event::Note(text) = event {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn by_tag(text: &str) -> Selector {
    Selector::Tag(tag(text))
}

/// Pulls a tag and everything it names, and returns the blobs' bytes.
async fn pull(from: &dyn Source, name: &str) -> Result<Vec<Bytes>> {
    let manifest = from.manifest(&by_tag(name)).await?;
    let crate::store::Content::Image { config, layers, .. } = manifest.content() else { panic!("not an image") };
    let mut all = Vec::new();
    for part in std::iter::once(config).chain(layers) {
        all.push(from.blob(part).await?.read_all(1 << 30).await?);
    }
    Ok(all)
}
