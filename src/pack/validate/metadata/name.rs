//! The pack's name: name-invalid, and name-mismatch where the folder is named after another version.

use lenient_semver::Version;

use super::{Fields, Finding, is_placeholder};
use crate::pack::report::Code;

/// How long a name may be: repositories end at 255 characters with their server's path.
const LONGEST: usize = 128;

/// Tells where a name is no name of a repository.
pub(super) fn check(name: &str, fields: &Fields<'_>, findings: &mut Vec<Finding>) {
    let reason = if !is_component(name) {
        "is no name for a repository"
    } else if name.len() > LONGEST {
        "is too long for a repository"
    } else {
        return;
    };
    let hint = match repaired(name) {
        _ if is_placeholder(name) => "put the pack's own name in place of the placeholder".to_owned(),
        Some(meant) => format!("write `{meant}`, for example"),
        None => format!("at most {LONGEST} lower-case letters and digits, with `.`, `_` or `-` between them"),
    };
    let message = format!("the name `{name}` {reason}");
    findings.push(fields.finding_of_value("name", Code::NameInvalid, message).hint(hint));
}

/// Tells where the folder is `NAME-VERSION` with another version than pack.json's. Folders of every other name are as good as any: a
/// third of the packs in the wild have one.
pub(super) fn compare(folder: &str, name: &str, version: &str, fields: &Fields<'_>, findings: &mut Vec<Finding>) {
    let Some(named) = folder.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) else { return };
    if !is_other_version(named, version) {
        return;
    }
    let message = format!("the folder is `{folder}`, and the version `{version}`");
    let hint = format!("rename the folder to `{name}-{version}`, or correct the version");
    findings.push(fields.finding_of_value("version", Code::NameMismatch, message).hint(hint));
}

/// Returns whether the end of a folder's name is a version, and clearly another one. `1.16` stands for every `1.16.x`, and
/// `1.0.0-addon` for a kind of `1.0.0`.
fn is_other_version(named: &str, version: &str) -> bool {
    let plain = |text: &str| text.strip_prefix(['v', 'V']).unwrap_or(text).replace('_', "+");
    let (named, version) = (plain(named), plain(version));
    let ends_there = |rest: &str| rest.is_empty() || rest.starts_with(['-', '+', '.']);
    let continues = |long: &str, short: &str| long.strip_prefix(short).is_some_and(ends_there);
    let is_version = named.starts_with(|first: char| first.is_ascii_digit())
        && (named.contains('.') || named.bytes().all(|byte| byte.is_ascii_digit()));
    let is_same = match (Version::parse(&named), Version::parse(&version)) {
        (Ok(one), Ok(other)) => one == other,
        _ => true,
    };
    is_version && !is_same && !continues(&named, &version) && !continues(&version, &named)
}

/// Returns whether a text is one component of a repository's name (OCI distribution-spec 1.1, "Pulling manifests").
fn is_component(text: &str) -> bool {
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let mut rest = text;
    loop {
        let end = rest.find(['.', '_', '-']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() || !is_word(word) {
            return false;
        }
        rest = match after.bytes().next() {
            None => return true,
            Some(b'-') => after.trim_start_matches('-'),
            Some(b'.') => &after[1..],
            Some(_) => after.strip_prefix("__").unwrap_or(&after[1..]),
        };
    }
}

/// Returns the component that is most like a name.
fn repaired(name: &str) -> Option<String> {
    let lower: String = name.trim().chars().flat_map(char::to_lowercase).take(LONGEST).collect();
    let words = lower.split(|next: char| !next.is_ascii_alphanumeric() && !matches!(next, '.' | '_'));
    let joined = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    is_component(&joined).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_those_of_the_specification() {
        for name in ["a", "0", "a.b", "a_b", "a__b", "a-b", "a---b", "golden-centos-aws", "k8s.v1_2"] {
            assert!(is_component(name), "{name}");
        }
        for name in ["", "A", "a.", ".a", "a..b", "a___b", "a._b", "-a", "a-", "a/b", "ä", "a b", "a+b"] {
            assert!(!is_component(name), "{name}");
        }
        assert_eq!(repaired("My Pack (new)").as_deref(), Some("my-pack-new"));
        assert_eq!(repaired("Ä"), None);
    }

    #[test]
    fn a_folder_names_another_version_only_where_it_clearly_does() {
        for (named, version) in
            [("1.0.0", "1.0.1"), ("1.16.0", "1.16.1"), ("2", "3.0.0"), ("1.2.0", "1.20.0"), ("v1.0.0", "1.1.0")]
        {
            assert!(is_other_version(named, version), "{named} {version}");
        }
        for (named, version) in [
            ("1.0.0", "1.0.0"),
            ("1.16", "1.16.0"),
            ("1.16", "1.16.7"),
            ("1.5.0", "1.5"),
            ("v1.8.7", "1.8.7"),
            ("1.8.7", "v1.8.7"),
            ("23.07.1", "23.7.1"),
            ("1.0.0-addon", "1.0.0"),
            ("1.0.0_1", "1.0.0+1"),
            ("operator", "1.0.0"),
            ("add-on-1.0.1", "1.0.0"),
            ("2-operator", "1.0.0"),
            ("", "1.0.0"),
        ] {
            assert!(!is_other_version(named, version), "{named} {version}");
        }
    }
}
