//! An OCI archive: a whole image layout in one plain tar, as skopeo's `oci-archive:` has it. It is read where it lies, never unpacked.
//!
//! `index.json` names each manifest as `NAME:TAG`; a name without a colon, as skopeo writes it for one image, is a tag. What is in the
//! file is believed no more than a registry is: every blob is checked by size and digest, and of the tar only plain files count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    BlobOutcome, BlobReader, Descriptor, Error, ErrorKind, Json, Manifest, PageToken, RepositoryName, Result, Selector,
    Source, Tag, TagOutcome, TagPage, TagRule, Target,
    file::{FilePart, open},
    newest::is_referrer,
    referrers::subject_of,
};
use crate::digest::Digest;

/// The largest `index.json` that is read, in bytes.
const INDEX_LIMIT: u64 = 16 * 1024 * 1024;
/// How many members a file may have.
const MOST_MEMBERS: usize = 500_000;
/// The annotation that names a manifest.
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A file that holds packs. Cheap to clone.
#[derive(Clone)]
pub struct ArchiveFile {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    file: Arc<File>,
    /// Where each plain file begins in the tar, and how long it is.
    members: BTreeMap<String, (u64, u64)>,
    entries: Vec<ArchiveEntry>,
}

/// A manifest that `index.json` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// The name; nothing where the file does not say.
    pub name: Option<RepositoryName>,
    /// The tag; nothing where the file does not say.
    pub tag: Option<Tag>,
    /// What it is.
    pub descriptor: Descriptor,
}

impl ArchiveFile {
    /// Opens a file and reads its index; blocks.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where there is none; [`ErrorKind::Integrity`] where it is cut, or no OCI archive.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::new(ErrorKind::NotFound, format!("there is no file `{}`", path.display()))
            }
            _ => Error::file_system("read", path, error),
        })?;
        let members = members(path, &file)?;
        let file = Arc::new(file);
        let mut shared = Shared { path: path.to_owned(), file, members, entries: Vec::new() };
        shared.entries = shared.read_index()?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Returns what is in it, in the order of `index.json`.
    pub fn entries(&self) -> &[ArchiveEntry] {
        &self.shared.entries
    }

    /// Returns what somebody would name: what has a tag, but for the tags that stand for what refers to another; where the file has no
    /// tags, all.
    pub fn named(&self) -> Vec<&ArchiveEntry> {
        let is_named = |entry: &&ArchiveEntry| entry.tag.as_ref().is_some_and(|tag| !is_referrer(tag));
        let named: Vec<_> = self.entries().iter().filter(is_named).collect();
        if named.is_empty() { self.entries().iter().collect() } else { named }
    }

    /// Returns the names in it, sorted.
    pub fn repositories(&self) -> Vec<RepositoryName> {
        let names: BTreeSet<_> = self.entries().iter().filter_map(|entry| entry.name.clone()).collect();
        names.into_iter().collect()
    }

    /// Returns what has this name; without one, what has none, and everything by its digest.
    pub fn repository(&self, name: Option<RepositoryName>) -> ArchiveRepository {
        ArchiveRepository { file: self.clone(), name }
    }
}

/// Returns the plain files of a tar.
fn members(path: &Path, file: &File) -> Result<BTreeMap<String, (u64, u64)>> {
    let shown = path.display();
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::Other | io::ErrorKind::InvalidData => {
            Error::new(ErrorKind::Integrity, format!("`{shown}` is no tar, or is cut")).because(error)
        }
        _ => Error::file_system("read", path, error),
    };
    let length = file.metadata().map_err(failed)?.len();
    let mut reader = file.try_clone().map_err(failed)?;
    let mut magic = [0; 2];
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    if length >= 2 {
        reader.read_exact(&mut magic).map_err(failed)?;
    }
    if magic == [0x1f, 0x8b] {
        let message = format!("`{shown}` is compressed, and an OCI archive is a plain tar: gunzip it first");
        return Err(Error::new(ErrorKind::Integrity, message));
    }
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut members = BTreeMap::new();
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries_with_seek().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        let (start, size) = (entry.raw_file_position(), entry.size());
        if start.checked_add(size).is_none_or(|end| end > length) {
            let message =
                format!("`{shown}` is cut: `{name}` has {size} bytes from byte {start} on, the file {length}");
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        if members.insert(name.clone(), (start, size)).is_some() {
            return Err(Error::new(ErrorKind::Integrity, format!("`{shown}` holds `{name}` twice")));
        }
        if members.len() > MOST_MEMBERS {
            return Err(Error::new(ErrorKind::Unsafe, format!("`{shown}` holds more than {MOST_MEMBERS} files")));
        }
    }
    Ok(members)
}

impl Shared {
    fn wrong(&self, what: &str) -> Error {
        Error::new(ErrorKind::Integrity, format!("`{}` {what}", self.path.display()))
    }

