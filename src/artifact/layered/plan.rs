//! Which layers a pack has, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use super::super::part::Part;
use crate::{
    pack::{Pack, PackFile, PackPath},
    store::{Error, ErrorKind, Result},
};

/// A layer to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// A file.
    File(Part, &'a PackFile),
    /// A folder with all that is in it.
    Folder(Part, &'a PackPath),
}

impl Item<'_> {
    fn path(&self) -> &str {
        match self {
            Self::File(_, file) => file.path.as_str(),
            Self::Folder(_, path) => path.as_str(),
        }
    }
}

/// The layers to be, in order: first what has a name of its own or is declared in pack.json, then the rest by path.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    files: BTreeMap<&'a str, &'a PackFile>,
    items: Vec<Item<'a>>,
    taken: BTreeSet<&'a str>,
}

impl<'a> Plan<'a> {
    /// Returns the plan for a pack.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] where pack.json declares what is not there or overlaps; validation finds both before.
    pub(super) fn of(pack: &'a Pack) -> Result<Self> {
        let files = pack.files().iter().map(|file| (file.path.as_str(), file)).collect();
        let mut plan = Self { files, items: Vec::new(), taken: BTreeSet::new() };
        let metadata = pack.metadata();
        for (part, path) in &Part::FIXED[..3] {
            plan.take_if_there(*part, path);
        }
        let declared = [(Part::Chart, &metadata.charts), (Part::KubeManifest, &metadata.kube_manifests)];
        for (part, paths) in declared {
            for path in paths {
                if !plan.take_if_there(part, path.as_str()) {
                    return Err(invalid(path, "is not a file of the pack"));
                }
            }
        }
        let folders: BTreeMap<&str, &PackPath> = pack.folders().iter().map(|path| (path.as_str(), path)).collect();
        for path in &metadata.ansible_roles {
            if plan.files.contains_key(path.as_str()) {
                // A role that is a file can be allowed; it is a file like any other.
                continue;
            }
            let folder = *folders.get(path.as_str()).ok_or_else(|| invalid(path, "is not a folder of the pack"))?;
            if plan.taken.insert(folder.as_str()) {
                plan.items.push(Item::Folder(Part::Role, folder));
            }
        }
        for (part, path) in &Part::FIXED[3..] {
            plan.take_if_there(*part, path);
        }
        plan.take_the_rest(pack)?;
        Ok(plan)
    }

    /// Returns the layers to be, in order.
    pub(super) fn items(&self) -> &[Item<'a>] {
        &self.items
    }

    /// Gives a file its own layer unless it has one, and returns whether there is such a file.
    fn take_if_there(&mut self, part: Part, path: &str) -> bool {
        let Some(file) = self.files.get(path).copied() else { return false };
        if self.taken.insert(file.path.as_str()) {
            self.items.push(Item::File(part, file));
        }
        true
    }

    fn take_the_rest(&mut self, pack: &'a Pack) -> Result<()> {
        // A folder that holds something with a layer of its own is entered.
        let entered: BTreeSet<&str> = self.taken.iter().flat_map(|path| ancestors(path)).collect();
        if let Some(role) = entered.iter().find(|path| self.taken.contains(*path)) {
            return Err(Error::new(ErrorKind::Invalid, format!("something declared is inside of the role `{role}`")));
        }
        let is_open = |path: &str| parent(path).is_none_or(|parent| entered.contains(parent));
        let is_rest = |path: &str| is_open(path) && !self.taken.contains(path);
        let files = pack.files().iter().filter(|file| is_rest(file.path.as_str()));
        let folders = pack.folders().iter().filter(|path| is_rest(path.as_str()) && !entered.contains(path.as_str()));
        let files = files.map(|file| Item::File(Part::File, file));
        let mut rest: Vec<_> = files.chain(folders.map(|path| Item::Folder(Part::Folder, path))).collect();
        rest.sort_by(|one, other| one.path().cmp(other.path()));
        self.items.append(&mut rest);
        Ok(())
    }
}

fn invalid(path: &PackPath, what: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("`{path}`, named in pack.json, {what}"))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |path| parent(path))
}
