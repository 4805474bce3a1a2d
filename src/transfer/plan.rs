//! What a copy would do: the look at the tags that every copy begins with, and the whole of it for a dry run.

use futures::{StreamExt, TryStreamExt};

use super::{CopyOptions, distinct};
use crate::{
    digest::Digest,
    store::{Descriptor, Error, Manifest, Result, Selector, Source, Tag, Target},
};

/// What would become of the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagPlan {
    /// There is no tag to write, or none of that name yet.
    Create,
    /// It has this content.
    Unchanged,
    /// It has this content under a manifest that differs only in its annotations.
    OtherAnnotations {
        /// What it names.
        there: Digest,
    },
    /// It has other content, and may not be overwritten.
    Conflict {
        /// What it names.
        there: Digest,
    },
    /// It has other content, and would be overwritten.
    Overwrite {
        /// What it names.
        there: Digest,
    },
}

/// What a copy would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The digest that the tag would name.
    pub digest: Digest,
    /// What would become of the tag.
    pub tag: TagPlan,
    /// The tags that would move, and what they name now.
    pub moving: Vec<(Tag, Option<Digest>)>,
    /// Each blob, and whether the target has it.
    pub blobs: Vec<(Descriptor, bool)>,
}

/// Returns what [`super::copy`] would do with the same options. Writes nothing.
///
/// # Errors
///
/// The stores' own errors. A conflict over the tag is no error here but a [`TagPlan`].
pub async fn plan(
    source: &dyn Source,
    selector: &Selector,
    target: &dyn Target,
    options: &CopyOptions,
) -> Result<Plan> {
    let manifest = source.manifest(selector).await?;
    let (tag, moving) = look_at_tags(&manifest, target, options).await?;
    let digest = match &tag {
        TagPlan::OtherAnnotations { there } if !options.even_if_unchanged => there.clone(),
        _ => manifest.digest().clone(),
    };
    let asked = distinct(&manifest)
        .into_iter()
        .map(|descriptor| async move { Ok::<_, Error>((descriptor.clone(), target.has_blob(descriptor).await?)) });
    let blobs = futures::stream::iter(asked).buffered(options.jobs.max(1)).try_collect().await?;
    Ok(Plan { digest, tag, moving, blobs })
}

/// Asks for all tags at once, and for the manifest that the version's tag names where it is another one.
pub(super) async fn look_at_tags(
    manifest: &Manifest,
    target: &dyn Target,
    options: &CopyOptions,
) -> Result<(TagPlan, Vec<(Tag, Option<Digest>)>)> {
    let moving = options.moving.iter().map(|tag| async move {
        let there = target.resolve(&Selector::Tag(tag.clone())).await?;
        Ok::<_, Error>((tag.clone(), there.map(|descriptor| descriptor.digest)))
    });
    let moving = futures::future::try_join_all(moving);
    futures::future::try_join(look_at_version(manifest, target, options), moving).await
}

async fn look_at_version(manifest: &Manifest, target: &dyn Target, options: &CopyOptions) -> Result<TagPlan> {
    let Some(tag) = &options.tag else { return Ok(TagPlan::Create) };
    let Some(found) = target.resolve(&Selector::Tag(tag.clone())).await? else { return Ok(TagPlan::Create) };
    let there = found.digest;
    if manifest.has_digest(&there) {
        return Ok(TagPlan::Unchanged);
    }
    if options.overwrite {
        return Ok(TagPlan::Overwrite { there });
    }
    let other = target.manifest(&Selector::Digest(there.clone())).await?;
    Ok(if manifest.has_content_of(&other) { TagPlan::OtherAnnotations { there } } else { TagPlan::Conflict { there } })
}
