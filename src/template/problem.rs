//! How a problem is told: what was expected, what stands there instead, and what is usually meant.

use super::{
    Problem, Span,
    lexer::{LEFT, RIGHT, is_name},
};

/// How many characters of the text are repeated in a message.
const LONGEST_QUOTE: usize = 40;

impl Problem {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, related: None, hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn related(self, what: impl Into<String>, place: usize) -> Self {
        Self { related: Some((what.into(), place)), ..self }
    }
}

/// Returns a piece of the text in backquotes: its first line, cut where it is long.
pub(super) fn quote(text: &str) -> String {
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    let mut shown: String = line.chars().take(LONGEST_QUOTE).map(shown).collect();
    if line.len() < text.len() || line.chars().nth(LONGEST_QUOTE).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Returns what stands at the beginning of `text`, in words.
pub(super) fn found(text: &str) -> String {
    match text.chars().next() {
        None => "the end of the text".to_owned(),
        Some('\n' | '\r') => "the end of the line".to_owned(),
        Some(' ' | '\t') => "a blank".to_owned(),
        Some('{') if text.starts_with("{{") => "`{{`".to_owned(),
        Some('}') if text.starts_with("}}") => "`}}`".to_owned(),
        Some(one) if is_invisible(one) => format!("the invisible character U+{:04X}", u32::from(one)),
        Some(one) => format!("`{one}`"),
    }
}

/// Returns a problem with a character that has no place where it stands; `wanted` is what has.
pub(super) fn bad_character(text: &str, at: usize, wanted: &str) -> Problem {
    let rest = &text[at..];
    let length = match rest.chars().next() {
        Some('{') if rest.starts_with("{{") => 2,
        Some(one) => one.len_utf8(),
        None => 0,
    };
    Problem::new(at..at + length, format!("expected {wanted}, found {}", found(rest)))
}

/// Tells of what stands at `at`, right behind the name that begins at `start`.
pub(super) fn bad_end_of_name(text: &str, start: usize, at: usize) -> Problem {
    let (word, rest) = (&text[start..at], &text[at..]);
    if rest.starts_with('}') {
        return bad_character(text, at, "`}}`");
    }
    let problem = bad_character(text, at, &format!("a blank or `}}}}` after {}", quote(word)));
    if rest.starts_with("-}}") {
        return problem.hint("the trim marker wants a blank before it: ` -}}`");
    }
    if rest.starts_with('=') {
        return problem.hint("write blanks around `=`");
    }
    match (word.strip_prefix('.'), rest.strip_prefix('-')) {
        (Some(name), Some(tail)) if tail.starts_with(is_name) => {
            let length = tail.find(|one| one != '-' && !is_name(one)).unwrap_or(tail.len());
            let whole = format!("{name}-{}", &tail[..length]);
            problem.hint(format!("a name with `-` is reached by `index`: `index … \"{whole}\"`"))
        }
        _ => problem,
    }
}

/// Tells of a character that no action can hold outside of strings.
pub(super) fn strange_character(text: &str, at: usize) -> Problem {
    let rest = &text[at..];
    let one = rest.chars().next().unwrap_or_default();
    let problem = Problem::new(at..at + one.len_utf8(), format!("{} means nothing in an action", found(rest)));
    match one {
        '“' | '”' | '„' | '«' | '»' | '‘' | '’' => problem.hint("a string stands in straight quotes: `\"`"),
        '–' | '—' | '−' => problem.hint("a plain `-` may be meant"),
        _ if one.is_whitespace() => problem.hint("write a plain blank"),
        _ => problem,
    }
}

/// Tells of a word that begins like a number and is none.
pub(super) fn bad_number(text: &str, span: Span) -> Problem {
    let word = &text[span.clone()];
    if word.starts_with('-') && text[..span.start].ends_with(LEFT) {
        let after = span.start + 1;
        return Problem::new(
            span.start..after,
            format!("expected a blank after `{{{{-`, found {}", found(&text[after..])),
        )
        .hint("the trim marker and its blank belong together: `{{- `");
    }
    let problem = Problem::new(span.clone(), format!("{} is no number", quote(word)));
    let digits = word.trim_start_matches(['+', '-']);
    match word {
        "-" if text[span.end..].starts_with(RIGHT) => problem.hint("the trim marker wants a blank before it: ` -}}`"),
        "-" | "+" => problem.hint("templates calculate with functions such as `add` and `sub`"),
        _ if digits.contains(['+', '-']) => problem.hint("templates calculate with functions such as `add` and `sub`"),
        _ if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            problem.hint(if digits.starts_with('0') { "what begins with 0 is octal" } else { "numbers have 64 bits" })
        }
        _ => problem,
    }
}

fn shown(one: char) -> char {
    if is_invisible(one) { '\u{fffd}' } else { one }
}

/// Returns whether a character cannot be seen, or changes how others are seen.
fn is_invisible(one: char) -> bool {
    one.is_control()
        || (one.is_whitespace() && one != ' ')
        || matches!(one, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