    fn read_index(&self) -> Result<Vec<ArchiveEntry>> {
        if !self.members.contains_key("oci-layout") {
            return Err(self.wrong("is no OCI archive: it holds no `oci-layout`, or is cut before it"));
        }
        let (start, size) = *self.members.get("index.json").ok_or_else(|| self.wrong("holds no `index.json`"))?;
        if size > INDEX_LIMIT {
            return Err(self.wrong(&format!("has an `index.json` of {size} bytes, more than {INDEX_LIMIT}")));
        }
        let mut file = self.file.try_clone().map_err(|error| Error::file_system("read", &self.path, error))?;
        let mut text = Vec::new();
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(size).read_to_end(&mut text));
        read.map_err(|error| Error::file_system("read", &self.path, error))?;
        let json =
            Json::parse(&text).map_err(|error| self.wrong("has an `index.json` that is no JSON").because(error))?;
        let manifests = json.as_object().and_then(|object| object.get("manifests"));
        let Some(Json::Array(manifests)) = manifests else {
            return Err(self.wrong("has an `index.json` without a list `manifests`"));
        };
        manifests.iter().map(|entry| self.entry(entry)).collect()
    }

    fn entry(&self, json: &Json) -> Result<ArchiveEntry> {
        let mut descriptor = Descriptor::from_json(json, "an entry of `index.json`")
            .map_err(|error| self.wrong("has an entry in `index.json` that can't be read").because(error))?;
        let called = descriptor.annotations.remove(REF_NAME);
        let (name, tag) = match called.as_deref().map(|called| called.rsplit_once(':').unwrap_or(("", called))) {
            None => (None, None),
            Some((name, tag)) => (name.parse().ok(), tag.parse().ok()),
        };
        Ok(ArchiveEntry { name, tag, descriptor })
    }

    fn member(&self, descriptor: &Descriptor) -> Option<(u64, u64)> {
        let digest = &descriptor.digest;
        self.members.get(&format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())).copied()
    }
}

/// What has one name in an archive. It is only read: an archive is written as a whole.
#[derive(Clone)]
pub struct ArchiveRepository {
    file: ArchiveFile,
    name: Option<RepositoryName>,
}

impl fmt::Debug for ArchiveRepository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ArchiveRepository({})", self.file.path().display())
    }
}

impl ArchiveRepository {
    fn own(&self) -> impl Iterator<Item = &ArchiveEntry> {
        self.file.entries().iter().filter(|entry| entry.name == self.name)
    }

    fn find(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        let descriptors = |entries: Vec<&ArchiveEntry>| -> Vec<Descriptor> {
            entries.into_iter().map(|entry| entry.descriptor.clone()).collect()
        };
        match selector {
            Selector::Tag(tag) => {
                let found = descriptors(self.own().filter(|entry| entry.tag.as_ref() == Some(tag)).collect());
                if found.iter().any(|other| other.digest != found[0].digest) {
                    return Err(self.file.shared.wrong(&format!("has two manifests with the tag `{tag}`")));
                }
                Ok(found.into_iter().next())
            }
            Selector::Digest(digest) => {
                Ok(descriptors(self.file.entries().iter().filter(|entry| entry.descriptor.digest == *digest).collect())
                    .into_iter()
                    .next())
            }
        }
    }

    fn only_read<T>(&self) -> Result<T> {
        let message = format!("`{}` is an archive, which is written as a whole: by `copy`", self.file.path().display());
        Err(Error::new(ErrorKind::Invalid, message))
    }

    fn part(&self, descriptor: &Descriptor) -> Result<FilePart> {
        let shared = &self.file.shared;
        let Some((start, size)) = shared.member(descriptor) else {
            return Err(shared.wrong(&format!("lacks the blob {}", descriptor.digest)));
        };
        if size != descriptor.size {
            let what = format!("holds {size} bytes of {}, not {}", descriptor.digest, descriptor.size);
            return Err(shared.wrong(&what));
        }
        Ok(FilePart { file: shared.file.clone(), start, size, name: shared.path.display().to_string() })
    }
}

#[async_trait]
impl Source for ArchiveRepository {
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        self.find(selector)
    }

    async fn manifest(&self, selector: &Selector) -> Result<Manifest> {
        let Some(found) = self.find(selector)? else {
            let message = format!("there is no `{selector}` in `{}`", self.file.path().display());
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        if found.size > Manifest::MAX_BYTES {
            return Err(self.file.shared.wrong(&format!("has a manifest of {} bytes, more than 4 MiB", found.size)));
        }
        let bytes: Bytes = self.blob(&found).await?.read_all(Manifest::MAX_BYTES).await?;
        Manifest::parse(bytes, Some(&found.media_type))
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let clause = format!("`{}` is damaged", self.file.path().display());
        Ok(BlobReader::new(descriptor, self.part(descriptor)?.into_pieces()).blamed_on(clause))
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        let tags: BTreeSet<_> = self.own().filter_map(|entry| entry.tag.clone()).collect();
        if self.own().next().is_none() {
            let name = self.name.as_ref().map(ToString::to_string).unwrap_or_default();
            let message = format!("there is no `{name}` in `{}`", self.file.path().display());
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        Ok(TagPage { tags: tags.into_iter().collect(), ..TagPage::default() })
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let mut found = Vec::new();
        for entry in self.file.entries() {
            let manifest = self.manifest(&Selector::Digest(entry.descriptor.digest.clone())).await?;
            if subject_of(&manifest).as_ref() == Some(subject) {
                found.push(manifest.descriptor());
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Target for ArchiveRepository {
    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool> {
        Ok(self.file.shared.member(descriptor).is_some())
    }

    async fn push_blob(&self, _: &Descriptor, _: &dyn Source, _: Option<&RepositoryName>) -> Result<BlobOutcome> {
        self.only_read()
    }

    async fn push_manifest(&self, _: &Manifest, _: Option<(&Tag, &TagRule)>) -> Result<TagOutcome> {
        self.only_read()
    }

    async fn delete(&self, _: &Selector) -> Result<()> {
        self.only_read()
    }
}
