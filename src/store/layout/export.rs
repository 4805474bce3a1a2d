//! The whole store as one OCI archive: a plain tar whose bytes depend on nothing but the content.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{LayoutStore, blocking, change, place::Place, temporary::sync_folder};
use crate::{
    digest::Digest,
    store::{Descriptor, Error, ErrorKind, Json, RepositoryName, Result, archive_file::REF_NAME, media_type},
};

impl LayoutStore {
    /// Writes all repositories into one file, which appears complete or not at all; returns its size in bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] where the file is there and may not be replaced; [`ErrorKind::FileSystem`] where it can't be written.
    pub async fn export(&self, file: &Path, replace: bool) -> Result<u64> {
        let mut index = BTreeMap::new();
        let mut blobs = BTreeMap::new();
        for name in self.repositories().await? {
            let place = Place::new(&self.directory, name.clone());
            let Some(read) = change::read(&place).await? else { continue };
            for entry in read.descriptors()? {
                let key = called(&name, &entry);
                index.insert((key, entry.digest.clone()), entry);
            }
            let found = blocking(move || place.blobs()).await?;
            blobs.extend(found);
        }
        let index = index_json(index);
        let file = file.to_owned();
        blocking(move || write(&file, replace, &index, &blobs)).await
    }
}

/// Returns what the archive calls an entry: `NAME:TAG`, or nothing where it has no tag.
fn called(name: &RepositoryName, entry: &Descriptor) -> Option<String> {
    entry.annotations.get(super::index::NAME).map(|tag| format!("{name}:{tag}"))
}

fn index_json(entries: BTreeMap<(Option<String>, Digest), Descriptor>) -> Vec<u8> {
    let entries = entries.into_iter().map(|((called, _), mut descriptor)| {
        descriptor.annotations = called.map(|called| (REF_NAME.to_owned(), called)).into_iter().collect();
        descriptor.to_json()
    });
    let object = [
        ("schemaVersion".to_owned(), Json::from(2)),
        ("mediaType".to_owned(), Json::from(media_type::IMAGE_INDEX)),
        ("manifests".to_owned(), Json::Array(entries.collect())),
    ];
    Json::Object(object.into()).to_canonical()
}

fn write(file: &Path, replace: bool, index: &[u8], blobs: &BTreeMap<Digest, PathBuf>) -> Result<u64> {
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |error: io::Error| Error::file_system("write", file, error);
    let temporary = tempfile::Builder::new().prefix(".spectro-").tempfile_in(folder).map_err(failed)?;
    let mut tar = tar::Builder::new(io::BufWriter::with_capacity(1 << 20, temporary.as_file()));
    // What is small and read first comes first.
    append(&mut tar, "oci-layout", &br#"{"imageLayoutVersion":"1.0.0"}"#[..], 30).map_err(failed)?;
    append(&mut tar, "index.json", index, index.len() as u64).map_err(failed)?;
    for (digest, path) in blobs {
        let blob = File::open(path).map_err(|error| Error::file_system("read", path, error))?;
        let size = blob.metadata().map_err(|error| Error::file_system("read", path, error))?.len();
        let name = format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex());
        append(&mut tar, &name, blob, size).map_err(failed)?;
    }
    let mut buffer = tar.into_inner().map_err(failed)?;
    buffer.flush().map_err(failed)?;
    drop(buffer);
    temporary.as_file().sync_all().map_err(failed)?;
    let size = temporary.as_file().metadata().map_err(failed)?.len();
    if replace {
        temporary.persist(file).map_err(|error| failed(error.error))?;
    } else {
        temporary.persist_noclobber(file).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(file),
            _ => failed(error.error),
        })?;
    }
    sync_folder(folder)?;
    Ok(size)
}

fn append(tar: &mut tar::Builder<impl io::Write>, name: &str, content: impl io::Read, size: u64) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_mtime(0);
    tar.append_data(&mut header, name, content)
}

/// Returns the error of a file that is there.
pub(crate) fn exists(file: &Path) -> Error {
    Error::new(ErrorKind::Conflict, format!("`{}` is there", file.display()))
}
