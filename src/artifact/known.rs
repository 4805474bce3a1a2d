//! Remembers what folders came to when they were packed, so that a pack that is there already need not be compressed again.
//!
//! Compressing is half the work of pushing what is there. The name of what goes into an archive
//! ([`Packing::key`](super::packing::Packing::key): every path, mode, size and digest of a file) decides over its bytes, so its digest and size
//! may be remembered. Nothing is believed for good: before the bytes are sent, they are packed and proven
//! ([`TarLayer`](super::tar_layer::TarLayer)), and a memory that was wrong is given up with an error. A memory that can't be read or written is no fault: the work is done again.
//!
//! The file has a line an archive, of fields with a space between: the key, the digest of the tar, the digest and the size of
//! the tar+gzip, and the CRC-32 of the text before it. Lines are only added, each with one write, so that many processes may share
//! it; a line that is broken is passed over. Past [`MOST_BYTES`] the older half goes.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use crate::{digest::Digest, store::file::open, tarball::write::Written};

/// How large the file may become, in bytes: some 18,000 folders.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// What folders came to when they were packed.
#[derive(Debug, Default)]
pub struct KnownFolders {
    file: Option<PathBuf>,
    known: Mutex<HashMap<Digest, Written>>,
}

impl KnownFolders {
    /// Returns what the file remembers, and remembers there what is packed from now on. Blocks.
    pub fn in_file(file: PathBuf) -> Self {
        // Whatever goes wrong, folders are packed as if they were new.
        let text = read(&file).unwrap_or_default();
        let known = text.lines().filter_map(of_line).collect();
        if text.len() as u64 > MOST_BYTES {
            let _ = shorten(&file, &text);
        }
        Self { file: Some(file), known: Mutex::new(known) }
    }

    pub(super) fn get(&self, key: &Digest) -> Option<Written> {
        self.known.lock().expect("nobody panics with this lock").get(key).cloned()
    }

    pub(super) fn add(&self, key: Digest, written: &Written) {
        if let Some(file) = &self.file {
            let _ = append(file, &line(&key, written));
        }
        self.known.lock().expect("nobody panics with this lock").insert(key, written.clone());
    }

    /// Forgets everything: one wrong line makes all of them doubtful.
    pub(super) fn forget(&self) {
        if let Some(file) = &self.file {
            let _ = fs::remove_file(file);
        }
        self.known.lock().expect("nobody panics with this lock").clear();
    }
}

fn line(key: &Digest, written: &Written) -> String {
    let text = format!("{key} {} {} {}", written.content, written.digest, written.size);
    format!("{text} {:08x}\n", crc32fast::hash(text.as_bytes()))
}

fn of_line(line: &str) -> Option<(Digest, Written)> {
    let (text, checksum) = line.rsplit_once(' ')?;
    if u32::from_str_radix(checksum, 16).ok()? != crc32fast::hash(text.as_bytes()) {
        return None;
    }
    let mut fields = text.split(' ');
    let mut digest = || fields.next()?.parse().ok();
    let (key, content, digest) = (digest()?, digest()?, digest()?);
    let size = fields.next()?.parse().ok()?;
    Some((key, Written { content, digest, size }))
}

/// Reads the file, of one that became far too large only the beginning.
fn read(file: &Path) -> io::Result<String> {
    let opened = open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    opened.take(4 * MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn append(file: &Path, line: &str) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags};
    // Neither through a link in its place, nor waiting for the reader of a FIFO.
    let flags =
        OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let add = || File::from(rustix::fs::open(file, flags, Mode::from_raw_mode(0o600))?).write_all(line.as_bytes());
    match add() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
            add()
        }
        outcome => outcome,
    }
}

/// Replaces the file by its newer half.
fn shorten(file: &Path, text: &str) -> io::Result<()> {
    let lines: Vec<_> = text.lines().filter(|line| of_line(line).is_some()).collect();
    let mut newer = tempfile::NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
    newer.write_all((lines[lines.len() / 2..].join("\n") + "\n").as_bytes())?;
    newer.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests;
