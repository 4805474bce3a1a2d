//! The stable names of the rules. A code says its severity; both never change once released.
//!
//! Each has its explanation in `explanations/<code>.md`; without that file nothing compiles.

use std::{fmt, str::FromStr};

use super::Severity;
use crate::pack::validate::nearest::nearest;

/// A word that names no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{0}`")]
pub struct UnknownCode(pub String);

impl UnknownCode {
    /// Returns the rules that could be meant, at most three: the one that is spelt alike, or those that have the word in their name.
    pub fn meant(&self) -> Vec<Code> {
        let word = self.0.trim();
        if let Some(alike) = nearest(word, Code::all().iter().map(|code| code.as_str())) {
            return alike.parse().into_iter().collect();
        }
        let holds = |code: &&Code| word.len() > 2 && code.as_str().contains(&word.to_lowercase());
        Code::all().iter().filter(holds).take(3).copied().collect()
    }
}

macro_rules! codes {
    ($($(#[doc = $summary:literal])+ $variant:ident = $text:literal, $severity:ident;)*) => {
        /// Which rule a finding is of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $summary])+ $variant,)*
        }

        impl Code {
            /// Returns every rule there is.
            pub fn all() -> &'static [Self] {
                &[$(Self::$variant),*]
            }

            /// Returns the name, such as `metadata-missing`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Returns how bad a finding of this rule is.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// Returns what a finding of this rule says in general, as one sentence.
            pub fn summary(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($summary),+).trim_ascii(),)*
                }
            }

            /// Returns what the rule means, with a bad and a good example, as Markdown.
            pub fn explanation(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("explanations/", $text, ".md")),)*
                }
            }
        }
    };
}

codes! {
    /// There is no pack.json.
    MetadataMissing = "metadata-missing", Error;
    /// pack.json is not JSON.
    MetadataSyntax = "metadata-syntax", Error;
    /// A key stands twice in one object of pack.json.
    MetadataDuplicateKey = "metadata-duplicate-key", Error;
    /// pack.json lacks a required field.
    FieldMissing = "field-missing", Error;
    /// A field of pack.json has the wrong JSON type.
    FieldType = "field-type", Error;
    /// A required field of pack.json is empty or blank.
    FieldEmpty = "field-empty", Error;
    /// The name is no component of an OCI repository.
    NameInvalid = "name-invalid", Error;
    /// The version cannot be a tag.
    VersionInvalid = "version-invalid", Error;
    /// The layer is none of the known ones.
    LayerUnknown = "layer-unknown", Error;
    /// A declared chart, manifest or role is not in the pack.
    ReferenceMissing = "reference-missing", Error;
    /// A declared path leads out of the pack, or is a link.
    ReferenceUnsafe = "reference-unsafe", Error;
    /// A declared file lies in a declared role, or a role in a role.
    ReferenceOverlap = "reference-overlap", Error;
    /// A path is named twice in one list.
    ReferenceDuplicate = "reference-duplicate", Warning;
    /// A role is not a folder.
    RoleInvalid = "role-invalid", Error;
    /// There is no values.yaml.
    ValuesMissing = "values-missing", Error;
    /// values.yaml is not one YAML mapping.
    ValuesSyntax = "values-syntax", Error;
    /// A key stands twice in one mapping of values.yaml.
    ValuesDuplicateKey = "values-duplicate-key", Error;
    /// A constraint names a path that is not in the values.
    ConstraintReference = "constraint-reference", Warning;
    /// A chart is no Helm chart archive.
    ChartInvalid = "chart-invalid", Error;
    /// A chart has another version than its file's name or the pack says.
    ChartVersion = "chart-version", Note;
    /// A manifest is neither YAML nor a Go template.
    ManifestSyntax = "manifest-syntax", Error;
    /// A manifest uses a value that is defined nowhere.
    ManifestValueUndefined = "manifest-value-undefined", Warning;
    /// Values are set for a chart that the pack does not have.
    ValuesChartUnknown = "values-chart-unknown", Warning;
    /// A chart gets no values, while others' values are in a wrong place.
    ValuesChartMissing = "values-chart-missing", Warning;
    /// A value is set that the chart does not have.
    ValuesKeyUnknown = "values-key-unknown", Warning;
    /// A key below `pack` that nothing reads.
    PackKeyUnknown = "pack-key-unknown", Warning;
    /// Values are set for a manifest that the pack does not have.
    ValuesManifestUnknown = "values-manifest-unknown", Warning;
    /// `pack` or `charts` is null and its keys stand beside it.
    ValuesUnindented = "values-unindented", Warning;
    /// A namespace is no DNS label.
    NamespaceInvalid = "namespace-invalid", Error;
    /// The pack uses images and lists none.
    ImagesMissing = "images-missing", Warning;
    /// An entry of the list of images is no image with a fixed tag.
    ImageInvalid = "image-invalid", Warning;
    /// The list of charts names another version than the chart in the pack.
    ContentChartVersion = "content-chart-version", Warning;
    /// An image is used that the list lacks.
    ImageUndeclared = "image-undeclared", Warning;
    /// A preset is not complete, or there twice.
    PresetInvalid = "preset-invalid", Warning;
    /// A preset is turned on that is not there.
    PresetUnknown = "preset-unknown", Warning;
    /// schema.yaml is not in its form.
    SchemaInvalid = "schema-invalid", Warning;
    /// schema.yaml names a path that is nowhere.
    SchemaPathUnknown = "schema-path-unknown", Warning;
    /// A macro `{{ .spectro.… }}` does not parse.
    MacroInvalid = "macro-invalid", Warning;
    /// There is no logo.png.
    LogoMissing = "logo-missing", Error;
    /// logo.png is not a PNG picture of a sensible size.
    LogoInvalid = "logo-invalid", Warning;
    /// A secret stands in a file of the pack.
    SecretFound = "secret-found", Error;
    /// What may be a secret stands in a file of the pack or of a chart.
    SecretLikely = "secret-likely", Warning;
    /// Something in the folder cannot be part of an artifact.
    FileUnsafe = "file-unsafe", Error;
    /// A file could not be read, or changed meanwhile.
    FileUnreadable = "file-unreadable", Error;
    /// pack.json has a field that nobody documents.
    FieldUnknown = "field-unknown", Note;
    /// The folder is named after another version of the pack.
    NameMismatch = "name-mismatch", Note;
    /// The version is not semantic.
    VersionNotSemver = "version-not-semver", Warning;
    /// A cloud type is none of the known ones.
    CloudTypeUnknown = "cloud-type-unknown", Warning;
    /// An add-on does not say of which type it is.
    AddonTypeMissing = "addon-type-missing", Warning;
    /// The type of an add-on is none of the known ones.
    AddonTypeUnknown = "addon-type-unknown", Warning;
    /// An OS pack names no image for one of its clouds.
    OsImageMissing = "os-image-missing", Warning;
    /// The end of life is no day.
    EolInvalid = "eol-invalid", Warning;
    /// The end of life is over.
    EolPassed = "eol-passed", Note;
    /// A dependency or a resource asks for what cannot be met.
    ConstraintInvalid = "constraint-invalid", Error;
    /// A chart archive or a manifest is in the pack, and pack.json does not name it.
    ReferenceUnused = "reference-unused", Warning;
    /// A role has no tasks to begin with.
    RoleTasksMissing = "role-tasks-missing", Warning;
    /// logo.png is more than twice as wide as high, or the other way.
    LogoShape = "logo-shape", Note;
    /// There is no README.md.
    ReadmeMissing = "readme-missing", Note;
    /// Something in the folder is not taken into the pack.
    FileLeftOut = "file-left-out", Note;
}

