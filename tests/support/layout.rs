//! What a local store holds on disk, read twice: by the library, and file by file without it.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, LazyLock},
};

use serde_json::Value;
use spectro_pack::{
    digest::Digest,
    store::{Content, ErrorKind, Selector, Silent, Source as _, Target as _, layout::LayoutStore},
};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("threads can be made")
});

/// A version of a pack in a local store, whole and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) digest: String,
    /// The bytes of each layer by its title.
    pub(crate) layers: BTreeMap<String, Vec<u8>>,
}

impl Stored {
    /// Returns the text of a layer.
    pub(crate) fn text(&self, title: &str) -> &str {
        std::str::from_utf8(&self.layers[title]).expect("the layer is text")
    }
}

/// Reads a tag and everything it names through the library, which verifies every byte; nothing where there is no such tag.
pub(crate) fn stored(store: &Path, name: &str, tag: &str) -> Option<Stored> {
    let selector = Selector::Tag(tag.parse().expect("a tag"));
    let repository =
        LayoutStore::new(store, Arc::new(Silent)).repository(name.parse().expect("the name of a repository"));
    RUNTIME.block_on(async {
        let manifest = match repository.manifest(&selector).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            manifest => manifest.expect("a manifest that a tag names can be read"),
        };
        let Content::Image { config, layers: parts, .. } = manifest.content() else { panic!("not one artifact") };
        let mut layers = BTreeMap::new();
        for part in std::iter::once(config).chain(parts) {
            let reader = repository.blob(part).await.expect("a blob of a manifest is there");
            let bytes = reader.read_all(1 << 30).await.expect("a blob of a manifest is right");
            layers.insert(part.title().unwrap_or("config").to_owned(), bytes.to_vec());
        }
        Some(Stored { digest: manifest.digest().to_string(), layers })
    })
}

/// Returns the tags of a repository.
pub(crate) fn tags(store: &Path, name: &str) -> Vec<String> {
    let repository = LayoutStore::new(store, Arc::new(Silent)).repository(name.parse().expect("a name"));
    let page = RUNTIME.block_on(repository.tags(None)).expect("the repository can be read");
    page.tags.iter().map(ToString::to_string).collect()
}

/// Deletes a tag through the library.
pub(crate) fn delete(store: &Path, name: &str, tag: &str) {
    let repository = LayoutStore::new(store, Arc::new(Silent)).repository(name.parse().expect("a name"));
    let selector = Selector::Tag(tag.parse().expect("a tag"));
    RUNTIME.block_on(repository.delete(&selector)).unwrap_or_else(|error| panic!("cannot delete {tag}: {error}"));
}

/// Panics unless a repository is a complete image layout: every blob has the bytes of its name, everything that is named is there,
/// and nothing strange lies about.
#[track_caller]
pub(crate) fn assert_sound(repository: &Path) {
    for name in names(repository) {
        let known = ["blobs", "index.json", "oci-layout", ".spectro"].contains(&name.as_str());
        assert!(known, "`{name}` in {}", repository.display());
    }
    for name in names(&repository.join(".spectro")) {
        let known = ["index.lock", "store.lock"].contains(&name.as_str()) || name.starts_with("unfinished-");
        assert!(known, "`{name}` in .spectro");
    }
    for name in names(&repository.join("blobs/sha256")) {
        let bytes = fs::read(repository.join("blobs/sha256").join(&name)).expect("a blob can be read");
        assert_eq!(
            Digest::of(&bytes).to_string(),
            format!("sha256:{name}"),
            "a blob has other bytes than its name says"
        );
    }
    let Ok(index) = fs::read(repository.join("index.json")) else { return };
    let layout: Value = json(&fs::read(repository.join("oci-layout")).expect("an index has its marker beside it"));
    assert_eq!(layout["imageLayoutVersion"], "1.0.0");
    let index = json(&index);
    assert_eq!(index["schemaVersion"], 2);
    for entry in list(&index["manifests"]) {
        let manifest = json(&blob(repository, entry));
        for part in list(&manifest["layers"]).iter().chain([&manifest["config"]]) {
            blob(repository, part);
        }
    }
}

/// Panics if something unfinished lies in a repository.
#[track_caller]
pub(crate) fn assert_swept(repository: &Path) {
    assert_eq!(names(&repository.join(".spectro")), ["index.lock", "store.lock"]);
}

/// Returns the sorted names in a folder; none where there is no folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry can be read").file_name().into_string().expect("a name is UTF-8"))
        .collect();
    names.sort();
    names
}

fn blob(repository: &Path, descriptor: &Value) -> Vec<u8> {
    let digest = descriptor["digest"].as_str().expect("a descriptor has a digest");
    let path = repository.join("blobs").join(digest.replace(':', "/"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{} is named and not there: {error}", path.display()));
    assert_eq!(Some(bytes.len() as u64), descriptor["size"].as_u64(), "{digest}");
    bytes
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("JSON")
}
