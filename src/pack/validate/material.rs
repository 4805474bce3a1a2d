//! What the rules on values, charts and manifests are about: a pack's texts, read and parsed once.

use crate::pack::{
    PackPath,
    chart::Chart,
    metadata::PackMetadata,
    report::{Code, Finding},
    text::Text,
    values::{Origin, Value},
    yaml::{Kind, Node},
};

use super::{nearest::nearest, values};

/// The parts of a pack, as far as they could be read.
pub(super) struct Material<'a> {
    pub(super) metadata: Option<&'a PackMetadata>,
    /// values.yaml, where it is one mapping.
    pub(super) values: Option<Yaml<'a>>,
    /// Whether values.yaml could be read. Where it is empty there are no values, although it could.
    pub(super) has_read_values: bool,
    /// Whether all values are known: values.yaml could be read, and every chart that pack.json names could be opened.
    pub(super) is_whole: bool,
    /// The charts that pack.json names.
    pub(super) charts: &'a [(PackPath, Chart)],
    /// The presets of presets.yaml.
    pub(super) presets: &'a [super::presets::Preset],
}

/// A YAML file of a pack.
#[derive(Clone, Copy)]
pub(super) struct Yaml<'a> {
    pub(super) text: &'a Text<'a>,
    pub(super) root: &'a Node,
}

impl<'a> Material<'a> {
    /// Returns what values.yaml has under a key.
    pub(super) fn section(&self, key: &str) -> Option<&'a Node> {
        self.values?.root.get(key)
    }

    /// Returns what values.yaml has for a chart.
    pub(super) fn overrides(&self, chart: &Chart) -> Option<&'a Node> {
        self.section("charts")?.get(chart.name())
    }

    /// Returns whether a dotted path is a value of values.yaml or a default of a chart, or may be one that could not be read.
    pub(super) fn may_have(&self, path: &str) -> bool {
        let parts: Vec<&str> = path.split('.').collect();
        let in_chart = || match parts.as_slice() {
            ["charts", name, rest @ ..] => self.charts.iter().any(|(path, chart)| {
                chart.name() == *name && (rest.is_empty() || Value::defaults(chart, path.as_str()).at(rest).is_some())
            }),
            _ => false,
        };
        !self.is_whole || self.values.is_some_and(|values| leads_into(values.root, &parts)) || in_chart()
    }

    /// Returns the path that could be meant by one that is not there: one name of it is spelt a little otherwise.
    pub(super) fn meant(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('.').collect();
        let is_there = |count: &usize| *count == 0 || self.may_have(&parts[..*count].join("."));
        let known = (0..parts.len()).rev().find(is_there)?;
        let near = nearest(parts[known], self.names_below(&parts[..known]))?;
        let meant = [&parts[..known], &[near], &parts[known + 1..]].concat().join(".");
        self.may_have(&meant).then_some(meant)
    }

    /// Returns the keys at a path, those of the charts' defaults too.
    fn names_below(&self, parts: &[&str]) -> Vec<&'a str> {
        let own = self.values.and_then(|values| values.root.at(parts.iter().copied()));
        let mut names: Vec<_> = own.into_iter().flat_map(Node::members).map(|(name, ..)| name).collect();
        for (path, chart) in self.charts {
            match parts {
                ["charts"] => names.push(chart.name()),
                ["charts", name, rest @ ..] if chart.name() == *name => {
                    let defaults = Value::defaults(chart, path.as_str());
                    names.extend(defaults.at(rest).into_iter().flat_map(Value::members).map(|(name, _)| name));
                }
                _ => {}
            }
        }
        names
    }

    /// Returns the values with which a chart is installed: its defaults with the pack's over them.
    pub(super) fn effective(&self, path: &'a PackPath, chart: &'a Chart) -> Value<'a> {
        let defaults = Value::defaults(chart, path.as_str());
        match self.overrides(chart) {
            Some(own) if own.is_mapping() => {
                defaults.merged(Value::of(own, Origin { file: values::FILE, within: None }))
            }
            _ => defaults,
        }
    }
}

impl Yaml<'_> {
    /// Returns a finding about a value.
    pub(super) fn about(&self, code: Code, node: &Node, message: impl Into<String>) -> Finding {
        self.text.finding(code, &node.span, message)
    }
}

/// Returns whether a path leads to a value; keys may hold dots themselves, and items of lists have numbers.
pub(super) fn leads_into(node: &Node, parts: &[&str]) -> bool {
    if parts.is_empty() {
        return true;
    }
    match &node.kind {
        Kind::Mapping(_) => (1..=parts.len()).any(|count| {
            let key = parts[..count].join(".");
            let bare = key.split('[').next().unwrap_or_default();
            node.get(&key).or_else(|| node.get(bare)).is_some_and(|below| leads_into(below, &parts[count..]))
        }),
        Kind::Sequence(items) => items.iter().any(|item| leads_into(item, parts) || leads_into(item, &parts[1..])),
        Kind::Scalar { .. } => false,
    }
}
