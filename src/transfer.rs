//! The only mover of bytes: a push, a pull into another store and a copy are one walk from a [`Source`] to a [`Target`].
//!
//! First the tags are looked at, so that nothing is sent that would not be wanted; then the blobs go, several at once; the
//! manifest goes last, so that no reader ever sees one whose blobs are missing. The version's tag is written before the
//! tags that are meant to move.

mod metered;
mod plan;
mod referrers;

use std::{
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt};

use self::metered::Metered;
pub use self::{
    plan::{Plan, TagPlan, plan},
    referrers::{copy_referrers, plan_referrers},
};
use crate::{
    digest::Digest,
    store::{
        BlobOutcome, Descriptor, Error, ErrorKind, Event, Manifest, Observer, RepositoryName, Result, Selector, Source,
        Tag, TagConflict, TagOutcome, TagRule, Target,
    },
};

/// Without leave to overwrite, a tag whose first answer is older than this is asked for again before it is written.
const FRESH: Duration = Duration::from_secs(1);

/// What a copy is to do.
#[derive(Clone, Debug)]
pub struct CopyOptions {
    /// The tag to write, which is a version: it is not overwritten unasked. Nothing means by digest only.
    pub tag: Option<Tag>,
    /// Whether the tag may be overwritten where it has other content.
    pub overwrite: bool,
    /// Further tags, which are meant to move.
    pub moving: Vec<Tag>,
    /// Whether everything is sent though the tag has this content already.
    pub even_if_unchanged: bool,
    /// Another repository of the target's store that has the same blobs.
    pub mount: Option<RepositoryName>,
    /// How many blobs may move at once.
    pub jobs: usize,
}

/// What a copy did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The digest that the tag names now.
    pub digest: Digest,
    /// What happened to the tag.
    pub outcome: CopyOutcome,
    /// The tags that were moved, and what they named before.
    pub moved: Vec<(Tag, Option<Digest>)>,
    /// What became of each blob, one entry a digest.
    pub blobs: Vec<(Descriptor, BlobOutcome)>,
}

impl Copied {
    /// Returns how many bytes of blobs were sent.
    pub fn bytes_sent(&self) -> u64 {
        self.sent().map(|descriptor| descriptor.size).sum()
    }

    /// Returns how many blobs were sent.
    pub fn blobs_sent(&self) -> usize {
        self.sent().count()
    }

    fn sent(&self) -> impl Iterator<Item = &Descriptor> {
        self.blobs.iter().filter(|(_, outcome)| *outcome == BlobOutcome::Uploaded).map(|(descriptor, _)| descriptor)
    }
}

/// What happened to the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyOutcome {
    /// It is new.
    Pushed,
    /// It had this content; nothing was sent.
    Unchanged,
    /// It had this content under a manifest that differs only in its annotations, and keeps it.
    OtherAnnotations,
    /// It had other content.
    Overwrote {
        /// What it named before.
        replaced: Digest,
        /// Whether that digest can still be pulled.
        still_there: bool,
    },
}

/// Why a copy failed, and what it left in the target.
#[derive(Debug)]
pub struct CopyError {
    /// Why.
    pub error: Error,
    /// How many blobs are in the target.
    pub blobs_there: usize,
    /// Whether the tag has the new content, so that only a later step failed.
    pub tag_written: bool,
}

impl fmt::Display for CopyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl std::error::Error for CopyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl From<Error> for CopyError {
    fn from(error: Error) -> Self {
        Self { error, blobs_there: 0, tag_written: false }
    }
}

/// Copies an artifact, its blobs and its tags. `observer` is told of each blob.
///
/// # Errors
///
/// [`ErrorKind::Conflict`] with a [`TagConflict`] where the tag has other content and may not be overwritten, or where
/// another push won; [`ErrorKind::Invalid`] where the selector names an index; the stores' own errors otherwise.
pub async fn copy(
    source: &dyn Source,
    selector: &Selector,
    target: &dyn Target,
    options: &CopyOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Copied, CopyError> {
    let manifest = source.manifest(selector).await?;
    if manifest.blobs().is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "an index of several artifacts is not copied").into());
    }
    let looked = Instant::now();
    let (tag_plan, moving) = plan::look_at_tags(&manifest, target, options).await?;
    let digest = manifest.digest().clone();
    let mut copied =
        Copied { digest: digest.clone(), outcome: CopyOutcome::Pushed, moved: Vec::new(), blobs: Vec::new() };
    match tag_plan {
        TagPlan::Conflict { there } => return Err(conflict(&digest, there, false).into()),
        TagPlan::Unchanged if !options.even_if_unchanged => copied.outcome = CopyOutcome::Unchanged,
        TagPlan::OtherAnnotations { ref there } if !options.even_if_unchanged => {
            copied.outcome = CopyOutcome::OtherAnnotations;
            copied.digest = there.clone();
        }
        _ => {
            copied.blobs = push_blobs(&manifest, source, target, options, observer).await?;
            let blobs_there = copied.blobs.len();
            let written = write_tag(&manifest, target, options, &tag_plan, looked).await;
            copied.outcome = written.map_err(|error| CopyError { error, blobs_there, tag_written: false })?;
        }
    }
    let blobs_there = copied.blobs.len();
    let fails = |error| CopyError { error, blobs_there, tag_written: true };
    copied.moved = move_tags(&manifest, &copied, target, moving).await.map_err(fails)?;
    Ok(copied)
}

