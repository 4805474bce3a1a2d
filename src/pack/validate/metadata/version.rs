//! The pack's version: version-invalid where it can be no tag, version-not-semver where it is none by Semantic Versioning 2.0.0.
//!
//! The part that is wrong is pointed at; the hint mends the whole.

use std::ops::Range;

use super::{Fields, Finding, is_placeholder};
use crate::pack::report::Code;

/// How long a tag may be (OCI distribution-spec 1.1, "Pulling manifests").
const LONGEST_TAG: usize = 128;

/// What is wrong with a version, and where in it.
struct Fault {
    reason: String,
    part: Range<usize>,
}

/// Tells where a version can be no tag, or is not semantic.
pub(super) fn check(version: &str, fields: &Fields<'_>, findings: &mut Vec<Finding>) {
    let reason = match version.replace('+', "_") {
        tag if tag.len() > LONGEST_TAG => format!("has more than the {LONGEST_TAG} characters of a tag"),
        tag if !is_tag(&tag) => "cannot be a tag".into(),
        _ => return findings.extend(not_semantic(version, fields)),
    };
    let hint = if is_placeholder(version) {
        "put the pack's own version in place of the placeholder"
    } else {
        "letters, digits, `.`, `_`, `-` and `+`; the first is a letter, a digit or `_`"
    };
    let message = format!("the version `{version}` {reason}");
    findings.push(fields.finding_of_value("version", Code::VersionInvalid, message).hint(hint));
}

fn not_semantic(version: &str, fields: &Fields<'_>) -> Option<Finding> {
    let Fault { reason, part } = fault(version)?;
    let message = format!("the version `{version}` is not semantic: {reason}");
    Some(fields.finding_within("version", &part, Code::VersionNotSemver, message).hint(hint(version)))
}

fn is_tag(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric() || first == b'_') && text.bytes().all(inner)
}

/// Returns the first fault of a version by Semantic Versioning 2.0.0, clauses 2, 9 and 10.
fn fault(version: &str) -> Option<Fault> {
    if version.strip_prefix(['v', 'V']).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit())) {
        return Some(Fault { reason: format!("it begins with `{}`", &version[..1]), part: 0..1 });
    }
    let Parts { core, pre_release, build } = Parts::of(version);
    let numbers = core.split('.').count();
    dotted(version, core, |part| (!is_number(part)).then(|| format!("`{part}` is not a number")))
        .or_else(|| {
            let reason = format!("it has {}, not three", counted(numbers));
            (numbers != 3).then_some(Fault { reason, part: 0..version.len() })
        })
        .or_else(|| dotted(version, core, leading_zero))
        .or_else(|| dotted(version, pre_release?, |part| not_an_identifier(part).or_else(|| leading_zero(part))))
        .or_else(|| dotted(version, build?, not_an_identifier))
}

/// Returns the first part between dots of a piece of a version that has a fault.
fn dotted(version: &str, piece: &str, reason: impl Fn(&str) -> Option<String>) -> Option<Fault> {
    let mut from = piece.as_ptr() as usize - version.as_ptr() as usize;
    for part in piece.split('.') {
        let place = from..from + part.len();
        if part.is_empty() {
            return Some(Fault { reason: "a part of it is empty".into(), part: 0..version.len() });
        }
        if let Some(reason) = reason(part) {
            return Some(Fault { reason, part: place });
        }
        from = place.end + 1;
    }
    None
}

