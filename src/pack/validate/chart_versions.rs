//! Charts that are labelled with another version than they have: chart-version, content-chart-version.
//!
//! Versions are compared without a `v` and with missing parts as 0. Of a pack with several charts only the one with the pack's
//! name is held against the pack's version: the others have versions of their own.

use super::material::Material;
use crate::pack::{
    chart::Chart,
    metadata::PackMetadata,
    report::{Code, Finding},
    yaml::Node,
};

pub(super) fn check(material: &Material<'_>, findings: &mut Vec<Finding>) {
    for (path, chart) in material.charts {
        let (name, version) = (chart.name(), &chart.metadata.version);
        let file = path.as_str();
        let labelled = version_in_name(file.rsplit('/').next().unwrap_or_default(), name);
        if let Some(other) = labelled.filter(|other| !same(other, version)) {
            let message = format!("the file says version {other}, the chart in it is `{name}` {version}");
            findings
                .push(Finding::new(Code::ChartVersion, message).in_file(file).hint("rename the file, or replace it"));
            continue;
        }
        let is_the_packs = material.metadata.is_some_and(|pack| pack.name == name) || material.charts.len() == 1;
        let has_version = |pack: &&PackMetadata| is_the_packs && !pack.version.trim().is_empty();
        let Some(pack) = material.metadata.filter(has_version) else { continue };
        let application = chart.metadata.app_version.as_deref();
        if !same(&pack.version, version) && !application.is_some_and(|application| same(&pack.version, application)) {
            let application = application.map(|version| format!(" of application {version}")).unwrap_or_default();
            let message = format!("the pack is version {}, its chart `{name}` is {version}{application}", pack.version);
            let hint = "packs are looked for by the version of what they install; correct it in pack.json, or replace the chart";
            findings.push(Finding::new(Code::ChartVersion, message).in_file(file).hint(hint));
        }
    }
    content_charts(material, findings);
}

/// Compares `pack.content.charts`, which air-gapped sites fetch, with the charts in the pack.
fn content_charts(material: &Material<'_>, findings: &mut Vec<Finding>) {
    let Some(values) = material.values else { return };
    let listed = values.root.at(["pack", "content", "charts"]).map(Node::items).unwrap_or_default();
    for item in listed {
        let text = |field| item.get(field).filter(|node| !node.is_null()).and_then(|node| Some((node, node.scalar()?)));
        let (Some((_, name)), Some((node, version))) = (text("name"), text("version")) else { continue };
        let of_name = |chart: &&Chart| chart.name() == name;
        let charts: Vec<_> = material.charts.iter().map(|(_, chart)| chart).filter(of_name).collect();
        if charts.is_empty() || version.contains("{{") || charts.iter().any(|c| same(version, &c.metadata.version)) {
            continue;
        }
        let there = &charts[0].metadata.version;
        let message = format!("the chart `{name}` is listed as {version}, the one in the pack is {there}");
        let finding = values.about(Code::ContentChartVersion, node, message);
        findings.push(finding.hint("an air-gapped copy would fetch another chart than the pack installs"));
    }
}

/// Returns the version in the name of a chart's file, `NAME-VERSION.tgz`.
fn version_in_name<'a>(file: &'a str, chart: &str) -> Option<&'a str> {
    let stem = file.strip_suffix(".tgz").or_else(|| file.strip_suffix(".tar.gz"))?;
    let behind = |dash: usize| {
        let version = &stem[dash + 1..];
        let digits = version.strip_prefix('v').unwrap_or(version);
        (digits.starts_with(|next: char| next.is_ascii_digit()) && digits.contains('.')).then_some(version)
    };
    match stem.strip_prefix(chart).and_then(|rest| rest.strip_prefix('-')) {
        Some(_) => behind(chart.len()),
        None => stem.match_indices('-').find_map(|(dash, _)| behind(dash)),
    }
}

fn same(left: &str, right: &str) -> bool {
    normal(left) == normal(right)
}

fn normal(version: &str) -> String {
    let version = version.trim();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let (numbers, rest) = match version.find(['-', '+']) {
        Some(at) => version.split_at(at),
        None => (version, ""),
    };
    let mut parts: Vec<_> = numbers.split('.').map(|part| part.trim_start_matches('0')).collect();
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts.join(".") + &rest.replace('+', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_leniently() {
        for (left, right) in [("1.0.0", "v1"), ("1.02", "1.2.0"), ("1.2.3-rc.1", "v1.2.3-rc.1"), ("0.1", "0.1.0")] {
            assert!(same(left, right), "{left} {right}");
        }
        for (left, right) in [("1.0.0", "1.0.1"), ("1.2.3-rc.1", "1.2.3"), ("10", "1")] {
            assert!(!same(left, right), "{left} {right}");
        }
    }

    #[test]
    fn a_files_name_may_hold_a_version() {
        for (file, chart, expected) in [
            ("k10-8.0.14.tgz", "k10", Some("8.0.14")),
            ("emissary-v1.2.tgz", "ambassador", Some("v1.2")),
            ("a-b-1.0.0-rc.1.tgz", "a-b", Some("1.0.0-rc.1")),
            ("prometheus-grafana.tgz", "prometheus-operator", None),
            ("k8s-1.tgz", "k8s", None),
            ("x-2.0.txt", "x", None),
        ] {
            assert_eq!(version_in_name(file, chart), expected, "{file}");
        }
    }
}
