//! Reads blocks: `parse`, `action` and the controls of Go's `text/template/parse/parse.go`.
//!
//! Open blocks are kept on a stack of our own, so that neither nesting nor a long chain of `else if` costs stack of the thread.

use std::collections::BTreeMap;

use super::{
    Branch, DEEPEST, Define, Node, Options, Pipeline, Problem, Span, Template,
    expected::{opened, too_deep, unclosed, wrong_else},
    pipeline::Context,
    problem::quote,
    token::{Keyword, Kind, Token, Tokens},
    variables::Variables,
};

/// Reads a template.
#[derive(Debug)]
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: Tokens<'t>,
    pub(super) variables: Variables<'t>,
    /// The `{{` of the action that is being read.
    action: Option<usize>,
    blocks: Vec<Block<'t>>,
    nodes: Vec<Node>,
    defines: Vec<Define>,
    /// Where the definitions that are not empty have their names.
    defined: BTreeMap<String, usize>,
    /// How many `range`s of the same definition are open.
    ranges: usize,
}

/// A block that is not closed yet.
#[derive(Debug)]
struct Block<'t> {
    keyword: Keyword,
    keyword_span: Span,
    start: usize,
    head: Head<'t>,
    body: Vec<Node>,
    otherwise: Option<Vec<Node>>,
    /// Where its `else` stands.
    else_start: usize,
    /// Whether it is an `else if` or `else with`, which ends with the block before it.
    shares_end: bool,
}

