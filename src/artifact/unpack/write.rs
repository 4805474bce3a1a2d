//! Writes layers into the stage. Everything here runs on threads that may block.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    super::{
        feed::Feed,
        packed::{Packed, Placed, Root, refused},
    },
    stage::Job,
};
use crate::{
    pack::PackPath,
    store::{Error, ErrorKind, Result},
    tarball::read::Limits,
};

/// How much of an entry is written at once, in bytes.
const PIECE: usize = 64 * 1024;

/// What all layers together have come to, and what they may come to.
#[derive(Debug)]
pub(super) struct Totals {
    limits: Limits,
    entries: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Totals {
    pub(super) fn new(limits: Limits) -> Self {
        let (entries, files, bytes) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { limits, entries, files, bytes }
    }

    /// Returns how many files there are.
    pub(super) fn files(&self) -> u64 {
        self.files.load(Ordering::SeqCst)
    }

    /// Returns how many bytes they have.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    fn file(&self, size: u64) -> Result<()> {
        self.entry()?;
        self.files.fetch_add(1, Ordering::SeqCst);
        let before = self.bytes.fetch_add(size, Ordering::SeqCst);
        if before.saturating_add(size) > self.limits.unpacked {
            let message = format!("the pack has more than {} bytes unpacked", self.limits.unpacked);
            return Err(Error::new(ErrorKind::Unsafe, message));
        }
        Ok(())
    }

    fn entry(&self) -> Result<()> {
        if self.entries.fetch_add(1, Ordering::SeqCst) >= self.limits.entries {
            let message = format!("the pack has more than {} files and folders", self.limits.entries);
            return Err(Error::new(ErrorKind::Unsafe, message));
        }
        Ok(())
    }
}

/// Writes a file's layer.
pub(super) fn file(
    job: &Job,
    path: &PackPath,
    executable: bool,
    size: u64,
    mut feed: Feed,
    totals: &Totals,
) -> Result<()> {
    totals.file(size)?;
    match content(job, path, executable, &mut feed) {
        // Where reading failed, proving says why.
        Ok(()) | Err(Failed::Reading(_)) => feed.prove(),
        Err(Failed::Other(error)) => Err(error),
    }
}

/// Writes bytes that are in memory.
pub(super) fn bytes(job: &Job, path: &PackPath, executable: bool, bytes: &[u8], totals: &Totals) -> Result<()> {
    totals.file(bytes.len() as u64)?;
    content(job, path, executable, bytes).map_err(|failed| match failed {
        Failed::Reading(error) => Error::new(ErrorKind::Integrity, "memory can't be read").because(error),
        Failed::Other(error) => error,
    })
}

/// Writes the entries of a folder's layer, or of an archive.
pub(super) fn folder(job: &Job, root: Root, layer: &str, mut feed: Feed, totals: &Totals) -> Result<()> {
    match entries(job, root, layer, &mut feed, totals) {
        Ok(()) => feed.prove(),
        Err(refusal) => Err(feed.explain(refusal)),
    }
}

fn entries(job: &Job, root: Root, layer: &str, feed: &mut Feed, totals: &Totals) -> Result<()> {
    let mut entries = Packed::new(feed, root, layer, totals.limits);
    while let Some(Placed { path, is_folder, implied, entry }) = entries.next()? {
        job.go_on()?;
        implied.iter().try_for_each(|_| totals.entry())?;
        if let Some(folder) = implied.last() {
            make_folder(job, folder)?;
        }
        let Some(path) = path else { continue };
        if is_folder {
            totals.entry()?;
            make_folder(job, path.as_str())?;
            continue;
        }
        totals.file(entry.size())?;
        let executable = entry.executable();
        content(job, &path, executable, BufReader::with_capacity(PIECE, entry)).map_err(|failed| match failed {
            Failed::Reading(error) => refused(layer, error.into()),
            Failed::Other(error) => error,
        })?;
    }
    Ok(())
}

/// Which side failed while a file was written.
enum Failed {
    Reading(std::io::Error),
    Other(Error),
}

fn content(job: &Job, path: &PackPath, executable: bool, mut content: impl BufRead) -> Result<(), Failed> {
    let location = path.to_path(job.stage());
    let failed = |error| Failed::Other(Error::file_system("write", &location, error));
    let mut file = create(&location, executable).map_err(failed)?;
    loop {
        let piece = match content.fill_buf() {
            Ok([]) => return Ok(()),
            Ok(piece) => piece,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failed::Reading(error)),
        };
        job.go_on().map_err(Failed::Other)?;
        file.write_all(piece).map_err(failed)?;
        let written = piece.len();
        content.consume(written);
    }
}

/// Creates a file that isn't there, not through a link, with its final mode under the umask.
fn create(location: &Path, executable: bool) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
    Ok(rustix::fs::open(location, flags, mode)?.into())
}

/// Creates a folder, and those it lies in, unless it is there.
pub(super) fn make_folder(job: &Job, path: &str) -> Result<()> {
    let location = job.stage().join(path);
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(&location);
    made.map_err(|error| Error::file_system("create the folder", &location, error))
}
