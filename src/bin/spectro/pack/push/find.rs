//! Which folders a push means, and that no two of them claim the same version.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use spectro_pack::store::Tag;

use crate::failure::{Exit, Failure};

/// The largest pack.json that is looked into, in bytes: a larger one is refused when the pack is read.
const METADATA_LIMIT: u64 = 1024 * 1024;
/// How deep packs are looked for.
const DEEPEST: usize = 64;

/// Returns the folders below these that hold a `pack.json`, sorted. What is within a pack, a link, or begins with a dot is not
/// looked into.
pub(super) fn packs_below(roots: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for root in roots {
        let before = found.len();
        look_into(root, 0, &mut found)?;
        if found.len() == before {
            let message = format!("there is no pack below `{}`", root.display());
            return Err(Failure::new(Exit::NotFound, message).hint("a pack is a folder that holds a pack.json"));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn look_into(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::new(Exit::NotFound, format!("there is no folder `{}`", folder.display()))
        }
        std::io::ErrorKind::NotADirectory => {
            Failure::new(Exit::NotFound, format!("`{}` is no folder", folder.display()))
        }
        _ => Failure::file_system(format!("cannot read `{}`", folder.display()), error),
    };
    let entries = fs::read_dir(folder).map_err(|error| failed(&error))?;
    if folder.join("pack.json").symlink_metadata().is_ok() {
        found.push(folder.to_owned());
        return Ok(());
    }
    if depth == DEEPEST {
        return Ok(());
    }
    for entry in entries {
        let entry = entry.map_err(|error| failed(&error))?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            look_into(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}

/// Returns each folder once, however often and in whatever spelling it is named.
pub(super) fn each_once(directories: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let is_new = |directory: &PathBuf| fs::canonicalize(directory).map_or(true, |path| seen.insert(path));
    directories.into_iter().filter(is_new).collect()
}

/// Refuses folders that claim the same name and version: one would overwrite the other, or be refused for it.
///
/// A pack.json that can't be read claims nothing; it is refused when the pack is read.
pub(super) fn refuse_duplicates(directories: &[PathBuf]) -> Result<(), Failure> {
    let mut claimed: BTreeMap<(String, String), &Path> = BTreeMap::new();
    for directory in directories {
        let Some((name, version)) = claim(directory) else { continue };
        if let Some(other) = claimed.insert((name.clone(), version.clone()), directory) {
            let (one, other) = (other.display(), directory.display());
            let message = format!("`{one}` and `{other}` are both `{name}:{version}`");
            return Err(Failure::new(Exit::Usage, message)
                .state("nothing was sent")
                .hint("raise \"version\" in one pack.json, or name one of the folders only"));
        }
    }
    Ok(())
}

/// Returns the name and the tag of a folder's pack.
fn claim(directory: &Path) -> Option<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Claim {
        name: String,
        version: String,
    }
    let path = directory.join("pack.json");
    let size = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?.len();
    let text = if size <= METADATA_LIMIT { fs::read(&path).ok()? } else { return None };
    let claim: Claim = serde_json::from_slice(&text).ok()?;
    Some((claim.name, Tag::of_version(&claim.version).ok()?.to_string()))
}
