//! Packs one folder of a pack, proving each file on the way.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use super::super::content::changed;
use crate::{
    digest::Hasher,
    pack::{Pack, PackFile, PackPath},
    store::{Error, Result, file::open},
    tarball::write::{AddError, FolderWriter, Written},
};

/// Writes the folder `path` behind what is in the scratch file and returns where it begins, in bytes, and what was written.
pub(super) fn write(pack: &Pack, path: &PackPath, mut scratch: &File, scratch_folder: &Path) -> Result<(u64, Written)> {
    let failed = |error| Error::file_system("write a temporary file in", scratch_folder, error);
    let start = scratch.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut writer = FolderWriter::new(scratch).map_err(failed)?;
    let mut files = within(pack.files(), path, |file| file.path.as_str()).iter().peekable();
    writer.add_folder(path.as_str()).map_err(failed)?;
    for folder in within(pack.folders(), path, PackPath::as_str) {
        while let Some(file) = files.next_if(|file| file.path.as_str() < folder.as_str()) {
            add_file(&mut writer, pack, file, failed)?;
        }
        writer.add_folder(folder.as_str()).map_err(failed)?;
    }
    for file in files {
        add_file(&mut writer, pack, file, failed)?;
    }
    let (_, written) = writer.finish().map_err(failed)?;
    Ok((start, written))
}

fn add_file(
    writer: &mut FolderWriter<impl Write>,
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
    writer.add_file(path, file.executable, file.size, &mut content).map_err(|error| match error {
        AddError::Read(error) => Error::file_system("read", &location, error),
        AddError::Write(error) => failed(error),
        AddError::Size(_) => changed(path),
    })?;
    if content.hasher.finish() == file.digest { Ok(()) } else { Err(changed(path)) }
}

/// Returns what lies within the folder `path`: a list that is sorted by the bytes of the paths has it in one piece.
fn within<'a, T>(sorted: &'a [T], path: &PackPath, key: impl Fn(&T) -> &str) -> &'a [T] {
    let prefix = format!("{path}/");
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
