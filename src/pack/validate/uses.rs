//! Which values a chart's templates use: each `.Values.a.b` with the conditions it stands under.
//!
//! What is told here decides what is *not* found: a key that a template names, or whose map a template hands on as a whole (to
//! `toYaml`, `range`, `with`, `include`, `tpl`, `dict` or a variable), may be read by it although the defaults lack it. Measured
//! on real packs, these exceptions take the findings from one in four to nearly all right. For them named templates count by what
//! they name, whoever calls them; `$root.Values.a` and `.context.Values.a` count as `.Values.a`. Whether a use is live, which is
//! asked for images, depends on its callers too.
//!
//! Three things only look as if all values were handed on: `dict "Values" .Values`, whose reader says `.Values.a` again; what `set`
//! and `unset` change in place; and a library chart that takes `.context.Values` into a variable, as Bitnami's `common` does, to
//! look up paths that its callers name. Those count as named where a template has them as a string, and so does what is looked up
//! with `index .Values .name`.

mod calls;
mod collector;
mod condition;
mod place;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, rc::Rc};

pub(super) use place::Known;

use self::{
    calls::{Call, Calls},
    collector::Collector,
    place::Place,
};
use super::templates::ChartTemplate;
use crate::{
    pack::{chart::Chart, values::Value, yaml::Node},
    template::{self, Options, Template},
};

/// How a library chart calls the values that it looks paths up in.
const LOOKUP: &str = ".context.Values";

/// How many charts deep a template in a string of the values may belong, with the outermost.
const CHARTS_DEEP: usize = 3;

/// A path in the values, each part with a zero behind it, so that what begins alike lies below.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Whether it comes to nothing in the cluster but a list of pull secrets, or only to what Helm prints: NOTES.txt.
    is_aside: bool,
    place: Place,
}

/// What the templates of a chart, and of the charts within it, use.
#[derive(Debug, Default)]
pub(super) struct Uses {
    all: Vec<Use>,
    /// Paths that templates look up by their names.
    looked_up: Vec<ValuePath>,
    calls: Calls,
}

impl Uses {
    /// Returns what the templates of a chart use, those of the charts within it too.
    pub(super) fn of(chart: &Chart, templates: &[ChartTemplate<'_>]) -> Self {
        let mut uses = Self::default();
        let mut strings = BTreeSet::new();
        let mut looks_up_below = BTreeSet::new();
        for ChartTemplate { template, values, lent_to, file } in templates {
            let Some(template) = template else {
                uses.hand_on(values.clone());
                continue;
            };
            let mut collector = Collector::default();
            collector.template(template);
            strings.extend(collector.strings);
            let is_aside = file.path.ends_with("/NOTES.txt");
            collector.uses.iter_mut().for_each(|found| found.is_aside |= is_aside);
            let charts = || [Some(values), lent_to.as_ref()].into_iter().flatten();
            let places: Vec<_> = charts().cloned().map(Rc::new).collect();
            for Call { name, place } in &collector.calls {
                if is_aside {
                    uses.calls.add_aside(name.clone());
                } else {
                    let call = |values| Call { name: name.clone(), place: place.below(values) };
                    places.iter().map(call).for_each(|call| uses.calls.add(call));
                }
            }
            looks_up_below.extend(charts().filter(|_| collector.looks_up).cloned());
            if let Some(lent_to) = lent_to {
                let is_lookup = |found: &Use| {
                    let text = file.text.get(found.span.clone());
                    found.is_everything() && text.is_some_and(|text| text.ends_with(LOOKUP))
                };
                if collector.uses.iter().any(is_lookup) {
                    looks_up_below.insert(lent_to.clone());
                }
                let read = collector.uses.iter().filter(|found| !is_lookup(found));
                let lent_to = Rc::new(lent_to.clone());
                uses.all.extend(read.cloned().map(|found| found.below(&lent_to)));
            }
            let values = Rc::new(values.clone());
            uses.all.extend(collector.uses.into_iter().map(|found| found.below(&values)));
        }
        for below in looks_up_below {
            uses.looked_up.extend(strings.iter().map(|path| ValuePath::new(path.split('.')).below(&below)));
        }
        uses.add_dependencies(chart, &ValuePath::default());
        uses
    }

    /// Returns what a template uses.
    pub(super) fn of_template(template: &Template) -> Self {
        let mut collector = Collector::default();
        collector.template(template);
        Self { all: collector.uses, ..Self::default() }
    }

    /// Returns what templates in the strings of values use. They may be those of a chart within this one, as its keys say.
    pub(super) fn of_strings<'a>(roots: impl Iterator<Item = &'a Node>) -> Self {
        let mut uses = Self::default();
        for root in roots {
            uses.add_strings(root, &mut Vec::new());
        }
        uses
    }

    fn add_strings<'a>(&mut self, node: &'a Node, path: &mut Vec<&'a str>) {
        for item in node.items() {
            self.add_strings(item, path);
        }
        for (name, _, value) in node.members() {
            path.push(name);
            self.add_strings(value, path);
            path.pop();
        }
        let Some(text) = node.string().filter(|text| text.contains("{{") && text.contains(".Values")) else { return };
        let Ok(template) = template::parse(text, Options { dashes_in_fields: true }) else { return };
        let mut collector = Collector::default();
        collector.template(&template);
        for depth in 0..path.len().min(CHARTS_DEEP) {
            let prefix = Rc::new(ValuePath::new(&path[..depth]));
            self.all.extend(collector.uses.iter().map(|found| found.clone().below(&prefix)));
        }
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
        let place = Place::default();
        self.all.push(Use { path, handed_on: true, optional: true, span: 0..0, is_aside: false, place });
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
    pub(super) fn is_live(&self, path: &ValuePath, fields: &[&str], values: &Value<'_>, live: &mut Live) -> bool {
        let names = |found: &&Use| {
            let rest = found.path.0.strip_prefix(&path.0);
            rest.is_some_and(|rest| rest.is_empty() || fields.contains(&rest.trim_end_matches('\0')))
        };
        let Live { known, templates } = live;
        let templates = templates.get_or_insert_with(|| self.calls.live(values, known));
        let mut rendered = self.all.iter().filter(names).filter(|found| found.is_rendered());
        rendered.any(|found| self.calls.reach(&found.place, templates) && !found.is_off(values, known))
    }
}

/// What was found of a chart's conditions and named templates with the same values.
#[derive(Debug, Default)]
pub(super) struct Live {
    known: Known,
    templates: Option<BTreeSet<Rc<str>>>,
}

impl Use {
    /// Returns whether all values are handed on.
    fn is_everything(&self) -> bool {
        self.handed_on && self.path == ValuePath::default()
    }

    /// Returns whether it comes to something in the cluster, rather than being only asked for, or printed.
    fn is_rendered(&self) -> bool {
        self.handed_on && !self.is_aside
    }

    /// Returns whether the values turn off a condition that it stands under.
    pub(super) fn is_off(&self, values: &Value<'_>, known: &mut Known) -> bool {
        self.place.is_off(values, known)
    }

    /// Returns whether it stands under a condition that asks for values of which one is not there.
    pub(super) fn is_guarded(&self, is_there: &dyn Fn(&ValuePath) -> bool, known: &mut Known) -> bool {
        self.place.has_condition(known, |condition| condition.asks_for_absent(is_there))
    }

    fn below(mut self, prefix: &Rc<ValuePath>) -> Self {
        if !prefix.0.is_empty() {
            self.path = self.path.below(prefix);
            self.place = self.place.below(prefix);
        }
        self
    }
}
