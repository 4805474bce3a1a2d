//! What a layer is to the pack: decided by its path when a pack is encoded, and by its media type when one is read.

use super::media_type;

/// What a layer is to the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Part {
    /// pack.json
    Metadata,
    /// values.yaml
    Values,
    /// logo.png
    Logo,
    /// An archive of `charts`.
    Chart,
    /// A file of `kubeManifests`.
    KubeManifest,
    /// A folder of `ansibleRoles`.
    Role,
    /// README.md
    Readme,
    /// presets.yaml
    Presets,
    /// schema.yaml
    Schema,
    /// Any other file.
    File,
    /// Any other folder.
    Folder,
    /// The whole pack as one archive.
    Archive,
}

impl Part {
    /// The parts that have one fixed path, in the order of their layers.
    pub(super) const FIXED: [(Self, &str); 6] = [
        (Self::Metadata, "pack.json"),
        (Self::Values, "values.yaml"),
        (Self::Logo, "logo.png"),
        (Self::Readme, "README.md"),
        (Self::Presets, "presets.yaml"),
        (Self::Schema, "schema.yaml"),
    ];

    /// Returns whether the layer is a tar+gzip of a folder.
    pub fn is_folder(self) -> bool {
        matches!(self, Self::Role | Self::Folder | Self::Archive)
    }

    /// Returns the part that has this media type in a layered artifact.
    pub(super) fn of_media_type(media_type: &str) -> Option<Self> {
        Some(match media_type {
            media_type::METADATA => Self::Metadata,
            media_type::VALUES => Self::Values,
            media_type::PNG | media_type::JPEG | media_type::GIF => Self::Logo,
            media_type::CHART => Self::Chart,
            media_type::KUBE_MANIFEST => Self::KubeManifest,
            media_type::ROLE => Self::Role,
            media_type::MARKDOWN => Self::Readme,
            media_type::PRESETS => Self::Presets,
            media_type::SCHEMA => Self::Schema,
            media_type::OCTETS => Self::File,
            media_type::FOLDER => Self::Folder,
            _ => return None,
        })
    }

    /// Returns the path that only this part has.
    pub(super) fn fixed_path(self) -> Option<&'static str> {
        Self::FIXED.iter().find(|(part, _)| *part == self).map(|(_, path)| *path)
    }

    /// Returns the part that alone may have this path.
    pub(super) fn of_fixed_path(path: &str) -> Option<Self> {
        Self::FIXED.iter().find(|(_, fixed)| *fixed == path).map(|(part, _)| *part)
    }
}
