//! The bytes of a pack's files, each read once: what is parsed is what was hashed.
//!
//! A file that changes its size while it is read is an error, for nobody could say what was validated. No file is held whole
//! unless its size was found within a limit before.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    sync::mpsc,
    thread,
};

use super::{
    PackFile,
    directory::{Directory, unreadable},
    path::PackPath,
    report::{Code, Finding},
};
use crate::digest::{Algorithm, Hasher};

/// How much of a file is in memory when it is only hashed.
const BUFFER: usize = 128 << 10;
/// From how many bytes on another thread hashes what was read, while this one reads on.
const LARGE: u64 = 16 << 20;
/// How many buffers wait for it at most.
const AHEAD: usize = 4;

/// A file that is being read and hashed.
#[derive(Debug)]
pub(crate) struct FileReader {
    path: PackPath,
    file: File,
    size: u64,
    executable: bool,
    read: u64,
    hasher: Hasher,
    checksum: crc32fast::Hasher,
}

impl FileReader {
    /// Opens a file.
    pub(crate) fn open(directory: &Directory, path: &PackPath) -> Result<Self, Box<Finding>> {
        let opened = directory.open_file(path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|error| Box::new(unreadable(path.as_str(), &error)))?;
        if !metadata.is_file() {
            return Err(changed(path));
        }
        let executable = metadata.permissions().mode() & 0o100 != 0;
        let (path, size, hasher) = (path.clone(), metadata.len(), Hasher::new(Algorithm::Sha256));
        Ok(Self { path, file, size, executable, read: 0, hasher, checksum: crc32fast::Hasher::new() })
    }

    /// Returns its size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns all its bytes. The caller has found its size small enough.
    pub(crate) fn bytes(mut self) -> Result<(PackFile, Vec<u8>), Box<Finding>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or_default());
        self.read_to_end(&mut bytes).map_err(|error| Box::new(unreadable(self.path.as_str(), &error)))?;
        Ok((self.finish()?, bytes))
    }

    /// Reads what is left and returns the file with its digest.
    pub(crate) fn finish(mut self) -> Result<PackFile, Box<Finding>> {
        if self.size.saturating_sub(self.read) >= LARGE {
            self.read_ahead().map_err(|error| Box::new(unreadable(self.path.as_str(), &error)))?;
        }
        if self.read <= self.size {
            let mut buffer = vec![0; BUFFER.min(usize::try_from(self.size - self.read).unwrap_or(BUFFER) + 1)];
            loop {
                match self.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Box::new(unreadable(self.path.as_str(), &error))),
                }
            }
        }
        if self.read != self.size {
            return Err(changed(&self.path));
        }
        let Self { path, size, executable, hasher, checksum, .. } = self;
        Ok(PackFile { path, size, digest: hasher.finish(), checksum: checksum.finalize(), executable })
    }

    /// Reads what is left, up to the size that the file had, while another thread hashes.
    fn read_ahead(&mut self) -> io::Result<()> {
        let Self { file, size, read, hasher, checksum, .. } = self;
        let (give, filled) = mpsc::sync_channel::<(Vec<u8>, usize)>(AHEAD);
        let (give_back, hashed) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                for (buffer, length) in filled {
                    hasher.update(&buffer[..length]);
                    // Nobody takes it back after the last byte.
                    give_back.send(buffer).ok();
                }
            });
            while *read < *size {
                let mut buffer = hashed.try_recv().unwrap_or_else(|_| vec![0; BUFFER]);
                let wanted = usize::try_from(*size - *read).map_or(BUFFER, |left| left.min(BUFFER));
                let length = match file.read(&mut buffer[..wanted]) {
                    Ok(0) => break,
                    Ok(length) => length,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                checksum.update(&buffer[..length]);
                *read += length as u64;
                give.send((buffer, length)).expect("the other thread takes all");
            }
            // The other thread ends when nothing more can come; so it does after an error, where this is dropped, too.
            drop(give);
            Ok(())
        })
    }
}

impl Read for FileReader {
    /// Reads to one byte behind the size that the file had: one that keeps growing is not followed.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from((self.size + 1).saturating_sub(self.read)).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        let read = self.file.read(&mut buffer[..wanted])?;
        self.hasher.update(&buffer[..read]);
        self.checksum.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}

