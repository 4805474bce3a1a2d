//! The names that a restored pack would have, so that no two of them meet.
//!
//! A file system may take `A` and `a` for one name, so names that differ only by case are refused everywhere, folders on
//! the way included: the last one written would win, and what was checked is not what is there. Kept as a tree, because a
//! hostile list of long and deep names must not cost more memory than its own text.

use std::collections::HashMap;

/// What has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A file, or anything else that nothing may lie in.
    File,
    /// A folder.
    Folder,
}

/// Why a name can't be there beside the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Clash {
    #[error("`{0}` is there twice")]
    Twice(String),
    #[error("`{0}` and `{1}` differ only by case")]
    Case(String, String),
    #[error("`{0}` lies within `{1}`, which is not a folder")]
    Within(String, String),
}

/// Returns a stranger's text as it may stand in a message: its beginning, without what a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}

/// All names so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The number of a name, by the number of the folder it is in (0 is the pack itself) and its lower-case form.
    numbers: HashMap<(usize, Box<str>), usize>,
    /// What has the numbers from 1 on.
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    name: Box<str>,
    /// What it is; a folder that has only been passed through so far is nothing yet.
    named: Option<Named>,
}

impl Names {
    /// Adds a name and returns the folders that now exist because it lies in them, the outermost first.
    pub(super) fn add(&mut self, path: &str, named: Named) -> Result<Vec<String>, Clash> {
        let mut implied = Vec::new();
        let (mut folder, mut start) = (0, 0);
        for (slash, _) in path.match_indices('/') {
            let above = &path[..slash];
            match self.find(folder, start, above)? {
                Some(number) if self.known[number - 1].named == Some(Named::File) => {
                    return Err(Clash::Within(path.to_owned(), above.to_owned()));
                }
                Some(number) => folder = number,
                None => {
                    implied.push(above.to_owned());
                    folder = self.insert(folder, &above[start..], None);
                }
            }
            start = slash + 1;
        }
        match self.find(folder, start, path)? {
            None => {
                self.insert(folder, &path[start..], Some(named));
            }
            Some(number) if self.known[number - 1].named.is_none() && named == Named::Folder => {
                self.known[number - 1].named = Some(named);
            }
            Some(_) => return Err(Clash::Twice(path.to_owned())),
        }
        Ok(implied)
    }

    /// Returns how many names there are, folders on the way included.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// Returns the number of `path`, whose last name begins at `start` and is in `folder`.
    fn find(&self, folder: usize, start: usize, path: &str) -> Result<Option<usize>, Clash> {
        let (parent, name) = path.split_at(start);
        let Some(number) = self.numbers.get(&(folder, name.to_lowercase().into())) else { return Ok(None) };
        let known = &self.known[number - 1].name;
        if **known == *name { Ok(Some(*number)) } else { Err(Clash::Case(format!("{parent}{known}"), path.to_owned())) }
    }

    fn insert(&mut self, folder: usize, name: &str, named: Option<Named>) -> usize {
        self.known.push(Known { name: name.into(), named });
        self.numbers.insert((folder, name.to_lowercase().into()), self.known.len());
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clash(names: &[(&str, Named)]) -> Option<String> {
        let mut known = Names::default();
        names.iter().find_map(|(path, named)| known.add(path, *named).err()).map(|clash| clash.to_string())
    }

    #[test]
    fn names_that_can_stand_side_by_side_do() {
        use Named::{File, Folder};
        assert_eq!(clash(&[("a/b", File), ("a", Folder), ("a/c", Folder), ("a/c/d", File), ("ab", File)]), None);
        let mut names = Names::default();
        assert_eq!(names.add("a/b/c", File).unwrap(), ["a", "a/b"]);
        assert_eq!(names.add("a/b/d", File).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn names_that_meet_are_refused() {
        use Named::{File, Folder};
        let cases: [(&[(&str, Named)], &str); 9] = [
            (&[("a", File), ("a", File)], "`a` is there twice"),
            (&[("a", Folder), ("a", Folder)], "`a` is there twice"),
            (&[("a", Folder), ("a", File)], "`a` is there twice"),
            (&[("a/b", File), ("a", File)], "`a` is there twice"),
            (&[("a", File), ("a/b", File)], "`a/b` lies within `a`, which is not a folder"),
            (&[("a", File), ("a/b/c", Folder)], "`a/b/c` lies within `a`, which is not a folder"),
            (&[("a", File), ("A", File)], "`a` and `A` differ only by case"),
            (&[("Roles/x", File), ("roles/y", File)], "`Roles` and `roles` differ only by case"),
            (&[("ä", File), ("Ä", File)], "`ä` and `Ä` differ only by case"),
        ];
        for (names, expected) in cases {
            assert_eq!(clash(names).as_deref(), Some(expected), "{names:?}");
        }
    }

    proptest! {
        /// Whatever is accepted could be written to a file system that ignores case, in the order given.
        #[test]
        fn accepted_names_fit_on_any_file_system(paths in prop::collection::vec(("[aAbB](/[aAbB]){0,3}", any::<bool>()), 1..12)) {
            let mut names = Names::default();
            let mut disk: HashMap<String, (String, bool)> = HashMap::new();
            for (path, is_folder) in paths {
                let Ok(_) = names.add(&path, if is_folder { Named::Folder } else { Named::File }) else { continue };
                let depth = path.split('/').count();
                let mut prefix = String::new();
                for (index, component) in path.split('/').enumerate() {
                    if index > 0 { prefix.push('/') }
                    prefix.push_str(component);
                    let is_folder = is_folder || index + 1 < depth;
                    let (exact, was_folder) =
                        disk.entry(prefix.to_lowercase()).or_insert_with(|| (prefix.clone(), is_folder)).clone();
                    prop_assert_eq!(&exact, &prefix);
                    prop_assert_eq!(was_folder, is_folder);
                }
            }
        }
    }
}
