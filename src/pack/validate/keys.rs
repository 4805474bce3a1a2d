//! The keys of values.yaml that nothing reads: values-chart-unknown, values-chart-missing, values-manifest-unknown,
//! values-unindented, pack-key-unknown; and namespace-invalid.
//!
//! Overrides that are nested one level off are dropped in silence, and are the most frequent fix in pull requests. Other keys at
//! the top are never a finding: `readinessCheck`, `kubeadmconfig` and such are read by macros.

use std::collections::BTreeSet;

use super::{
    material::{Material, Yaml},
    nearest::nearest,
    values::{FILE, holds_no_mapping, no_mapping},
};
use crate::pack::{
    PackPath,
    chart::Chart,
    report::{Code, Finding},
    yaml::{Key, Kind, Node},
};

const PACK_KEYS: [&str; 6] =
    ["content", "namespace", "additionalNamespaces", "namespaceLabels", "namespaceAnnotations", "releaseNameOverride"];
const CONTENT_KEYS: [&str; 2] = ["images", "charts"];

/// The longest DNS label (RFC 1123).
const LONGEST_LABEL: usize = 63;

/// Checks the keys; those below `charts` where all charts could be opened, those below `manifests` where these are all stems.
pub(super) fn check(
    material: &Material<'_>,
    has_all_charts: bool,
    manifest_stems: Option<&[&str]>,
    findings: &mut Vec<Finding>,
) {
    let Some(values) = material.values else { return };
    values_of_charts(&values, material.charts, findings);
    let unindented = unindented(&values, material.charts, findings);
    let unknown = has_all_charts && unknown_charts(&values, material.charts, findings);
    if unindented || unknown {
        missing_charts(&values, material.charts, findings);
    }
    if let Some(stems) = manifest_stems {
        unknown_manifests(&values, stems, findings);
    }
    pack_keys(&values, findings);
    namespaces(&values, findings);
}

fn at_key(code: Code, key: &Key, message: impl Into<String>) -> Finding {
    Finding::new(code, message).in_file(FILE).at(key.position, key.length)
}

/// Finds sections that are null while their keys stand beside them.
fn unindented(values: &Yaml<'_>, charts: &[(PackPath, Chart)], findings: &mut Vec<Finding>) -> bool {
    let root = values.root;
    let is_null = |name| root.get(name).is_some_and(Node::is_null);
    let others = || root.members().filter(|(name, ..)| !matches!(*name, "pack" | "charts" | "manifests"));
    let told = findings.len();
    if is_null("pack") {
        let own = others()
            .filter(|(name, ..)| PACK_KEYS.contains(name))
            .map(|(name, key, _)| (name, key))
            .collect::<Vec<_>>();
        unindented_below("pack", "pack", &own, root, findings);
    }
    if root.get("charts").is_none_or(Node::is_null) {
        let named = |name: &str| charts.iter().any(|(_, chart)| chart.name() == name);
        let keys: Vec<_> = others().map(|(name, key, _)| (name, key)).collect();
        let own: Vec<_> = keys.iter().copied().filter(|(name, _)| named(name)).collect();
        if is_null("charts") && !own.is_empty() {
            unindented_below("charts", "charts", &own, root, findings);
        } else if let Some((chart, own)) = charts.iter().find_map(|(_, chart)| {
            let defaults = &chart.values.as_ref()?.root;
            let own: Vec<_> = keys.iter().copied().filter(|(name, _)| defaults.get(name).is_some()).collect();
            // One key alone may well be meant for a macro.
            (own.len() > 1).then_some((chart, own))
        }) {
            unindented_below("charts", &format!("charts.{}", chart.name()), &own, root, findings);
        }
    }
    findings.len() > told
}

fn unindented_below(section: &str, place: &str, keys: &[(&str, &Key)], root: &Node, findings: &mut Vec<Finding>) {
    let Some((_, first)) = keys.first() else { return };
    let names: Vec<_> = keys.iter().map(|(name, _)| *name).collect();
    let message = format!("{} at the top, where nothing reads {}", stands(&names), them(names.len()));
    let finding = at_key(Code::ValuesUnindented, first, message);
    let finding = finding.hint(format!("indent {} below `{place}:`", them(names.len())));
    findings.push(match root.member(section) {
        Some((key, _)) => finding.related("this is empty", key.position),
        None => finding,
    });
}

