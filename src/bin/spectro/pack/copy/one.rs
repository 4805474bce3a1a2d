//! One pack of a copy: from store to store, and into the other form where that is asked for.

use std::sync::Arc;

use spectro_pack::{
    artifact::{
        Artifact, EncodeOptions, Form, Limits, PackArtifact, media_type,
        unpack::{UnpackOptions, unpack},
    },
    digest::Digest,
    location::{ServerLocation, Store},
    registry::{Intent, PackReference},
    store::{RepositoryName, Selector, Source, Tag, TagConflict, Target},
    transfer::{self, Copied, CopyError, CopyOptions, Plan, TagPlan},
};

use crate::{
    failure::{Exit, Failure, tag_conflict},
    format,
    pack::{form::repository, read::Workers, stored::failure},
    progress::{Progress, Verbs},
};

/// What is common to all packs of a copy.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Job {
    pub(super) target: ServerLocation,
    /// The target; of an archive file the folder in which it is put together.
    pub(super) store: Store,
    pub(super) encoding: EncodeOptions,
    pub(super) workers: Workers,
    pub(super) overwrite: bool,
    pub(super) dry_run: bool,
    pub(super) referrers: bool,
    pub(super) form: Option<Form>,
    pub(super) jobs: usize,
    pub(super) alone: bool,
    pub(super) progress: Progress,
}

/// A pack that is to be copied.
pub(super) struct Item {
    pub(super) source: Box<dyn Target>,
    pub(super) location: ServerLocation,
    pub(super) reference: PackReference,
    /// Its repository on its server, whose blobs another repository there can take over.
    pub(super) mount: Option<RepositoryName>,
}

/// What became of a pack.
pub(super) struct Copying {
    pub(super) source: String,
    /// `TARGET/NAME:TAG`, where it came that far.
    pub(super) reference: Option<String>,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    Done {
        copied: Copied,
        referrers: Vec<Copied>,
    },
    Planned {
        plan: Plan,
        referrers: Vec<Plan>,
        /// Whether what is missing would be mounted.
        mounts: bool,
    },
    /// It went well, but its archive file was not written, since another pack failed.
    NotWritten,
    Failed(Failure),
}

impl Copying {
    /// Returns the exit code that this pack alone would give, unless all went well.
    pub(super) fn exit(&self) -> Option<Exit> {
        match &self.outcome {
            Outcome::Done { .. } | Outcome::NotWritten => None,
            Outcome::Planned { plan, .. } => matches!(plan.tag, TagPlan::Conflict { .. }).then_some(Exit::Conflict),
            Outcome::Failed(failure) => Some(failure.exit),
        }
    }

    /// Returns what became of a word that could not be found.
    pub(super) fn failed(word: &str, failure: Failure) -> Self {
        Self { source: word.to_owned(), reference: None, outcome: Outcome::Failed(failure) }
    }
}

/// Copies a pack. What fails is part of the result: other packs go on.
pub(super) async fn copy_one(job: &Arc<Job>, item: Item) -> Copying {
    let source = item.location.place(&item.reference);
    let mut reference = None;
    let outcome = send(job, item, &mut reference).await;
    Copying { source, reference, outcome: outcome.unwrap_or_else(Outcome::Failed) }
}

async fn send(job: &Arc<Job>, item: Item, reached: &mut Option<String>) -> Result<Outcome, Failure> {
    let Item { source, location, reference, mount } = item;
    let failed = |error: &_| failure("cannot copy", &reference, &location, error);
    let selector = reference.selector().expect("a version was chosen");
    let artifact = PackArtifact::open(&*source, &selector).await.map_err(|error| failed(&error))?;
    let metadata = Metadata::of(&artifact, &*source).await.map_err(|error| failed(&error))?;
    let tag = match &reference.tag {
        Some(tag) => tag.clone(),
        None => metadata.tag().ok_or_else(|| no_name(&reference, &location))?,
    };
    let form = job.form.unwrap_or(artifact.form());
    let last = reference.name.as_str().rsplit('/').next().unwrap_or_default();
    // A file of skopeo's keeps no name; the pack has one.
    let name =
        if matches!(location, ServerLocation::Archive(_)) { metadata.name.as_deref().unwrap_or(last) } else { last };
    let name: RepositoryName = name.parse().map_err(|_| no_name(&reference, &location))?;
    let name = match &job.target {
        // The folder in which an archive is put together has no place of its own for a form.
        ServerLocation::Archive(_) => name,
        target => repository(target, &name, form)?,
    };
    let place = format!("{name}:{tag}");
    *reached = Some(job.target.place(&place));
    let intent = if job.dry_run { Intent::Pull } else { Intent::Push };
    let target = job.store.repository(&name, intent)?;
    let mount = mount.filter(|_| is_same_server(&location, &job.target) && form == artifact.form());
    let options = CopyOptions {
        tag: Some(tag),
        overwrite: job.overwrite,
        moving: Vec::new(),
        even_if_unchanged: false,
        mount,
        jobs: job.jobs,
    };
    let converted =
        if form == artifact.form() { None } else { Some(convert(job, &*source, &artifact, form, &place).await?) };
    let (from, selector): (&dyn Source, _) = match &converted {
        Some((converted, _folder)) => (converted, Selector::Digest(converted.manifest().digest().clone())),
        // By digest, so that a tag that moves meanwhile changes nothing.
        None => (&*source, Selector::Digest(artifact.manifest().digest().clone())),
    };
    if job.dry_run {
        let planned = transfer::plan(from, &selector, &*target, &options).await;
        let plan = planned
            .map_err(|error| Failure::of_store(format!("cannot look at `{place}` in `{}`", job.target), &error))?;
        let referrers = if job.referrers {
            let subject = artifact.manifest().digest();
            transfer::plan_referrers(&*source, subject, &*target, &options).await.map_err(|error| failed(&error))?
        } else {
            Vec::new()
        };
        return Ok(Outcome::Planned { plan, referrers, mounts: options.mount.is_some() });
    }
    let label = (!job.alone).then(|| place.clone());
    let observer = job.progress.blobs(label, Verbs::Push);
    let copied = transfer::copy(from, &selector, &*target, &options, &observer).await;
    let copied = copied.map_err(|error| not_copied(job, &place, error))?;
    let mut referrers = Vec::new();
    if job.referrers {
        let digest: Digest = artifact.manifest().digest().clone();
        let all = transfer::copy_referrers(&*source, &digest, &*target, &options, &observer).await;
        referrers = all.map_err(|error| {
            Failure::of_store(format!("cannot copy what refers to `{place}` to `{}`", job.target), &error.error)
                .state("the pack itself is there")
        })?;
    }
    Ok(Outcome::Done { copied, referrers })
}

