//! The entries of a folder's layer, or of a whole archive, each with its place in the pack.
//!
//! Only regular files and folders come through, only where they belong (within the layer's title, or within the one root
//! folder of an archive), and no two of them meet. Everything else is refused with the layer's and the entry's name.

use super::{
    feed::Feed,
    names::{Named, Names, shown},
};
use crate::{
    pack::PackPath,
    store::{Error, ErrorKind, Result},
    tarball::read::{Entry, EntryKind, Limits, TarballReader},
};

/// Where the entries of a tar belong.
#[derive(Clone, Debug)]
pub(super) enum Root {
    /// Within this folder of the pack, whose name they carry.
    Folder(PackPath),
    /// Anywhere in the pack, within one folder more that is no part of it; its name is that of the first entry.
    Archive(Option<String>),
}

/// An entry with its place.
pub(super) struct Placed<'a> {
    /// Its path within the pack; nothing is the pack itself.
    pub(super) path: Option<PackPath>,
    /// Whether it is a folder.
    pub(super) is_folder: bool,
    /// Folders on the way to it that no entry has named so far, the outermost first.
    pub(super) implied: Vec<String>,
    /// The entry, whose content can be read.
    pub(super) entry: Entry<'a>,
}

/// Reads entries.
pub(super) struct Packed<'a> {
    tarball: TarballReader<&'a mut Feed>,
    root: Root,
    names: Names,
    layer: &'a str,
}

/// What is wrong with an archive that was made in the pack's folder instead of around it.
const NO_FOLDER: &str = "shows that its files lie in no folder: pack the folder itself, as `tar -czf FILE FOLDER` does";

impl<'a> Packed<'a> {
    /// Returns a reader of the layer's entries.
    pub(super) fn new(feed: &'a mut Feed, root: Root, layer: &'a str, limits: Limits) -> Self {
        Self { tarball: TarballReader::new(feed, limits), root, names: Names::default(), layer }
    }

    /// Returns the next entry.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsafe`] where it must not be restored, [`ErrorKind::Integrity`] where this is no tar+gzip.
    pub(super) fn next(&mut self) -> Result<Option<Placed<'_>>> {
        let layer = self.layer;
        let Some(entry) = self.tarball.next_entry().map_err(|error| refused(layer, error))? else { return Ok(None) };
        let name = entry.path().to_owned();
        let because =
            |what: String| Error::new(ErrorKind::Unsafe, format!("entry `{}` of layer `{layer}` {what}", shown(&name)));
        let is_folder = match entry.kind() {
            EntryKind::File => false,
            EntryKind::Folder => true,
            EntryKind::Link => return Err(because("is a link".into())),
            EntryKind::Other => return Err(because("is neither a file nor a folder".into())),
        };
        if matches!(self.root, Root::Archive(_)) && is_folder && name.trim_end_matches('/') == "." {
            return Err(because(NO_FOLDER.into()));
        }
        let path: PackPath = name.parse().map_err(|error| because("has an unsafe name".into()).because(error))?;
        let path = self.root.place(&path, is_folder).map_err(because)?;
        let implied = match &path {
            None => Vec::new(),
            Some(path) => {
                let named = if is_folder { Named::Folder } else { Named::File };
                self.names
                    .add(path.as_str(), named)
                    .map_err(|clash| because("has no place of its own".into()).because(clash))?
            }
        };
        Ok(Some(Placed { path, is_folder, implied, entry }))
    }
}

impl Root {
    /// Returns an entry's path within the pack, or what is wrong with it.
    fn place(&mut self, path: &PackPath, is_folder: bool) -> Result<Option<PackPath>, String> {
        match self {
            Self::Folder(title) => {
                let is_within = path.as_str().strip_prefix(title.as_str()).is_some_and(|rest| match rest {
                    "" => is_folder,
                    rest => rest.starts_with('/'),
                });
                if is_within { Ok(Some(path.clone())) } else { Err(format!("is not within the folder `{title}`")) }
            }
            Self::Archive(root) => {
                let (first, rest) = path.as_str().split_once('/').unwrap_or((path.as_str(), ""));
                let root = root.get_or_insert_with(|| first.to_owned());
                if first != root {
                    return Err(format!("is not within the archive's one folder `{root}`"));
                }
                if rest.is_empty() {
                    return if is_folder { Ok(None) } else { Err(NO_FOLDER.into()) };
                }
                rest.parse().map(Some).map_err(|_| "has an unsafe name".to_owned())
            }
        }
    }
}

/// Returns the error of a tar that was refused.
pub(super) fn refused(layer: &str, error: crate::tarball::read::TarballError) -> Error {
    let kind = if error.is_unsafe() { ErrorKind::Unsafe } else { ErrorKind::Integrity };
    Error::new(kind, format!("layer `{layer}` can't be unpacked")).because(error)
}
