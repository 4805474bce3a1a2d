//! What goes: tags and manifests that are deleted, blobs that nothing refers to any more, files that a killed process left.

use std::{collections::BTreeSet, fs, io, path::Path};

use super::{OWN_FOLDER, blobs, index};
use crate::{
    digest::Digest,
    store::{Content, Error, ErrorKind, Json, Result, Selector},
};

/// Removes what a killed process was writing. Nobody else pushes meanwhile.
pub(super) fn stale_files(root: &Path) -> Result<()> {
    let folder = root.join(OWN_FOLDER);
    let failed = |error| Error::file_system("clear", &folder, error);
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(blobs::TEMPORARY) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::file_system("remove", path, error)),
        _ => Ok(()),
    }
}

/// Deletes a tag, or a manifest with all its tags, and the blobs that only it needed.
pub(super) fn delete(root: &Path, selector: &Selector) -> Result<()> {
    let mut index = index::read_for_change(root)?;
    let went = match selector {
        Selector::Tag(tag) => index.retain(|name, _| name != Some(tag.as_str())),
        Selector::Digest(digest) => index.retain(|_, entry| entry != Some(digest)),
    };
    if !went {
        let message = format!("`{selector}` is not in `{}`", root.display());
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let needed = needed_blobs(root, index.digests()?);
    if !index.write(root)? {
        let message = format!("another program changed `{}` at the same moment", root.display());
        return Err(Error::new(ErrorKind::Unavailable, message));
    }
    // The index is on disk: what it no longer needs may go.
    let folder = root.join("blobs");
    for algorithm in entries(&folder)? {
        for blob in entries(&folder.join(&algorithm))? {
            let digest = format!("{algorithm}:{blob}").parse::<Digest>();
            if digest.is_ok_and(|digest| !needed.contains(&digest)) {
                remove(&folder.join(&algorithm).join(&blob))?;
            }
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<String>> {
    let failed = |error| Error::file_system("read", folder, error);
    let names =
        fs::read_dir(folder).map_err(failed)?.map(|entry| {
            entry.map_err(failed)?.file_name().into_string().map_err(|_| {
                Error::new(ErrorKind::Unsafe, format!("`{}` has a name that is not UTF-8", folder.display()))
            })
        });
    names.collect()
}

/// Returns every blob that these manifests need: their configs, layers and children, and whatever refers to them as its
/// `subject` (signatures, SBOMs).
fn needed_blobs(root: &Path, roots: Vec<Digest>) -> BTreeSet<Digest> {
    let mut needed = BTreeSet::new();
    let mut open = roots;
    while let Some(digest) = open.pop() {
        if !needed.insert(digest.clone()) {
            continue;
        }
        // A manifest that can't be read needs nothing that could be told; an entry of a foreign kind is kept as it is.
        let Ok(Some(manifest)) = blobs::manifest(root, &digest, None) else { continue };
        match manifest.content() {
            Content::Image { .. } => needed.extend(manifest.blobs().into_iter().map(|blob| blob.digest.clone())),
            Content::Index { manifests } => open.extend(manifests.iter().map(|child| child.digest.clone())),
        }
        let subject = Json::parse(manifest.bytes()).ok();
        let subject =
            subject.as_ref().and_then(|json| json.as_object()?.get("subject")?.as_object()?.get("digest")?.as_str());
        open.extend(subject.and_then(|digest| digest.parse().ok()));
    }
    needed
}
