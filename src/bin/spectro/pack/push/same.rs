//! Whether the archive that is there has the same files as the one that is pushed.
//!
//! What `tar` and `oras push` published before has other bytes: times, users and the compressor are in them. To refuse it as other
//! content would turn a whole repository of packs away, and to overwrite it would break whoever has kept its digest.

use std::path::PathBuf;

use spectro_pack::{
    artifact::{Artifact, Form, Limits, PackArtifact},
    compare::{CompareOptions, Side, compare},
    digest::Digest,
    store::{Selector, Target},
};

/// Returns whether both have the same files. What can't be read is not the same: then the tag has other content.
pub(super) async fn has_same_files(target: &dyn Target, there: &Digest, artifact: &Artifact, scratch: PathBuf) -> bool {
    let there = PackArtifact::open(target, &Selector::Digest(there.clone())).await;
    let here = PackArtifact::of(artifact.manifest().clone());
    let (Ok(there), Ok(here)) = (there, here) else { return false };
    if there.form() != Form::Archive {
        return false;
    }
    let options = CompareOptions { text: false, all_images: false, scratch, limits: Limits::default() };
    let (first, second) =
        (Side { source: target, pack: &there, near: false }, Side { source: artifact, pack: &here, near: true });
    compare(first, second, &options).await.is_ok_and(|comparison| comparison.is_same())
}
