//! What an artifact is that is not a pack, in a word that its owner knows.

use super::{media_type, names::shown};
use crate::store::{Content, Error, ErrorKind, Manifest};

/// The artifact is something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is {what}, not a pack")]
pub struct NotAPack {
    /// What it is, with its article: "a Helm chart".
    pub what: String,
}

impl NotAPack {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }

    /// Returns whether it is a Helm chart, of which a pack can be made.
    pub fn is_helm_chart(&self) -> bool {
        self.what == media_type::HELM_CHART
    }

    /// Returns what a manifest is that is no pack.
    pub(super) fn of(manifest: &Manifest) -> Self {
        let Content::Image { config, layers, artifact_type, .. } = manifest.content() else {
            return Self::new("an index");
        };
        let layers = layers.iter().map(|layer| layer.media_type.as_str());
        let types: Vec<_> =
            artifact_type.as_deref().into_iter().chain([config.media_type.as_str()]).chain(layers).collect();
        let is_without_config = [media_type::UNKNOWN_CONFIG, media_type::EMPTY_CONFIG].contains(&types[0]);
        match media_type::foreign(&types) {
            Some(what) => Self::new(what),
            None if is_without_config => Self::new("an artifact that says nothing about its type"),
            None => Self::new(format!("an artifact of the type `{}`", shown(types[0]))),
        }
    }
}

impl From<NotAPack> for Error {
    fn from(not: NotAPack) -> Self {
        Self::new(ErrorKind::NotFound, format!("there is {}, not a pack", not.what)).because(not)
    }
}