fn is_same_server(one: &ServerLocation, other: &ServerLocation) -> bool {
    matches!((one, other), (ServerLocation::Registry(one), ServerLocation::Registry(other)) if one.host() == other.host())
}

fn no_name(reference: &PackReference, location: &ServerLocation) -> Failure {
    let message =
        format!("the pack.json of `{reference}` in `{location}` has no name and version that it could be copied to");
    Failure::new(Exit::Usage, message)
}

/// What pack.json says of itself.
struct Metadata {
    name: Option<String>,
    version: Option<String>,
}

impl Metadata {
    async fn of(artifact: &PackArtifact, source: &dyn Source) -> spectro_pack::store::Result<Self> {
        let bytes = artifact.metadata(source).await?;
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
        Ok(Self { name: text("name"), version: text("version") })
    }

    fn tag(&self) -> Option<Tag> {
        Tag::of_version(self.version.as_deref()?).ok()
    }
}

/// Brings a pack into the other form: unpacked, read as a push reads it, and encoded.
async fn convert(
    job: &Job,
    source: &dyn Source,
    artifact: &PackArtifact,
    form: Form,
    place: &str,
) -> Result<(Artifact, tempfile::TempDir), Failure> {
    let failed = |error: &_| Failure::of_store(format!("cannot convert `{place}`"), error);
    let scratch = &job.encoding.scratch;
    let folder = tempfile::Builder::new().prefix("spectro-copy-").tempdir_in(scratch);
    let folder =
        folder.map_err(|error| Failure::file_system(format!("cannot write in `{}`", scratch.display()), &error))?;
    let unpacked = folder.path().join("pack");
    let options = UnpackOptions { replace: false, protected: Vec::new(), limits: Limits::default(), jobs: job.jobs };
    unpack(source, artifact, &unpacked, &options, &spectro_pack::store::Silent)
        .await
        .map_err(|error| failed(&error))?;
    let reading = job.workers.read(unpacked, Arc::default()).await?;
    let Some(pack) = reading.pack else {
        let errors = format::count(reading.report.errors(), "error");
        return Err(Failure::new(Exit::Findings, format!("cannot convert `{place}`: it is not valid: {errors}"))
            .hint("pull it, see what spectro pack validate says, and push it with --format"));
    };
    let message = artifact.annotations().get(media_type::MESSAGE).cloned();
    let options = EncodeOptions { message, ..job.encoding.clone() };
    let encoded = job.workers.run(move || (Artifact::encode(&pack, form, &options), folder)).await?;
    // The artifact reads the folder's files while it is sent.
    let (artifact, folder) = encoded;
    Ok((artifact.map_err(|error| failed(&error))?, folder))
}

fn not_copied(job: &Job, place: &str, failed: CopyError) -> Failure {
    let server = job.target.to_string();
    let CopyError { error, blobs_there, .. } = failed;
    if let Some(conflict) = error.find::<TagConflict>() {
        return tag_conflict(place, &server, conflict).hint("overwrite it with --force, or leave this version out");
    }
    let failure = Failure::of_store(format!("cannot copy `{place}` to `{server}`"), &error);
    if blobs_there == 0 { failure } else { failure.state(format!("{} there: copy again to go on", blobs(blobs_there))) }
}

fn blobs(number: usize) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", format::count(number, "blob"))
}
