//! Cuts a template into tokens: Go's `text/template/parse/lex.go`, state by state.
//!
//! Only the count of parentheses is left to the parser, which knows where each was opened.

use super::{
    Options, Problem, number,
    problem::{bad_character, bad_end_of_name, bad_number, strange_character},
    token::{Keyword, Kind, Token},
};

pub(super) const LEFT: &str = "{{";
pub(super) const RIGHT: &str = "}}";

/// Cuts a text into tokens.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    in_action: bool,
    options: Options,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, options: Options) -> Self {
        Self { text, at: 0, in_action: false, options }
    }

    /// Returns the next token; at the end of the text always [`Kind::End`].
    pub(super) fn next(&mut self) -> Result<Token, Problem> {
        if self.in_action { self.inside() } else { self.outside() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn token(&mut self, kind: Kind, end: usize) -> Token {
        let start = std::mem::replace(&mut self.at, end);
        Token { kind, span: start..end }
    }

    /// Reads text up to the next action, which may be no further than here; passes comments over.
    fn outside(&mut self) -> Result<Token, Problem> {
        loop {
            let Some(length) = self.rest().find(LEFT) else {
                let kind = if self.rest().is_empty() { Kind::End } else { Kind::Text };
                return Ok(self.token(kind, self.text.len()));
            };
            let delimiter = self.at + length;
            let after = delimiter + LEFT.len();
            let trims = trims_left(&self.text[after..]);
            let text = &self.text[self.at..delimiter];
            let kept = if trims { text.trim_end_matches(is_space) } else { text };
            if !kept.is_empty() {
                let token = Token { kind: Kind::Text, span: self.at..self.at + kept.len() };
                self.at = delimiter;
                return Ok(token);
            }
            let first = if trims { after + 2 } else { after };
            if self.text[first..].starts_with("/*") {
                self.comment(delimiter, first)?;
                continue;
            }
            self.at = first;
            self.in_action = true;
            return Ok(Token { kind: Kind::LeftDelimiter, span: delimiter..after + usize::from(trims) });
        }
    }

    /// Passes a comment over, whose `/*` stands at `first`.
    fn comment(&mut self, delimiter: usize, first: usize) -> Result<(), Problem> {
        let Some(length) = self.text[first + 2..].find("*/") else {
            return Err(Problem::new(delimiter..first + 2, "this comment is never closed")
                .hint("a comment ends with `*/}}` or `*/ -}}`"));
        };
        let end = first + 2 + length + 2;
        let Some(right) = right_delimiter(&self.text[end..]) else {
            return Err(bad_character(self.text, end, "`}}` right after `*/`")
                .hint("an action that holds a comment holds nothing else: `{{/* … */}}` or `{{- /* … */ -}}`"));
        };
        self.pass_right_delimiter(end, right);
        Ok(())
    }

    /// Goes behind the right delimiter at `at`, and over the blanks that it trims.
    fn pass_right_delimiter(&mut self, at: usize, right: RightDelimiter) {
        self.at = match right {
            RightDelimiter::Plain => at + RIGHT.len(),
            RightDelimiter::Trims => {
                let after = at + 2 + RIGHT.len();
                self.text.len() - self.text[after..].trim_start_matches(is_space).len()
            }
        };
    }

    fn inside(&mut self) -> Result<Token, Problem> {
        let rest = self.rest();
        if let Some(right) = right_delimiter(rest) {
            let start = self.at + usize::from(right == RightDelimiter::Trims);
            let end = start + RIGHT.len() + usize::from(right == RightDelimiter::Trims);
            self.pass_right_delimiter(self.at, right);
            self.in_action = false;
            return Ok(Token { kind: Kind::RightDelimiter, span: start..end });
        }
        let at = self.at;
        let Some(first) = rest.chars().next() else { return Ok(self.token(Kind::End, at)) };
        let next = rest[first.len_utf8()..].chars().next();
        let kind = match first {
            _ if is_space(first) => return Ok(self.space()),
            '=' => Kind::Assign,
            ':' if next == Some('=') => return Ok(self.token(Kind::Declare, at + 2)),
            ':' => return Err(bad_character(self.text, at, "`:=` or `}}`")),
            '|' => Kind::Pipe,
            '(' => Kind::LeftParenthesis,
            ')' => Kind::RightParenthesis,
            '"' => return self.quoted('"', Kind::String, "string"),
            '\'' => return self.quoted('\'', Kind::CharacterConstant, "character"),
            '`' => return self.raw_quoted(),
            '$' => return self.name(Kind::Variable),
            '.' if !next.is_some_and(|next| next.is_ascii_digit()) => return self.name(Kind::Field),
            '.' | '+' | '-' => return self.number(),
            _ if first.is_ascii_digit() => return self.number(),
            _ if is_name(first) => return self.name(Kind::Identifier),
            _ if first.is_ascii_graphic() => Kind::Character(first),
            _ => return Err(strange_character(self.text, at)),
        };
        Ok(self.token(kind, at + 1))
    }

    /// Reads blanks, but not the one that belongs to ` -}}`.
    fn space(&mut self) -> Token {
        let rest = self.rest();
        let mut length = rest.len() - rest.trim_start_matches(is_space).len();
        if length > 1 && right_delimiter(&rest[length - 1..]).is_some() {
            length -= 1;
        }
        self.token(Kind::Space, self.at + length)
    }

    fn quoted(&mut self, quote: char, kind: Kind, what: &str) -> Result<Token, Problem> {
        let mut escaped = false;
        for (offset, one) in self.rest().char_indices().skip(1) {
            match one {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if one == quote => return Ok(self.token(kind, self.at + offset + 1)),
                _ => {}
            }
        }
        let line = self.rest().split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let problem = Problem::new(self.at..self.at + line.len(), format!("this {what} is never closed"));
        Err(if quote == '"' {
            problem.hint("a string ends on its line; one of several lines stands in backquotes")
        } else {
            problem.hint("single quotes hold one character; a string stands in double quotes")
        })
    }

    fn raw_quoted(&mut self) -> Result<Token, Problem> {
        match self.rest()[1..].find('`') {
            Some(length) => Ok(self.token(Kind::RawString, self.at + 1 + length + 1)),
            None => Err(Problem::new(self.at..self.at + 1, "this raw string is never closed")),
        }
    }

    /// Reads a name: a variable with its `$`, a field with its `.`, a keyword or a function.
    fn name(&mut self, kind: Kind) -> Result<Token, Problem> {
        let rest = self.rest();
        let sign = usize::from(kind != Kind::Identifier);
        let length = sign + self.name_length(&rest[sign..], kind);
        let word = &rest[..length];
        if !ends_a_name(&rest[length..]) {
            return Err(bad_end_of_name(self.text, self.at, self.at + length));
        }
        let kind = match word {
            "." => Kind::Dot,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "nil" => Kind::Nil,
            _ => Keyword::of(word).map_or(kind, Kind::Keyword),
        };
        Ok(self.token(kind, self.at + length))
    }

    fn name_length(&self, text: &str, kind: Kind) -> usize {
        let dashes = self.options.dashes_in_fields && kind == Kind::Field;
        let mut length = 0;
        loop {
            length += text[length..].find(|one| !is_name(one)).unwrap_or(text.len() - length);
            let behind = text[length..].trim_start_matches('-');
            let within = length > 0 && behind.len() < text.len() - length && behind.starts_with(is_name);
            if !dashes || !within {
                return length;
            }
            length = text.len() - behind.len();
        }
    }

    fn number(&mut self) -> Result<Token, Problem> {
        let rest = self.rest();
        let mut length = number::shape(rest);
        let mut kind = Kind::Number;
        let mut is_good = !rest[length..].starts_with(is_name);
        if is_good && rest[length..].starts_with(['+', '-']) {
            length += number::shape(&rest[length..]);
            kind = Kind::Complex;
            is_good = rest[..length].ends_with('i') && !rest[length..].starts_with(is_name);
        }
        if is_good {
            return Ok(self.token(kind, self.at + length));
        }
        let end = length + self.name_length(&rest[length..], Kind::Number);
        Err(bad_number(self.text, self.at..self.at + end))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RightDelimiter {
    Plain,
    Trims,
}

/// Returns which right delimiter `text` begins with: `}}`, or a blank and `-}}`.
fn right_delimiter(text: &str) -> Option<RightDelimiter> {
    if text.starts_with(RIGHT) {
        return Some(RightDelimiter::Plain);
    }
    let trims = text.strip_prefix(is_space).is_some_and(|rest| rest.starts_with("-}}"));
    trims.then_some(RightDelimiter::Trims)
}

/// Returns whether what follows `{{` is a trim marker: `-` and a blank.
fn trims_left(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

/// Returns whether a name may end before this.
fn ends_a_name(text: &str) -> bool {
    match text.chars().next() {
        None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
        Some(one) => is_space(one) || text.starts_with(RIGHT),
    }
}

fn is_space(one: char) -> bool {
    matches!(one, ' ' | '\t' | '\r' | '\n')
}

/// Returns whether a name may hold this character.
pub(super) fn is_name(one: char) -> bool {
    one == '_' || one.is_alphanumeric()
}
