//! What is in a pack's folder: regular files and folders, sorted by path, and nothing else.
//!
//! No link is ever followed: every name is looked at relative to the open folder that holds it, and a file's folder is opened by its
//! whole way with `O_NOFOLLOW` at each step, so that one that is swapped for a link meanwhile leads nowhere. A FIFO is neither
//! opened nor waited for.

mod ignored;

use std::{cell::RefCell, collections::BTreeMap, fs::File, io, os::unix::ffi::OsStrExt, path::Path};

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat},
    io::Errno,
};

use super::{
    path::PackPath,
    report::{Code, Finding},
};
pub(crate) use ignored::IGNORE_FILE;
use ignored::Ignored;

/// How a folder within a pack is opened: only if it is one, and no link to one.
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// How many levels of folders a pack may have.
const DEEPEST: usize = 100;

/// The entries of a pack's folder.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Regular files, sorted.
    pub(crate) files: Vec<PackPath>,
    /// Folders, sorted; empty ones too.
    pub(crate) folders: Vec<PackPath>,
    /// Links, sorted: they are no part of a pack, but a reference may name one.
    pub(crate) links: Vec<PackPath>,
    /// What was left out, sorted; of a folder only the folder itself.
    pub(crate) left_out: Vec<PackPath>,
}

/// A pack's folder, open.
#[derive(Debug)]
pub(crate) struct Directory {
    root: OwnedFd,
    /// The folder of the file that was opened last: the next one mostly lies there, too.
    last: RefCell<Option<(PackPath, OwnedFd)>>,
}

impl Directory {
    /// Opens the folder of a pack; it may be given by a link.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: rustix::fs::open(path, flags, Mode::empty())?, last: RefCell::default() })
    }

    /// Opens a regular file.
    pub(crate) fn open_file(&self, path: &PackPath) -> io::Result<File> {
        // Without O_NONBLOCK opening a FIFO waits for its other end.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = |folder: &OwnedFd| Ok(File::from(openat(folder, path.file_name(), flags, Mode::empty())?));
        let Some(parent) = path.parent() else { return open(&self.root) };
        let mut last = self.last.borrow_mut();
        match &mut *last {
            Some((opened, folder)) if *opened == parent => open(folder),
            last => {
                let folder = self.open_folder(&parent)?;
                open(&last.insert((parent, folder)).1)
            }
        }
    }

    fn open_folder(&self, path: &PackPath) -> io::Result<OwnedFd> {
        let mut folder: Option<OwnedFd> = None;
        for name in path.components() {
            let within = folder.as_ref().unwrap_or(&self.root);
            folder = Some(openat(within, name, FOLDER, Mode::empty())?);
        }
        Ok(folder.expect("a path has a name"))
    }

    /// Lists everything in it.
    pub(crate) fn list(&self, ignored: &[u8], findings: &mut Vec<Finding>) -> Listing {
        let mut walk = Walk { ignored: Ignored::new(ignored, findings), listing: Listing::default(), findings };
        walk.folder(self.root.as_fd(), None, 0);
        let mut listing = walk.listing;
        for paths in [&mut listing.files, &mut listing.folders, &mut listing.links, &mut listing.left_out] {
            paths.sort();
        }
        listing
    }
}