/// A version's three pieces: `core-pre_release+build`.
struct Parts<'a> {
    core: &'a str,
    pre_release: Option<&'a str>,
    build: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Self {
        let (rest, build) = version.split_once('+').map_or((version, None), |(rest, build)| (rest, Some(build)));
        let (core, pre_release) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
        Self { core, pre_release, build }
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn leading_zero(part: &str) -> Option<String> {
    (is_number(part) && part.len() > 1 && part.starts_with('0')).then(|| format!("`{part}` begins with a zero"))
}

fn not_an_identifier(part: &str) -> Option<String> {
    let other = part.chars().find(|next| !next.is_ascii_alphanumeric() && *next != '-')?;
    Some(format!("`{part}` has a `{other}` in it"))
}

fn counted(parts: usize) -> String {
    match parts {
        1 => "one part".into(),
        2 => "two parts".into(),
        4 => "four parts".into(),
        5 => "five parts".into(),
        many => format!("{many} parts"),
    }
}

fn hint(version: &str) -> String {
    match repaired(version) {
        Some((core, Some(rest))) => format!("write `{core}`, or `{core}+{rest}` to keep all of it"),
        Some((whole, None)) => format!("write `{whole}`"),
        None => "three numbers with dots between them, such as `1.5.0`".into(),
    }
}

/// Returns the semantic version that is meant, and the numbers that are too many for one.
fn repaired(version: &str) -> Option<(String, Option<String>)> {
    let bare = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let Parts { core, pre_release, build } = Parts::of(bare);
    let digits = core.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (numbers, tail) = core.split_at(digits);
    if tail.contains('.') {
        return None;
    }
    let mut numbers: Vec<_> = numbers.trim_end_matches('.').split('.').map(without_zeros).collect();
    let more = if numbers.len() > 3 { numbers.split_off(3) } else { Vec::new() };
    numbers.resize(3, "0");
    let mut whole = numbers.join(".");
    let pre_releases = [Some(tail.trim_matches('_')).filter(|tail| !tail.is_empty()), pre_release];
    for pre_release in pre_releases.into_iter().flatten() {
        let parts: Vec<_> = pre_release.split('.').map(without_zeros).collect();
        whole = format!("{whole}-{}", parts.join(".").replace('_', "-"));
    }
    if let Some(build) = build {
        whole = format!("{whole}+{}", build.replace(['_', '+'], "-"));
    }
    let more = (!more.is_empty() && build.is_none()).then(|| more.join("."));
    fault(&whole).is_none().then_some((whole, more))
}

fn without_zeros(part: &str) -> &str {
    match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0",
        short if is_number(part) => short,
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_tags_when_plus_is_written_as_underscore() {
        for version in ["1.0.0", "v1.8.7", "_1", "1.0-rc.1_b"] {
            assert!(is_tag(version), "{version}");
        }
        for version in ["", ".1", "-1", "1 0", "1/0", "1+0", "ä"] {
            assert!(!is_tag(version), "{version}");
        }
    }

    #[test]
    fn semantic_versions_are_fine() {
        for version in [
            "0.0.0",
            "1.0.0",
            "7.7.1908",
            "1.0.0-rc.1",
            "1.0.0-0",
            "1.0.0-x-y-z.0a",
            "1.0.0-alpha+001",
            "1.0.0+20130313144700",
            "1.0.0--",
            "99999999999999999999.0.0",
        ] {
            assert!(fault(version).is_none(), "{version}");
        }
    }

    #[test]
    fn the_part_that_is_wrong_is_said_and_the_whole_is_mended() {
        for (version, part, reason, mended) in [
            ("v1.8.7", "v", "it begins with `v`", "write `1.8.7`"),
            ("V23.01", "V", "it begins with `V`", "write `23.1.0`"),
            ("1.5", "1.5", "it has two parts, not three", "write `1.5.0`"),
            ("7", "7", "it has one part, not three", "write `7.0.0`"),
            ("1.2.3.04", "1.2.3.04", "it has four parts, not three", "write `1.2.3`, or `1.2.3+4` to keep all of it"),
            (
                "1.2.3.4-rc1",
                "1.2.3.4-rc1",
                "it has four parts, not three",
                "write `1.2.3-rc1`, or `1.2.3-rc1+4` to keep all of it",
            ),
            ("26.02.0", "02", "`02` begins with a zero", "write `26.2.0`"),
            ("26.00.0", "00", "`00` begins with a zero", "write `26.0.0`"),
            ("1.0.0-rc.01", "01", "`01` begins with a zero", "write `1.0.0-rc.1`"),
            ("1.0.0-rc_1", "rc_1", "`rc_1` has a `_` in it", "write `1.0.0-rc-1`"),
            ("1.0.0+a+b", "a+b", "`a+b` has a `+` in it", "write `1.0.0+a-b`"),
            ("1.0.0rc1", "0rc1", "`0rc1` is not a number", "write `1.0.0-rc1`"),
            ("1.0.0_2", "0_2", "`0_2` is not a number", "write `1.0.0-2`"),
            ("1.x.0", "x", "`x` is not a number", "three numbers with dots between them, such as `1.5.0`"),
            ("latest", "latest", "`latest` is not a number", "three numbers with dots between them, such as `1.5.0`"),
            ("1..0", "1..0", "a part of it is empty", "three numbers with dots between them, such as `1.5.0`"),
            ("1.0.0-", "1.0.0-", "a part of it is empty", "three numbers with dots between them, such as `1.5.0`"),
            ("1.5.", "1.5.", "a part of it is empty", "write `1.5.0`"),
        ] {
            let found = fault(version).unwrap_or_else(|| panic!("{version} is fine"));
            assert_eq!((&version[found.part], found.reason.as_str()), (part, reason), "{version}");
            assert_eq!(hint(version), mended, "{version}");
        }
    }
}
