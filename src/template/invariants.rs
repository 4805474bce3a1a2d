//! What holds for every text: used by the property tests and by the fuzz target.

use super::{Branch, DEEPEST, Node, Operand, OperandKind, Options, Pipeline, Problem, Span, Template, parse};

/// Parses a text both ways and checks all that must hold of the answer.
///
/// # Panics
///
/// Panics where it does not hold.
pub(crate) fn check(text: &str) {
    for dashes_in_fields in [false, true] {
        match parse(text, Options { dashes_in_fields }) {
            Ok(template) => check_template(text, &template),
            Err(problem) => check_problem(text, &problem),
        }
    }
}

fn check_problem(text: &str, problem: &Problem) {
    assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
    assert!(!problem.message.is_empty() && !problem.message.contains('\n'), "{problem:?}");
    assert!(problem.message.len() < 400, "{problem:?}");
    if let Some((_, place)) = &problem.related {
        assert!(text.is_char_boundary(*place), "{problem:?}");
    }
}

fn check_template(text: &str, template: &Template) {
    let whole = 0..text.len();
    check_nodes(text, &template.nodes, &whole, 0);
    let mut start = 0;
    for define in &template.defines {
        check_span(text, &define.span, &(start..text.len()));
        assert!(text[define.span.clone()].starts_with("{{") && text[define.span.clone()].ends_with("}}"));
        check_nodes(text, &define.nodes, &define.span, 0);
        start = define.span.start + 1;
    }
}

fn check_span(text: &str, span: &Span, around: &Span) {
    assert!(around.start <= span.start && span.start < span.end && span.end <= around.end, "{span:?} in {around:?}");
    assert!(text.get(span.clone()).is_some(), "{span:?} cuts a character");
}

/// Checks that the nodes lie within `around`, one after the other.
fn check_nodes(text: &str, nodes: &[Node], around: &Span, depth: usize) {
    assert!(depth <= DEEPEST);
    let mut rest = around.clone();
    for node in nodes {
        let span = span_of(node);
        check_span(text, span, &rest);
        rest.start = span.end;
        match node {
            Node::Text(_) => {}
            Node::Action(pipeline) => check_pipeline(text, pipeline, around),
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => check_branch(text, branch, depth),
            Node::Template { pipeline, span, .. } => {
                check_delimiters(text, span);
                if let Some(pipeline) = pipeline {
                    check_pipeline(text, pipeline, span);
                }
            }
            Node::Break(span) | Node::Continue(span) => check_delimiters(text, span),
        }
    }
}

fn span_of(node: &Node) -> &Span {
    match node {
        Node::Text(span) | Node::Break(span) | Node::Continue(span) | Node::Template { span, .. } => span,
        Node::Action(pipeline) => &pipeline.span,
        Node::If(branch) | Node::With(branch) | Node::Range(branch) => &branch.span,
    }
}

fn check_delimiters(text: &str, span: &Span) {
    assert!(text[span.clone()].starts_with("{{") && text[span.clone()].ends_with("}}"), "{span:?}");
}

fn check_branch(text: &str, branch: &Branch, depth: usize) {
    check_delimiters(text, &branch.span);
    check_pipeline(text, &branch.pipeline, &branch.span);
    check_nodes(text, &branch.body, &branch.span, depth + 1);
    check_nodes(text, &branch.otherwise, &branch.span, depth + 1);
}

fn check_pipeline(text: &str, pipeline: &Pipeline, around: &Span) {
    check_span(text, &pipeline.span, around);
    assert!(!pipeline.commands.is_empty());
    let mut rest = pipeline.span.clone();
    for variable in &pipeline.declarations {
        check_span(text, &variable.span, &rest);
        assert_eq!(&text[variable.span.clone()], variable.name);
        rest.start = variable.span.end;
    }
    for command in &pipeline.commands {
        check_span(text, &command.span, &rest);
        assert!(!command.operands.is_empty());
        rest.start = command.span.start;
        for operand in &command.operands {
            check_span(text, &operand.span, &rest);
            check_operand(text, operand);
            rest.start = operand.span.end;
        }
        assert_eq!(rest.start, command.span.end);
    }
    assert_eq!(rest.start, pipeline.span.end);
}

fn check_operand(text: &str, operand: &Operand) {
    let written = &text[operand.span.clone()];
    match &operand.kind {
        OperandKind::Dot => assert_eq!(written, "."),
        OperandKind::Nil => assert_eq!(written, "nil"),
        OperandKind::Bool(value) => assert_eq!(written, value.to_string()),
        OperandKind::Number(number) => assert_eq!(written, number),
        OperandKind::String(_) => assert!(written.len() > 1 && written.starts_with(['"', '`'])),
        OperandKind::Field(names) => assert_eq!(written, format!(".{}", names.join("."))),
        OperandKind::Variable(name, fields) if fields.is_empty() => assert_eq!(written, name),
        OperandKind::Variable(name, fields) => assert_eq!(written, format!("{name}.{}", fields.join("."))),
        OperandKind::Function(name) => assert_eq!(written, name),
        OperandKind::Parenthesised(pipeline) => {
            assert!(written.starts_with('(') && written.ends_with(')'));
            check_pipeline(text, pipeline, &operand.span);
        }
        OperandKind::Chain(inner, fields) => {
            check_span(text, &inner.span, &operand.span);
            assert_eq!(&text[inner.span.end..operand.span.end], format!(".{}", fields.join(".")));
            check_operand(text, inner);
        }
    }
}
