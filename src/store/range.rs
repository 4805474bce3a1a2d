//! Ranges of versions, such as `>=1.2 <2`: leniently, because the versions of packs have four parts, leading zeros and a `v` in front.

use std::{fmt, str::FromStr};

use lenient_semver::Version;

use super::{Tag, newest::version_text};

/// Some of all versions: one of its alternatives, of which every comparison must hold.
///
/// Understood are `=`, `>`, `>=`, `<`, `<=`, `~1.2` (`>=1.2 <1.3`), `^1.2` (`>=1.2 <2`), `1.x`, `1.2.*`, `*`, and `||` between alternatives.
/// A version alone with fewer than three parts means all that begin so. Pre-releases are meant only where the range names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    alternatives: Vec<Vec<Comparison>>,
}

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no range of versions, such as `>=1.2 <2`, `1.x` or `~1.2`")]
pub struct InvalidRange(String);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    /// A version that parses.
    version: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl VersionRange {
    /// Returns whether a tag reads as a version that is meant.
    pub fn matches(&self, tag: &Tag) -> bool {
        let Some(text) = version_text(tag) else { return false };
        let Ok(version) = Version::parse(&text) else { return false };
        self.alternatives.iter().any(|comparisons| {
            let names_pre_release = comparisons
                .iter()
                .any(|comparison| parsed(&comparison.version).is_some_and(|other| other.is_pre_release()));
            (names_pre_release || !version.is_pre_release())
                && comparisons.iter().all(|comparison| comparison.holds(&version))
        })
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Comparison {
    fn holds(&self, version: &Version<'_>) -> bool {
        let Some(other) = parsed(&self.version) else { return false };
        match self.operator {
            Operator::Equal => *version == other,
            Operator::Greater => *version > other,
            Operator::GreaterOrEqual => *version >= other,
            Operator::Less => *version < other,
            Operator::LessOrEqual => *version <= other,
        }
    }
}

fn parsed(text: &str) -> Option<Version<'_>> {
    Version::parse(text).ok()
}

impl FromStr for VersionRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        let invalid = || InvalidRange(text.to_owned());
        let mut alternatives = Vec::new();
        for alternative in text.split("||") {
            // An operator may stand apart from its version.
            let mut words: Vec<String> = Vec::new();
            for word in alternative.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
                match words.last_mut() {
                    Some(last) if last.ends_with(['<', '>', '=', '~', '^']) => last.push_str(word),
                    _ => words.push(word.to_owned()),
                }
            }
            if words.is_empty() {
                return Err(invalid());
            }
            let mut comparisons = Vec::new();
            for word in &words {
                comparisons.extend(comparisons_of(word).ok_or_else(invalid)?);
            }
            alternatives.push(comparisons);
        }
        Ok(Self { text: text.trim().to_owned(), alternatives })
    }
}

/// Returns what one word of a range means.
fn comparisons_of(word: &str) -> Option<Vec<Comparison>> {
    const OPERATORS: [(&str, Operator); 5] = [
        (">=", Operator::GreaterOrEqual),
        ("<=", Operator::LessOrEqual),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("=", Operator::Equal),
    ];
    let compare = |operator, version: &str| {
        parsed(version).is_some().then(|| vec![Comparison { operator, version: version.to_owned() }])
    };
    for (sign, operator) in OPERATORS {
        if let Some(version) = word.strip_prefix(sign) {
            return compare(operator, version);
        }
    }
    if let Some(version) = word.strip_prefix('~') {
        let parts = numbers(version)?;
        return between(version, &parts, usize::from(parts.len() > 1));
    }
    if let Some(version) = word.strip_prefix('^') {
        let parts = numbers(version)?;
        // `^0.2.3` stays below 0.3: the first part that is not 0 may not change.
        let fixed = parts.iter().position(|part| *part != 0).unwrap_or(parts.len() - 1);
        return between(version, &parts, fixed);
    }
    if word == "*" || word == "x" {
        return compare(Operator::GreaterOrEqual, "0.0.0-0");
    }
    let stem = [".x", ".*", ".X"].iter().find_map(|end| word.strip_suffix(end));
    match (stem, numbers(word)) {
        (Some(stem), _) => {
            let stem = [".x", ".*", ".X"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
            let parts = numbers(stem)?;
            between(stem, &parts, parts.len() - 1)
        }
        (None, Some(parts)) if parts.len() < 3 => between(word, &parts, parts.len() - 1),
        _ => compare(Operator::Equal, word),
    }
}

/// Returns the numbers in front of a version; nothing where there are none.
fn numbers(version: &str) -> Option<Vec<u64>> {
    parsed(version)?;
    let digits = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let plain = digits.split(['-', '+', '_']).next()?;
    let parts: Option<Vec<u64>> = plain.split('.').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| !parts.is_empty())
}

/// Returns: at least this version, and below the next value of the part at `fixed`.
fn between(version: &str, parts: &[u64], fixed: usize) -> Option<Vec<Comparison>> {
    let mut end: Vec<_> = parts.get(..=fixed)?.to_vec();
    *end.last_mut()? = end.last()?.checked_add(1)?;
    let end = end.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    parsed(&end)?;
    Some(vec![
        Comparison { operator: Operator::GreaterOrEqual, version: version.to_owned() },
        Comparison { operator: Operator::Less, version: end },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(range: &str) -> String {
        let tags = [
            "0.2.3",
            "0.2.9",
            "0.3.0",
            "1.0.0",
            "1.2.0",
            "v1.2.9",
            "1.2.3.4",
            "1.10.0",
            "2.0.0-rc.1",
            "2.0.0",
            "latest",
        ];
        let range: VersionRange = range.parse().unwrap();
        let tags = tags.iter().filter(|tag| range.matches(&tag.parse().unwrap()));
        tags.copied().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ranges_mean_what_they_mean_elsewhere() {
        for (range, expected) in [
            (">=1.2 <2", "1.2.0 v1.2.9 1.2.3.4 1.10.0"),
            (">= 1.2, < 1.3", "1.2.0 v1.2.9 1.2.3.4"),
            ("1.2.3.4", "1.2.3.4"),
            ("=1.0.0", "1.0.0"),
            ("1.x", "1.0.0 1.2.0 v1.2.9 1.2.3.4 1.10.0"),
            ("1.x.x", "1.0.0 1.2.0 v1.2.9 1.2.3.4 1.10.0"),
            ("1", "1.0.0 1.2.0 v1.2.9 1.2.3.4 1.10.0"),
            ("1.2", "1.2.0 v1.2.9 1.2.3.4"),
            ("1.2.*", "1.2.0 v1.2.9 1.2.3.4"),
            ("~1.2.3", "v1.2.9 1.2.3.4"),
            ("~1", "1.0.0 1.2.0 v1.2.9 1.2.3.4 1.10.0"),
            ("^1.2", "1.2.0 v1.2.9 1.2.3.4 1.10.0"),
            ("^0.2.4", "0.2.9"),
            ("<1 || >=2", "0.2.3 0.2.9 0.3.0 2.0.0"),
            (">=2.0.0-rc.0", "2.0.0-rc.1 2.0.0"),
            (">1.10", "2.0.0"),
            ("<=0.2.3", "0.2.3"),
        ] {
            assert_eq!(matching(range), expected, "{range}");
        }
        assert!(matching("*").starts_with("0.2.3 ") && !matching("*").contains("latest"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "||", ">=", "one", ">=1 ||", "~x", "^"] {
            assert!(text.parse::<VersionRange>().is_err(), "{text}");
        }
    }
}