fn conflict(here: &Digest, there: Digest, raced: bool) -> Error {
    Error::conflict(TagConflict { there, here: here.clone(), stored: false, raced, refusal: None })
}

async fn push_blobs(
    manifest: &Manifest,
    source: &dyn Source,
    target: &dyn Target,
    options: &CopyOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Vec<(Descriptor, BlobOutcome)>, CopyError> {
    let metered = Metered::new(source, observer.clone());
    let unique = distinct(manifest);
    let mut outcomes: Vec<_> = Vec::with_capacity(unique.len());
    let pushes = unique.into_iter().enumerate().map(|(index, descriptor)| {
        let metered = &metered;
        async move {
            let outcome = target.push_blob(descriptor, metered, options.mount.as_ref()).await;
            let outcome = outcome.map_err(|error| error.while_doing(format!("cannot store {}", label(descriptor))))?;
            metered.observer().event(Event::BlobDone(descriptor, outcome));
            Ok::<_, Error>((index, descriptor, outcome))
        }
    });
    let mut done = futures::stream::iter(pushes).buffer_unordered(options.jobs.max(1));
    loop {
        match done.try_next().await {
            Ok(Some((index, descriptor, outcome))) => outcomes.push((index, descriptor.clone(), outcome)),
            Ok(None) => break,
            Err(error) => return Err(CopyError { error, blobs_there: outcomes.len(), tag_written: false }),
        }
    }
    outcomes.sort_by_key(|(index, ..)| *index);
    Ok(outcomes.into_iter().map(|(_, descriptor, outcome)| (descriptor, outcome)).collect())
}

/// Returns the manifest's blobs, each digest once. The layer stands for the config where both are the same bytes,
/// because it has a title.
pub(crate) fn distinct(manifest: &Manifest) -> Vec<&Descriptor> {
    let mut blobs = manifest.blobs();
    blobs.sort_by_key(|descriptor| descriptor.title().is_none());
    let mut seen = BTreeSet::new();
    let mut unique: Vec<_> = blobs.into_iter().filter(|descriptor| seen.insert(&descriptor.digest)).collect();
    // The largest first, so that nothing waits for one that was begun last.
    unique.sort_by_key(|descriptor| std::cmp::Reverse(descriptor.size));
    unique
}

/// Returns how a blob is called in a message: by its path in the pack, or by its digest.
fn label(descriptor: &Descriptor) -> String {
    descriptor.title().map_or_else(|| format!("blob {}", descriptor.digest), |title| format!("`{title}`"))
}

async fn write_tag(
    manifest: &Manifest,
    target: &dyn Target,
    options: &CopyOptions,
    planned: &TagPlan,
    looked: Instant,
) -> Result<CopyOutcome> {
    let Some(tag) = &options.tag else {
        target.push_manifest(manifest, None).await?;
        return Ok(CopyOutcome::Pushed);
    };
    let rule = match planned {
        _ if options.overwrite => TagRule::Any,
        TagPlan::Unchanged => TagRule::Is(manifest.digest().clone()),
        TagPlan::OtherAnnotations { there } => TagRule::Is(there.clone()),
        _ => TagRule::Absent,
    };
    if !options.overwrite && looked.elapsed() > FRESH {
        let there = target.resolve(&Selector::Tag(tag.clone())).await?;
        let allowed = |there: &Digest| there == manifest.digest() || rule == TagRule::Is(there.clone());
        if let Some(there) = there.filter(|there| !allowed(&there.digest)) {
            return Err(conflict(manifest.digest(), there.digest, true));
        }
    }
    let outcome = target.push_manifest(manifest, Some((tag, &rule))).await?;
    let replaced = match (planned, outcome) {
        (TagPlan::Overwrite { there } | TagPlan::OtherAnnotations { there }, _) => Some(there.clone()),
        (_, TagOutcome::Replaced(digest)) => Some(digest),
        _ => None,
    };
    Ok(match replaced.filter(|digest| digest != manifest.digest()) {
        None => CopyOutcome::Pushed,
        Some(replaced) => {
            // A hint that does not work is worse than none, so the old digest is asked for.
            let still_there =
                target.resolve(&Selector::Digest(replaced.clone())).await.is_ok_and(|there| there.is_some());
            CopyOutcome::Overwrote { replaced, still_there }
        }
    })
}

async fn move_tags(
    manifest: &Manifest,
    copied: &Copied,
    target: &dyn Target,
    moving: Vec<(Tag, Option<Digest>)>,
) -> Result<Vec<(Tag, Option<Digest>)>> {
    let mut moved = Vec::new();
    let moving: Vec<_> = moving.into_iter().filter(|(_, there)| there.as_ref() != Some(&copied.digest)).collect();
    if moving.is_empty() {
        return Ok(moved);
    }
    // Where the version's tag kept a manifest with other annotations, the moving tags go to that one.
    let kept = if copied.digest == *manifest.digest() {
        None
    } else {
        Some(target.manifest(&Selector::Digest(copied.digest.clone())).await?)
    };
    for (tag, before) in moving {
        target.push_manifest(kept.as_ref().unwrap_or(manifest), Some((&tag, &TagRule::Any))).await?;
        moved.push((tag, before));
    }
    Ok(moved)
}
