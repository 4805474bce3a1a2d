//! Rust source as a test of the architecture sees it: without comments, texts and unit tests, and as the paths that it names.

/// Blanks comments, texts and characters out of Rust source; every line keeps its number.
pub(crate) fn code_only(source: &str) -> String {
    let bytes: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < bytes.len() {
        let length = skipped(&bytes, at, code.chars().last());
        if length == 0 {
            code.push(bytes[at]);
            at += 1;
        }
        for character in &bytes[at..(at + length).min(bytes.len())] {
            code.push(if *character == '\n' { '\n' } else { ' ' });
        }
        at += length;
    }
    code
}

/// Returns how many characters from `at` on are a comment, a text or a character, or 0.
fn skipped(text: &[char], at: usize, before: Option<char>) -> usize {
    let rest = &text[at..];
    let starts = |pattern: &str| pattern.chars().enumerate().all(|(index, one)| rest.get(index) == Some(&one));
    let in_word = before.is_some_and(|one| one.is_alphanumeric() || one == '_');
    if starts("//") {
        return rest.iter().position(|one| *one == '\n').unwrap_or(rest.len());
    }
    if starts("/*") {
        let mut depth = 0;
        for index in 0..rest.len() {
            match (rest[index], rest.get(index + 1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {}
            }
            if depth == 0 && index > 1 {
                return index + 2;
            }
        }
        return rest.len();
    }
    let prefix = if in_word { 0 } else { rest.iter().take(2).take_while(|one| matches!(one, 'b' | 'r' | 'c')).count() };
    let hashes = rest[prefix..].iter().take_while(|one| **one == '#').count();
    let is_raw = rest[..prefix].contains(&'r') && rest.get(prefix + hashes) == Some(&'"');
    if is_raw {
        let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        let body: String = rest[prefix + hashes + 1..].iter().collect();
        let length = body.find(&end).map_or(body.chars().count(), |index| body[..index].chars().count() + end.len());
        return prefix + hashes + 1 + length;
    }
    match rest.get(prefix) {
        Some('"') => prefix + 1 + quoted(&rest[prefix + 1..], '"'),
        // A lifetime has no closing quote after one character.
        Some('\'') if rest.get(prefix + 1) == Some(&'\\') || rest.get(prefix + 2) == Some(&'\'') => {
            prefix + 1 + quoted(&rest[prefix + 1..], '\'')
        }
        _ => 0,
    }
}

fn quoted(text: &[char], end: char) -> usize {
    let mut at = 0;
    while at < text.len() && text[at] != end {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Blanks the modules that are only there for tests out of what [`code_only`] returned: they may touch what the library may not.
pub(crate) fn without_unit_tests(code: &str) -> String {
    let mut kept = code.to_owned();
    let mut from = 0;
    while let Some((start, name)) = test_module(&kept, from) {
        from = start + 1;
        if !kept[start..].trim_start_matches(|one| one != '{' && one != ';').starts_with('{') {
            continue;
        }
        let mut depth = 0;
        let end = kept[start..].char_indices().find_map(|(index, one)| {
            match one {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            (one == '}' && depth == 0).then_some(start + index + 1)
        });
        assert!(end.is_some(), "the module `{name}` has no end");
        let end = end.unwrap_or(kept.len());
        let blank: String = kept[start..end].chars().filter(|one| *one == '\n').collect();
        kept.replace_range(start..end, &blank);
    }
    kept
}

/// Returns the names of the modules that are only there for tests and lie in files of their own.
pub(crate) fn test_files(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut from = 0;
    while let Some((start, name)) = test_module(code, from) {
        from = start + 1;
        if code[start..].trim_start_matches(|one| one != '{' && one != ';').starts_with(';') {
            names.push(name);
        }
    }
    names
}

/// Finds the next `#[cfg(test)] mod NAME` at or after `from`; returns where its `mod` begins, and the name.
fn test_module(code: &str, from: usize) -> Option<(usize, String)> {
    const MARK: &str = "#[cfg(test)]";
    let mut search = from;
    loop {
        let attribute = search + code.get(search..)?.find(MARK)? + MARK.len();
        search = attribute;
        // Up to its `mod` an item has at most other attributes and a visibility.
        let item = &code[attribute..];
        let before = item.find("mod ")?;
        let is_next = !item[..before].contains(['{', ';', '}']);
        if is_next {
            let name = item[before + 4..].chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect();
            return Some((attribute + before, name));
        }
    }
}

/// A path in the code, such as `crate::store::Tag`, with the line it begins on (from 1). Groups of a `use` are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodePath {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
}

/// Returns every path in what [`code_only`] returned.
pub(crate) fn paths(code: &str) -> Vec<CodePath> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = if is_word(&tokens[at].1) { read_path(&tokens, at, &[], &mut found) } else { at + 1 };
    }
    found
}

fn is_word(token: &str) -> bool {
    token.starts_with(|one: char| one.is_alphabetic() || one == '_')
}

fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut tokens: Vec<(usize, String)> = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|one: char| !one.is_alphanumeric() && one != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push((index + 1, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// Reads one path, with its groups, and returns the index after it.
fn read_path(tokens: &[(usize, String)], start: usize, prefix: &[String], found: &mut Vec<CodePath>) -> usize {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.1.as_str());
    let mut segments = prefix.to_vec();
    segments.push(tokens[start].1.clone());
    let mut at = start + 1;
    while text(at) == "::" {
        if is_word(text(at + 1)) {
            segments.push(text(at + 1).to_owned());
            at += 2;
        } else if text(at + 1) == "{" {
            at += 2;
            while at < tokens.len() && text(at) != "}" {
                at = if is_word(text(at)) { read_path(tokens, at, &segments, found) } else { at + 1 };
            }
            return at + 1;
        } else {
            break;
        }
    }
    found.push(CodePath { line: tokens[start].0, segments });
    at
}
