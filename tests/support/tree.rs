//! What a folder holds, as a value that can be compared: every path with its mode and its content, empty folders included.

use std::{
    collections::BTreeMap,
    fmt, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use spectro_pack::digest::Digest;

/// The entries of a folder by their relative path; folders end in `/`.
pub(crate) type Tree = BTreeMap<String, Entry>;

/// One entry of a folder.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Folder { mode: u32 },
    File { mode: u32, length: u64, digest: Digest },
    Link { to: PathBuf },
    Other,
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder { mode } => write!(formatter, "folder {mode:04o}"),
            Self::File { mode, length, digest } => write!(formatter, "file {mode:04o} {length} bytes {digest}"),
            Self::Link { to } => write!(formatter, "link to {}", to.display()),
            Self::Other => formatter.write_str("neither file, folder nor link"),
        }
    }
}

/// Returns everything below `folder`, hidden entries too, without following links.
pub(crate) fn tree(folder: impl AsRef<Path>) -> Tree {
    let mut entries = Tree::new();
    add(folder.as_ref(), "", &mut entries);
    entries
}

/// Returns the tree with the modes that a pack keeps: 0755 for folders and for files their owner may execute, 0644 for others.
pub(crate) fn as_stored(tree: Tree) -> Tree {
    let kept = |mode: u32| if mode & 0o100 == 0 { 0o644 } else { 0o755 };
    tree.into_iter()
        .map(|(path, entry)| match entry {
            Entry::Folder { .. } => (path, Entry::Folder { mode: 0o755 }),
            Entry::File { mode, length, digest } => (path, Entry::File { mode: kept(mode), length, digest }),
            other => (path, other),
        })
        .collect()
}

/// Panics unless both trees are equal, and prints only what differs.
pub(crate) fn assert_same_tree(expected: &Tree, actual: &Tree) {
    let paths: std::collections::BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
    let differences: Vec<String> = paths
        .into_iter()
        .filter(|path| expected.get(*path) != actual.get(*path))
        .map(|path| format!("  {path}\n    expected {:?}\n    found    {:?}", expected.get(path), actual.get(path)))
        .collect();
    assert!(differences.is_empty(), "the folders differ:\n{}", differences.join("\n"));
}

fn add(folder: &Path, prefix: &str, entries: &mut Tree) {
    let list = fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    for entry in list {
        let entry = entry.expect("a folder's entry can be read");
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path).expect("an entry that was just listed is there");
        let mode = metadata.permissions().mode() & 0o7777;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if metadata.is_dir() {
            entries.insert(format!("{name}/"), Entry::Folder { mode });
            add(&path, &format!("{name}/"), entries);
        } else if metadata.is_file() {
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
            let length = bytes.len() as u64;
            entries.insert(name, Entry::File { mode, length, digest: Digest::of(&bytes) });
        } else if metadata.is_symlink() {
            let to = fs::read_link(&path).expect("a link has a target");
            entries.insert(name, Entry::Link { to });
        } else {
            entries.insert(name, Entry::Other);
        }
    }
}
