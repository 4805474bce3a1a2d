//! Go templates: `text/template` of Go 1.26, with the functions of Sprig and Helm as mere names, read into a syntax tree with positions.
//!
//! It refuses what Go's `text/template/parse` refuses, with one exception: a function may have any name, for whoever executes the
//! template decides which there are (Go's `SkipFuncCheck`). Nothing is executed. Three things are narrower or wider than Go:
//!
//! - Blocks and parentheses nest no deeper than [`DEEPEST`] (Go: 10,000 parentheses, blocks without end), so that who walks the
//!   tree may recurse. Of 11,000 templates of 171 real packs the deepest has 14 levels.
//! - A name may hold any letter, mark or number of Unicode (Go: letters and decimal digits).
//! - The delimiters are `{{` and `}}` and cannot be changed.
//!
//! Reading takes time and memory linear in the text and does not recurse. The first fault ends it: what stands after a broken
//! action is guesswork.

#[cfg(test)]
mod corpus_tests;
mod definition;
mod expected;
#[cfg(any(test, fuzzing))]
pub(crate) mod invariants;
mod lexer;
mod literal;
mod number;
mod parser;
mod pipeline;
mod problem;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
mod token;
mod variables;

use std::ops::Range;

/// A byte range of the text.
pub(crate) type Span = Range<usize>;

/// How deep blocks and parentheses may be nested, both together; an `else if` is a level more, as it is in the tree.
pub(crate) const DEEPEST: usize = 500;

/// What is read beside Go's own language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Whether the names of a chain of fields may hold `-`, as in `.spectro.pack.my-pack.values.x`.
    pub(crate) dashes_in_fields: bool,
}

/// Returns the syntax tree of a template.
///
/// # Errors
///
/// The first thing that Go would refuse, and where it stands.
pub(crate) fn parse(text: &str, options: Options) -> Result<Template, Problem> {
    parser::Parser::new(text, options).parse()
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// One clause, in the words of who writes templates.
    pub(crate) message: String,
    /// What is meant; empty at the end of the text.
    pub(crate) span: Span,
    /// Another place that explains this one, as a byte offset, and what stands there.
    pub(crate) related: Option<(String, usize)>,
    /// What to do.
    pub(crate) hint: Option<String>,
}

/// A template and those that are defined in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// What is rendered, without the definitions.
    pub(crate) nodes: Vec<Node>,
    /// The bodies of every `define` and `block`, in the order of the text.
    pub(crate) defines: Vec<Define>,
}

/// What `{{ define "name" }}` or `{{ block "name" . }}` defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Define {
    pub(crate) name: String,
    pub(crate) nodes: Vec<Node>,
    /// From the `{{` of its first action to the `}}` of its end.
    pub(crate) span: Span,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// Text that is rendered as it stands: what `{{-` and `-}}` trim off is not part of it.
    Text(Span),
    /// `{{ pipeline }}`.
    Action(Pipeline),
    If(Branch),
    With(Branch),
    Range(Branch),
    /// `{{ template "name" pipeline }}`, and the place where a `block` renders its body.
    Template {
        name: String,
        pipeline: Option<Pipeline>,
        /// The action, with its delimiters; of a `block` the first.
        span: Span,
    },
    /// `{{ break }}`, with its delimiters.
    Break(Span),
    /// `{{ continue }}`, with its delimiters.
    Continue(Span),
}

/// An `if`, `with` or `range`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) pipeline: Pipeline,
    pub(crate) body: Vec<Node>,
    /// What follows `else`; after `else if` and `else with` that one node.
    pub(crate) otherwise: Vec<Node>,
    /// From the `{{` of its first action to the `}}` of its end; of an `else if` from the `{{` before `else`.
    pub(crate) span: Span,
}

/// Commands, each of which gets the result of the one before as its last argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pipeline {
    /// What is on the left of `:=` or `=`.
    pub(crate) declarations: Vec<Variable>,
    /// Whether it is `=`, which sets a variable that was declared before.
    pub(crate) assigns: bool,
    /// At least one.
    pub(crate) commands: Vec<Command>,
    /// Without the delimiters or parentheses around it.
    pub(crate) span: Span,
}

/// A variable that is declared or set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// With its `$`.
    pub(crate) name: String,
    pub(crate) span: Span,
}

/// An operand, or a function, method or field with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// At least one.
    pub(crate) operands: Vec<Operand>,
    pub(crate) span: Span,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operand {
    pub(crate) kind: OperandKind,
    pub(crate) span: Span,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OperandKind {
    /// `.`
    Dot,
    /// `nil`
    Nil,
    Bool(bool),
    /// A number or a character, as it is written.
    Number(String),
    /// A string, quoted or raw, without its quotes and escapes.
    String(String),
    /// `.a.b`
    Field(Vec<String>),
    /// `$`, `$x` or `$x.a`: the variable with its `$`, and the fields after it.
    Variable(String, Vec<String>),
    /// The name of a function.
    Function(String),
    /// `(pipeline)`
    Parenthesised(Box<Pipeline>),
    /// The fields of a function's result or of what stands in parentheses: `(pipeline).a`.
    Chain(Box<Operand>, Vec<String>),
}
