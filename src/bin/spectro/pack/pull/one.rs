//! One pack of a pull: from the store to its folder.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Mutex,
};

use spectro_pack::{
    artifact::{
        Form, Limits, PackArtifact,
        unpack::{UnpackOptions, Unpacked, unpack},
    },
    location::ServerLocation,
    registry::PackReference,
    store::{Error, ErrorKind, RepositoryName, Result as StoreResult, Source, Tag},
};

use crate::{
    args::ServerArgs,
    context::{Context, user_home},
    failure::{Exit, Failure},
    format,
    pack::stored::{Stored, failure},
    progress::Verbs,
};

/// What is common to all packs of a pull.
pub(super) struct Job<'a> {
    pub(super) force: bool,
    pub(super) limits: Limits,
    pub(super) server: &'a ServerArgs,
    pub(super) context: &'a Context,
    /// Whether it is the only pack: then each of its blobs has a line.
    pub(super) alone: bool,
    /// The folders that are being made, so that no two packs go into one.
    pub(super) claimed: Mutex<BTreeSet<PathBuf>>,
}

/// A pack that is to be pulled.
pub(super) struct Wanted {
    pub(super) location: ServerLocation,
    pub(super) reference: PackReference,
    pub(super) form: Form,
    pub(super) goal: Goal,
}

/// Where a pack goes.
pub(super) enum Goal {
    /// Into this folder.
    Folder(PathBuf),
    /// Into the folder `NAME-VERSION` in this one.
    In(PathBuf),
}

/// A pack that was pulled.
pub(super) struct Pulled {
    pub(super) target: PathBuf,
    pub(super) reference: String,
    pub(super) artifact: PackArtifact,
    pub(super) unpacked: Unpacked,
}

pub(super) async fn pull_one(job: &Job<'_>, wanted: Wanted) -> Result<Pulled, Failure> {
    let Wanted { location, reference, form, goal } = wanted;
    let stored = Stored::find(job.server, &location, reference, form, job.context).await?;
    let reference = &stored.reference;
    if let Some(versions) = stored.newest_of {
        job.context.output.say(&format!("newest of {}: {reference}", format::count(versions, "version")));
    }
    let failed = |error: &_| failure("cannot pull", reference, &location, error);
    let source = &*stored.repository;
    let artifact = PackArtifact::open(source, &stored.selector).await.map_err(|error| failed(&error))?;
    let target = match goal {
        Goal::Folder(target) => target,
        Goal::In(folder) => {
            let name = own_folder(source, &artifact, stored.tag()).await.map_err(|error| failed(&error))?;
            folder.join(name)
        }
    };
    if !job.claimed.lock().expect("nobody panics with this lock").insert(target.clone()) {
        let message =
            format!("`{reference}` would go into `{}`, where another pack of this command goes", target.display());
        return Err(Failure::new(Exit::Usage, message).hint("pull one of them alone, with a target folder"));
    }
    let options = UnpackOptions {
        replace: job.force,
        protected: protected_folders(),
        limits: job.limits,
        jobs: job.server.connection.jobs,
    };
    if let Some(parent) = target.parent().filter(|parent| !job.alone && !parent.as_os_str().is_empty()) {
        make_folder(parent)?;
    }
    let label = (!job.alone).then(|| reference.to_string());
    let observer = job.context.progress.blobs(label, Verbs::Pull);
    let unpacked = unpack(source, &artifact, &target, &options, &*observer).await;
    let unpacked = unpacked.map_err(|error| {
        job.context.progress.finish();
        let action = format!("cannot pull `{reference}` from `{location}` into `{}`", target.display());
        let failure = Failure::of_store(action, &error);
        match error.kind() {
            ErrorKind::Conflict if !job.force => {
                failure.hint("name another folder, or add --force where it holds another version of this pack")
            }
            _ => failure,
        }
    })?;
    Ok(Pulled { reference: location.place(reference), target, artifact, unpacked })
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::file_system(format!("cannot make the folder `{}`", folder.display()), &error))
}

/// Returns `NAME-VERSION` as pack.json has them; both are checked, so that they can't lead anywhere else.
async fn own_folder(source: &dyn Source, artifact: &PackArtifact, tag: Option<&Tag>) -> StoreResult<String> {
    let metadata = artifact.metadata(source).await?;
    let value: serde_json::Value = serde_json::from_slice(&metadata).unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    let name = text("name").filter(|name| name.parse::<RepositoryName>().is_ok() && !name.contains('/'));
    let version = text("version").filter(|version| Tag::of_version(version).is_ok());
    let version = version.or_else(|| tag.map(ToString::to_string));
    match (name, version) {
        (Some(name), Some(version)) => Ok(format!("{name}-{version}")),
        _ => Err(Error::new(
            ErrorKind::Invalid,
            "its pack.json has no name and version that a folder could have: name the target folder",
        )),
    }
}

/// Returns the folders that a pull never replaces: the home and the working folder.
fn protected_folders() -> Vec<PathBuf> {
    user_home().into_iter().chain(std::env::current_dir()).collect()
}
