//! A path within a pack: the only kind of path that reaches an archive, a title, or the disk.
//!
//! It is relative, UTF-8, and has no part that could lead out: what was parsed can be joined to a folder and stays in it.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The longest part of a path, in bytes: what file systems take as a name.
const MAX_NAME: usize = 255;
/// The longest path, in bytes.
const MAX_PATH: usize = 4096;

/// A path within a pack, its parts separated by `/`; ordered by its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackPath(Box<str>);

/// Why a text is no path within a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPackPath {
    /// It names nothing.
    #[error("it is empty")]
    Empty,
    /// It begins at the root of the file system.
    #[error("it is absolute")]
    Absolute,
    /// A part of it is `..`.
    #[error("it has a part `..`")]
    Parent,
    /// It has a character that no name has everywhere: NUL, another control character, or a backslash.
    #[error("it has a backslash or a control character")]
    Character,
    /// A part has more than 255 bytes, or all of it more than 4096.
    #[error("it is too long")]
    TooLong,
}

impl PackPath {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the parts, the outermost first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns the last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Returns the folder that it lies in, unless that is the pack itself.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// Returns whether it is `folder` or lies within it.
    pub fn starts_with(&self, folder: &Self) -> bool {
        self.0.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns the path of `name` within this folder.
    ///
    /// # Errors
    ///
    /// Fails where the whole is no path within a pack.
    pub fn join(&self, name: &str) -> Result<Self, InvalidPackPath> {
        format!("{}/{name}", self.0).parse()
    }

    /// Returns the path of this file below the folder of the pack.
    pub fn to_path(&self, pack: &Path) -> PathBuf {
        pack.join(&*self.0)
    }
}

impl FromStr for PackPath {
    type Err = InvalidPackPath;

    /// Parses and normalises: `./a//b/` is `a/b`.
    fn from_str(text: &str) -> Result<Self, InvalidPackPath> {
        if text.starts_with('/') {
            return Err(InvalidPackPath::Absolute);
        }
        if text.chars().any(|character| character == '\\' || character.is_control()) {
            return Err(InvalidPackPath::Character);
        }
        let parts: Vec<_> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.contains(&"..") {
            return Err(InvalidPackPath::Parent);
        }
        if parts.is_empty() {
            return Err(InvalidPackPath::Empty);
        }
        let path = parts.join("/");
        if path.len() > MAX_PATH || parts.iter().any(|part| part.len() > MAX_NAME) {
            return Err(InvalidPackPath::TooLong);
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for PackPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> PackPath {
        text.parse().unwrap()
    }

    #[test]
    fn paths_are_normalised() {
        for (text, expected) in [("./a//b/", "a/b"), ("a", "a"), ("a/./b", "a/b"), ("ü/✓ x", "ü/✓ x"), ("...", "...")]
        {
            assert_eq!(path(text).as_str(), expected);
        }
    }

    #[test]
    fn what_leads_out_is_refused() {
        for (text, error) in [
            ("", InvalidPackPath::Empty),
            ("./.", InvalidPackPath::Empty),
            ("/etc/passwd", InvalidPackPath::Absolute),
            ("a/../b", InvalidPackPath::Parent),
            ("..", InvalidPackPath::Parent),
            ("a\\..\\b", InvalidPackPath::Character),
            ("a\0", InvalidPackPath::Character),
            ("a\n", InvalidPackPath::Character),
        ] {
            assert_eq!(text.parse::<PackPath>(), Err(error), "{text:?}");
        }
        assert_eq!("x".repeat(256).parse::<PackPath>(), Err(InvalidPackPath::TooLong));
        assert_eq!("x/".repeat(2100).parse::<PackPath>(), Err(InvalidPackPath::TooLong));
    }

    #[test]
    fn a_folder_holds_what_lies_in_it_and_not_what_begins_like_it() {
        assert!(path("a/b").starts_with(&path("a")) && path("a").starts_with(&path("a")));
        assert!(!path("ab").starts_with(&path("a")) && !path("a").starts_with(&path("a/b")));
        assert_eq!((path("a/b/c").parent(), path("a").parent()), (Some(path("a/b")), None));
        assert_eq!((path("a/b").file_name(), path("a").join("b").unwrap()), ("b", path("a/b")));
    }

    proptest! {
        #[test]
        fn what_was_parsed_stays_in_its_folder(text in "(?s).{0,40}") {
            if let Ok(path) = text.parse::<PackPath>() {
                prop_assert_eq!(&path.as_str().parse::<PackPath>().unwrap(), &path);
                let below = path.to_path(Path::new("/base"));
                prop_assert!(below.starts_with("/base") && below.components().count() == 2 + path.components().count());
            }
        }
    }
}