/// What a block begins with.
#[derive(Debug)]
enum Head<'t> {
    /// With the mark at which its variables end.
    Branch(Pipeline, usize),
    /// With what is hidden while the definition is read.
    Definition { name: String, name_span: Span, variables: Variables<'t>, ranges: usize },
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, options: Options) -> Self {
        Self {
            text,
            tokens: Tokens::new(text, options),
            variables: Variables::default(),
            action: None,
            blocks: Vec::new(),
            nodes: Vec::new(),
            defines: Vec::new(),
            defined: BTreeMap::new(),
            ranges: 0,
        }
    }

    pub(super) fn parse(mut self) -> Result<Template, Problem> {
        match self.read() {
            Ok(()) => {
                self.defines.sort_by_key(|define| define.span.start);
                Ok(Template { nodes: self.nodes, defines: self.defines })
            }
            Err(problem) => Err(self.with_start_of_action(problem)),
        }
    }

    /// Adds where the action begins to a problem on a later line of it.
    fn with_start_of_action(&self, problem: Problem) -> Problem {
        match self.action {
            Some(start) if problem.related.is_none() => {
                let between = self.text.get(start..problem.span.start).unwrap_or_default();
                if between.contains('\n') { problem.related("the action begins here", start) } else { problem }
            }
            _ => problem,
        }
    }

    /// Returns where the action begins that is being read.
    pub(super) fn action_start(&self) -> usize {
        self.action.unwrap_or_default()
    }

    /// Returns how many blocks are open.
    pub(super) fn depth(&self) -> usize {
        self.blocks.len()
    }

    /// Returns what the innermost open block is, and where it begins.
    pub(super) fn innermost(&self) -> Option<(Keyword, usize)> {
        self.blocks.last().map(|block| (block.keyword, block.start))
    }

    fn read(&mut self) -> Result<(), Problem> {
        loop {
            self.action = None;
            let token = self.tokens.take()?;
            match token.kind {
                Kind::End => break,
                Kind::LeftDelimiter => {
                    self.action = Some(token.span.start);
                    self.action(token.span.start)?;
                }
                _ => self.push(Node::Text(token.span)),
            }
        }
        match self.blocks.iter().rev().find(|block| !block.shares_end) {
            Some(block) => Err(unclosed(self.text, block.keyword, block.keyword_span.clone())),
            None => Ok(()),
        }
    }

    /// Reads one action, whose `{{` is taken.
    fn action(&mut self, start: usize) -> Result<(), Problem> {
        let Kind::Keyword(keyword) = self.tokens.peek_visible()?.kind else {
            let (pipeline, _) = self.pipeline(Context::Action)?;
            self.push(Node::Action(pipeline));
            return Ok(());
        };
        let word = self.tokens.take_visible()?.span;
        match keyword {
            Keyword::If | Keyword::With | Keyword::Range => self.branch(keyword, word, start, false),
            Keyword::Else => self.otherwise(&word, start),
            Keyword::End => self.end(&word),
            Keyword::Break | Keyword::Continue => self.jump(keyword, word, start),
            Keyword::Define => self.define(word, start),
            Keyword::Block => self.block(word, start),
            Keyword::Template => self.template(start),
        }
    }

    fn branch(&mut self, keyword: Keyword, word: Span, start: usize, shares_end: bool) -> Result<(), Problem> {
        let mark = self.variables.mark();
        let context = match keyword {
            Keyword::If => Context::If,
            Keyword::With => Context::With,
            _ => Context::Range,
        };
        let (pipeline, _) = self.pipeline(context)?;
        self.ranges += usize::from(keyword == Keyword::Range);
        self.open_block(keyword, word, start, Head::Branch(pipeline, mark), shares_end)
    }

    fn open_block(
        &mut self,
        keyword: Keyword,
        keyword_span: Span,
        start: usize,
        head: Head<'t>,
        shares_end: bool,
    ) -> Result<(), Problem> {
        if self.blocks.len() >= DEEPEST {
            return Err(too_deep(keyword_span));
        }
        let (body, otherwise, else_start) = (Vec::new(), None, start);
        self.blocks.push(Block { keyword, keyword_span, start, head, body, otherwise, else_start, shares_end });
        Ok(())
    }

    /// Opens the body of a `define` or `block`, in which no variable of outside is known.
    pub(super) fn open_definition(
        &mut self,
        keyword: Keyword,
        word: Span,
        start: usize,
        name: String,
        name_span: Span,
    ) -> Result<(), Problem> {
        let (variables, ranges) = (std::mem::take(&mut self.variables), std::mem::take(&mut self.ranges));
        self.open_block(keyword, word, start, Head::Definition { name, name_span, variables, ranges }, false)
    }

    fn otherwise(&mut self, word: &Span, start: usize) -> Result<(), Problem> {
        let next = self.tokens.peek_visible()?.clone();
        let chained = match next.kind {
            Kind::Keyword(keyword @ (Keyword::If | Keyword::With)) => Some(keyword),
            Kind::RightDelimiter => None,
            _ => return Err(self.expected("`if`, `with` or `}}` after `else`", &next)),
        };
        let Some(block) = self.blocks.last_mut() else {
            return Err(Problem::new(word.clone(), "`{{ else }}` without an `if`, `with` or `range`"));
        };
        if matches!(block.head, Head::Definition { .. }) {
            let message = format!("`{{{{ else }}}}` in a `{}`, which has none", block.keyword.text());
            return Err(Problem::new(word.clone(), message).related(opened(block.keyword), block.start));
        }
        if block.otherwise.is_some() {
            let message = format!("this `{}` has had its `else`: expected `{{{{ end }}}}`", block.keyword.text());
            return Err(Problem::new(word.clone(), message).related("its `else` is here", block.else_start));
        }
        if let Some(keyword) = chained.filter(|keyword| *keyword != block.keyword) {
            return Err(wrong_else(keyword, word.start..next.span.end).related(opened(block.keyword), block.start));
        }
        block.otherwise = Some(Vec::new());
        block.else_start = start;
        self.ranges -= usize::from(block.keyword == Keyword::Range);
        let next = self.tokens.take_visible()?;
        chained.map_or(Ok(()), |keyword| self.branch(keyword, next.span, start, true))
    }

    fn end(&mut self, word: &Span) -> Result<(), Problem> {
        let closing = self.expect_right_delimiter("`}}` after `end`")?;
        if self.blocks.is_empty() {
            return Err(Problem::new(word.clone(), "`{{ end }}` without a block"));
        }
        while let Some(block) = self.blocks.pop() {
            let shares_end = block.shares_end;
            self.close(block, closing.end)?;
            if !shares_end {
                break;
            }
        }
        Ok(())
    }

    fn close(&mut self, block: Block<'t>, end: usize) -> Result<(), Problem> {
        let span = block.start..end;
        match block.head {
            Head::Branch(pipeline, mark) => {
                self.variables.end(mark);
                self.ranges -= usize::from(block.keyword == Keyword::Range && block.otherwise.is_none());
                let branch =
                    Branch { pipeline, body: block.body, otherwise: block.otherwise.unwrap_or_default(), span };
                self.push(match block.keyword {
                    Keyword::If => Node::If(branch),
                    Keyword::With => Node::With(branch),
                    _ => Node::Range(branch),
                });
            }
            Head::Definition { name, name_span, variables, ranges } => {
                self.variables = variables;
                self.ranges = ranges;
                if !self.is_empty(&block.body)
                    && let Some(first) = self.defined.insert(name.clone(), name_span.start)
                {
                    let message = format!("{} is defined twice", quote(&self.text[name_span.clone()]));
                    return Err(Problem::new(name_span, message).related("it is defined here first", first));
                }
                self.defines.push(Define { name, nodes: block.body, span });
            }
        }
        Ok(())
    }

    /// Returns whether there are only blanks: such a definition may be repeated, and changes nothing.
    fn is_empty(&self, nodes: &[Node]) -> bool {
        nodes.iter().all(|node| matches!(node, Node::Text(span) if self.text[span.clone()].trim().is_empty()))
    }

    fn jump(&mut self, keyword: Keyword, word: Span, start: usize) -> Result<(), Problem> {
        let closing = self.expect_right_delimiter(&format!("`}}}}` after `{}`", keyword.text()))?;
        if self.ranges == 0 {
            return Err(Problem::new(word, format!("`{}` outside a `range`", keyword.text())));
        }
        let span = start..closing.end;
        self.push(if keyword == Keyword::Break { Node::Break(span) } else { Node::Continue(span) });
        Ok(())
    }

    pub(super) fn expect_right_delimiter(&mut self, wanted: &str) -> Result<Span, Problem> {
        let token: Token = self.tokens.take_visible()?;
        if token.kind == Kind::RightDelimiter { Ok(token.span) } else { Err(self.expected(wanted, &token)) }
    }

    /// Adds a node to the innermost block.
    pub(super) fn push(&mut self, node: Node) {
        match self.blocks.last_mut() {
            Some(block) => block.otherwise.as_mut().unwrap_or(&mut block.body).push(node),
            None => self.nodes.push(node),
        }
    }
}
