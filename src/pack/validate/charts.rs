//! The values a pack sets for its charts, held against what the charts have: values-key-unknown.
//!
//! A key is unknown where the defaults have a map with other keys in its place, and no exception holds: `global`, the charts within
//! and the conditions and tags that turn them on, values.schema.json, and what templates may read (see `uses`), also those in
//! strings of the values, which a chart may hand to `tpl`. Below an unknown
//! key nothing is looked at, and the keys of one map are one finding. Charts without defaults are left alone.

use std::collections::BTreeMap;

use super::{
    allow::Comments,
    keys::list,
    material::Material,
    presets,
    rules::Opened,
    uses::{Uses, ValuePath},
    values::FILE,
};
use crate::pack::{
    chart::Chart,
    report::{Code, Finding, Position},
    values::Value,
    yaml::{Key, Node},
};

/// A chart with what is asked of it again and again.
pub(super) struct Known<'a> {
    chart: &'a Chart,
    defaults: Value<'a>,
    uses: &'a Uses,
    /// What the templates in the values' own strings use.
    own_uses: Uses,
}

/// Checks values.yaml and what presets add.
pub(super) fn check(material: &Material<'_>, charts: &[Opened<'_>], findings: &mut Vec<Finding>) {
    // Each key may be allowed by a comment of its own, which must not hide those of the same map.
    let mut allowed = None;
    for Opened { path, chart, uses, .. } in charts {
        if chart.values.is_none() {
            continue;
        }
        let overrides = material.overrides(chart);
        let added = || {
            let added = material.presets.iter().filter_map(|preset| preset.add.as_ref());
            added.filter_map(|added| Some((added, added.root.at(["charts", chart.name()])?)))
        };
        let defaults = chart.values.as_ref().map(|values| &values.root);
        let own_uses = Uses::of_strings(overrides.into_iter().chain(defaults).chain(added().map(|(_, own)| own)));
        let known = Known { chart, defaults: Value::defaults(chart, path.as_str()), uses, own_uses };
        if let Some(own) = overrides {
            known.walk(own, &mut |unknown| {
                let kept = unknown.without_allowed(allowed.get_or_insert_with(|| Comments::of_values(material)));
                findings.extend(kept.map(|unknown| unknown.finding(&known, FILE, |position| position)));
            });
        }
        for (added, own) in added() {
            let place = |position| added.place(position);
            known.walk(own, &mut |unknown| findings.push(unknown.finding(&known, presets::FILE, place)));
        }
    }
}

/// Keys of one map that its chart lacks.
struct Unknown<'a> {
    /// The path of the map below the chart's name.
    parent: Vec<&'a str>,
    keys: Vec<(&'a str, &'a Key)>,
    /// The map that the pack has there.
    own: &'a Node,
    /// The map that the chart has there.
    defaults: &'a Value<'a>,
}

impl<'a> Known<'a> {
    fn walk<'b>(&'b self, own: &'b Node, each: &mut impl FnMut(Unknown<'b>)) {
        self.walk_map(own, &self.defaults, &mut Vec::new(), self.chart.schema.as_ref(), each);
    }

    fn walk_map<'b>(
        &'b self,
        own: &'b Node,
        defaults: &'b Value<'a>,
        parent: &mut Vec<&'b str>,
        schema: Option<&'b Node>,
        each: &mut impl FnMut(Unknown<'b>),
    ) {
        // An empty map, a list or a scalar among the defaults says nothing of the keys it may have.
        if defaults.members().next().is_none() {
            return;
        }
        let mut keys = Vec::new();
        for (name, key, value) in own.members() {
            let schema = schema.and_then(|schema| schema.at(["properties", name]));
            parent.push(name);
            match defaults.get(name) {
                Some(below) => self.walk_map(value, below, parent, schema, each),
                None if schema.is_none() && !self.is_excepted(parent) => keys.push((name, key)),
                None => {}
            }
            parent.pop();
        }
        if !keys.is_empty() {
            each(Unknown { parent: parent.clone(), keys, own, defaults });
        }
    }

    fn is_excepted(&self, path: &[&str]) -> bool {
        let mut chart = self.chart;
        let mut rest = path;
        // Each chart on the way has exceptions of its own.
        loop {
            if matches!(rest, ["global" | "tags", ..]) {
                return true;
            }
            let below = chart.dependencies().find(|(key, ..)| rest.first() == Some(key));
            match (below, rest) {
                (Some(_), [_]) => return true,
                (Some((_, _, below)), [_, further @ ..]) => (chart, rest) = (below, further),
                _ => break,
            }
        }
        // A chart that is needed and not packed is known by its key.
        let needed = || chart.metadata.dependencies.iter().any(|needed| rest.first() == Some(&needed.key()));
        let path_in_values = ValuePath::new(path);
        needed() || self.uses.may_read(&path_in_values) || self.own_uses.may_read(&path_in_values)
    }
}

