//! Packs files and folders of a pack into one tar+gzip, proving each file on the way.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::content::changed;
use crate::{
    digest::Hasher,
    pack::{Pack, PackFile, PackPath},
    store::{Error, Result, file::open},
    tarball::write::{AddError, FolderWriter, Written},
};

/// What an archive gets, besides its root.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    Folder(&'a PackPath),
    File(&'a PackFile),
}

impl<'a> Item<'a> {
    /// Returns all that lies within a folder of the pack, by the bytes of the paths, or all that is in the pack.
    pub(super) fn within(pack: &'a Pack, folder: Option<&PackPath>) -> Vec<Self> {
        let files = within(pack.files(), folder, |file| file.path.as_str()).iter().map(Self::File);
        let folders = within(pack.folders(), folder, PackPath::as_str).iter().map(Self::Folder);
        let mut items: Vec<_> = files.chain(folders).collect();
        items.sort_by_key(Self::path);
        items
    }

    /// Returns its path within the pack.
    pub(super) fn path(&self) -> &'a str {
        match self {
            Self::Folder(path) => path.as_str(),
            Self::File(file) => file.path.as_str(),
        }
    }
}

/// Writes an archive behind what is in the scratch file and returns where it begins, in bytes, and what was written.
///
/// `root` is the folder that everything in it lies in. It comes first, then the items as they are given, each named by its path
/// within the pack behind `prefix`.
pub(super) fn write(
    pack: &Pack,
    root: &str,
    prefix: &str,
    items: &[Item<'_>],
    mut scratch: &File,
    scratch_folder: &Path,
) -> Result<(u64, Written)> {
    let failed = |error| Error::file_system("write a temporary file in", scratch_folder, error);
    let start = scratch.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut writer = FolderWriter::new(scratch).map_err(failed)?;
    writer.add_folder(root).map_err(failed)?;
    for item in items {
        let name = [prefix, item.path()].concat();
        match item {
            Item::Folder(_) => writer.add_folder(&name).map_err(failed)?,
            Item::File(file) => add_file(&mut writer, &name, pack, file, failed)?,
        }
    }
    let (_, written) = writer.finish().map_err(failed)?;
    Ok((start, written))
}

fn add_file(
    writer: &mut FolderWriter<impl Write>,
    name: &str,
    pack: &Pack,
    file: &PackFile,
    failed: impl Fn(io::Error) -> Error,
) -> Result<()> {
    let path = file.path.as_str();
    let location = file.path.to_path(pack.directory());
    let content = open(&location).map_err(|error| Error::file_system("open", &location, error))?;
    if !content.metadata().is_ok_and(|found| found.is_file()) {
        return Err(changed(path));
    }
    let mut content = Hashing { content, hasher: Hasher::new(file.digest.algorithm()) };
    writer.add_file(name, file.executable, file.size, &mut content).map_err(|error| match error {
        AddError::Read(error) => Error::file_system("read", &location, error),
        AddError::Write(error) => failed(error),
        AddError::Size(_) => changed(path),
    })?;
    if content.hasher.finish() == file.digest { Ok(()) } else { Err(changed(path)) }
}

/// Returns what lies within a folder: a list that is sorted by the bytes of the paths has it in one piece.
fn within<'a, T>(sorted: &'a [T], folder: Option<&PackPath>, key: impl Fn(&T) -> &str) -> &'a [T] {
    let Some(folder) = folder else { return sorted };
    let prefix = format!("{folder}/");
    let start = sorted.partition_point(|item| key(item) < prefix.as_str());
    let length = sorted[start..].partition_point(|item| key(item).starts_with(&prefix));
    &sorted[start..start + length]
}

struct Hashing {
    content: File,
    hasher: Hasher,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        Ok(read)
    }
}
