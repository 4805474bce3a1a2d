//! The one error of every store: its kinds are the exit codes of the command line.

use std::{error::Error as StdError, fmt};

use crate::digest::Digest;

/// The result of asking a store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What somebody can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It is not there, or what is there is something else: another name is needed.
    NotFound,
    /// Credentials, rights or quota are missing.
    Denied,
    /// The tag has other content.
    Conflict,
    /// Bytes are not what was promised.
    Integrity,
    /// The content would be dangerous to accept.
    Unsafe,
    /// The other side failed or can't be reached; trying again may help.
    Unavailable,
    /// The local file system failed.
    FileSystem,
    /// The request itself makes no sense (for instance a setting that can't be used).
    Invalid,
}

/// Why a store did not do what it was asked.
///
/// `Display` is one clause that names the thing; what lies below is in [`StdError::source`].
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Returns an error of this kind whose message is one clause.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds what lies below.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Wraps this error into a clause that says what was being done; the kind stays.
    #[must_use]
    pub fn while_doing(self, message: impl Into<String>) -> Self {
        Self { kind: self.kind, message: message.into(), source: Some(Box::new(self)) }
    }

    /// Returns an error of the local file system about `path`.
    pub fn file_system(action: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self::new(ErrorKind::FileSystem, format!("cannot {action} `{}`", path.display())).because(source)
    }

    /// Returns a conflict over a tag.
    pub fn conflict(conflict: TagConflict) -> Self {
        Self::new(ErrorKind::Conflict, "the tag has other content").because(conflict)
    }

    /// Returns what somebody can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the first error of type `T` below this one.
    pub fn find<T: StdError + 'static>(&self) -> Option<&T> {
        let mut next = self.source();
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<T>() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// Whose content a tag has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tag names {there}, not {here}")]
pub struct TagConflict {
    /// What the tag names.
    pub there: Digest,
    /// What it was to name.
    pub here: Digest,
    /// Whether the content that lost is in the store, reachable by its digest.
    pub stored: bool,
    /// Whether somebody else wrote the tag while this push was under way.
    pub raced: bool,
    /// The store's own words, where it refused the write by a rule of its own (such as immutable tags).
    pub refusal: Option<String>,
}
