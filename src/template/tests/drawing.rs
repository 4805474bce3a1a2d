//! Draws trees and problems on lines, so that tables of them can be read.

use crate::template::{Branch, Node, Operand, OperandKind, Pipeline, Problem, Template};

/// Returns the carets under what is meant, the message, and what explains it.
pub(super) fn draw_problem(text: &str, problem: &Problem) -> String {
    let width = |text: &str| text.chars().count();
    let blanks = " ".repeat(width(&text[..problem.span.start]));
    let carets = "^".repeat(width(&text[problem.span.clone()]).max(1));
    let mut lines = vec![format!("{blanks}{carets} {}", problem.message)];
    if let Some((what, place)) = &problem.related {
        lines.push(format!("{}- {what}", " ".repeat(width(&text[..*place]))));
    }
    lines.extend(problem.hint.iter().map(|hint| format!("  hint: {hint}")));
    lines.join("\n") + "\n"
}

/// Returns a line a node, with the nodes of a block below it.
pub(super) fn draw_tree(text: &str, template: &Template) -> String {
    let mut lines = Vec::new();
    draw_nodes(text, &template.nodes, 1, &mut lines);
    for define in &template.defines {
        lines.push(format!("  Define {:?}", define.name));
        draw_nodes(text, &define.nodes, 2, &mut lines);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn draw_nodes(text: &str, nodes: &[Node], level: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(level);
    for node in nodes {
        match node {
            Node::Text(span) => lines.push(format!("{indent}Text {:?}", &text[span.clone()])),
            Node::Action(pipeline) => lines.push(format!("{indent}Action {}", draw_pipeline(pipeline))),
            Node::If(branch) => draw_branch(text, "If", branch, level, lines),
            Node::With(branch) => draw_branch(text, "With", branch, level, lines),
            Node::Range(branch) => draw_branch(text, "Range", branch, level, lines),
            Node::Template { name, pipeline, .. } => {
                let data = pipeline.as_ref().map(|pipeline| format!(" {}", draw_pipeline(pipeline)));
                lines.push(format!("{indent}Template {name:?}{}", data.unwrap_or_default()));
            }
            Node::Break(_) => lines.push(format!("{indent}Break")),
            Node::Continue(_) => lines.push(format!("{indent}Continue")),
        }
    }
}

fn draw_branch(text: &str, name: &str, branch: &Branch, level: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(level);
    lines.push(format!("{indent}{name} {}", draw_pipeline(&branch.pipeline)));
    draw_nodes(text, &branch.body, level + 1, lines);
    if !branch.otherwise.is_empty() {
        lines.push(format!("{indent}else"));
        draw_nodes(text, &branch.otherwise, level + 1, lines);
    }
}

fn draw_pipeline(pipeline: &Pipeline) -> String {
    let names: Vec<&str> = pipeline.declarations.iter().map(|variable| variable.name.as_str()).collect();
    let sign = if pipeline.assigns { "=" } else { ":=" };
    let declared = if names.is_empty() { String::new() } else { format!("{} {sign} ", names.join(", ")) };
    let commands: Vec<String> = pipeline
        .commands
        .iter()
        .map(|command| command.operands.iter().map(draw_operand).collect::<Vec<_>>().join(" "))
        .collect();
    format!("{declared}{}", commands.join(" | "))
}

fn draw_operand(operand: &Operand) -> String {
    match &operand.kind {
        OperandKind::Dot => "Dot".to_owned(),
        OperandKind::Nil => "Nil".to_owned(),
        OperandKind::Bool(value) => format!("Bool({value})"),
        OperandKind::Number(text) => format!("Number({text})"),
        OperandKind::String(text) => format!("String({text:?})"),
        OperandKind::Field(names) => format!("Field({})", names.join(" ")),
        OperandKind::Variable(name, fields) => {
            format!("Variable({})", std::iter::once(name).chain(fields).cloned().collect::<Vec<_>>().join(" "))
        }
        OperandKind::Function(name) => name.clone(),
        OperandKind::Parenthesised(pipeline) => format!("({})", draw_pipeline(pipeline)),
        OperandKind::Chain(inner, fields) => format!("Chain({} {})", draw_operand(inner), fields.join(" ")),
    }
}
