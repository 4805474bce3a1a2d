//! Conditions of templates, as far as values decide them: `.Values.x`, `not`, `and`, `or`, and `eq` or `ne` with literals. All else is unknown, and counts as on.

use std::rc::Rc;

use super::{
    ValuePath,
    collector::{Collector, Purpose, path},
};
use crate::{
    pack::values::Value,
    template::{Command, Operand, OperandKind, Pipeline},
};

#[derive(Clone, Debug)]
pub(super) enum Condition {
    IsTrue(ValuePath),
    IsOneOf(ValuePath, Vec<String>),
    Not(Rc<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// It can't be told; these are the values it asks for.
    Unknown(Vec<ValuePath>),
}

impl Condition {
    pub(super) fn of(pipeline: &Pipeline) -> Self {
        match pipeline.commands.as_slice() {
            [command] => Self::of_command(command),
            [command, negation] if is_call(negation, "not") => Self::Not(Rc::new(Self::of_command(command))),
            _ => Self::unknown(|collector| collector.pipeline(pipeline, false)),
        }
    }

    fn unknown(collect: impl FnOnce(&mut Collector)) -> Self {
        let mut collector = Collector::default();
        collect(&mut collector);
        Self::Unknown(collector.uses.into_iter().map(|found| found.path).collect())
    }

    fn of_command(command: &Command) -> Self {
        let unknown = || Self::unknown(|collector| collector.command(command, Purpose::default()));
        let [first, rest @ ..] = command.operands.as_slice() else { return unknown() };
        let each = || rest.iter().map(Self::of_operand).collect();
        match &first.kind {
            OperandKind::Function(name) if name == "not" && rest.len() == 1 => {
                Self::Not(Rc::new(Self::of_operand(&rest[0])))
            }
            OperandKind::Function(name) if name == "eq" => Self::equality(rest).unwrap_or_else(unknown),
            OperandKind::Function(name) if name == "ne" && rest.len() == 2 => {
                Self::equality(rest).map_or_else(unknown, |equal| Self::Not(Rc::new(equal)))
            }
            OperandKind::Function(name) if name == "and" => Self::All(each()),
            OperandKind::Function(name) if name == "or" => Self::Any(each()),
            _ if rest.is_empty() => Self::of_operand(first),
            _ => unknown(),
        }
    }

    /// Returns whether a value is one of these literals, in whatever order the two stand.
    fn equality(operands: &[Operand]) -> Option<Self> {
        let literals = |operands: &[Operand]| operands.iter().map(literal).collect::<Option<Vec<_>>>();
        let (path, literals) = match operands {
            [value, rest @ ..] if !rest.is_empty() && path(value).is_some() => path(value).zip(literals(rest)),
            [first, value] => path(value).zip(literals(std::slice::from_ref(first))),
            _ => None,
        }?;
        Some(Self::IsOneOf(path, literals))
    }

    fn of_operand(operand: &Operand) -> Self {
        match (path(operand), &operand.kind) {
            (Some(path), _) => Self::IsTrue(path),
            (None, OperandKind::Parenthesised(pipeline)) => Self::of(pipeline),
            _ => Self::unknown(|collector| collector.operand(operand, Purpose::default())),
        }
    }

    /// Returns whether it asks for a value that is not there, as `hasKey .Values "x"` may: what stands under it is ready for that.
    pub(super) fn asks_for_absent(&self, is_there: &dyn Fn(&ValuePath) -> bool) -> bool {
        match self {
            Self::Unknown(paths) => paths.iter().any(|path| !is_there(path)),
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().any(|condition| condition.asks_for_absent(is_there))
            }
            Self::IsTrue(path) | Self::IsOneOf(path, _) => !is_there(path),
            Self::Not(_) => false,
        }
    }

    /// Returns whether it holds for a chart whose values lie there, where that can be told.
    pub(super) fn holds(&self, values: &Value<'_>, chart: &ValuePath) -> Option<bool> {
        match self {
            Self::IsTrue(path) => {
                let parts = parts(path, chart);
                match values.at(&parts) {
                    // Set for one of the charts only, perhaps.
                    None if parts.first() == Some(&"global") => None,
                    value => Some(value.is_some_and(Value::is_true)),
                }
            }
            Self::IsOneOf(path, literals) => {
                let (node, _) = values.at(&parts(path, chart))?.leaf()?;
                // What a null or an own template comes to is not known.
                let text = node.scalar().filter(|text| !node.is_null() && !text.contains("{{"))?;
                Some(literals.iter().any(|literal| literal == text))
            }
            Self::Not(condition) => condition.holds(values, chart).map(|holds| !holds),
            Self::All(conditions) => Self::decide(conditions, values, chart, false),
            Self::Any(conditions) => Self::decide(conditions, values, chart, true),
            Self::Unknown(_) => None,
        }
    }

    /// Returns `decisive` where one condition is that, its opposite where all are the opposite.
    fn decide(conditions: &[Self], values: &Value<'_>, chart: &ValuePath, decisive: bool) -> Option<bool> {
        let told: Vec<_> = conditions.iter().map(|condition| condition.holds(values, chart)).collect();
        if told.contains(&Some(decisive)) {
            return Some(decisive);
        }
        (!told.contains(&None)).then_some(!decisive)
    }
}

/// Returns the keys of a path in the values of a chart; `global` is the same for all charts.
fn parts<'a>(path: &'a ValuePath, chart: &'a ValuePath) -> Vec<&'a str> {
    let is_global = path.parts().next() == Some("global");
    chart.parts().filter(|_| !is_global).chain(path.parts()).collect()
}

fn literal(operand: &Operand) -> Option<String> {
    match &operand.kind {
        OperandKind::String(text) | OperandKind::Number(text) => Some(text.clone()),
        OperandKind::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn is_call(command: &Command, function: &str) -> bool {
    matches!(command.operands.as_slice(), [Operand { kind: OperandKind::Function(name), .. }] if name == function)
}
