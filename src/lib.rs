//! Reads, checks, encodes, pushes and pulls Spectro Cloud packs as OCI artifacts.
//!
//! ```text
//! pack directory ──read──▶ Pack ──encode──▶ Artifact ──copy──▶ Store (registry | local layout)
//! pack directory ◀──────unpack────── Artifact ◀──────────────── Store
//! ```
//!
//! Everything the tool does is a piece of this line. [`pack::read`] checks a folder and reports every finding; a
//! [`pack::Pack`] exists only where there is no error. [`artifact::Artifact::layered`] encodes it, the same bytes every time.
//! [`transfer::copy`] moves an artifact from any [`store::Source`] to any [`store::Target`]: a [`registry::Server`]'s
//! repository or a [`store::layout::LayoutStore`]'s. [`artifact::unpack::unpack`] restores the folder, all or nothing, and
//! [`compare::compare`] tells how two packs differ.
//!
//! The library touches neither the terminal, nor the environment, nor the clock of the day: what it needs of them is passed in.
//!
//! ```
//! # use std::sync::Arc;
//! use spectro_pack::{
//!     artifact::{Artifact, EncodeOptions, PackArtifact, unpack::{UnpackOptions, unpack}},
//!     pack::{self, ReadOptions},
//!     store::{Observer, Selector, Silent, Tag, layout::LayoutStore},
//!     transfer::{CopyOptions, copy},
//! };
//!
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # runtime.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let reading = pack::read("testdata/packs/permission-manager".as_ref(), &ReadOptions::default())?;
//! let pack = reading.pack.ok_or("the pack has errors")?;
//! let scratch = folder.path().to_owned();
//! let artifact = Artifact::layered(&pack, &EncodeOptions::new(scratch))?;
//!
//! let observer: Arc<dyn Observer> = Arc::new(Silent);
//! let store = LayoutStore::new(folder.path().join("store"), observer.clone());
//! let repository = store.repository("permission-manager".parse()?);
//! let tag = Tag::of_version(&pack.metadata().version)?;
//! let by_digest = Selector::Digest(artifact.manifest().digest().clone());
//! let options = CopyOptions {
//!     tag: Some(tag.clone()),
//!     overwrite: false,
//!     moving: Vec::new(),
//!     even_if_unchanged: false,
//!     mount: None,
//!     jobs: 4,
//! };
//! let copied = copy(&artifact, &by_digest, &repository, &options, &observer).await?;
//! assert_eq!(copied.digest, *artifact.manifest().digest());
//!
//! let stored = PackArtifact::open(&repository, &Selector::Tag(tag)).await?;
//! let target = folder.path().join("restored");
//! let options = UnpackOptions { replace: false, protected: Vec::new(), limits: Default::default(), jobs: 4 };
//! unpack(&repository, &stored, &target, &options, &Silent).await?;
//! assert_eq!(std::fs::read(target.join("pack.json"))?, pack.metadata_bytes());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod artifact;
pub mod compare;
pub mod create;
pub mod digest;
pub mod location;
pub mod pack;
pub mod registry;
pub mod store;
pub mod tarball;
mod template;
pub mod transfer;

/// What the fuzz targets in `tests/fuzz` call. Each function panics where an answer is not sound: this is what a fuzzer looks for.
#[cfg(fuzzing)]
#[allow(missing_docs)]
pub mod fuzzing {
    use std::path::Path;

    pub fn template(text: &str) {
        crate::template::invariants::check(text);
    }

    pub fn reference(text: &str) {
        crate::registry::invariants::reference(text);
    }

    pub fn challenge(text: &str) {
        crate::registry::invariants::challenge(text);
    }

    pub fn link(text: &str) {
        crate::registry::invariants::link(text);
    }

    pub fn error_body(bytes: &[u8]) {
        crate::registry::invariants::error_body(bytes);
    }

    pub fn docker_config(text: &str) {
        crate::registry::invariants::docker_config(text);
    }

    pub fn manifest(bytes: &[u8]) {
        if let Some(manifest) = crate::store::invariants::manifest(bytes) {
            crate::artifact::invariants::manifest(manifest);
        }
    }

    pub fn json(text: &str) {
        crate::store::invariants::json(text.as_bytes());
        crate::pack::invariants::json(text);
    }

    pub fn yaml(text: &str) {
        crate::pack::invariants::yaml(text);
    }

    pub fn tar(bytes: &[u8]) {
        crate::tarball::read::invariants::check(bytes);
    }

    /// `place` is an empty folder.
    pub fn extract(bytes: &[u8], place: &Path) {
        crate::artifact::invariants::extract(&crate::tarball::read::invariants::gzip(bytes), place);
    }
}