struct Walk<'a> {
    ignored: Ignored,
    listing: Listing,
    findings: &'a mut Vec<Finding>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: impl AsFd, path: Option<&PackPath>, depth: usize) {
        let names = match names_in(&folder) {
            Ok(names) => names,
            Err(error) => return self.unreadable(path.map_or(".", PackPath::as_str), error),
        };
        let mut seen: BTreeMap<String, PackPath> = BTreeMap::new();
        for (name, kind) in names {
            let Some(path) = self.path(path, &name) else { continue };
            let kind = match kind {
                // Not every file system tells it with the name.
                FileType::Unknown => statat(&folder, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)
                    .map(|stat| FileType::from_raw_mode(stat.st_mode)),
                kind => Ok(kind),
            };
            let kind = match kind {
                Ok(kind) => kind,
                Err(error) => {
                    self.unreadable(path.as_str(), error);
                    continue;
                }
            };
            if self.ignored.leaves_out(&path, kind == FileType::Directory) {
                self.listing.left_out.push(path);
                continue;
            }
            if let Some(other) = seen.insert(path.file_name().to_lowercase(), path.clone()) {
                let message = format!("`{other}` and `{path}` differ only by case");
                self.unsafe_file(&path, message, "rename one: some file systems take them for the same file");
            }
            self.entry(&folder, &name, path, kind, depth);
        }
    }

    fn entry(&mut self, folder: impl AsFd, name: &[u8], path: PackPath, kind: FileType, depth: usize) {
        let what = match kind {
            FileType::RegularFile => return self.listing.files.push(path),
            FileType::Directory => return self.enter(folder, name, path, depth),
            FileType::Symlink => {
                self.listing.links.push(path.clone());
                "a link"
            }
            FileType::Fifo => "a FIFO",
            FileType::Socket => "a socket",
            FileType::BlockDevice | FileType::CharacterDevice => "a device",
            FileType::Unknown => "neither a file nor a folder",
        };
        let hint = match kind {
            FileType::Symlink => "put a copy of what it leads to in its place",
            _ => "remove it, or leave it out with a line in .packignore",
        };
        self.unsafe_file(&path, format!("`{path}` is {what}: a pack holds files and folders only"), hint);
    }

    fn enter(&mut self, folder: impl AsFd, name: &[u8], path: PackPath, depth: usize) {
        if depth == DEEPEST {
            let message = format!("`{path}` is nested more than {DEEPEST} folders deep");
            return self.unsafe_file(&path, message, "leave it out with a line in .packignore");
        }
        match openat(folder, name, FOLDER, Mode::empty()) {
            Ok(opened) => self.folder(opened, Some(&path), depth + 1),
            Err(error) => self.unreadable(path.as_str(), error),
        }
        self.listing.folders.push(path);
    }

    /// Returns the path of a name, or tells why it can have none.
    fn path(&mut self, folder: Option<&PackPath>, name: &[u8]) -> Option<PackPath> {
        let lossy = String::from_utf8_lossy(name);
        let shown = folder.map_or_else(|| lossy.to_string(), |folder| format!("{folder}/{lossy}"));
        let Ok(name) = std::str::from_utf8(name) else {
            let message = format!("the name `{}` is not UTF-8", lossy.escape_debug());
            self.findings.push(Finding::new(Code::FileUnsafe, message).in_file(shown).hint("rename it"));
            return None;
        };
        match folder.map_or_else(|| name.parse(), |folder| folder.join(name)) {
            Ok(path) => Some(path),
            Err(error) => {
                let finding = Finding::new(Code::FileUnsafe, error.to_string()).in_file(shown);
                self.findings.push(finding.hint("rename it"));
                None
            }
        }
    }

    fn unsafe_file(&mut self, path: &PackPath, message: String, hint: &str) {
        self.findings.push(Finding::new(Code::FileUnsafe, message).in_file(path.as_str()).hint(hint));
    }

    fn unreadable(&mut self, path: &str, error: Errno) {
        self.findings.push(unreadable(path, &error.into()));
    }
}

/// Returns the finding of something that cannot be read.
pub(crate) fn unreadable(path: &str, error: &io::Error) -> Finding {
    let reason = error.to_string();
    let reason = reason.split(" (os error").next().unwrap_or_default().to_lowercase();
    Finding::new(Code::FileUnreadable, format!("`{path}` cannot be read: {reason}")).in_file(path)
}

/// Returns the names in a folder with what they are, sorted by their bytes, without `.` and `..`.
fn names_in(folder: impl AsFd) -> Result<Vec<(Vec<u8>, FileType)>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push((name.as_bytes().to_vec(), entry.file_type()));
        }
    }
    names.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(names)
}