impl Unknown<'_> {
    /// Returns it without the keys that comments allow; nothing where none is left.
    fn without_allowed(mut self, comments: &Comments) -> Option<Self> {
        self.keys.retain(|(_, key)| !comments.allow(Code::ValuesKeyUnknown, key.position.line));
        (!self.keys.is_empty()).then_some(self)
    }

    fn finding(&self, known: &Known<'_>, file: &str, place: impl Fn(Position) -> Position) -> Finding {
        let names: Vec<_> = self.keys.iter().map(|(name, _)| *name).collect();
        let chart = known.chart.name();
        let of = match self.parent.as_slice() {
            [] => format!("the chart `{chart}`"),
            parent => format!("`{}` of the chart `{chart}`", parent.join(".")),
        };
        let message = match names.len() {
            1 => format!("{of} has no value {}: it is dropped in silence", list(&names)),
            _ => format!("{of} has no values {}: they are dropped in silence", list(&names)),
        };
        let (_, first) = self.keys[0];
        let finding =
            Finding::new(Code::ValuesKeyUnknown, message).in_file(file).at(place(first.position), first.length);
        let Some((deeper, moved)) = self.one_level_deeper() else {
            let near = (names.len() == 1)
                .then(|| super::nearest::nearest(names[0], self.defaults.members().map(|(name, _)| name)))
                .flatten();
            if let Some(nested) = self.dotted_name() {
                return finding.hint(format!("a key with dots is one key: nest it as {nested}"));
            }
            return match near {
                Some(near) => finding.hint(format!("did you mean `{near}`?")),
                None => finding.hint("look the name up in the chart's values.yaml, or delete it"),
            };
        };
        let parent: Vec<_> = ["charts", chart].into_iter().chain(self.parent.iter().copied()).collect();
        let right = format!("{}.{deeper}.{}", parent.join("."), moved[0]);
        let them = match moved.len() {
            1 if names.len() == 1 => "it".to_owned(),
            count if count == names.len() => "them".to_owned(),
            _ => list(&moved),
        };
        match self.own.member(deeper) {
            Some((key, value)) if value.is_null() => finding
                .related("this is empty, which deletes all the chart has there", place(key.position))
                .hint(format!("nested one level too high: indent {them} below `{deeper}:`, as `{right}`")),
            _ => finding.hint(format!("nested one level too high: put {them} below `{deeper}`, as `{right}`")),
        }
    }

    /// Returns how a single key with dots is nested, where the chart has such a value: `a: {b: …}` for `a.b`.
    fn dotted_name(&self) -> Option<String> {
        let [(name, _)] = self.keys.as_slice() else { return None };
        let parts: Vec<_> = name.split('.').collect();
        let [outer @ .., last] = parts.as_slice() else { return None };
        let is_there = !outer.is_empty() && self.defaults.at(&parts).is_some();
        let nested = outer.iter().rev().fold(format!("{last}: …"), |inner, part| format!("{part}: {{{inner}}}"));
        is_there.then(|| format!("`{nested}`"))
    }

    /// Returns the neighbour within which the chart has most of the keys, and those. Half of them at least, or the neighbour is left
    /// empty: a single name of many may well be there by chance.
    fn one_level_deeper(&self) -> Option<(&str, Vec<&str>)> {
        let mut candidates = BTreeMap::new();
        for (neighbour, value) in self.defaults.members() {
            let is_there = |name: &&str| value.get(name).is_some();
            let moved: Vec<_> = self.keys.iter().map(|(name, _)| *name).filter(is_there).collect();
            let emptied = self.own.get(neighbour).is_some_and(Node::is_null);
            if !moved.is_empty() && (emptied || moved.len() * 2 >= self.keys.len()) {
                candidates.entry(moved.len() * 2 + usize::from(emptied)).or_insert((neighbour, moved));
            }
        }
        Some(candidates.pop_last()?.1)
    }
}

#[cfg(test)]
mod tests;
