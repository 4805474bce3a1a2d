//! One pack of a push: from its folder to the store.

use std::{path::PathBuf, sync::Arc};

use spectro_pack::{
    artifact::{Artifact, EncodeOptions, Form},
    digest::Digest,
    location::{ServerLocation, Store},
    pack::{Pack, ReadOptions, Report},
    registry::Intent,
    store::{RepositoryName, Selector, Tag, TagConflict, Target},
    transfer::{self, Copied, CopyError, CopyOptions, Plan, TagPlan},
};

use super::same::has_same_files;
use crate::{
    failure::{Exit, Failure, tag_conflict},
    format,
    pack::{form::repository, read::Workers},
    progress::{Progress, Verbs},
};

/// What is common to all packs of a push.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Job {
    /// Where the packs go; one at least.
    pub(super) destinations: Vec<Destination>,
    pub(super) encoding: EncodeOptions,
    pub(super) workers: Workers,
    pub(super) options: Arc<ReadOptions>,
    pub(super) overwrite: bool,
    pub(super) moving: Vec<Tag>,
    pub(super) even_if_unchanged: bool,
    pub(super) strict: bool,
    pub(super) dry_run: bool,
    pub(super) form: Form,
    pub(super) jobs: usize,
    /// Whether it is the only pack and has one destination: then each of its blobs has a line.
    pub(super) alone: bool,
    pub(super) progress: Progress,
}

/// A server.
pub(super) struct Destination {
    pub(super) location: ServerLocation,
    pub(super) store: Store,
}

/// What became of a pack, at one server.
pub(super) struct Pushed {
    /// The server, where it came that far.
    pub(super) server: Option<ServerLocation>,
    /// Whether it is the first of the pack, with which its findings are told.
    pub(super) is_first: bool,
    pub(super) directory: PathBuf,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    /// `SERVER/NAME:TAG`, where name and version could be read.
    pub(super) reference: Option<String>,
    pub(super) report: Option<Arc<Report>>,
    pub(super) left_out: Vec<String>,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Done(Copied),
    Planned(Plan),
    /// The archive that is there has other bytes and the same files; it stays.
    SameFiles(Digest),
    /// Findings forbid it.
    Refused,
    Failed(Failure),
}

impl Pushed {
    /// Returns the exit code that this pack alone would give, unless all went well.
    pub(super) fn exit(&self) -> Option<Exit> {
        match &self.outcome {
            Outcome::Done(_) | Outcome::SameFiles(_) => None,
            Outcome::Planned(plan) => match plan.tag {
                TagPlan::Conflict { .. } => Some(Exit::Conflict),
                _ => None,
            },
            Outcome::Refused => Some(Exit::Findings),
            Outcome::Failed(failure) => Some(failure.exit),
        }
    }

    /// Returns the digest of the content, where it got that far.
    pub(super) fn digest(&self) -> Option<&Digest> {
        match &self.outcome {
            Outcome::Done(copied) => Some(&copied.digest),
            Outcome::Planned(plan) => Some(&plan.digest),
            Outcome::SameFiles(there) => Some(there),
            Outcome::Refused | Outcome::Failed(_) => None,
        }
    }
}

/// Pushes the pack in a folder to every server. What fails is part of the result: other packs and servers go on.
pub(super) async fn push_one(job: Arc<Job>, directory: PathBuf) -> Vec<Pushed> {
    let mut pushed = Pushed {
        server: None,
        is_first: true,
        directory: directory.clone(),
        name: None,
        version: None,
        reference: None,
        report: None,
        left_out: Vec::new(),
        outcome: Outcome::Refused,
    };
    let reading = match job.workers.read(directory, job.options.clone()).await {
        Ok(reading) => reading,
        Err(failure) => return vec![Pushed { outcome: Outcome::Failed(failure), ..pushed }],
    };
    (pushed.name, pushed.version) = (reading.name, reading.version);
    let too_many_warnings = job.strict && reading.report.warnings() > 0;
    pushed.report = Some(Arc::new(reading.report));
    let Some(pack) = reading.pack.filter(|_| !too_many_warnings) else { return vec![pushed] };
    pushed.left_out = pack.left_out().iter().map(ToString::to_string).collect();
    let encoded = match Encoded::of(&job, pack).await {
        Ok(encoded) => encoded,
        Err(failure) => return vec![Pushed { outcome: Outcome::Failed(failure), ..pushed }],
    };
    let sent = job.destinations.iter().map(|destination| {
        let (job, encoded) = (&job, &encoded);
        async move {
            let mut reference = None;
            let sent = send(job, destination, encoded, &mut reference).await;
            (sent.unwrap_or_else(Outcome::Failed), reference, destination.location.clone())
        }
    });
    let sent = futures::future::join_all(sent).await;
    let each = sent.into_iter().enumerate().map(|(place, (outcome, reference, server))| Pushed {
        server: Some(server),
        is_first: place == 0,
        directory: pushed.directory.clone(),
        name: pushed.name.clone(),
        version: pushed.version.clone(),
        reference,
        report: pushed.report.clone(),
        left_out: pushed.left_out.clone(),
        outcome,
    });
    each.collect()
}

