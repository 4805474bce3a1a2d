//! Which values a chart's templates use: each `.Values.a.b` with the conditions it stands under.
//!
//! What is told here decides what is *not* found: a key that a template names, or whose map a template hands on as a whole (to
//! `toYaml`, `range`, `with`, `include`, `tpl`, `dict` or a variable), may be read by it although the defaults lack it. Measured
//! on real packs, these exceptions take the findings from one in four to nearly all right. Named templates are followed by what
//! they name, not by who calls them; `$root.Values.a` and `.context.Values.a` count as `.Values.a`.
//!
//! Three things only look as if all values were handed on: `dict "Values" .Values`, whose reader says `.Values.a` again; what `set`
//! and `unset` change in place; and a library chart that takes `.context.Values` into a variable, as Bitnami's `common` does, to
//! look up paths that its callers name. Those count as named where a template has them as a string.

mod collector;
mod condition;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, rc::Rc};

use self::{collector::Collector, condition::Condition};
use super::templates::ChartTemplate;
use crate::{
    pack::{chart::Chart, values::Value},
    template::Template,
};

/// How a library chart calls the values that it looks paths up in.
const LOOKUP: &str = ".context.Values";

/// A path in the values, each part with a zero behind it, so that what begins alike lies below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ValuePath(String);

impl ValuePath {
    pub(super) fn new<S: AsRef<str>>(parts: impl IntoIterator<Item = S>) -> Self {
        let mut path = Self::default();
        path.extend(parts);
        path
    }

    fn extend<S: AsRef<str>>(&mut self, parts: impl IntoIterator<Item = S>) {
        for part in parts {
            self.push(part.as_ref());
        }
    }

    pub(super) fn push(&mut self, part: &str) {
        self.0.push_str(part);
        self.0.push('\0');
    }

    /// Returns whether it is the other path, or lies below it.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split_terminator('\0')
    }

    fn below(&self, parent: &Self) -> Self {
        Self(format!("{}{}", parent.0, self.0))
    }
}

/// A place where a template uses a value.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) path: ValuePath,
    /// Whether what it leads to is handed on or printed, not only asked for by an `if`.
    pub(super) handed_on: bool,
    /// Whether the template is ready for its absence: `default`, `hasKey`, `dig` and their like.
    pub(super) optional: bool,
    /// Its bytes in the template.
    pub(super) span: std::ops::Range<usize>,
    /// The conditions it stands under.
    conditions: Vec<Rc<Condition>>,
}

/// What the templates of a chart, and of the charts within it, use.
#[derive(Debug, Default)]
pub(super) struct Uses {
    all: Vec<Use>,
    /// Paths that a library chart looks up by their names.
    looked_up: Vec<ValuePath>,
}

impl Uses {
    /// Returns what the templates of a chart use, those of the charts within it too.
    pub(super) fn of(chart: &Chart, templates: &[ChartTemplate<'_>]) -> Self {
        let mut uses = Self::default();
        let mut strings = BTreeSet::new();
        let mut looks_up = false;
        for ChartTemplate { template, values, lent_to, file } in templates {
            let Some(template) = template else {
                uses.hand_on(values.clone());
                continue;
            };
            let mut collector = Collector::default();
            collector.template(template);
            strings.extend(collector.strings);
            if let Some(lent_to) = lent_to {
                let is_lookup = |found: &Use| {
                    let text = file.text.get(found.span.clone());
                    found.is_everything() && text.is_some_and(|text| text.ends_with(LOOKUP))
                };
                looks_up |= collector.uses.iter().any(is_lookup);
                let read = collector.uses.iter().filter(|found| !is_lookup(found));
                uses.all.extend(read.cloned().map(|found| found.below(lent_to)));
            }
            uses.all.extend(collector.uses.into_iter().map(|found| found.below(values)));
        }
        if looks_up {
            uses.looked_up = strings.iter().map(|path| ValuePath::new(path.split('.'))).collect();
        }
        uses.add_dependencies(chart, &ValuePath::default());
        uses
    }

    /// Returns what a template uses.
    pub(super) fn of_template(template: &Template) -> Self {
        let mut collector = Collector::default();
        collector.template(template);
        Self { all: collector.uses, looked_up: Vec::new() }
    }

    fn add_dependencies(&mut self, chart: &Chart, values: &ValuePath) {
        for (key, declared, below) in chart.dependencies() {
            if declared.is_some_and(|declared| declared.imports_values) {
                self.hand_on(values.clone());
            }
            for condition in declared.into_iter().flat_map(|declared| &declared.conditions) {
                self.hand_on(ValuePath::new(condition.split('.')).below(values));
            }
            let mut path = values.clone();
            path.push(key);
            self.add_dependencies(below, &path);
        }
    }

    fn hand_on(&mut self, path: ValuePath) {
        self.all.push(Use { path, handed_on: true, optional: true, span: 0..0, conditions: Vec::new() });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Use> {
        self.all.iter()
    }

    /// Returns whether a template may read a path that the defaults lack.
    pub(super) fn may_read(&self, path: &ValuePath) -> bool {
        let reads = |found: &Use| found.path.is_within(path) || (found.handed_on && path.is_within(&found.path));
        self.all.iter().any(reads) || self.looked_up.iter().any(|named| named.is_within(path))
    }

    /// Returns whether a path, or one of these fields below it, is used where the values don't turn it off.
    pub(super) fn is_live(&self, path: &ValuePath, fields: &[&str], values: &Value<'_>) -> bool {
        let names = |found: &&Use| {
            let rest = found.path.0.strip_prefix(&path.0);
            rest.is_some_and(|rest| rest.is_empty() || fields.contains(&rest.trim_end_matches('\0')))
        };
        self.all.iter().filter(names).any(|found| found.is_on(values))
    }
}

impl Use {
    /// Returns whether all values are handed on.
    fn is_everything(&self) -> bool {
        self.handed_on && self.path == ValuePath::default()
    }

    /// Returns whether the values leave the conditions open or make them true.
    pub(super) fn is_on(&self, values: &Value<'_>) -> bool {
        self.conditions.iter().all(|condition| condition.holds(values) != Some(false))
    }

    fn below(mut self, prefix: &ValuePath) -> Self {
        if !prefix.0.is_empty() {
            self.path = self.path.below(prefix);
            for condition in &mut self.conditions {
                *condition = Rc::new(condition.below(prefix));
            }
        }
        self
    }
}
