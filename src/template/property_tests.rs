//! What holds for every text, and for texts of a MiB that are written to hurt.

use std::{
    thread,
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*, sample::select};

use super::{DEEPEST, Options, invariants::check, parse};

/// What templates are made of, whole and in pieces.
const PIECES: [&str; 88] = [
    "{{",
    "}}",
    "{{- ",
    " -}}",
    "{{-",
    "-}}",
    " ",
    " ",
    " ",
    " ",
    "\n",
    "\t",
    "\r",
    "{",
    "}",
    "text",
    "ä",
    "\u{a0}",
    "\0",
    "{{/* c */}}",
    "{{- /* c */ -}}",
    "{{/*",
    "*/",
    "/*",
    "if",
    "else",
    "end",
    "range",
    "with",
    "define",
    "block",
    "template",
    "break",
    "continue",
    "nil",
    "true",
    "f",
    "_g1",
    "$",
    "$x",
    "$y",
    ".",
    ".a",
    ".b.c",
    ".d-e",
    "-",
    "+",
    ":=",
    "=",
    ",",
    "|",
    "(",
    ")",
    "()",
    "\"s\"",
    "\"\\x4\"",
    "\"",
    "`r`",
    "`",
    "'c'",
    "'",
    "\\",
    "1",
    "0x1f",
    "1.5e3",
    "1+2i",
    "1e999",
    "089",
    "0x1p-2",
    "1_",
    "{{ if .a }}",
    "{{ else }}",
    "{{ else if .b }}",
    "{{ end }}",
    "{{ range .c }}",
    "{{ range $i, $x := .c }}",
    "{{ with .d }}",
    "{{ else with .e }}",
    "{{ define \"t\" }}",
    "{{ block \"u\" . }}",
    "{{ template \"t\" . }}",
    "{{ break }}",
    "{{ continue }}",
    "{{ $x := 1 }}",
    "{{ $x }}",
    "{{ .a | f }}",
    "{{ (.a) }}",
    "{{- end -}}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_has_an_answer_with_places_inside_of_it(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_pieces_have_an_answer_with_places_inside_of_it(pieces in vec(select(&PIECES[..]), 0..24)) {
        check(&pieces.concat());
    }

    #[test]
    fn any_action_has_an_answer_with_places_inside_of_it(pieces in vec(select(&PIECES[24..70]), 1..9)) {
        check(&format!("{{{{ {} }}}}", pieces.join(" ")));
        check(&format!("{{{{ {} }}}}", pieces.concat()));
    }
}

#[test]
fn a_mebibyte_is_read_in_linear_time() {
    for (beginning, piece) in [
        ("", "{{"),
        ("", "}}"),
        ("", "{"),
        ("", "{{ "),
        ("", "{{- "),
        ("", " -}}"),
        ("", "{{.}}"),
        ("", "{{/**/}}"),
        ("", "{{/*"),
        ("", "{{- /* */ -}} \n"),
        ("", "{{if a}}"),
        ("", "{{ if . }}{{ end }}"),
        ("{{if .}}", "{{else}}"),
        ("{{if .}}", "{{else if .}}"),
        ("", "{{range .}}"),
        ("", "{{block \"a\" .}}"),
        ("", "{{define \"a\"}}{{end}}"),
        ("", "{{end}}"),
        ("{{if .}}", " end "),
        ("{{if .}}", "{ end "),
        ("{{if .}}", "{ - "),
        ("", "{{$x := 1}}"),
        ("", "{{with $x := 1}}{{end}}"),
        ("", " "),
        ("", "\n"),
        ("{{", " "),
        ("{{", "\n"),
        ("{{", " -"),
        ("{{ ", "("),
        ("{{ ", ")"),
        ("{{ ", "()"),
        ("{{ ", "f ("),
        ("{{ ", "a "),
        ("{{ ", "a|"),
        ("{{ ", "|"),
        ("{{ ", ".a"),
        ("{{ ", ". "),
        ("{{ ", ".."),
        ("{{ ", ".a-"),
        ("{{ .a", "-"),
        ("{{ ", "a"),
        ("{{ ", "$x"),
        ("{{ ", "$x,"),
        ("{{ range ", "$x, "),
        ("{{ ", "1"),
        ("{{ ", "1 "),
        ("{{ 1.", "1"),
        ("{{ 0x1.", "f"),
        ("{{ ", "1_"),
        ("{{ ", "1+1i"),
        ("{{ 1e", "9"),
        ("{{ 0x1p", "9"),
        ("{{ \"", "\\n"),
        ("{{ \"", "\\"),
        ("{{ \"", "a"),
        ("{{ ", "\"\""),
        ("{{ `", "a\n"),
        ("{{ '", "a"),
        ("{{ ", "\n\"a\" "),
        ("", "ä"),
        ("{{ ", "ä"),
        ("{{ ", "\u{301}"),
    ] {
        let end = if beginning.starts_with("{{ ") { " }}" } else { "" };
        let text = format!("{beginning}{}{end}", piece.repeat((1 << 20) / piece.len()));
        let before = Instant::now();
        drop(parse(&text, Options::default()));
        let passed = before.elapsed();
        // A step that looks back over the text for every piece would take minutes.
        assert!(passed < Duration::from_secs(20), "{beginning:?} {piece:?}: {passed:?}");
    }
}

/// Parses and drops on a stack of a MiB, which is half of what a thread has.
fn answer(text: String) -> Result<(), String> {
    let parsing = move || parse(&text, Options::default()).map(drop).map_err(|problem| problem.message);
    thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(parsing)
        .expect("a thread can be started")
        .join()
        .expect("no panic")
}

#[test]
fn nesting_ends_at_the_limit_and_not_at_the_end_of_the_stack() {
    let too_deep = Err("blocks and parentheses are nested deeper than 500 levels".to_owned());
    let forms: [fn(usize) -> String; 6] = [
        |depth| format!("{}{}", "{{ if . }}".repeat(depth), "{{ end }}".repeat(depth)),
        |depth| format!("{}{}", "{{ range . }}".repeat(depth), "{{ else }}x{{ end }}".repeat(depth)),
        |depth| format!("{{{{ if . }}}}{}{{{{ end }}}}", "{{ else if . }}".repeat(depth - 1)),
        |depth| {
            (0..depth)
                .map(|name| format!("{{{{ block \"{name}\" . }}}}"))
                .chain(vec!["{{ end }}".to_owned(); depth])
                .collect()
        },
        |depth| format!("{{{{ {}.{} }}}}", "(".repeat(depth), ")".repeat(depth)),
        |depth| {
            format!("{{{{ with . }}}}{{{{ {}.{} }}}}{{{{ end }}}}", "(f ".repeat(depth - 1), " 1).a".repeat(depth - 1))
        },
    ];
    for form in forms {
        assert_eq!(answer(form(DEEPEST)), Ok(()), "{}", &form(3));
        assert_eq!(answer(form(DEEPEST + 1)), too_deep, "{}", &form(3));
        assert_eq!(answer(form(100_000)), too_deep, "{}", &form(3));
    }
}