/// A pack, ready to be sent.
struct Encoded {
    name: RepositoryName,
    tag: Tag,
    /// The name and version as pack.json has them.
    title: String,
    /// A file of no byte, where there is one.
    empty: Option<String>,
    artifact: Artifact,
}

impl Encoded {
    async fn of(job: &Job, pack: Pack) -> Result<Self, Failure> {
        let invalid = |error: &dyn std::error::Error| Failure::new(Exit::Usage, error.to_string());
        let name: RepositoryName = pack.metadata().name.parse().map_err(|error| invalid(&error))?;
        let tag = Tag::of_version(&pack.metadata().version).map_err(|error| invalid(&error))?;
        let title = format!("{} {}", pack.metadata().name, pack.metadata().version);
        let empty = pack.files().iter().find(|file| file.size == 0).map(|file| file.path.to_string());
        let (options, form) = (job.encoding.clone(), job.form);
        let artifact = job.workers.run(move || Artifact::encode(&pack, form, &options)).await?;
        let artifact = artifact.map_err(|error| Failure::of_store(format!("cannot encode `{name}:{tag}`"), &error))?;
        Ok(Self { name, tag, title, empty, artifact })
    }
}

async fn send(
    job: &Job,
    destination: &Destination,
    encoded: &Encoded,
    reference: &mut Option<String>,
) -> Result<Outcome, Failure> {
    let (location, artifact, tag) = (&destination.location, &encoded.artifact, encoded.tag.clone());
    let name = repository(location, &encoded.name, job.form)?;
    let place = format!("{name}:{tag}");
    *reference = Some(location.place(&place));
    if job.form == Form::Layered {
        refuse_empty_files(destination, encoded, &place)?;
    }
    let label = (!job.alone).then(|| encoded.title.clone());
    let intent = if job.dry_run { Intent::Pull } else { Intent::Push };
    let target = destination.store.repository(&name, intent)?;
    let selector = Selector::Digest(artifact.manifest().digest().clone());
    let options = CopyOptions {
        tag: Some(tag),
        overwrite: job.overwrite,
        moving: job.moving.clone(),
        even_if_unchanged: job.even_if_unchanged,
        mount: None,
        jobs: job.jobs,
    };
    if job.dry_run {
        let planned = transfer::plan(artifact, &selector, &*target, &options).await;
        let failed = |error| Failure::of_store(format!("cannot look at `{place}` in `{location}`"), &error);
        let plan = planned.map_err(failed)?;
        return Ok(match &plan.tag {
            TagPlan::Conflict { there } if is_there_otherwise(job, &*target, there, artifact).await => {
                Outcome::SameFiles(there.clone())
            }
            _ => Outcome::Planned(plan),
        });
    }
    let observer = job.progress.blobs(label, Verbs::Push);
    let error = match transfer::copy(artifact, &selector, &*target, &options, &observer).await {
        Ok(copied) => return Ok(Outcome::Done(copied)),
        Err(error) => error,
    };
    match error.error.find::<TagConflict>() {
        Some(conflict) if !conflict.raced && is_there_otherwise(job, &*target, &conflict.there, artifact).await => {
            Ok(Outcome::SameFiles(conflict.there.clone()))
        }
        _ => Err(not_pushed(location, &place, error)),
    }
}

/// Returns whether an archive that is there, with other bytes, may stay as it is.
async fn is_there_otherwise(job: &Job, target: &dyn Target, there: &Digest, artifact: &Artifact) -> bool {
    let may_stay = job.form == Form::Archive && job.moving.is_empty() && !job.even_if_unchanged;
    may_stay && has_same_files(target, there, artifact, job.encoding.scratch.clone()).await
}

/// Amazon's ECR takes no blob of 0 bytes, so a pack with one is refused before anything is sent.
fn refuse_empty_files(destination: &Destination, encoded: &Encoded, place: &str) -> Result<(), Failure> {
    let Store::Registry(server, _) = &destination.store else { return Ok(()) };
    match &encoded.empty {
        Some(path) if server.refuses_empty_blobs() => {
            let message = format!("cannot push `{place}`: `{path}` is empty, and ECR takes no empty file");
            let hint = format!("put one comment line into `{path}`, or use --format archive");
            Err(Failure::new(Exit::Denied, message).hint(hint))
        }
        _ => Ok(()),
    }
}

fn not_pushed(location: &ServerLocation, place: &str, failed: CopyError) -> Failure {
    let server = location.to_string();
    let CopyError { error, blobs_there, tag_written } = failed;
    if let Some(conflict) = error.find::<TagConflict>() {
        return tag_conflict(place, &server, conflict);
    }
    let failure = Failure::of_store(format!("cannot push `{place}` to `{server}`"), &error);
    let blobs = format::count(blobs_there, "blob");
    match (blobs_there, tag_written) {
        (_, true) => failure.state("the version's tag is written, a further tag is not"),
        (0, false) => failure.state("nothing is there, the tag is as it was"),
        (1, false) => failure.state(format!("{blobs} is there, the tag is as it was")),
        (_, false) => failure.state(format!("{blobs} are there, the tag is as it was")),
    }
}
