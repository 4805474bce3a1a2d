//! Where a new pack goes: into a folder that is not there yet, all at once.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use spectro_pack::{
    create::NewFile,
    pack::ProfileLayer,
    store::{RepositoryName, Tag},
};

use crate::failure::{Exit, Failure};

/// The name of the pack in the folder in which it is made.
pub(super) const PACK: &str = "pack";

/// Makes a folder with these files; it appears complete or not at all. An empty one is used, and gets pack.json last.
pub(super) fn write(target: &Path, files: &[NewFile]) -> Result<(), Failure> {
    refuse_content(target)?;
    let stage = stage(target)?;
    fill(&stage.path().join(PACK), files)?;
    settle(&stage, target)
}

/// Makes an empty folder beside the target, or in it where it is there.
pub(super) fn stage(target: &Path) -> Result<tempfile::TempDir, Failure> {
    let parent = match target.parent() {
        _ if target.is_dir() => target,
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed =
        |error: &std::io::Error| Failure::file_system(format!("cannot write in `{}`", parent.display()), error);
    fs::create_dir_all(parent).map_err(|error| failed(&error))?;
    tempfile::Builder::new().prefix(".spectro-").tempdir_in(parent).map_err(|error| failed(&error))
}

/// Writes files below a folder.
pub(super) fn fill(folder: &Path, files: &[NewFile]) -> Result<(), Failure> {
    for file in files {
        let path = folder.join(&file.path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, &file.bytes));
        made.map_err(|error| Failure::file_system(format!("cannot write `{}`", path.display()), &error))?;
    }
    Ok(())
}

/// Moves the finished pack out of the folder in which it was made.
pub(super) fn settle(stage: &tempfile::TempDir, target: &Path) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| Failure::file_system(format!("cannot make `{}`", target.display()), error);
    let made = stage.path().join(PACK);
    let folder = stage.path().parent().and_then(|folder| folder.canonicalize().ok());
    if folder.is_none() || folder != target.canonicalize().ok() {
        refuse_content(target)?;
        return fs::rename(made, target).map_err(|error| failed(&error));
    }
    refuse_content_but(target, stage.path().file_name())?;
    let entries = fs::read_dir(&made).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    let mut names: Vec<_> = entries.map_err(|error| failed(&error))?.iter().map(fs::DirEntry::file_name).collect();
    names.sort_by_key(|name| name == "pack.json");
    for name in names {
        fs::rename(made.join(&name), target.join(&name)).map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// Refuses a target that holds something.
pub(super) fn refuse_content(target: &Path) -> Result<(), Failure> {
    refuse_content_but(target, None)
}

fn refuse_content_but(target: &Path, own: Option<&OsStr>) -> Result<(), Failure> {
    let there = match fs::read_dir(target) {
        Ok(mut entries) => entries.any(|entry| entry.map_or(true, |entry| Some(entry.file_name().as_os_str()) != own)),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    if !there {
        return Ok(());
    }
    Err(Failure::new(Exit::Conflict, format!("`{}` is there, and nothing in it is overwritten", target.display()))
        .hint("name a folder that is empty or not there"))
}

/// Returns a name that a pack may have.
pub(super) fn pack_name(text: &str) -> Result<String, String> {
    match text.parse::<RepositoryName>() {
        Ok(name) if !text.contains('/') => Ok(name.to_string()),
        Ok(_) => Err("a pack's name has no `/`".into()),
        Err(error) => match text.to_lowercase() {
            lower if lower != text && pack_name(&lower).is_ok() => Err(format!("{error}; did you mean `{lower}`?")),
            _ => Err(error.to_string()),
        },
    }
}

/// Returns a version that a tag can carry.
pub(super) fn version(text: &str) -> Result<String, String> {
    Tag::of_version(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Returns a cloud, known or not.
pub(super) fn cloud(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("a cloud has a name, such as `aws` or `all`".into()) } else { Ok(text.to_owned()) }
}

/// Returns a layer by its word.
pub(super) fn layer(text: &str) -> Result<ProfileLayer, String> {
    text.parse().map_err(|_| "the layers are os, k8s, cni, csi, addon and kernel".into())
}

/// Returns `./NAME-VERSION`.
pub(super) fn own_folder(name: &str, version: &str) -> PathBuf {
    PathBuf::from(format!("./{name}-{version}"))
}