/// Finds charts whose values are no mapping, which Helm refuses.
fn values_of_charts(values: &Yaml<'_>, charts: &[(PackPath, Chart)], findings: &mut Vec<Finding>) {
    let names: BTreeSet<_> = charts.iter().map(|(_, chart)| chart.name()).collect();
    for name in names {
        let own = values.root.at(["charts", name]).filter(|own| holds_no_mapping(own));
        findings.extend(own.map(|own| no_mapping(values.text, own, &format!("charts.{name}"))));
    }
}

/// Finds values of charts that are not there.
fn unknown_charts(values: &Yaml<'_>, charts: &[(PackPath, Chart)], findings: &mut Vec<Finding>) -> bool {
    let told = findings.len();
    let Some(section) = values.root.get("charts").filter(|_| !charts.is_empty()) else { return false };
    let named = |name: &str| charts.iter().any(|(_, chart)| chart.name() == name);
    let unknown: Vec<_> = section.members().filter(|(name, ..)| !named(name)).collect();
    // A chart has its values directly under `charts:`: one fault, however many keys.
    let of_one = charts.iter().find(|(_, chart)| {
        let has = |name: &str| chart.values.as_ref().is_some_and(|values| values.root.get(name).is_some());
        unknown.len() > 1 && unknown.iter().all(|(name, ..)| has(name))
    });
    if let (Some((path, chart)), Some((_, first, _))) = (of_one, unknown.first()) {
        let keys: Vec<_> = unknown.iter().map(|(name, ..)| *name).collect();
        let message = format!("{} directly under `charts`, where only charts' names may stand", stands(&keys));
        let hint = format!("`{path}` is the chart `{0}`: nest {1} as `charts.{0}`", chart.name(), them(keys.len()));
        findings.push(at_key(Code::ValuesChartUnknown, first, message).hint(hint));
        return true;
    }
    for (name, key, value) in unknown {
        let message = match value.members().count() {
            0 => format!("no chart of this pack is called `{name}`"),
            1 => format!("no chart of this pack is called `{name}`: this value reaches no chart"),
            count => format!("no chart of this pack is called `{name}`: these {count} values reach no chart"),
        };
        findings.push(at_key(Code::ValuesChartUnknown, key, message).hint(meant_chart(name, section, charts)));
    }
    // What is no map can't be meant for another chart.
    findings.len() > told && section.members().any(|(name, _, value)| value.is_mapping() && !named(name))
}

/// Says where the values of a chart that is not there belong.
fn meant_chart(name: &str, section: &Node, charts: &[(PackPath, Chart)]) -> String {
    let has = |chart: &Chart| chart.values.as_ref().is_some_and(|values| values.root.get(name).is_some());
    if let Some((path, chart)) = charts.iter().find(|(_, chart)| has(chart)) {
        return format!("`{path}` is the chart `{0}`, and has `{name}`: nest it as `charts.{0}.{name}`", chart.name());
    }
    let is_map = section.get(name).is_some_and(Node::is_mapping);
    let mut free = charts.iter().filter(|(_, chart)| is_map && is_left_alone(chart, section));
    if let (Some((path, chart)), None) = (free.next(), free.next()) {
        return format!("`{path}` is the chart `{0}`: write `{0}` in place of `{name}`", chart.name());
    }
    let names: BTreeSet<_> = charts.iter().map(|(_, chart)| format!("`{}`", chart.name())).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    format!("the name in Chart.yaml counts, not the file's; the charts are {names}")
}

/// Returns whether a chart has values to be set, and gets none. A chart that only brings custom resources needs none.
fn is_left_alone(chart: &Chart, section: &Node) -> bool {
    chart.values.is_some() && section.get(chart.name()).is_none()
}

