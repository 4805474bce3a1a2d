//! Names of repositories and tags, by the grammar of OCI distribution 1.1.1.

use std::{fmt, str::FromStr};

/// A text that is no name of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}: {rule}")]
pub struct InvalidName {
    /// The text, cut to 200 characters.
    pub text: String,
    /// What it was to be.
    pub what: &'static str,
    /// What such a name looks like.
    pub rule: &'static str,
}

impl InvalidName {
    fn new(text: &str, what: &'static str, rule: &'static str) -> Self {
        Self { text: text.chars().take(200).collect(), what, rule }
    }
}

/// A repository's name, such as `acme/packs/nginx`: up to 255 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(String);

impl RepositoryName {
    const RULE: &'static str =
        "lower case letters and digits, separated by `.`, `_`, `__` or `-`, in parts separated by `/`";

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part after the last `/`.
    pub fn last_component(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    fn is_component(text: &str) -> bool {
        let bytes = text.as_bytes();
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
        alphanumeric(first)
            && alphanumeric(last)
            && text.split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit()).all(
                |separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-'),
            )
    }
}

impl FromStr for RepositoryName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        if text.len() <= 255 && text.split('/').all(Self::is_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::new(text, "repository name", Self::RULE))
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A tag, such as `1.2.0`: up to 128 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    const RULE: &'static str = "a letter, digit or `_`, then up to 127 letters, digits, `.`, `_` or `-`";

    /// Returns the tag of a pack's version: `+`, which no tag may have, becomes `_`, as Helm does it.
    ///
    /// # Errors
    ///
    /// Fails where the version has other characters that a tag may not have.
    pub fn of_version(version: &str) -> Result<Self, InvalidName> {
        version
            .replace('+', "_")
            .parse()
            .map_err(|_| InvalidName::new(version, "version that can be a tag", Self::RULE))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let mut bytes = text.bytes();
        let valid = bytes.next().is_some_and(is_word)
            && bytes.all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
            && text.len() <= 128;
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidName::new(text, "tag", Self::RULE)) }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_follow_the_grammar_of_distribution() {
        for good in ["a", "acme/packs/nginx", "a.b_c__d-e---f/0", &"a".repeat(255)] {
            assert!(good.parse::<RepositoryName>().is_ok(), "{good}");
        }
        for bad in ["", "A", "a/", "/a", "a//b", "a..b", "a___b", "-a", "a-", "../a", "a/../b", "a b", &"a".repeat(256)]
        {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_version_becomes_a_tag_as_helm_does_it() {
        assert_eq!(Tag::of_version("1.0.0+build.1").unwrap().as_str(), "1.0.0_build.1");
        assert!(Tag::of_version("1.0 beta").is_err());
        for bad in ["", ".a", "-a", "a/b", "a:b", "ä", &"a".repeat(129)] {
            assert!(bad.parse::<Tag>().is_err(), "{bad}");
        }
    }
}
