//! Files that were unpacked on the way or fetched, kept in a temporary file without a name until they are compared.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write as _,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{Arc, Mutex},
};

use bytes::Bytes;

use super::LARGEST;
use crate::{
    artifact::Visitor,
    digest::{Algorithm, Digest, Hasher},
    pack::PackPath,
    store::{Error, Result, file::blocking},
};

/// How many bytes are kept of one side; files behind them are compared by their digests.
const MOST: u64 = 1 << 30;

/// A file that came by.
#[derive(Debug)]
pub(super) struct Shelved {
    pub(super) path: PackPath,
    pub(super) size: u64,
    pub(super) digest: Digest,
    pub(super) executable: bool,
    /// Where its bytes begin on the shelf, where they are kept.
    pub(super) start: Option<u64>,
}

/// Takes in a layer's files.
#[derive(Debug)]
pub(super) struct Shelf {
    file: Arc<File>,
    /// Which files are kept.
    keeps: fn(&str) -> bool,
    end: u64,
    /// The file that is coming in.
    current: Option<(Shelved, Hasher)>,
    pub(super) files: Vec<Shelved>,
    pub(super) folders: Vec<PackPath>,
}

impl Shelf {
    /// Makes an empty one in a folder for files whose path `keeps` wants.
    pub(super) fn new(folder: &Path, keeps: fn(&str) -> bool) -> Result<Self> {
        let file = temporary_in(folder)?;
        let (files, folders) = (Vec::new(), Vec::new());
        Ok(Self { file: Arc::new(file), keeps, end: 0, current: None, files, folders })
    }

    /// Returns a reader of what is kept.
    pub(super) fn reader(&self) -> ShelfReader {
        ShelfReader(Arc::clone(&self.file))
    }
}

impl Visitor for Shelf {
    fn folder(&mut self, path: PackPath) {
        self.folders.push(path);
    }

    fn begin(&mut self, path: PackPath, size: u64, executable: bool) {
        let is_kept = size <= LARGEST && self.end + size <= MOST && (self.keeps)(path.as_str());
        let start = is_kept.then_some(self.end);
        let digest = Digest::of(&[]);
        self.current = Some((Shelved { path, size, digest, executable, start }, Hasher::new(Algorithm::Sha256)));
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<()> {
        let Some((shelved, hasher)) = &mut self.current else { return Ok(()) };
        hasher.update(bytes);
        if shelved.start.is_some() {
            (&*self.file).write_all(bytes).map_err(unwritten)?;
            self.end += bytes.len() as u64;
        }
        Ok(())
    }

    fn end(&mut self) {
        if let Some((shelved, hasher)) = self.current.take() {
            self.files.push(Shelved { digest: hasher.finish(), ..shelved });
        }
    }
}

/// Reads files from a shelf.
#[derive(Clone, Debug)]
pub(super) struct ShelfReader(Arc<File>);

impl ShelfReader {
    /// Returns the bytes of a file that begins at `start`.
    pub(super) async fn read(&self, start: u64, size: u64) -> Result<Bytes> {
        let file = Arc::clone(&self.0);
        blocking(move || {
            let mut bytes = vec![0; usize::try_from(size).expect("only files within the limit are kept")];
            let read = file.read_exact_at(&mut bytes, start);
            read.map_err(|error| Error::file_system("read", Path::new("a temporary file"), error))?;
            Ok(bytes.into())
        })
        .await
    }
}

/// Files that were fetched, so that nothing is fetched twice.
#[derive(Debug, Default)]
pub(super) struct Fetched(Mutex<Places>);

#[derive(Debug, Default)]
struct Places {
    file: Option<Arc<File>>,
    end: u64,
    /// Where each begins.
    starts: BTreeMap<PackPath, u64>,
}

impl Fetched {
    /// Returns where a file begins that was fetched.
    pub(super) fn find(&self, path: &PackPath) -> Option<(ShelfReader, u64)> {
        let places = self.0.lock().expect("nobody panics with this lock");
        Some((ShelfReader(Arc::clone(places.file.as_ref()?)), *places.starts.get(path)?))
    }

    /// Keeps a file's bytes in a temporary file in `folder`.
    pub(super) async fn keep(&self, folder: &Path, path: &PackPath, bytes: Bytes) -> Result<()> {
        let (file, start) = {
            let mut places = self.0.lock().expect("nobody panics with this lock");
            let file = match &places.file {
                Some(file) => Arc::clone(file),
                None => Arc::clone(places.file.insert(Arc::new(temporary_in(folder)?))),
            };
            places.end += bytes.len() as u64;
            (file, places.end - bytes.len() as u64)
        };
        blocking(move || file.write_all_at(&bytes, start).map_err(unwritten)).await?;
        self.0.lock().expect("nobody panics with this lock").starts.insert(path.clone(), start);
        Ok(())
    }
}

fn temporary_in(folder: &Path) -> Result<File> {
    tempfile::tempfile_in(folder).map_err(|error| Error::file_system("create a temporary file in", folder, error))
}

fn unwritten(error: std::io::Error) -> Error {
    Error::file_system("write", Path::new("a temporary file"), error)
}
