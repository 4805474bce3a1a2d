//! Which named templates are called, by which places.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::place::{Known, Place};
use crate::pack::values::Value;

/// A place where a named template is called.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: Rc<str>,
    pub(super) place: Place,
}

/// The calls of a chart's templates.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// By the named template that they stand in.
    by_caller: BTreeMap<Option<Rc<str>>, Vec<Call>>,
    called: BTreeSet<Rc<str>>,
}

impl Calls {
    pub(super) fn add(&mut self, call: Call) {
        self.called.insert(call.name.clone());
        self.by_caller.entry(call.place.within.clone()).or_default().push(call);
    }

    /// Keeps that a template has a caller, although that does not count.
    pub(super) fn add_aside(&mut self, name: Rc<str>) {
        self.called.insert(name);
    }

    /// Returns whether a place may be rendered, where these templates are called.
    pub(super) fn reach(&self, place: &Place, live: &BTreeSet<Rc<str>>) -> bool {
        place.within.as_ref().is_none_or(|within| !self.called.contains(within) || live.contains(within))
    }

    /// Returns the templates that are called where the values don't turn that off. What nobody calls by its name may be called by
    /// one that is put together.
    pub(super) fn live(&self, values: &Value<'_>, known: &mut Known) -> BTreeSet<Rc<str>> {
        let mut live = BTreeSet::new();
        let is_root = |caller: &&Option<Rc<str>>| caller.as_ref().is_none_or(|name| !self.called.contains(name));
        let mut open: Vec<Option<Rc<str>>> = self.by_caller.keys().filter(is_root).cloned().collect();
        while let Some(caller) = open.pop() {
            for call in self.by_caller.get(&caller).into_iter().flatten() {
                if !live.contains(&call.name) && !call.place.is_off(values, known) {
                    live.insert(call.name.clone());
                    open.push(Some(call.name.clone()));
                }
            }
        }
        live
    }
}
