//! Which version of a pack is meant where none is named: the newest one.

use lenient_semver::Version;

use super::{Result, Source, Tag, all_tags};

/// The newest version of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// Its tag.
    pub tag: Tag,
    /// How many versions there are.
    pub versions: usize,
}

/// Returns the newest of a repository's versions, or nothing where no tag reads as a version.
///
/// # Errors
///
/// As [`all_tags`].
pub async fn newest(source: &dyn Source) -> Result<Option<Newest>> {
    Ok(newest_of(&all_tags(source).await?))
}

/// Returns the tags that read as versions, the highest one first, and the others in the order of the alphabet. What stands for
/// referrers (`sha256-…`) is in neither.
pub fn by_version(tags: Vec<Tag>) -> (Vec<Tag>, Vec<Tag>) {
    let tags: Vec<_> = tags.into_iter().filter(|tag| !is_referrer(tag)).map(|tag| (version_text(&tag), tag)).collect();
    let mut versions = Vec::new();
    let mut others = Vec::new();
    for (text, tag) in &tags {
        match text.as_deref().map(Version::parse) {
            Some(Ok(version)) => versions.push((version, tag)),
            _ => others.push(tag.clone()),
        }
    }
    versions.sort_by(|(one, one_tag), (other, other_tag)| (other, other_tag.as_str()).cmp(&(one, one_tag.as_str())));
    others.sort();
    (versions.into_iter().map(|(_, tag)| tag.clone()).collect(), others)
}

/// Returns whether a tag stands for what refers to a manifest, as the referrers tag scheme and cosign name it.
pub fn is_referrer(tag: &Tag) -> bool {
    let hex = tag.as_str().strip_prefix("sha256-").and_then(|rest| rest.get(..64));
    hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Returns the newest of these tags. Pre-releases count only where there is nothing else; `latest`, labels of groups
/// (`group__label`) and the tags that stand for referrers (`sha256-…`) never.
pub fn newest_of(tags: &[Tag]) -> Option<Newest> {
    let texts: Vec<_> = tags.iter().filter_map(|tag| Some((version_text(tag)?, tag))).collect();
    let versions: Vec<_> = texts.iter().filter_map(|(text, tag)| Some((Version::parse(text).ok()?, *tag))).collect();
    let count = versions.len();
    let newest = versions.into_iter().max_by(|(one, one_tag), (other, other_tag)| {
        let stable = |version: &Version<'_>| !version.is_pre_release();
        (stable(one), one, one_tag.as_str()).cmp(&(stable(other), other, other_tag.as_str()))
    });
    newest.map(|(_, tag)| Newest { tag: tag.clone(), versions: count })
}

/// Returns the version that a tag may stand for: leading zeros, four parts and a `v` in front are fine, and `_` was a `+`.
pub(super) fn version_text(tag: &Tag) -> Option<String> {
    let text = tag.as_str();
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let is_version = !text.contains("__") && digits.starts_with(|first: char| first.is_ascii_digit());
    is_version.then(|| text.replacen('_', "+", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(tags: &[&str]) -> Option<(String, usize)> {
        let tags: Vec<Tag> = tags.iter().map(|tag| tag.parse().unwrap()).collect();
        newest_of(&tags).map(|newest| (newest.tag.to_string(), newest.versions))
    }

    #[test]
    fn versions_come_highest_first_and_other_tags_after_them() {
        let tags = ["1.9.0", "latest", "1.10.0", "v1.9.1", "26.02.0.1", "1.10.0-rc.1", "team__1.0", "1.9"];
        let referrer = format!("sha256-{}.sig", "a".repeat(64));
        let tags = tags.into_iter().chain([referrer.as_str()]).map(|tag| tag.parse().unwrap()).collect();
        let (versions, others) = by_version(tags);
        let texts = |tags: &[Tag]| tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(texts(&versions), "26.02.0.1 1.10.0 1.10.0-rc.1 v1.9.1 1.9.0 1.9");
        assert_eq!(texts(&others), "latest team__1.0");
    }

    #[test]
    fn the_newest_is_the_highest_version_and_not_the_last_in_the_alphabet() {
        for (tags, expected) in [
            (&["1.9.0", "1.10.0", "1.2.0"] as &[&str], Some(("1.10.0", 3))),
            (&["1.0.0", "2.0.0-rc.1"], Some(("1.0.0", 2))),
            (&["2.0.0-rc.1", "2.0.0-rc.2"], Some(("2.0.0-rc.2", 2))),
            (&["v1.8.7", "1.8.6"], Some(("v1.8.7", 2))),
            (&["26.02.0", "26.1.9"], Some(("26.02.0", 2))),
            (&["7.7.1908", "7.7.1908.1"], Some(("7.7.1908.1", 2))),
            (&["1.0.0_a", "1.0.0"], Some(("1.0.0_a", 2))),
            (&["latest", "team__9.9.9", "sha256-ab", "stable"], None),
            (&[], None),
        ] {
            assert_eq!(newest(tags), expected.map(|(tag, count)| (tag.to_owned(), count)), "{tags:?}");
        }
    }
}
