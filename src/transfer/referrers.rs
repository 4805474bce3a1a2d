//! Copies what refers to an artifact, and what refers to that: signatures, SBOMs and other attachments.
//!
//! Manifests go by their digests. A registry with the referrers API lists them by itself; for one without, the tag scheme's index is
//! written, as the distribution specification asks of clients.

use std::{collections::BTreeSet, sync::Arc};

use super::{Copied, CopyError, CopyOptions, Plan, copy, plan};
use crate::{
    digest::Digest,
    store::{
        Error, ErrorKind, Observer, Result, Selector, Source, Tag, TagRule, Target, cosign_tags,
        referrers::{artifact_type, scheme_index},
        referrers_tag,
    },
};

/// How many referrers an artifact may have, those of referrers included.
const MOST: usize = 1_000;

/// Copies everything that refers to `subject`, which is in both stores, and returns what became of each.
///
/// The options' tags are not used; `overwrite` allows tags of cosign's scheme to move.
///
/// # Errors
///
/// As [`copy`]; [`ErrorKind::Unsafe`] where there are more than 1,000.
pub async fn copy_referrers(
    source: &dyn Source,
    subject: &Digest,
    target: &dyn Target,
    options: &CopyOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Vec<Copied>, CopyError> {
    let (mut walk, mut all) = (Walk::from(subject), Vec::new());
    while let Some(found) = walk.next(source).await? {
        for digest in &found.unseen {
            let selector = Selector::Digest(digest.clone());
            all.push(copy(source, &selector, target, &tagged(options, None), observer).await?);
        }
        list_by_tag(source, &found.subject, &found.referrers, target).await?;
        for tag in found.tags {
            let selector = Selector::Tag(tag.clone());
            all.push(copy(source, &selector, target, &tagged(options, Some(tag)), observer).await?);
        }
    }
    Ok(all)
}

/// Returns what [`copy_referrers`] would do with the same options. Writes nothing.
///
/// # Errors
///
/// The stores' own errors; [`ErrorKind::Unsafe`] where there are more than 1,000.
pub async fn plan_referrers(
    source: &dyn Source,
    subject: &Digest,
    target: &dyn Target,
    options: &CopyOptions,
) -> Result<Vec<Plan>> {
    let (mut walk, mut all) = (Walk::from(subject), Vec::new());
    while let Some(found) = walk.next(source).await? {
        for digest in found.unseen {
            all.push(plan(source, &Selector::Digest(digest), target, &tagged(options, None)).await?);
        }
        for tag in found.tags {
            let selector = Selector::Tag(tag.clone());
            all.push(plan(source, &selector, target, &tagged(options, Some(tag))).await?);
        }
    }
    Ok(all)
}

/// From an artifact to what refers to it, and on to what refers to that; each once.
struct Walk {
    open: Vec<Digest>,
    seen: BTreeSet<Digest>,
}

/// What refers to one artifact.
struct Found {
    subject: Digest,
    /// All that the store lists.
    referrers: Vec<Digest>,
    /// Those of them that were not met before.
    unseen: Vec<Digest>,
    /// The tags that cosign keeps beside it.
    tags: Vec<Tag>,
}

impl Walk {
    fn from(subject: &Digest) -> Self {
        Self { open: vec![subject.clone()], seen: BTreeSet::from([subject.clone()]) }
    }

    async fn next(&mut self, source: &dyn Source) -> Result<Option<Found>> {
        let Some(subject) = self.open.pop() else { return Ok(None) };
        let referrers: Vec<_> = source.referrers(&subject).await?.into_iter().map(|found| found.digest).collect();
        let unseen: Vec<_> = referrers.iter().filter(|digest| self.seen.insert((*digest).clone())).cloned().collect();
        if self.seen.len() > MOST {
            return Err(Error::new(ErrorKind::Unsafe, format!("more than {MOST} artifacts refer to {subject}")));
        }
        self.open.extend(unseen.iter().cloned());
        let mut tags = Vec::new();
        for tag in cosign_tags(&subject) {
            if source.resolve(&Selector::Tag(tag.clone())).await?.is_some() {
                tags.push(tag);
            }
        }
        Ok(Some(Found { subject, referrers, unseen, tags }))
    }
}

/// Returns the options for an artifact of its own with this tag, if any.
fn tagged(options: &CopyOptions, tag: Option<Tag>) -> CopyOptions {
    CopyOptions { tag, moving: Vec::new(), ..options.clone() }
}

/// Sees to it that the target lists these referrers, by the tag scheme where it does not by itself.
async fn list_by_tag(source: &dyn Source, subject: &Digest, digests: &[Digest], target: &dyn Target) -> Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    let listed = target.referrers(subject).await?;
    if digests.iter().all(|digest| listed.iter().any(|there| there.digest == *digest)) {
        return Ok(());
    }
    let mut entries = Vec::new();
    let known: Vec<_> = listed.iter().map(|there| there.digest.clone()).collect();
    for digest in known.iter().chain(digests.iter().filter(|digest| !known.contains(digest))) {
        let selector = Selector::Digest(digest.clone());
        let manifest =
            if known.contains(digest) { target.manifest(&selector).await? } else { source.manifest(&selector).await? };
        entries.push((manifest.descriptor(), artifact_type(&manifest)));
    }
    let index = scheme_index(&entries)?;
    target.push_manifest(&index, Some((&referrers_tag(subject), &TagRule::Any))).await?;
    Ok(())
}
