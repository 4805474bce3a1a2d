//! Walks a template for the values it uses.

use std::{collections::BTreeSet, rc::Rc};

use super::{
    Use, ValuePath,
    calls::Call,
    condition::Condition,
    place::{Place, Scope},
};
use crate::template::{Branch, Command, Node, Operand, OperandKind, Pipeline, Template};

/// Walks a template, and keeps what it uses and which strings it has.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) uses: Vec<Use>,
    pub(super) calls: Vec<Call>,
    pub(super) strings: BTreeSet<String>,
    /// Whether it takes a value of the chart by a name that it is given: `index .Values .role`.
    pub(super) looks_up: bool,
    scope: Option<Rc<Scope>>,
    /// The same for all places, so that what is known of one is known of all.
    values: Rc<ValuePath>,
    within: Option<Rc<str>>,
    /// Whether what is walked only makes a list of pull secrets, which names every image that may be.
    is_aside: bool,
}

/// What is in the name of templates that make a list of pull secrets.
const PULL_SECRETS: &str = "pullsecret";

/// What is done with a value.
#[derive(Clone, Copy, Default)]
pub(super) struct Purpose {
    handed_on: bool,
    optional: bool,
    /// Whether only what it does counts, not what it gives: `{{ $_ := set … }}`.
    changes: bool,
}

impl Collector {
    pub(super) fn template(&mut self, template: &Template) {
        self.nodes(&template.nodes);
        for define in &template.defines {
            self.within = Some(define.name.as_str().into());
            self.is_aside = makes_pull_secrets(&define.name);
            self.nodes(&define.nodes);
        }
        (self.within, self.is_aside) = (None, false);
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            if let Node::Template { name, .. } = node {
                self.called(name);
            }
            match node {
                Node::Action(pipeline) | Node::Template { pipeline: Some(pipeline), .. } => {
                    self.pipeline(pipeline, true);
                }
                Node::If(branch) => self.branch(branch, false),
                Node::With(branch) | Node::Range(branch) => self.branch(branch, true),
                _ => {}
            }
        }
    }

    fn branch(&mut self, branch: &Branch, handed_on: bool) {
        let condition = Rc::new(Condition::of(&branch.pipeline));
        // What an `if`, `with` or `range` asks for may be absent.
        let before = self.uses.len();
        self.pipeline(&branch.pipeline, handed_on);
        self.uses[before..].iter_mut().for_each(|found| found.optional = true);
        let outer = self.scope.clone();
        self.scope = Some(Rc::new(Scope { condition: condition.clone(), outer: outer.clone() }));
        self.nodes(&branch.body);
        self.scope = Some(Rc::new(Scope { condition: Rc::new(Condition::Not(condition)), outer: outer.clone() }));
        self.nodes(&branch.otherwise);
        self.scope = outer;
    }

    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, handed_on: bool) {
        let optional = pipeline.commands.iter().any(is_ready_for_absence);
        let changes = matches!(pipeline.declarations.as_slice(), [variable] if variable.name == "$_");
        let purpose = Purpose { handed_on: handed_on || !pipeline.declarations.is_empty(), optional, changes };
        for command in &pipeline.commands {
            self.command(command, purpose);
        }
    }

    pub(super) fn command(&mut self, command: &Command, purpose: Purpose) {
        let mut operands = command.operands.as_slice();
        if let [first, rest @ ..] = operands
            && let OperandKind::Function(name) = &first.kind
        {
            match (name.as_str(), rest) {
                ("dict", _) => return self.dict(rest, purpose),
                ("include", [called, arguments @ ..]) if let Some(called) = literal(called) => {
                    self.called(called);
                    let before = self.is_aside;
                    self.is_aside |= makes_pull_secrets(called);
                    for argument in arguments {
                        self.operand(argument, purpose);
                    }
                    self.is_aside = before;
                    return;
                }
                ("index" | "get", [map, key, ..]) if is_everything(map) && literal(key).is_none() => {
                    self.looks_up = true;
                    return rest[1..].iter().for_each(|key| self.operand(key, purpose));
                }
                _ => {}
            }
            if purpose.changes && matches!((name.as_str(), rest), ("set" | "unset", [map, ..]) if path(map).is_some()) {
                rest[1..].iter().for_each(|operand| self.operand(operand, purpose));
                return;
            }
            let (map, keys) = match (name.as_str(), rest) {
                ("index" | "get" | "hasKey" | "pluck", [map, keys @ ..]) | ("dig", [keys @ .., _, map]) => (map, keys),
                _ => (first, &[][..]),
            };
            let literals: Option<Vec<_>> = keys.iter().map(literal).collect();
            if let (Some(mut path), Some(keys)) = (path(map), literals.filter(|keys| !keys.is_empty())) {
                path.extend(keys);
                self.found(
                    path,
                    command.span.clone(),
                    Purpose { optional: purpose.optional || name != "index", ..purpose },
                );
                operands = &[];
            }
        }
        for operand in operands {
            self.operand(operand, purpose);
        }
    }

    fn dict(&mut self, entries: &[Operand], purpose: Purpose) {
        for entry in entries.chunks(2) {
            match entry {
                [key, value] if literal(key) == Some("Values") && is_everything(value) => {}
                _ => entry.iter().for_each(|operand| self.operand(operand, purpose)),
            }
        }
    }

    pub(super) fn operand(&mut self, operand: &Operand, purpose: Purpose) {
        if let Some(path) = path(operand) {
            return self.found(path, operand.span.clone(), purpose);
        }
        match &operand.kind {
            OperandKind::Parenthesised(pipeline) => {
                let optional = purpose.optional || pipeline.commands.iter().any(is_ready_for_absence);
                for command in &pipeline.commands {
                    self.command(command, Purpose { optional, ..purpose });
                }
            }
            OperandKind::Chain(inner, _) => self.operand(inner, purpose),
            OperandKind::String(text) => {
                self.strings.insert(text.clone());
            }
            _ => {}
        }
    }

    fn found(&mut self, path: ValuePath, span: std::ops::Range<usize>, purpose: Purpose) {
        let Purpose { handed_on, optional, .. } = purpose;
        let place = self.place();
        self.uses.push(Use { path, handed_on, optional, span, is_aside: self.is_aside, place });
    }

    fn called(&mut self, name: &str) {
        let place = self.place();
        self.calls.push(Call { name: name.into(), place });
    }

    fn place(&self) -> Place {
        Place { scope: self.scope.clone(), within: self.within.clone(), values: self.values.clone() }
    }
}

