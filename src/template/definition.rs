//! Reads what has a name: `define`, `block` and `template`.

use super::{
    Node, Problem, Span,
    expected::opened,
    parser::Parser,
    pipeline::Context,
    token::{Keyword, Kind},
};

impl Parser<'_> {
    pub(super) fn define(&mut self, word: Span, start: usize) -> Result<(), Problem> {
        if let Some((keyword, start)) = self.innermost() {
            let message = format!("`define` cannot stand inside `{}`", keyword.text());
            return Err(Problem::new(word, message).related(opened(keyword), start));
        }
        let (name, name_span) = self.name(Keyword::Define)?;
        self.expect_right_delimiter("`}}` after the name of a `define`")?;
        self.open_definition(Keyword::Define, word, start, name, name_span)
    }

    pub(super) fn block(&mut self, word: Span, start: usize) -> Result<(), Problem> {
        let (name, name_span) = self.name(Keyword::Block)?;
        let (pipeline, closing) = self.pipeline(Context::Block)?;
        self.push(Node::Template { name: name.clone(), pipeline: Some(pipeline), span: start..closing.end });
        self.open_definition(Keyword::Block, word, start, name, name_span)
    }

    pub(super) fn template(&mut self, start: usize) -> Result<(), Problem> {
        let (name, _) = self.name(Keyword::Template)?;
        let next = self.tokens.peek_visible()?;
        let (pipeline, closing) = if next.kind == Kind::RightDelimiter {
            (None, self.tokens.take()?.span)
        } else {
            let (pipeline, closing) = self.pipeline(Context::Template)?;
            (Some(pipeline), closing)
        };
        self.push(Node::Template { name, pipeline, span: start..closing.end });
        Ok(())
    }

    /// Reads the name of a template, which is a string.
    fn name(&mut self, keyword: Keyword) -> Result<(String, Span), Problem> {
        let token = self.tokens.take_visible()?;
        if matches!(token.kind, Kind::String | Kind::RawString) {
            return Ok((self.string(&token)?, token.span));
        }
        let problem = self.expected(&format!("a name in quotes after `{}`", keyword.text()), &token);
        let is_computed = keyword == Keyword::Template && token.kind != Kind::RightDelimiter && problem.hint.is_none();
        Err(if is_computed { problem.hint("a name that is computed works with `include`") } else { problem })
    }
}
