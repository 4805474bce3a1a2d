//! `index.json`: which manifests there are, and what they are called.
//!
//! Other programs write it, too, and know nothing of our locks: `oras` and `skopeo` rewrite it in place. So an index that
//! does not parse is read again for a second; the file is compared with what was read before it is replaced, and looked at
//! once more afterwards. What we do not know in it is kept.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use super::blobs;
use crate::{
    digest::Digest,
    store::{
        Descriptor, Error, ErrorKind, Json, Manifest, Result, Tag, TagConflict, TagOutcome, TagPage, TagRule,
        file::{self, blocking},
        media_type,
    },
};

/// The annotation that holds an entry's tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The largest index that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How often an index that does not parse is read again, and how long apart.
const PATIENCE: (u32, Duration) = (10, Duration::from_millis(100));
/// How often the index is changed again because another program got in between.
const CHANGES: usize = 5;

type Object = BTreeMap<String, Json>;

/// An index that was read, and what the file was like.
#[derive(Clone, Debug)]
pub(super) struct Index {
    object: Object,
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// What changes when somebody else writes the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::symlink_metadata(path).ok()?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Some(Self { inode: metadata.ino(), size: metadata.size(), modified })
    }
}

impl Index {
    /// Returns the index of a layout, or nothing where there is none.
    pub(super) async fn read_patiently(root: &Path) -> Result<Option<Self>> {
        let mut tries = 0;
        loop {
            let path = root.to_owned();
            match blocking(move || Self::read(&path)).await {
                Err(error) if error.kind() == ErrorKind::Integrity && tries < PATIENCE.0 => tries += 1,
                other => return other,
            }
            tokio::time::sleep(PATIENCE.1).await;
        }
    }

    fn read(root: &Path) -> Result<Option<Self>> {
        let path = root.join("index.json");
        let stamp = Stamp::of(&path);
        let file = match file::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                return Err(Error::new(ErrorKind::Unsafe, format!("`{}` is a symbolic link", path.display())));
            }
            Err(error) => return Err(Error::file_system("open", &path, error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Error::file_system("read", &path, error))?;
        let broken = |what: &str| Error::new(ErrorKind::Integrity, format!("`{}` {what}", path.display()));
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Error::new(ErrorKind::Unsafe, format!("`{}` is larger than 64 MiB", path.display())));
        }
        let json = Json::parse(&bytes).map_err(|error| broken("is not valid JSON").because(error))?;
        let Json::Object(object) = json else { return Err(broken("is not a JSON object")) };
        let index = Self { object, path, stamp };
        index.entries()?;
        Ok(Some(index))
    }

    fn empty(root: &Path) -> Self {
        let object = BTreeMap::from([
            ("schemaVersion".to_owned(), Json::from(2)),
            ("mediaType".to_owned(), Json::from(media_type::IMAGE_INDEX)),
            ("manifests".to_owned(), Json::Array(Vec::new())),
        ]);
        Self { object, path: root.join("index.json"), stamp: None }
    }

    fn broken(&self, what: &str) -> Error {
        Error::new(ErrorKind::Integrity, format!("`{}` {what}", self.path.display()))
    }

    fn entries(&self) -> Result<&[Json]> {
        match self.object.get("manifests") {
            Some(Json::Array(entries)) => Ok(entries),
            None | Some(Json::Null) => Ok(&[]),
            Some(_) => Err(self.broken("has `manifests` that are no list")),
        }
    }

    /// Returns what a tag names.
    pub(super) fn find(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        let mut found: Option<Descriptor> = None;
        for entry in self.entries()?.iter().filter(|entry| name_of(entry) == Some(tag.as_str())) {
            let descriptor = Descriptor::from_json(entry, &format!("the entry `{tag}` of `{}`", self.path.display()))?;
            if let Some(first) = &found {
                let both = format!("has two entries for `{tag}`: {} and {}", first.digest, descriptor.digest);
                return Err(self.broken(&both));
            }
            found = Some(descriptor);
        }
        Ok(found)
    }

    /// Returns all tags, in order.
    pub(super) fn tags(&self) -> TagPage {
        let mut page = TagPage::default();
        for name in self.entries().unwrap_or_default().iter().filter_map(name_of) {
            match name.parse() {
                Ok(tag) => page.tags.push(tag),
                Err(_) => page.not_tags.push(name.chars().filter(|character| !character.is_control()).collect()),
            }
        }
        page.tags.sort();
        page.tags.dedup();
        page
    }

    /// Returns the digests of all entries.
    pub(super) fn digests(&self) -> Result<Vec<Digest>> {
        let digests =
            self.entries()?.iter().filter_map(|entry| entry.as_object()?.get("digest")?.as_str()?.parse().ok());
        Ok(digests.collect())
    }

    /// Keeps the entries for which `keep` returns true, and returns whether any went.
    pub(super) fn retain(&mut self, keep: impl Fn(Option<&str>, Option<&Digest>) -> bool) -> bool {
        let Some(Json::Array(entries)) = self.object.get_mut("manifests") else { return false };
        let before = entries.len();
        entries.retain(|entry| {
            let digest = entry.as_object().and_then(|object| object.get("digest")?.as_str()?.parse().ok());
            keep(name_of(entry), digest.as_ref())
        });
        entries.len() != before
    }

    /// Lets the tag name the manifest; what it named before stays as an entry without a tag.
    fn name(&mut self, manifest: &Manifest, tag: Option<&Tag>) -> Result<()> {
        let mut entries = self.entries()?.to_vec();
        if let Some(tag) = tag {
            for entry in entries.iter_mut().filter(|entry| name_of(entry) == Some(tag.as_str())) {
                remove_name(entry);
            }
        }
        let digest = manifest.digest().to_string();
        let is_ours =
            |entry: &Json| entry.as_object().and_then(|object| object.get("digest")?.as_str()) == Some(&digest);
        if tag.is_none() && entries.iter().any(is_ours) {
            return Ok(());
        }
        // An entry of ours without a tag says nothing that the tagged one does not say.
        entries.retain(|entry| {
            !(is_ours(entry) && entry.as_object().is_some_and(|object| !object.contains_key("annotations")))
        });
        let mut descriptor = manifest.descriptor();
        if let Some(tag) = tag {
            descriptor.annotations.insert(REF_NAME.to_owned(), tag.to_string());
        }
        entries.push(descriptor.to_json());
        self.object.insert("manifests".to_owned(), Json::Array(entries));
        Ok(())
    }

    /// Writes the index, unless somebody else has written it since it was read; says whether it did.
    pub(super) fn write(&self, root: &Path) -> Result<bool> {
        if Stamp::of(&self.path) != self.stamp {
            return Ok(false);
        }
        let bytes = Json::Object(self.object.clone()).to_canonical();
        blobs::replace(root, &self.path, &bytes).map_err(|error| Error::file_system("write", &self.path, error))?;
        Ok(true)
    }
}

