//! Two packs side by side: which files differ, which values in them, which charts and which images.
//!
//! Nothing is fetched that both have: a layer with a digest that the other side has too is not looked into, and a file's layer
//! only where its content is to be compared. Packs of both forms are compared file by file, so that a folder, an artifact with a layer a
//! file, and an archive are the same where their files are. Memory stays bounded: what is unpacked on the way waits in a
//! temporary file, two files are in memory at a time, and only those of at most 16 MiB.
//!
//! Values of keys that say that they are secret ([`crate::pack::is_secret_key`]) are masked here, before anybody can print them.

mod chart;
mod content;
mod images;
mod inventory;
mod kind;
mod lines;
mod masked_lines;
mod paths;
mod shelf;
mod value;
mod values;

use std::{fmt, path::PathBuf};

pub use self::{
    chart::{ChartChange, ChartFile, ChartVersion},
    images::ImageChanges,
    lines::{Hunk, Line, LineChange, LinesChange},
    value::Value,
    values::ValueChange,
};
use crate::{
    artifact::{Limits, PackArtifact},
    digest::Digest,
    pack::PackPath,
    store::{self, Source},
};

/// The most bytes of a file whose content is compared.
pub(crate) const LARGEST: u64 = 16 << 20;

/// One of two packs.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// Where its blobs are.
    pub source: &'a dyn Source,
    /// What its manifest says.
    pub pack: &'a PackArtifact,
    /// Whether its blobs are on this machine, so that looking at those that both sides have costs nothing.
    pub near: bool,
}

/// How two packs are compared.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// Whether to make a text diff of each file, not only of those that are no YAML or JSON.
    pub text: bool,
    /// Whether to fetch what both sides have, where the images can't be told for sure without it.
    pub all_images: bool,
    /// The folder of the temporary file.
    pub scratch: PathBuf,
    /// What a folder's layer or an archive may come to.
    pub limits: Limits,
}

/// How two packs differ.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The files that differ, sorted by path.
    pub files: Vec<FileChange>,
    /// Empty folders that only one side has.
    pub folders: Vec<FolderChange>,
    /// The images that only one side needs.
    pub images: ImageChanges,
}

impl Comparison {
    /// Returns whether both packs have the same files and folders.
    pub fn is_same(&self) -> bool {
        self.files.is_empty() && self.folders.is_empty()
    }
}

/// What became of a file between the first pack and the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it with another content or mode.
    Changed,
    /// It has another path; of a chart, the content may differ as well.
    Renamed,
}

/// A file that differs.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// What became of it.
    pub change: Change,
    /// Its path, in the second pack where it is there.
    pub path: PackPath,
    /// Its path in the first pack, where that is another.
    pub old_path: Option<PackPath>,
    /// What it was.
    pub old: Option<FileFacts>,
    /// What it is.
    pub new: Option<FileFacts>,
    /// What differs within it.
    pub detail: Detail,
    /// A text diff, where one was asked for and both are texts.
    pub text: Option<LinesChange>,
}

impl FileChange {
    /// Returns whether its bytes differ, or one side has none.
    pub fn has_other_content(&self) -> bool {
        self.old.as_ref().map(|facts| &facts.digest) != self.new.as_ref().map(|facts| &facts.digest)
    }
}

/// A file as its pack has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its bytes.
    pub size: u64,
    /// The digest of its content.
    pub digest: Digest,
    /// Whether it is executable.
    pub executable: bool,
}

/// What differs within a file.
#[derive(Clone, Debug)]
pub enum Detail {
    /// Nothing is known of it, or nothing but the mode or the path differs.
    None,
    /// These values; none where only comments, order or layout differ.
    Values(Vec<ValueChange>),
    /// So many lines.
    Lines {
        /// Those that only the second has.
        added: usize,
        /// Those that only the first has.
        removed: usize,
    },
    /// Something, but it is too large to be looked into: more than 16 MiB, or 100,000 lines.
    TooLarge,
    /// A chart, on the side or sides where it is.
    Chart(Box<ChartChange>),
}

/// An empty folder that one side has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderChange {
    /// Where it is.
    pub path: PackPath,
    /// Whether the second pack has it.
    pub added: bool,
}

/// Which of the two packs it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first.
    First,
    /// The second.
    Second,
}

/// Why two packs could not be compared.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the {which} pack")]
pub struct CompareError {
    /// Which of them could not be read.
    pub which: Which,
    /// Why.
    pub source: store::Error,
}

impl fmt::Display for Which {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::First => "first",
            Self::Second => "second",
        })
    }
}

impl Which {
    /// Returns an error of this side.
    fn failed(self) -> impl Fn(store::Error) -> CompareError {
        move |source| CompareError { which: self, source }
    }
}

/// Returns how two packs differ.
///
/// # Errors
///
/// [`CompareError`] with the store's error, and which side it was: `Unsafe` and `Integrity` where a layer must be refused.
pub async fn compare(first: Side<'_>, second: Side<'_>, options: &CompareOptions) -> Result<Comparison, CompareError> {
    let pair = inventory::Pair::of(first, second, options).await?;
    let mut files = Vec::new();
    for difference in pair.differences() {
        files.push(content::compare(&pair, difference, options).await?);
    }
    let files = chart::paired(&pair, files, options).await?;
    let images = images::compare(&pair, &files, options).await?;
    Ok(Comparison { folders: pair.folders(), files, images })
}
