//! Where something stands in a template: the conditions around it, and the named template it is in.
//!
//! The conditions are a list whose tails are shared, and what is asked of one is asked once: a template of 1 MiB may have sixty
//! thousand uses under four hundred conditions.

use std::{collections::HashMap, rc::Rc};

use super::{ValuePath, condition::Condition};
use crate::pack::values::Value;

/// A place in a template.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) scope: Option<Rc<Scope>>,
    /// The named template that it stands in.
    pub(super) within: Option<Rc<str>>,
    /// Where the values of its chart lie in those of the outermost one.
    pub(super) values: Rc<ValuePath>,
}

/// A condition, and those around it.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) condition: Rc<Condition>,
    pub(super) outer: Option<Rc<Scope>>,
}

/// What was found of a condition and those around it, each in its chart.
#[derive(Debug, Default)]
pub(in crate::pack::validate) struct Known(HashMap<(*const Scope, *const ValuePath), bool>);

impl Place {
    pub(super) fn below(&self, values: &Rc<ValuePath>) -> Self {
        Self { values: values.clone(), ..self.clone() }
    }

    /// Returns whether the values turn one of its conditions off.
    pub(super) fn is_off(&self, values: &Value<'_>, known: &mut Known) -> bool {
        self.has_condition(known, |condition| condition.holds(values, &self.values) == Some(false))
    }

    /// Returns whether one of its conditions is of a kind; `known` is of this question only.
    pub(super) fn has_condition(&self, known: &mut Known, is: impl Fn(&Condition) -> bool) -> bool {
        let key = |scope: &Rc<Scope>| (Rc::as_ptr(scope), Rc::as_ptr(&self.values));
        let mut open = Vec::new();
        let mut next = self.scope.as_ref();
        let mut has = false;
        while let Some(scope) = next {
            if let Some(told) = known.0.get(&key(scope)) {
                has = *told;
                break;
            }
            open.push(scope);
            next = scope.outer.as_ref();
        }
        for scope in open.into_iter().rev() {
            has = has || is(&scope.condition);
            known.0.insert(key(scope), has);
        }
        has
    }
}
