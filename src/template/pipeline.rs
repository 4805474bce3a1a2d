//! Reads pipelines: `pipeline`, `command`, `operand` and `term` of Go's `text/template/parse/parse.go`.
//!
//! Open parentheses are kept on a stack of our own, so that nesting costs no stack of the thread. As in Go, nothing need follow
//! the last `|`.

use super::{
    Command, DEEPEST, Operand, OperandKind, Pipeline, Problem, Span, Variable,
    expected::too_deep,
    literal, number,
    parser::Parser,
    problem::{bad_number, quote},
    token::{Kind, Token},
};

/// What a pipeline belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Action,
    If,
    With,
    Range,
    Template,
    Block,
    Parentheses,
}

/// A pipeline that is being read.
#[derive(Debug)]
struct Open {
    context: Context,
    /// Its `(`; of the outermost the place where it begins.
    opened: Span,
    start: usize,
    declarations: Vec<Variable>,
    assigns: bool,
    commands: Vec<Command>,
    operands: Vec<Operand>,
}

impl Parser<'_> {
    /// Reads a pipeline and the `}}` after it.
    pub(super) fn pipeline(&mut self, context: Context) -> Result<(Pipeline, Span), Problem> {
        let start = self.tokens.peek_visible()?.span.start;
        let mut outer: Vec<Open> = Vec::new();
        let mut open = self.begin(context, start..start)?;
        loop {
            let token = self.tokens.take_visible()?;
            let operand = match token.kind {
                Kind::RightDelimiter if open.context == Context::Parentheses => {
                    return Err(Problem::new(open.opened, "this `(` is never closed"));
                }
                Kind::RightDelimiter => return Ok((self.finish(open, token.span.start)?, token.span)),
                Kind::LeftParenthesis => {
                    if outer.len() + self.depth() >= DEEPEST {
                        return Err(too_deep(token.span));
                    }
                    let inner = self.begin(Context::Parentheses, token.span)?;
                    outer.push(std::mem::replace(&mut open, inner));
                    continue;
                }
                Kind::RightParenthesis => {
                    let Some(surrounding) = outer.pop() else {
                        return Err(Problem::new(token.span, "`)` without `(`"));
                    };
                    let inner = std::mem::replace(&mut open, surrounding);
                    let span = inner.opened.start..token.span.end;
                    let pipeline = self.finish(inner, token.span.start)?;
                    Operand { kind: OperandKind::Parenthesised(Box::new(pipeline)), span }
                }
                Kind::Pipe if !open.operands.is_empty() => {
                    open.end_command();
                    continue;
                }
                Kind::Pipe => return Err(self.nothing_before_pipe(token.span)),
                _ => self.term(&token)?,
            };
            open.operands.push(self.with_fields(operand)?);
            self.expect_end_of_operand()?;
        }
    }

    /// Begins a pipeline: what is declared or set in it.
    fn begin(&mut self, context: Context, opened: Span) -> Result<Open, Problem> {
        let start = self.tokens.peek_visible()?.span.start;
        let (commands, operands) = (Vec::new(), Vec::new());
        let mut open = Open { context, opened, start, declarations: Vec::new(), assigns: false, commands, operands };
        while self.tokens.peek_visible()?.kind == Kind::Variable {
            let blanks = usize::from(self.tokens.peek(1)?.kind == Kind::Space);
            let sign = self.tokens.peek(1 + blanks)?.clone();
            let is_comma = sign.kind == Kind::Character(',');
            if !is_comma && !matches!(sign.kind, Kind::Assign | Kind::Declare) {
                break;
            }
            let name = self.tokens.take()?.span;
            self.tokens.take_visible()?;
            self.variables.declare(&self.text[name.clone()], name.start);
            open.declarations.push(Variable { name: self.text[name.clone()].to_owned(), span: name });
            open.assigns = sign.kind == Kind::Assign;
            if !is_comma {
                break;
            }
            self.expect_second_variable(&open, sign.span)?;
        }
        Ok(open)
    }

    fn expect_second_variable(&mut self, open: &Open, comma: Span) -> Result<(), Problem> {
        if open.context != Context::Range {
            return Err(Problem::new(comma, "only `range` declares two variables"));
        }
        if open.declarations.len() > 1 {
            return Err(Problem::new(comma, "`range` declares no more than two variables"));
        }
        let next = self.tokens.peek_visible()?.clone();
        if matches!(next.kind, Kind::Variable | Kind::RightDelimiter | Kind::RightParenthesis) {
            return Ok(());
        }
        Err(self.expected("a second variable after `,`", &next))
    }

    /// Ends a pipeline before `end`.
    fn finish(&self, mut open: Open, end: usize) -> Result<Pipeline, Problem> {
        open.end_command();
        let Some(last) = open.commands.last() else { return Err(self.missing_value(&open, end)) };
        let span = open.start..last.span.end;
        for command in &open.commands[1..] {
            let Some(first) = command.operands.first() else { continue };
            if is_literal(&first.kind) {
                let shown = quote(&self.text[first.span.clone()]);
                return Err(Problem::new(first.span.clone(), format!("expected a function after `|`, found {shown}")));
            }
        }
        let Open { declarations, assigns, commands, .. } = open;
        Ok(Pipeline { declarations, assigns, commands, span })
    }

    fn missing_value(&self, open: &Open, end: usize) -> Problem {
        let start = if open.context == Context::Parentheses { open.opened.start } else { self.action_start() };
        let read = self.text[start..end].trim_end();
        let span = start..start + read.len();
        let message = match open.context {
            _ if !open.declarations.is_empty() => {
                let sign = [":=", "=", ","].into_iter().find(|sign| read.ends_with(sign)).unwrap_or("this");
                return Problem::new(span, format!("expected a value after `{sign}`"));
            }
            Context::Action => "this action is empty",
            Context::If => "`if` needs a condition",
            Context::With => "`with` needs a value",
            Context::Range => "`range` needs something to go over",
            Context::Template => "`template` needs a value here, or only a name",
            Context::Block => "`block` needs a value after its name",
            Context::Parentheses => "expected a value between `(` and `)`",
        };
        let problem = Problem::new(span, message);
        if open.context == Context::Block { problem.hint("mostly the dot: `{{ block \"name\" . }}`") } else { problem }
    }

    /// Reads what a command begins with or takes: a value, without the fields after it.
    fn term(&self, token: &Token) -> Result<Operand, Problem> {
        let span = token.span.clone();
        let word = &self.text[span.clone()];
        let kind = match token.kind {
            Kind::Identifier => OperandKind::Function(word.to_owned()),
            Kind::Dot => OperandKind::Dot,
            Kind::Nil => OperandKind::Nil,
            Kind::Bool(value) => OperandKind::Bool(value),
            Kind::Field => OperandKind::Field(vec![word[1..].to_owned()]),
            Kind::Variable if self.variables.knows(word) => OperandKind::Variable(word.to_owned(), Vec::new()),
            Kind::Variable => return Err(self.unknown_variable(word, span)),
            Kind::Number if number::is_valid(word) => OperandKind::Number(word.to_owned()),
            Kind::Complex if number::is_valid_complex(word) => OperandKind::Number(word.to_owned()),
            Kind::Number | Kind::Complex => return Err(bad_number(self.text, span)),
            Kind::CharacterConstant if literal::is_character(word) => OperandKind::Number(word.to_owned()),
            Kind::CharacterConstant => {
                return Err(Problem::new(span, format!("{} is not one character", quote(word)))
                    .hint("a string stands in double quotes"));
            }
            Kind::String | Kind::RawString => OperandKind::String(self.string(token)?),
            _ => return Err(self.expected_value(token)),
        };
        Ok(Operand { kind, span })
    }

    /// Returns the text of a string.
    pub(super) fn string(&self, token: &Token) -> Result<String, Problem> {
        let quoted = &self.text[token.span.clone()];
        if token.kind == Kind::RawString {
            return Ok(literal::unquote_raw(quoted));
        }
        literal::unquote(quoted).map_err(|bad| {
            let start = token.span.start + bad.at;
            let span = start..start + bad.length;
            let escape = quote(&self.text[span.clone()]);
            Problem::new(span, format!("{escape} is no escape that a string can hold"))
                .hint("write `\\\\` for a backslash, or put the string in backquotes")
        })
    }

    /// Adds the fields that stand right behind an operand.
    fn with_fields(&mut self, mut operand: Operand) -> Result<Operand, Problem> {
        let mut fields = Vec::new();
        let mut span = operand.span.clone();
        while self.tokens.peek(0)?.kind == Kind::Field {
            let field = self.tokens.take()?.span;
            fields.push(self.text[field.start + 1..field.end].to_owned());
            span.end = field.end;
        }
        if fields.is_empty() {
            return Ok(operand);
        }
        if is_literal(&operand.kind) {
            return Err(self.no_fields(&operand.span, span.end));
        }
        if let OperandKind::Field(names) | OperandKind::Variable(_, names) = &mut operand.kind {
            names.append(&mut fields);
            return Ok(Operand { span, ..operand });
        }
        Ok(Operand { kind: OperandKind::Chain(Box::new(operand), fields), span })
    }

    /// After an operand stands a blank, a pipe or an end.
    fn expect_end_of_operand(&mut self) -> Result<(), Problem> {
        let next = self.tokens.peek(0)?.clone();
        match next.kind {
            Kind::Space | Kind::Pipe | Kind::RightDelimiter | Kind::RightParenthesis => Ok(()),
            _ => Err(self.expected_end_of_operand(&next)),
        }
    }
}

impl Open {
    fn end_command(&mut self) {
        let operands = std::mem::take(&mut self.operands);
        if let (Some(first), Some(last)) = (operands.first(), operands.last()) {
            let span = first.span.start..last.span.end;
            self.commands.push(Command { operands, span });
        }
    }
}

/// Returns whether this is no field, variable, function or parentheses, so that it neither has fields nor takes arguments.
fn is_literal(kind: &OperandKind) -> bool {
    use OperandKind::{Bool, Dot, Nil, Number, String};
    matches!(kind, Bool(_) | Dot | Nil | Number(_) | String(_))
}
