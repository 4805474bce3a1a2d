//! A pack that this one needs: constraint-invalid where it could never be found, or never fit.

use lenient_semver::Version;

use super::{Fields, Finding, KNOWN_OF_DEPENDENCY, Wanted, blank_or_absent, word};
use crate::pack::{metadata::ProfileLayer, report::Code};

const TYPES: [&str; 4] = ["required", "optional", "notSupported", "upgrade"];

/// Tells what is wrong with one entry of `dependencies`.
pub(super) fn check(fields: &Fields<'_>, complete: bool, findings: &mut Vec<Finding>) {
    let pack = fields.get("packName").and_then(|name| name.as_str()).filter(|name| !name.trim().is_empty());
    let who = pack.map_or_else(|| "a dependency".to_owned(), |name| format!("the dependency on `{name}`"));
    let wanted = Wanted {
        who: &who,
        example: &|name| match name {
            "packName" => "\"packName\": \"kubernetes\"",
            "layer" => "\"layer\": \"k8s\"",
            _ => "\"type\": \"optional\"",
        },
        known: &KNOWN_OF_DEPENDENCY,
    };
    if complete {
        blank_or_absent(fields, &["packName", "layer", "type"], &wanted, findings);
    }
    word(
        fields,
        "layer",
        &ProfileLayer::ALL.map(ProfileLayer::as_str),
        &format!("{who} is of no known layer"),
        findings,
    );
    word(fields, "type", &TYPES, &format!("{who} is of no known type"), findings);
    range(fields, &who, findings);
}

/// Tells where no version is at once as new as `minVersion` and as old as `maxVersion`.
fn range(fields: &Fields<'_>, who: &str, findings: &mut Vec<Finding>) {
    let version = |name: &str| fields.get(name).and_then(|value| Some((value.as_str()?.trim(), &value.span)));
    let (Some((least, from)), Some((most, to))) = (version("minVersion"), version("maxVersion")) else { return };
    if !is_above(least, most) {
        return;
    }
    let message = format!("{who} fits no version: `maxVersion` {most} is below `minVersion` {least}");
    let finding = fields.finding(Code::ConstraintInvalid, to, message);
    findings.push(fields.related(finding, "the least version", from).hint("swap them, or leave one of them blank"));
}

/// Returns whether one version is above another, as far as both say: `1.27` as the last one takes in `1.27.4`.
fn is_above(least: &str, most: &str) -> bool {
    let (Some(least_numbers), Some(most_numbers)) = (numbers(least), numbers(most)) else { return false };
    let common = least_numbers.len().min(most_numbers.len());
    if least_numbers[..common] != most_numbers[..common] {
        return least_numbers > most_numbers;
    }
    let parsed = (Version::parse(least), Version::parse(most));
    least_numbers.len() == most_numbers.len() && matches!(parsed, (Ok(least), Ok(most)) if least > most)
}

/// Returns the numbers of a version before its pre-release; none where a part is something else, such as `x`.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let bare = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let core = bare.split(['-', '+']).next().unwrap_or_default();
    core.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_is_above_another_as_far_as_both_say() {
        for (least, most) in [
            ("1.28.0", "1.27.9"),
            ("1.28", "1.27.9"),
            ("1.28.1", "1.27"),
            ("1.10", "1.9"),
            ("v2", "1.99.99"),
            ("1.0.1", "1.0.0"),
            ("1.0.0", "1.0.0-rc.1"),
            ("25.10.1", "25.08.0"),
        ] {
            assert!(is_above(least, most), "{least} {most}");
        }
        for (least, most) in [
            ("1.27", "1.27"),
            ("1.27.4", "1.27"),
            ("1.27", "1.27.4"),
            ("1.9", "1.10"),
            ("1.0.0-rc.1", "1.0.0"),
            ("1.27.0", "1.27.x"),
            ("1.28.0", "1.x"),
            ("", "1.0.0"),
            ("1.0.0", ""),
            ("latest", "1.0.0"),
            ("v1.2.3", "1.2.3"),
        ] {
            assert!(!is_above(least, most), "{least} {most}");
        }
    }
}
