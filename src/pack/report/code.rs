//! The stable names of the rules. A code says its severity; both never change once released.

use std::{fmt, str::FromStr};

use super::Severity;

/// A word that names no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule `{0}`")]
pub struct UnknownCode(pub String);

macro_rules! codes {
    ($($(#[$documentation:meta])* $variant:ident = $text:literal, $severity:ident;)*) => {
        /// Which rule a finding is of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$documentation])* $variant,)*
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
    /// A chart is no Helm chart archive.
    ChartInvalid = "chart-invalid", Error;
    /// There is no logo.png.
    LogoMissing = "logo-missing", Error;
    /// logo.png is not a PNG picture of a sensible size.
    LogoInvalid = "logo-invalid", Warning;
    /// Something in the folder cannot be part of an artifact.
    FileUnsafe = "file-unsafe", Error;
    /// A file could not be read, or changed meanwhile.
    FileUnreadable = "file-unreadable", Error;
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
}
