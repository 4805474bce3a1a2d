//! What is accepted, as which tree, and what is refused, with which words and where: both are drawn in `testdata/templates/`.
//!
//! Each block there begins with a template on one line (`␤` is a line break, `⍽` a no-break blank) and goes on with what the
//! parser makes of it. The verdicts of both files are those of Go 1.26 with `SkipFuncCheck`.

mod drawing;

use super::*;
use drawing::{draw_problem, draw_tree};

const ACCEPTED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/templates/accepted.txt"));
const REFUSED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/templates/refused.txt"));

/// Returns the file drawn anew: each block's first line is kept, the rest comes from `draw`.
fn redrawn(file: &str, draw: impl Fn(&str) -> String) -> String {
    let blocks: Vec<String> = file
        .trim_end()
        .split("\n\n")
        .map(|block| {
            let line = block.lines().next().unwrap_or_default();
            format!("{line}\n{}", draw(&line.replace('␤', "\n").replace('⍽', "\u{a0}")))
        })
        .collect();
    blocks.join("\n")
}

fn assert_drawn(file: &str, again: &str) {
    for (expected, found) in file.split("\n\n").zip(again.split("\n\n")) {
        assert_eq!(found.trim_end(), expected.trim_end());
    }
    assert_eq!(again, file);
}

#[test]
fn what_go_accepts_becomes_a_tree() {
    let again = redrawn(ACCEPTED, |text| match parse(text, Options::default()) {
        Ok(template) => draw_tree(text, &template),
        Err(problem) => format!("refused: {problem:?}\n"),
    });
    assert_drawn(ACCEPTED, &again);
}

#[test]
fn what_go_refuses_is_refused_in_words_at_its_place() {
    let again = redrawn(REFUSED, |text| match parse(text, Options::default()) {
        Ok(template) => format!("accepted: {template:?}\n"),
        Err(problem) => draw_problem(text, &problem),
    });
    assert_drawn(REFUSED, &again);
}

#[test]
fn dashes_belong_to_fields_where_asked_for() {
    let fields = |text: &str| {
        let template = parse(text, Options { dashes_in_fields: true }).map_err(|problem| problem.message)?;
        Ok::<_, String>(draw_tree(text, &template))
    };
    let macro_of_a_pack = "{{ .spectro.pack.my-pack.values.a--b-1 }}";
    assert_eq!(
        fields(macro_of_a_pack).as_deref(),
        Ok("  Action Field(spectro pack my-pack values a--b-1)\n"),
        "{macro_of_a_pack}"
    );
    assert_eq!(fields("{{ $.my-pack }}").as_deref(), Ok("  Action Variable($ my-pack)\n"));
    assert_eq!(fields("{{ .a -}} b").as_deref(), Ok("  Action Field(a)\n  Text \"b\"\n"));
    assert_eq!(fields("{{ .a-}}"), Err("expected a blank or `}}` after `.a`, found `-`".to_owned()));
    assert_eq!(fields("{{ .-a }}"), Err("expected a blank or `}}` after `.`, found `-`".to_owned()));
    assert_eq!(fields("{{ my-pack }}"), Err("expected a blank or `}}` after `my`, found `-`".to_owned()));
    assert_eq!(fields("{{ $my-pack }}"), Err("expected a blank or `}}` after `$my`, found `-`".to_owned()));
}

#[test]
fn places_count_bytes_of_the_text() {
    let text = "ä {{- if (f .ö 1).x }}\n{{ $y := 2 }}{{ else if $ }}{{ end -}} z";
    let template = parse(text, Options::default()).expect("a template");
    let [Node::Text(first), Node::If(branch), Node::Text(last)] = template.nodes.as_slice() else {
        panic!("{template:?}")
    };
    assert_eq!((&text[first.clone()], &text[last.clone()]), ("ä", "z"));
    assert_eq!(&text[branch.span.clone()], "{{- if (f .ö 1).x }}\n{{ $y := 2 }}{{ else if $ }}{{ end -}}");
    let chain = &branch.pipeline.commands[0].operands[0];
    assert_eq!(&text[chain.span.clone()], "(f .ö 1).x");
    let OperandKind::Chain(inner, _) = &chain.kind else { panic!("{chain:?}") };
    assert_eq!(&text[inner.span.clone()], "(f .ö 1)");
    let [Node::Text(_), Node::Action(declared)] = branch.body.as_slice() else { panic!("{branch:?}") };
    assert_eq!(&text[declared.span.clone()], "$y := 2");
    assert_eq!(&text[declared.declarations[0].span.clone()], "$y");
    let [Node::If(nested)] = branch.otherwise.as_slice() else { panic!("{branch:?}") };
    assert_eq!(&text[nested.span.clone()], "{{ else if $ }}{{ end -}}");
}
