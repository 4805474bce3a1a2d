//! What the parser expected, and found something else instead.

use super::{
    DEEPEST, Problem, Span,
    parser::Parser,
    problem::{found, quote},
    token::{Keyword, Kind, Token},
};

impl Parser<'_> {
    /// Tells of a token where a value or the end of the action may stand.
    pub(super) fn expected_value(&self, token: &Token) -> Problem {
        let shown = quote(&self.text[token.span.clone()]);
        match token.kind {
            Kind::Keyword(_) => Problem::new(token.span.clone(), format!("the keyword {shown} cannot stand here")),
            _ if operator(&self.text[token.span.start..]).is_some() => self.expected("a value or `}}`", token),
            Kind::Declare | Kind::Assign => Problem::new(
                token.span.clone(),
                format!("expected a plain variable such as `$x` before {shown}, and nothing else"),
            ),
            Kind::Character('/') if self.text[token.span.start..].starts_with("/*") => {
                let span = token.span.start..token.span.start + 2;
                let hint = if self.text[..span.start].trim_end().ends_with("{{") {
                    "no blank stands between `{{` and `/*`"
                } else {
                    "a comment is an action of its own: `{{/* … */}}`"
                };
                Problem::new(span, "expected a value, found a comment").hint(hint)
            }
            Kind::Character('}' | '{') => self.expected("`}}`", token),
            _ => self.expected("a value or `}}`", token),
        }
    }

    /// Tells of a token that is not what has to stand there.
    pub(super) fn expected(&self, wanted: &str, token: &Token) -> Problem {
        if token.kind == Kind::End {
            let start = self.action_start();
            return Problem::new(start..start + 2, "this action is never closed").hint("an action ends with `}}`");
        }
        let rest = &self.text[token.span.start..];
        let is_sign = matches!(token.kind, Kind::Character(_) | Kind::Space);
        let shown = if is_sign { found(rest) } else { quote(&self.text[token.span.clone()]) };
        let doubled = token.kind == Kind::Character('{') && rest.starts_with("{{");
        let span = token.span.start..token.span.end + usize::from(doubled);
        let problem = Problem::new(span, format!("expected {wanted}, found {shown}"));
        match operator(rest) {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    /// Tells of a token that stands right behind an operand.
    pub(super) fn expected_end_of_operand(&self, token: &Token) -> Problem {
        match token.kind {
            Kind::LeftParenthesis => Problem::new(token.span.clone(), "expected a blank before `(`")
                .hint("arguments follow a function after a blank: `f (g x) y`"),
            Kind::Character('}' | '{') | Kind::End => self.expected_value(token),
            _ => self.expected("a blank or `}}`", token),
        }
    }

    /// Tells of a `|` that gets no value.
    pub(super) fn nothing_before_pipe(&self, pipe: Span) -> Problem {
        let is_double = self.text[..pipe.end].ends_with("||");
        let problem = Problem::new(pipe, "expected a value before `|`");
        if is_double { problem.hint("`or a b` is the first of them that is not empty") } else { problem }
    }

    /// Tells of fields up to `end` behind what has none.
    pub(super) fn no_fields(&self, literal: &Span, end: usize) -> Problem {
        let shown = quote(&self.text[literal.clone()]);
        Problem::new(literal.end..end, format!("expected a blank or `}}}}` after {shown}, found `.`"))
    }

    pub(super) fn unknown_variable(&self, name: &str, span: Span) -> Problem {
        let problem = Problem::new(span, format!("the variable {} is not defined here", quote(name)));
        match self.variables.ended(name) {
            Some(place) => problem.related("it is declared here, in a block that has ended", place),
            None => problem,
        }
    }
}

/// Tells of what opens a level more than is read.
pub(super) fn too_deep(span: Span) -> Problem {
    Problem::new(span, format!("blocks and parentheses are nested deeper than {DEEPEST} levels"))
}

/// Tells of a block that is open at the end of the text.
pub(super) fn unclosed(text: &str, keyword: Keyword, span: Span) -> Problem {
    let problem = Problem::new(span.clone(), format!("this `{}` is never closed", keyword.text()));
    match end_with_one_brace(&text[span.end..]) {
        Some(offset) => problem
            .related("this is text: an action has two braces on each side", span.end + offset)
            .hint("write `{{ end }}`"),
        None => problem.hint("every `if`, `with`, `range`, `define` and `block` needs its `{{ end }}`"),
    }
}

/// Says where the block around a fault begins.
pub(super) fn opened(keyword: Keyword) -> String {
    format!("the `{}` begins here", keyword.text())
}

/// Tells of an `else if` or `else with` in a block of another kind.
pub(super) fn wrong_else(keyword: Keyword, span: Span) -> Problem {
    let article = if keyword == Keyword::If { "an" } else { "a" };
    Problem::new(span, format!("`else {0}` belongs to {article} `{0}`", keyword.text()))
}

/// Returns which function does what the sign at the beginning of `text` does elsewhere.
fn operator(text: &str) -> Option<&'static str> {
    Some(match text.as_bytes() {
        [b'=', b'=', ..] => "templates compare with a function: `eq a b`",
        [b'!', b'=', ..] => "templates compare with a function: `ne a b`",
        [b'<', ..] => "templates compare with a function: `lt a b`, `le a b`",
        [b'>', ..] => "templates compare with a function: `gt a b`, `ge a b`",
        [b'&', b'&', ..] => "`and a b` is the first of them that is empty, or else the last",
        [b'!', ..] => "`not a` is true where the value is empty",
        [b',', ..] => "arguments are separated by blanks",
        _ => return None,
    })
}

/// Returns where `{ end }` stands with one brace where two are meant: `{- end}`, `{ end }}`, `{{`-less.
fn end_with_one_brace(text: &str) -> Option<usize> {
    text.match_indices("end").find_map(|(at, _)| {
        let before = text[..at].trim_end_matches([' ', '-']);
        let after = text[at + "end".len()..].trim_start_matches([' ', '-']);
        let is_alone = before.ends_with('{') && !before.ends_with("{{") && after.starts_with('}');
        is_alone.then(|| before.len() - 1)
    })
}
