//! Walks a template for the values it uses.

use std::{collections::BTreeSet, rc::Rc};

use super::{Use, ValuePath, condition::Condition};
use crate::template::{Branch, Command, Node, Operand, OperandKind, Pipeline, Template};

/// Walks a template, and keeps what it uses and which strings it has.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) uses: Vec<Use>,
    pub(super) strings: BTreeSet<String>,
    conditions: Vec<Rc<Condition>>,
}

/// What is done with a value.
#[derive(Clone, Copy)]
struct Purpose {
    handed_on: bool,
    optional: bool,
    /// Whether only what it does counts, not what it gives: `{{ $_ := set … }}`.
    changes: bool,
}

impl Collector {
    pub(super) fn template(&mut self, template: &Template) {
        self.nodes(&template.nodes);
        for define in &template.defines {
            self.nodes(&define.nodes);
        }
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
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
        self.conditions.push(condition.clone());
        self.nodes(&branch.body);
        self.conditions.pop();
        self.conditions.push(Rc::new(Condition::Not(condition)));
        self.nodes(&branch.otherwise);
        self.conditions.pop();
    }

    fn pipeline(&mut self, pipeline: &Pipeline, handed_on: bool) {
        let optional = pipeline.commands.iter().any(is_ready_for_absence);
        let changes = matches!(pipeline.declarations.as_slice(), [variable] if variable.name == "$_");
        let purpose = Purpose { handed_on: handed_on || !pipeline.declarations.is_empty(), optional, changes };
        for command in &pipeline.commands {
            self.command(command, purpose);
        }
    }

    fn command(&mut self, command: &Command, purpose: Purpose) {
        let mut operands = command.operands.as_slice();
        if let [first, rest @ ..] = operands
            && let OperandKind::Function(name) = &first.kind
        {
            if name == "dict" {
                return self.dict(rest, purpose);
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
            let is_everything = |value| path(value).is_some_and(|path| path == ValuePath::default());
            match entry {
                [key, value] if literal(key) == Some("Values") && is_everything(value) => {}
                _ => entry.iter().for_each(|operand| self.operand(operand, purpose)),
            }
        }
    }

    fn operand(&mut self, operand: &Operand, purpose: Purpose) {
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
        self.uses.push(Use { path, handed_on, optional, span, conditions: self.conditions.clone() });
    }
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