fn changed(path: &PackPath) -> Box<Finding> {
    let message = format!("`{path}` changed while it was read");
    let finding = Finding::new(Code::FileUnreadable, message).in_file(path.as_str());
    Box::new(finding.hint("try again when nothing writes to it"))
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write, path::Path};

    use super::*;
    use crate::digest::Digest;

    fn open(folder: &Path) -> FileReader {
        FileReader::open(&Directory::open(folder).unwrap(), &"a/b".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_file_is_hashed_however_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        let content = "0123456789".repeat(50_000);
        fs::write(folder.path().join("a/b"), &content).unwrap();
        let (file, bytes) = open(folder.path()).bytes().unwrap();
        assert_eq!((file.size, &file.digest), (500_000, &Digest::of(content.as_bytes())));
        assert_eq!(bytes, content.as_bytes());
        let mut part = open(folder.path());
        part.read_exact(&mut [0; 12]).unwrap();
        assert_eq!(part.finish().unwrap(), file);
        assert_eq!(open(folder.path()).finish().unwrap(), file);
    }

    #[test]
    fn a_large_file_is_hashed_as_a_small_one_is() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        let path = folder.path().join("a/b");
        let content: Vec<u8> = (0..LARGE + 1_000_003).map(|number| (number / 7).to_le_bytes()[0]).collect();
        fs::write(&path, &content).unwrap();
        let mut part = open(folder.path());
        part.read_exact(&mut [0; 12]).unwrap();
        for read in [open(folder.path()), part] {
            let file = read.finish().unwrap();
            assert_eq!((file.size, &file.digest), (content.len() as u64, &Digest::of(&content)));
            assert_eq!(file.checksum, crc32fast::hash(&content));
        }
        let unreadable =
            FileReader { file: fs::OpenOptions::new().write(true).open(&path).unwrap(), ..open(folder.path()) };
        assert_eq!(unreadable.finish().unwrap_err().message, "`a/b` cannot be read: bad file descriptor");
        let growing = open(folder.path());
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        assert_eq!(growing.finish().unwrap_err().message, "`a/b` changed while it was read");
        let shrinking = open(folder.path());
        fs::write(&path, &content[1..]).unwrap();
        assert_eq!(shrinking.finish().unwrap_err().message, "`a/b` changed while it was read");
    }

    #[test]
    fn a_file_that_changes_its_size_meanwhile_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        let path = folder.path().join("a/b");
        fs::write(&path, "0123456789").unwrap();
        let growing = open(folder.path());
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        assert_eq!(growing.finish().unwrap_err().message, "`a/b` changed while it was read");
        let growing = open(folder.path());
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        assert_eq!(growing.bytes().unwrap_err().code, Code::FileUnreadable);
        let shrinking = open(folder.path());
        fs::write(&path, "0").unwrap();
        assert_eq!(shrinking.finish().unwrap_err().code, Code::FileUnreadable);
    }

    #[test]
    fn a_folder_that_is_swapped_for_a_link_meanwhile_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        for (name, file) in [("a", "b"), ("other", "c")] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join(file), "x").unwrap();
        }
        let directory = Directory::open(folder.path()).unwrap();
        let open = |path: &str| FileReader::open(&directory, &path.parse().unwrap());
        open("a/b").unwrap();
        fs::rename(folder.path().join("a"), folder.path().join("before")).unwrap();
        std::os::unix::fs::symlink("other", folder.path().join("a")).unwrap();
        assert_eq!(open("a/c").unwrap_err().code, Code::FileUnreadable);
        // The folder that was open is still the one whose files are read.
        open("a/b").unwrap();
        open("other/c").unwrap();
        assert_eq!(open("a/b").unwrap_err().code, Code::FileUnreadable);
    }

    #[test]
    fn no_link_on_the_way_is_followed_and_no_fifo_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("real")).unwrap();
        fs::write(folder.path().join("real/b"), "x").unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("a")).unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        let open = |path: &str| FileReader::open(&directory, &path.parse().unwrap());
        assert_eq!(open("a/b").unwrap_err().code, Code::FileUnreadable);
        assert_eq!(open("none").unwrap_err().code, Code::FileUnreadable);
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, folder.path().join("fifo"), fifo, 0o600.into(), 0).unwrap();
        assert_eq!(open("fifo").unwrap_err().message, "`fifo` changed while it was read");
        assert_eq!(open("real").unwrap_err().message, "`real` changed while it was read");
    }
}
