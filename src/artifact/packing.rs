//! Packs files and folders of a pack into one tar+gzip, proving each file on the way.
//!
//! A [`Packing`] says what goes into it, and can be followed at any time: at once, to learn the digest, or only when the bytes are
//! wanted, where the digest is [known](super::known) already.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use crate::{
    digest::{Algorithm, Digest, Hasher},
    pack::{Pack, PackFile, PackPath, directory::Directory},
    store::{Error, ErrorKind, Result},
    tarball::write::{AddError, FORMAT, FolderWriter, Written},
};

/// What an archive gets, besides its root.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Folder(PackPath),
    File(PackFile),
}

impl Item {
    /// Returns all that lies within a folder of the pack, by the bytes of the paths, or all that is in the pack.
    pub(super) fn within(pack: &Pack, folder: Option<&PackPath>) -> Vec<Self> {
        let files = within(pack.files(), folder, |file| file.path.as_str()).iter().cloned().map(Self::File);
        let folders = within(pack.folders(), folder, PackPath::as_str).iter().cloned().map(Self::Folder);
        let mut items: Vec<_> = files.chain(folders).collect();
        items.sort_by(|one, other| one.path().cmp(other.path()));
        items
    }

    /// Returns its path within the pack.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Folder(path) => path.as_str(),
            Self::File(file) => file.path.as_str(),
        }
    }
}

/// What goes into an archive.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    /// The pack's folder.
    pub(super) directory: PathBuf,
    /// How the archive is called in errors.
    pub(super) name: String,
    /// The folder that everything in it lies in; it comes first.
    pub(super) root: String,
    /// What stands before the path of each item.
    pub(super) prefix: String,
    /// The rest, in this order.
    pub(super) items: Vec<Item>,
}

impl Packing {
    /// Returns the name of all that decides over the archive's bytes: what goes into it, and how this version writes it.
    pub(super) fn key(&self) -> Digest {
        let mut key = Hasher::new(Algorithm::Sha256);
        let mut add = |text: &str| {
            key.update(&(text.len() as u64).to_be_bytes());
            key.update(text.as_bytes());
        };
        add(FORMAT);
        add(&self.root);
        add(&self.prefix);
        for item in &self.items {
            add(item.path());
            match item {
                Item::Folder(_) => add("folder"),
                Item::File(file) => {
                    add(if file.executable { "executable" } else { "file" });
                    add(file.digest.as_str());
                    add(&file.size.to_string());
                }
            }
        }
        key.finish()
    }

    fn write(&self, scratch: &File, failed: impl Fn(io::Error) -> Error + Copy) -> Result<Written> {
        let directory =
            Directory::open(&self.directory).map_err(|error| Error::file_system("open", &self.directory, error))?;
        let mut writer = FolderWriter::new(scratch).map_err(failed)?;
        writer.add_folder(&self.root).map_err(failed)?;
        for item in &self.items {
            let name = [&self.prefix, item.path()].concat();
            match item {
                Item::Folder(_) => writer.add_folder(&name).map_err(failed)?,
                Item::File(file) => self.add_file(&directory, &mut writer, &name, file, failed)?,
            }
        }
        let (_, written) = writer.finish().map_err(failed)?;
        Ok(written)
    }

    fn add_file(
        &self,
        directory: &Directory,
        writer: &mut FolderWriter<impl Write>,
        name: &str,
        file: &PackFile,
        failed: impl Fn(io::Error) -> Error,
    ) -> Result<()> {
        let path = file.path.as_str();
        let unreadable = |doing, error| Error::file_system(doing, &file.path.to_path(&self.directory), error);
        let content = directory.open_file(&file.path).map_err(|error| unreadable("open", error))?;
        if !content.metadata().is_ok_and(|found| found.is_file()) {
            return Err(changed(path));
        }
        let mut content = Hashing { content, hasher: Hasher::new(file.digest.algorithm()) };
        writer.add_file(name, file.executable, file.size, &mut content).map_err(|error| match error {
            AddError::Read(error) => unreadable("read", error),
            AddError::Write(error) => failed(error),
            AddError::Size(_) => changed(path),
        })?;
        if content.hasher.finish() == file.digest { Ok(()) } else { Err(changed(path)) }
    }
}

/// Returns the error of a file that is no longer what was validated.
pub(super) fn changed(path: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("`{path}` changed after it was read"))
}

/// The one file without a name in which an artifact's archives wait: a file each would use up the files a process may have open.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    file: Mutex<Option<Arc<File>>>,
}

/// A finished archive.
#[derive(Debug)]
pub(super) struct Packed {
    /// The scratch file.
    pub(super) file: Arc<File>,
    /// Where in it the archive begins, in bytes.
    pub(super) start: u64,
    /// What it is.
    pub(super) written: Written,
}

impl Scratch {
    /// Returns a scratch file in `folder`, which is made as soon as it is needed.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, file: Mutex::default() }
    }

    /// Writes an archive behind those that are there. Blocks; one archive is written at a time.
    pub(super) fn pack(&self, packing: &Packing) -> Result<Packed> {
        let mut made = self.file.lock().expect("nobody panics with this lock");
        let file = if let Some(file) = &*made {
            Arc::clone(file)
        } else {
            let file = tempfile::tempfile_in(&self.folder)
                .map_err(|error| Error::file_system("create a temporary file in", &self.folder, error))?;
            Arc::clone(made.insert(Arc::new(file)))
        };
        let failed = |error| Error::file_system("write a temporary file in", &self.folder, error);
        let start = (&*file).seek(SeekFrom::End(0)).map_err(failed)?;
        let written = packing.write(&file, failed)?;
        Ok(Packed { file, start, written })
    }
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
