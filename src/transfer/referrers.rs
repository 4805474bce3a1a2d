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
    let mut open = vec![subject.clone()];
    let mut seen = BTreeSet::from([subject.clone()]);
    let mut all = Vec::new();
    while let Some(subject) = open.pop() {
        let referrers = source.referrers(&subject).await?;
        for referrer in &referrers {
            if !seen.insert(referrer.digest.clone()) {
                continue;
            }
            if seen.len() > MOST {
                return Err(too_many(&subject).into());
            }
            let selector = Selector::Digest(referrer.digest.clone());
            all.push(copy(source, &selector, target, &tagged(options, None), observer).await?);
            open.push(referrer.digest.clone());
        }
        let digests: Vec<_> = referrers.into_iter().map(|referrer| referrer.digest).collect();
        list_by_tag(source, &subject, &digests, target).await?;
        for tag in cosign_tags(&subject) {
            all.extend(copy_tag(source, &tag, target, options, observer).await?);
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
    let mut open = vec![subject.clone()];
    let mut seen = BTreeSet::from([subject.clone()]);
    let mut all = Vec::new();
    while let Some(subject) = open.pop() {
        for referrer in source.referrers(&subject).await? {
            if !seen.insert(referrer.digest.clone()) {
                continue;
            }
            if seen.len() > MOST {
                return Err(too_many(&subject));
            }
            let selector = Selector::Digest(referrer.digest.clone());
            all.push(plan(source, &selector, target, &tagged(options, None)).await?);
            open.push(referrer.digest);
        }
        for tag in cosign_tags(&subject) {
            let selector = Selector::Tag(tag.clone());
            if source.resolve(&selector).await?.is_some() {
                all.push(plan(source, &selector, target, &tagged(options, Some(tag))).await?);
            }
        }
    }
    Ok(all)
}

fn too_many(subject: &Digest) -> Error {
    Error::new(ErrorKind::Unsafe, format!("more than {MOST} artifacts refer to {subject}"))
}

/// Returns the options for an artifact of its own with this tag, if any.
fn tagged(options: &CopyOptions, tag: Option<Tag>) -> CopyOptions {
    CopyOptions { tag, moving: Vec::new(), ..options.clone() }
}

async fn copy_tag(
    source: &dyn Source,
    tag: &Tag,
    target: &dyn Target,
    options: &CopyOptions,
    observer: &Arc<dyn Observer>,
) -> Result<Option<Copied>, CopyError> {
    let selector = Selector::Tag(tag.clone());
    if source.resolve(&selector).await?.is_none() {
        return Ok(None);
    }
    copy(source, &selector, target, &tagged(options, Some(tag.clone())), observer).await.map(Some)
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
