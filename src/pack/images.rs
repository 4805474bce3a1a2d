//! The images of a pack: those it declares in `pack.content.images`, and those that its charts and manifests name.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{PackPath, validate};

/// What is known of a pack's images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// The list in `pack.content.images`, in its order.
    pub declared: Vec<DeclaredImage>,
    /// What values, templates and manifests name, each once, sorted by name.
    pub found: Vec<FoundImage>,
}

/// An image in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredImage {
    /// As it is written.
    pub name: String,
    /// The line in values.yaml; the first is 1.
    pub line: usize,
}

/// An image that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundImage {
    /// The name; `docker.io/library/` is left out. Without tag and digest where a template joins them.
    pub name: String,
    /// The file of the pack that names it.
    pub file: String,
    /// The file in that archive, where it is a chart.
    pub within: Option<String>,
    /// The line in the one or the other; the first is 1.
    pub line: usize,
    /// Whether the list has it, or may have it under another name.
    pub declared: bool,
}

/// The texts of a pack that name images, as far as somebody has them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageTexts {
    /// values.yaml
    pub(crate) values: Option<Vec<u8>>,
    /// Charts, packed.
    pub(crate) charts: Vec<(PackPath, Bytes)>,
    /// Manifests.
    pub(crate) manifests: Vec<(PackPath, Bytes)>,
}

impl Images {
    /// Returns the images of these texts.
    pub(crate) fn of(texts: &ImageTexts) -> Self {
        validate::images_of(texts)
    }

    /// Returns the names of all images, declared and found, in the form in which they are compared: `docker.io/library/` is left out.
    pub fn names(&self) -> BTreeSet<String> {
        let declared = self.declared.iter().map(|image| validate::familiar_name(&image.name));
        declared.chain(self.found.iter().map(|image| image.name.clone())).collect()
    }

    /// Returns the images that are used and not declared.
    pub fn missing(&self) -> impl Iterator<Item = &FoundImage> {
        self.found.iter().filter(|image| !image.declared)
    }
}