impl Code {
    /// Returns why findings of this rule cannot be allowed, or `None` where they can.
    pub fn why_not_allowed(self) -> Option<&'static str> {
        Some(match self {
            Self::MetadataMissing | Self::MetadataSyntax => {
                "pack.json is the artifact's config: without it there is no artifact"
            }
            Self::MetadataDuplicateKey => {
                "readers differ on which of the two counts, so nobody knows what would be pushed"
            }
            Self::NameInvalid => "the name is the repository that the artifact goes to",
            Self::VersionInvalid => "the version is the artifact's tag",
            Self::ValuesMissing => "values.yaml is a layer that every artifact has; an empty file is enough",
            Self::ReferenceMissing => "an artifact cannot hold what is not there",
            Self::ReferenceUnsafe => "an artifact cannot hold what lies outside of the pack",
            Self::ReferenceOverlap => "two layers of an artifact cannot hold the same file",
            Self::FileUnsafe => "an artifact holds regular files and folders only",
            Self::FileUnreadable => "an artifact cannot hold what cannot be read",
            _ => return None,
        })
    }

    /// Returns whether only some findings of this rule can be allowed: those of `name` and `version` cannot, which are the repository
    /// and the tag that the artifact goes to.
    pub fn is_allowed_in_part(self) -> bool {
        matches!(self, Self::FieldMissing | Self::FieldType | Self::FieldEmpty)
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::all().iter().copied().find(|code| code.as_str() == text).ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name() {
        for code in Code::all() {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert_eq!(code.to_string(), code.as_str());
        }
        assert_eq!("metadata".parse::<Code>(), Err(UnknownCode("metadata".into())));
    }

    #[test]
    fn a_word_that_is_no_rule_is_near_to_one() {
        let meant = |word: &str| UnknownCode(word.to_owned()).meant();
        assert_eq!(meant("chart-invald"), [Code::ChartInvalid]);
        assert_eq!(meant("Logo_Missing"), [Code::LogoMissing]);
        assert_eq!(meant("unsafe"), [Code::ReferenceUnsafe, Code::FileUnsafe]);
        assert_eq!((meant("metadata").len(), meant("nothing-like-it").len(), meant("").len()), (3, 0, 0));
    }

    #[test]
    fn every_summary_is_one_sentence() {
        for code in Code::all() {
            let summary = code.summary();
            assert!(summary.ends_with('.') && summary.trim() == summary, "{code}: {summary:?}");
        }
        assert_eq!(Code::LogoMissing.summary(), "There is no logo.png.");
    }
}
