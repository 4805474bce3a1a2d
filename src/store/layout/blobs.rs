//! Blobs under their digests: written beside, verified, then renamed.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::OWN_FOLDER;
use crate::{
    digest::Digest,
    store::{
        BlobReader, Descriptor, Error, ErrorKind, Manifest, Result,
        file::{self, FilePart, blocking},
    },
};

/// How the names of files begin that are being written.
pub(super) const TEMPORARY: &str = "new-";
/// What the file `oci-layout` holds.
const LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// Returns where the blob of a digest is.
pub(super) fn path(root: &Path, digest: &Digest) -> PathBuf {
    root.join("blobs").join(digest.algorithm().as_str()).join(digest.hex())
}

/// Makes the folders of a layout.
pub(super) fn create_folders(root: &Path) -> Result<()> {
    for folder in [root.join("blobs/sha256"), root.join(OWN_FOLDER)] {
        fs::create_dir_all(&folder).map_err(|error| Error::file_system("create", &folder, error))?;
    }
    Ok(())
}

/// Writes the file that says that this is a layout, where there is none.
pub(super) fn mark(root: &Path) -> Result<()> {
    let marker = root.join("oci-layout");
    if marker.exists() {
        return Ok(());
    }
    replace(root, &marker, LAYOUT.as_bytes()).map_err(|error| Error::file_system("write", &marker, error))
}

/// Opens a blob.
pub(super) async fn open(root: &Path, descriptor: &Descriptor) -> Result<BlobReader> {
    let (path, size) = (path(root, &descriptor.digest), descriptor.size);
    let name = path.display().to_string();
    let opened = blocking(move || open_file(&path, size)).await?;
    let Some(file) = opened else {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no blob `{name}`")));
    };
    let part = FilePart { file: Arc::new(file), start: 0, size, name: name.clone() };
    let damaged = format!("the blob `{name}` is damaged");
    Ok(BlobReader::new(descriptor, part.into_pieces()).blamed_on(damaged))
}

fn open_file(path: &Path, size: u64) -> Result<Option<File>> {
    let file = match file::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(Error::new(ErrorKind::Unsafe, format!("the blob `{}` is a symbolic link", path.display())));
        }
        Err(error) => return Err(Error::file_system("open", path, error)),
    };
    let metadata = file.metadata().map_err(|error| Error::file_system("read", path, error))?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::Unsafe, format!("the blob `{}` is no regular file", path.display())));
    }
    if metadata.len() != size {
        let message = format!("the blob `{}` has {} bytes instead of {size}", path.display(), metadata.len());
        return Err(Error::new(ErrorKind::Integrity, message));
    }
    Ok(Some(file))
}

/// Returns whether the blob is there with the right bytes, all of which are read.
pub(super) async fn is_intact(root: &Path, descriptor: &Descriptor) -> Result<bool> {
    let mut reader = match open(root, descriptor).await {
        Ok(reader) => reader,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Integrity) => return Ok(false),
        Err(error) => return Err(error),
    };
    loop {
        match reader.next().await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Integrity => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Writes a blob: beside, verified, on disk, and only then under its name.
pub(super) async fn write(root: &Path, descriptor: &Descriptor, mut reader: BlobReader) -> Result<()> {
    let (folder, target) = (root.join(OWN_FOLDER), path(root, &descriptor.digest));
    let made =
        blocking(move || temporary(&folder).map_err(|error| Error::file_system("create a file in", &folder, error)));
    // Removed when it is dropped, at whatever point that is.
    let mut temporary = made.await?;
    while let Some(piece) = reader.next().await? {
        temporary = blocking(move || {
            let written = temporary.write_all(&piece);
            written.map_err(|error| Error::file_system("write", temporary.path(), error))?;
            Ok(temporary)
        })
        .await?;
    }
    blocking(move || {
        let failed = |error| Error::file_system("write", &target, error);
        temporary.as_file().sync_all().map_err(failed)?;
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        temporary.persist(&target).map_err(|error| failed(error.error))?;
        Ok(())
    })
    .await
}

/// Makes a file that goes when it is dropped, with the mode of any other file under the umask.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY).permissions(fs::Permissions::from_mode(0o644)).tempfile_in(folder)
}

/// Puts the names of blobs on disk.
pub(super) fn sync_folders(root: &Path) -> Result<()> {
    let blobs = root.join("blobs");
    let inner = fs::read_dir(&blobs).map_err(|error| Error::file_system("read", &blobs, error))?;
    let inner = inner.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    for folder in inner.chain([blobs.clone(), root.to_owned()]) {
        sync_folder(&folder).map_err(|error| Error::file_system("write", &folder, error))?;
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Replaces a file by another content, which is on disk when this returns.
pub(super) fn replace(root: &Path, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = temporary(&root.join(OWN_FOLDER))?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(target)?;
    sync_folder(root)
}

/// Returns the manifest of a digest, or nothing where there is none.
pub(super) fn manifest(root: &Path, digest: &Digest, media_type: Option<&str>) -> Result<Option<Manifest>> {
    let path = path(root, digest);
    let length = match fs::symlink_metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file_system("read", &path, error)),
    };
    let damaged = |error: Error| error.while_doing(format!("the manifest `{}` is not acceptable", path.display()));
    if length > Manifest::MAX_BYTES {
        return Err(damaged(Error::new(ErrorKind::Integrity, format!("it has {length} bytes, more than 4 MiB"))));
    }
    let Some(mut file) = open_file(&path, length)? else { return Ok(None) };
    let mut bytes = Vec::with_capacity(usize::try_from(length).expect("4 MiB are within memory"));
    io::Read::read_to_end(&mut io::Read::take(&mut file, Manifest::MAX_BYTES), &mut bytes)
        .map_err(|error| Error::file_system("read", &path, error))?;
    let manifest = Manifest::parse(bytes.into(), media_type).map_err(damaged)?;
    if !manifest.has_digest(digest) {
        let found = manifest.digest();
        return Err(damaged(Error::new(ErrorKind::Integrity, format!("its bytes have the digest {found}"))));
    }
    Ok(Some(manifest))
}