fn name_of(entry: &Json) -> Option<&str> {
    entry.as_object()?.get("annotations")?.as_object()?.get(REF_NAME)?.as_str()
}

fn remove_name(entry: &mut Json) {
    let Json::Object(object) = entry else { return };
    if let Some(Json::Object(annotations)) = object.get_mut("annotations") {
        annotations.remove(REF_NAME);
        if annotations.is_empty() {
            object.remove("annotations");
        }
    }
}

/// Reads the index of a layout for a change; one that is not there is an empty one.
pub(super) fn read_for_change(root: &Path) -> Result<Index> {
    let mut tries = 0;
    loop {
        match Index::read(root) {
            Ok(index) => return Ok(index.unwrap_or_else(|| Index::empty(root))),
            Err(error) if error.kind() == ErrorKind::Integrity && tries < PATIENCE.0 => tries += 1,
            Err(error) => return Err(error),
        }
        std::thread::sleep(PATIENCE.1);
    }
}

/// Lets a tag name a manifest, under the lock of the index.
pub(super) fn write_tag(root: &Path, manifest: &Manifest, tag: Option<&(Tag, TagRule)>) -> Result<TagOutcome> {
    let mut outcome = None;
    for _ in 0..CHANGES {
        let mut index = read_for_change(root)?;
        let there = match tag {
            Some((tag, _)) => index.find(tag)?.map(|descriptor| descriptor.digest),
            None => None,
        };
        if there.as_ref() == Some(manifest.digest()) {
            return Ok(outcome.unwrap_or(TagOutcome::Unchanged));
        }
        let now = match (tag, &there) {
            (Some((_, rule)), Some(there)) => {
                let may = *rule == TagRule::Any || *rule == TagRule::Is(there.clone());
                if !may {
                    let raced = outcome.is_some();
                    let (there, here) = (there.clone(), manifest.digest().clone());
                    let conflict = TagConflict { there, here, stored: true, raced, refusal: None };
                    return Err(Error::conflict(conflict));
                }
                TagOutcome::Replaced(there.clone())
            }
            _ => TagOutcome::Created,
        };
        index.name(manifest, tag.map(|(tag, _)| tag))?;
        if !index.write(root)? {
            continue;
        }
        outcome.get_or_insert(now);
        let Some((tag, _)) = tag else { return Ok(TagOutcome::Created) };
        let written = read_for_change(root)?.find(tag)?;
        if written.is_some_and(|written| written.digest == *manifest.digest()) {
            return Ok(outcome.unwrap_or(TagOutcome::Created));
        }
    }
    let message = format!("another program keeps changing `{}`", root.join("index.json").display());
    Err(Error::new(ErrorKind::Unavailable, message))
}