fn makes_pull_secrets(template: &str) -> bool {
    template.to_ascii_lowercase().contains(PULL_SECRETS)
}

fn is_everything(operand: &Operand) -> bool {
    path(operand).is_some_and(|path| path == ValuePath::default())
}

fn is_ready_for_absence(command: &Command) -> bool {
    let Some(OperandKind::Function(name)) = command.operands.first().map(|operand| &operand.kind) else { return false };
    matches!(
        name.as_str(),
        "default"
            | "dig"
            | "get"
            | "hasKey"
            | "empty"
            | "coalesce"
            | "ternary"
            | "kindIs"
            | "required"
            | "fail"
            | "and"
            | "or"
            | "not"
            | "eq"
            | "ne"
            | "isset"
            | "valueOrDefault"
    )
}

fn literal(operand: &Operand) -> Option<&str> {
    match &operand.kind {
        OperandKind::String(text) => Some(text),
        _ => None,
    }
}

/// Returns the path in the values that an operand is.
pub(super) fn path(operand: &Operand) -> Option<ValuePath> {
    match &operand.kind {
        OperandKind::Field(parts) | OperandKind::Variable(_, parts) => {
            let values = parts.iter().position(|part| part == "Values")?;
            Some(ValuePath::new(&parts[values + 1..]))
        }
        OperandKind::Chain(inner, parts) => {
            let mut path = path(inner)?;
            path.extend(parts);
            Some(path)
        }
        OperandKind::Parenthesised(pipeline) => match pipeline.commands.as_slice() {
            [Command { operands, .. }] if pipeline.declarations.is_empty() => match operands.as_slice() {
                [operand] => path(operand),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