/// Finds charts without values, where others' values are in a wrong place.
fn missing_charts(values: &Yaml<'_>, charts: &[(PackPath, Chart)], findings: &mut Vec<Finding>) {
    let section = values.root.member("charts");
    for (path, chart) in charts {
        let name = chart.name();
        if !section.map_or(chart.values.is_some(), |(_, section)| is_left_alone(chart, section)) {
            continue;
        }
        let message = format!("`{path}` gets no values: it is the chart `{name}`, and there is no `charts.{name}`");
        findings.push(match section {
            Some((key, _)) => at_key(Code::ValuesChartMissing, key, message),
            None => Finding::new(Code::ValuesChartMissing, message).in_file(FILE),
        });
    }
}

fn unknown_manifests(values: &Yaml<'_>, stems: &[&str], findings: &mut Vec<Finding>) {
    let Some(section) = values.root.get("manifests") else { return };
    for (name, key, _) in section.members().filter(|(name, ..)| !stems.contains(name)) {
        let finding = at_key(Code::ValuesManifestUnknown, key, format!("no manifest of this pack is called `{name}`"));
        let only = stems.first().copied().filter(|_| stems.len() == 1);
        findings.push(match nearest(name, stems.iter().copied()).or(only) {
            Some(stem) => finding.hint(format!("write `{stem}`, the file's name without its end")),
            None if stems.is_empty() => finding.hint("name the manifest in `kubeManifests` of pack.json"),
            None => finding.hint("the file's name without `.yaml` counts"),
        });
    }
}

fn pack_keys(values: &Yaml<'_>, findings: &mut Vec<Finding>) {
    let Some(pack) = values.root.get("pack") else { return };
    let content = pack.get("content");
    for (place, section, known) in [("pack", Some(pack), &PACK_KEYS[..]), ("pack.content", content, &CONTENT_KEYS[..])]
    {
        for (name, key, _) in section.into_iter().flat_map(Node::members) {
            if known.contains(&name) || name.starts_with("spectrocloud.com/") {
                continue;
            }
            let finding = at_key(Code::PackKeyUnknown, key, format!("nothing reads `{place}.{name}`"));
            findings.push(if let Some(meant) = nearest(name, known.iter().copied()) {
                finding.hint(format!("did you mean `{meant}`?"))
            } else if PACK_KEYS.contains(&name) {
                finding.hint(format!("nest it one level higher, as `pack.{name}`"))
            } else if CONTENT_KEYS.contains(&name) {
                finding.hint(format!("nest it one level deeper, as `pack.content.{name}`"))
            } else {
                let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
                finding.hint(format!("what is read here is {}", known.join(", ")))
            });
        }
    }
}

fn namespaces(values: &Yaml<'_>, findings: &mut Vec<Finding>) {
    let Some(pack) = values.root.get("pack") else { return };
    let further = pack.get("additionalNamespaces").map(Node::items).unwrap_or_default();
    for node in pack.get("namespace").into_iter().chain(further) {
        let wrong = match &node.kind {
            Kind::Scalar { text, .. } => !(node.is_null() || text.is_empty() || text.contains("{{") || is_label(text)),
            _ => true,
        };
        if wrong {
            let written = node.scalar().map_or_else(|| node.describe().to_owned(), |text| format!("`{text}`"));
            let finding = values.about(Code::NamespaceInvalid, node, format!("{written} is no name for a namespace"));
            findings.push(finding.hint("lower case letters, digits and `-`, at most 63, as in `kube-system`"));
        }
    }
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| inner(*byte));
    text.len() <= LONGEST_LABEL
        && ends(text.as_bytes().first())
        && ends(text.as_bytes().last())
        && text.bytes().all(|byte| inner(byte) || byte == b'-')
}

/// Returns a sentence's begin: `a` stands, `a` and `b` stand, `a`, `b`, `c` and 4 more stand.
fn stands(names: &[&str]) -> String {
    format!("{} {}", list(names), if names.len() == 1 { "stands" } else { "stand" })
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

/// Returns names as a list in a sentence, of which the first few are spelled out.
pub(super) fn list(names: &[&str]) -> String {
    const MOST: usize = 4;
    let quoted: Vec<_> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match (names.len(), quoted.as_slice()) {
        (count, _) if count > MOST => format!("{} and {} more", quoted.join(", "), count - MOST),
        (_, [first @ .., last]) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests;
