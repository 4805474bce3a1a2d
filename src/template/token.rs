//! The words of a template, as Go's `text/template/parse/lex.go` cuts them.

use std::collections::VecDeque;

use super::{Options, Problem, Span, lexer::Lexer};

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text outside of actions, trimmed, never empty.
    Text,
    LeftDelimiter,
    RightDelimiter,
    /// Blanks between operands: they separate, so they count.
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParenthesis,
    RightParenthesis,
    /// Any other printable ASCII character: a comma, or a fault.
    Character(char),
    Bool(bool),
    /// A character in single quotes, which Go counts among the numbers.
    CharacterConstant,
    Complex,
    Number,
    Dot,
    Nil,
    Field,
    Identifier,
    RawString,
    String,
    Variable,
    Keyword(Keyword),
    /// The end of the text.
    End,
}

/// The words that have a meaning of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl Keyword {
    /// Returns the keyword that is written so.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "block" => Self::Block,
            "break" => Self::Break,
            "continue" => Self::Continue,
            "define" => Self::Define,
            "else" => Self::Else,
            "end" => Self::End,
            "if" => Self::If,
            "range" => Self::Range,
            "template" => Self::Template,
            "with" => Self::With,
            _ => return None,
        })
    }

    /// Returns how the keyword is written.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Break => "break",
            Self::Continue => "continue",
            Self::Define => "define",
            Self::Else => "else",
            Self::End => "end",
            Self::If => "if",
            Self::Range => "range",
            Self::Template => "template",
            Self::With => "with",
        }
    }
}

/// The tokens of a text, cut when they are asked for.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    lexer: Lexer<'t>,
    ahead: VecDeque<Token>,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str, options: Options) -> Self {
        Self { lexer: Lexer::new(text, options), ahead: VecDeque::new() }
    }

    /// Takes the next token; at the end of the text always [`Kind::End`].
    pub(super) fn take(&mut self) -> Result<Token, Problem> {
        match self.ahead.pop_front() {
            Some(token) => Ok(token),
            None => self.lexer.next(),
        }
    }

    /// Returns what comes after `skipped` more tokens, and takes nothing.
    pub(super) fn peek(&mut self, skipped: usize) -> Result<&Token, Problem> {
        while self.ahead.len() <= skipped {
            self.ahead.push_back(self.lexer.next()?);
        }
        Ok(&self.ahead[skipped])
    }

    /// Takes blanks, if any are next.
    pub(super) fn skip_space(&mut self) -> Result<(), Problem> {
        while self.peek(0)?.kind == Kind::Space {
            self.ahead.pop_front();
        }
        Ok(())
    }

    /// Takes the next token that is no blank.
    pub(super) fn take_visible(&mut self) -> Result<Token, Problem> {
        self.skip_space()?;
        self.take()
    }

    /// Returns what the next token is that is no blank, and takes only blanks.
    pub(super) fn peek_visible(&mut self) -> Result<&Token, Problem> {
        self.skip_space()?;
        self.peek(0)
    }
}
