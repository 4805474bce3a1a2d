//! Which variables are known at a place of a template.
//!
//! A variable lives from its declaration to the end of its block, in the `else` too, and in a `define` or `block` there are none
//! from outside. As in Go, setting a variable (`$x = 1`) makes it known, and so does declaring it inside parentheses.

use std::collections::BTreeMap;

/// The variables of one template.
#[derive(Debug, Default)]
pub(super) struct Variables<'t> {
    declared: Vec<(&'t str, usize)>,
    known: BTreeMap<&'t str, Life>,
}

/// How often a variable is declared at the moment, and where it was declared last.
#[derive(Debug)]
struct Life {
    times: usize,
    place: usize,
}

impl<'t> Variables<'t> {
    pub(super) fn declare(&mut self, name: &'t str, place: usize) {
        self.declared.push((name, place));
        let life = self.known.entry(name).or_insert(Life { times: 0, place });
        life.times += 1;
        life.place = place;
    }

    /// Returns a mark to [`Self::end`] at.
    pub(super) fn mark(&self) -> usize {
        self.declared.len()
    }

    /// Forgets what was declared since the mark.
    pub(super) fn end(&mut self, mark: usize) {
        for (name, _) in self.declared.drain(mark.min(self.declared.len())..) {
            if let Some(life) = self.known.get_mut(name) {
                life.times = life.times.saturating_sub(1);
            }
        }
    }

    /// Returns whether the variable is known; `$` always is.
    pub(super) fn knows(&self, name: &str) -> bool {
        name == "$" || self.known.get(name).is_some_and(|life| life.times > 0)
    }

    /// Returns where a variable was declared that is known no more.
    pub(super) fn ended(&self, name: &str) -> Option<usize> {
        self.known.get(name).filter(|life| life.times == 0).map(|life| life.place)
    }
}
