//! The only path type that reaches an archive: relative, UTF-8, no `..`, nothing absolute.
//!
//! A `PackPath` is written one way only: `./charts//a.tgz` and `charts/a.tgz/` are both `charts/a.tgz`. It never names the pack's
//! folder itself. Paths are ordered by their bytes, as the entries of an archive are. A backslash is refused: where it separates
//! folders it could lead out of the target, and elsewhere the file could not be made. So is a control character: a name that moves the
//! cursor or breaks a line is never meant well.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The most bytes that file systems take for one name.
const LONGEST_NAME: usize = 255;

/// The most bytes of a whole path (Linux' `PATH_MAX`, without its final NUL).
const LONGEST_PATH: usize = 4095;

/// The path of a file or folder within a pack, such as `charts/nginx-1.2.0.tgz`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackPath(Box<str>);

/// A text that is no path within a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPackPath {
    /// It names nothing, or the folder of the pack itself.
    #[error("the path `{0}` names nothing within the pack")]
    Empty(String),
    /// It begins with `/`.
    #[error("the path `{0}` is absolute")]
    Absolute(String),
    /// It has a part `..`.
    #[error("the path `{0}` leads upwards with `..`")]
    Upwards(String),
    /// It has a backslash or a control character.
    #[error("the path `{}` has {} in it", .0.escape_debug(), if *.1 == '\\' { "a backslash" } else { "a control character" })]
    Character(String, char),
    /// One name, or the whole, is longer than file systems take.
    #[error("the path `{}…` is too long", .0.chars().take(60).collect::<String>())]
    TooLong(String),
}

impl PackPath {
    /// Returns the path as it is written in an archive, without `/` at either end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the names from the pack's folder down.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// Returns the last name.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// Returns the folder it lies in, or nothing where that is the pack's own.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// Returns whether it is `folder` or lies in it, at any depth. `ab` does not lie in `a`.
    pub fn starts_with(&self, folder: &Self) -> bool {
        self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Returns the path of `name` within this folder.
    ///
    /// # Errors
    ///
    /// As for parsing the whole.
    pub fn join(&self, name: &str) -> Result<Self, InvalidPackPath> {
        format!("{}/{name}", self.0).parse()
    }

    /// Returns where it lies when the pack is in `directory`.
    pub fn to_path(&self, directory: &Path) -> PathBuf {
        directory.join(&*self.0)
    }
}

impl FromStr for PackPath {
    type Err = InvalidPackPath;

    fn from_str(text: &str) -> Result<Self, InvalidPackPath> {
        if text.starts_with('/') {
            return Err(InvalidPackPath::Absolute(text.to_owned()));
        }
        if let Some(character) = text.chars().find(|character| *character == '\\' || character.is_control()) {
            return Err(InvalidPackPath::Character(text.to_owned(), character));
        }
        let names: Vec<_> = text.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        if names.is_empty() {
            return Err(InvalidPackPath::Empty(text.to_owned()));
        }
        if names.contains(&"..") {
            return Err(InvalidPackPath::Upwards(text.to_owned()));
        }
        let path = names.join("/");
        if path.len() > LONGEST_PATH || names.iter().any(|name| name.len() > LONGEST_NAME) {
            return Err(InvalidPackPath::TooLong(text.to_owned()));
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for PackPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for PackPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
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
    fn one_path_has_one_spelling() {
        for text in ["charts/a.tgz", "./charts/a.tgz", "charts//a.tgz", "charts/./a.tgz/", ".//charts/a.tgz/./"] {
            assert_eq!(path(text).as_str(), "charts/a.tgz", "{text}");
        }
        assert_eq!(path("...").as_str(), "...");
    }

    #[test]
    fn what_could_lead_out_is_refused() {
        use InvalidPackPath::{Absolute, Character, Empty, TooLong, Upwards};
        let parse = |text: &str| text.parse::<PackPath>().unwrap_err();
        assert_eq!(parse(""), Empty(String::new()));
        assert_eq!(parse("./"), Empty("./".into()));
        assert_eq!(parse("/etc"), Absolute("/etc".into()));
        assert_eq!(parse("//"), Absolute("//".into()));
        assert_eq!(parse("a/../b"), Upwards("a/../b".into()));
        assert_eq!(parse(r"..\b"), Character(r"..\b".into(), '\\'));
        assert_eq!(parse("a\0"), Character("a\0".into(), '\0'));
        assert_eq!(parse("a\0").to_string(), r"the path `a\0` has a control character in it");
        assert_eq!(parse("a\n"), Character("a\n".into(), '\n'));
        assert!(matches!(parse(&"a".repeat(256)), TooLong(_)));
        assert!(matches!(parse(&"ab/".repeat(1400)), TooLong(_)));
        assert_eq!(path(&"ä".repeat(127)).file_name().len(), 254);
    }

    #[test]
    fn paths_know_their_neighbours() {
        let file = path("roles/a/tasks/main.yml");
        assert_eq!(file.file_name(), "main.yml");
        assert_eq!(file.parent(), Some(path("roles/a/tasks")));
        assert_eq!(path("roles").parent(), None);
        assert!(file.starts_with(&path("roles/a")) && file.starts_with(&file));
        assert!(!path("roles/ab").starts_with(&path("roles/a")));
        assert!(!path("roles").starts_with(&path("roles/a")));
        assert_eq!(path("roles").join("a").unwrap(), path("roles/a"));
        assert!(path("roles").join("..").is_err());
        assert_eq!(file.to_path(Path::new("/packs/x")), Path::new("/packs/x/roles/a/tasks/main.yml"));
        assert!(path("a.b") < path("a/b") && path("a/b") < path("ab"));
    }

    proptest! {
        #[test]
        fn what_parses_stays_inside_and_parses_to_itself(text in "[./\\\\a-cä\0\n]{0,24}") {
            if let Ok(path) = text.parse::<PackPath>() {
                prop_assert_eq!(path.as_str().parse::<PackPath>().unwrap(), path.clone());
                prop_assert!(path.components().all(|name| !matches!(name, "" | "." | "..")));
                prop_assert!(path.to_path(Path::new("/pack")).starts_with("/pack"));
                let joined = path.components().skip(1).try_fold(path.components().next().unwrap().parse::<PackPath>().unwrap(),
                    |folder, name| folder.join(name));
                prop_assert_eq!(joined.unwrap(), path.clone());
                prop_assert!(path.parent().is_none_or(|parent| path.starts_with(&parent)));
            }
        }
    }
}
