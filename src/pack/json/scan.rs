//! The words of JSON: white space, strings, numbers and the three literals.

use super::{Kind, Span, parser::Parser};

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Returns the span of the next character; at the end it is empty.
    pub(super) fn here(&self) -> Span {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    /// Goes behind the next character; at the end, also where one fault too many has led there, it stays.
    pub(super) fn step(&mut self) {
        self.at = self.here().end;
    }

    /// Names what stands here.
    pub(super) fn found(&self) -> String {
        let rest = &self.text[self.at..];
        let word: String = rest.chars().take_while(|next| next.is_alphanumeric() || *next == '_').take(20).collect();
        match self.peek() {
            _ if !word.is_empty() => format!("`{word}`"),
            None => "the end of the file".into(),
            Some('"') => "a string".into(),
            Some(character) => name_of(character),
        }
    }

    /// Skips white space, and tells of what people take for white space.
    pub(super) fn space(&mut self) {
        loop {
            let start = self.at;
            match self.peek() {
                Some(' ' | '\t' | '\n' | '\r') => self.at += 1,
                Some('#') => self.comment(start, self.end_of_line()),
                Some('/') if self.text[self.at..].starts_with("//") => self.comment(start, self.end_of_line()),
                Some('/') if self.text[self.at..].starts_with("/*") => {
                    let end = self.text[start + 2..].find("*/").map_or(self.text.len(), |length| start + 4 + length);
                    self.comment(start, end);
                }
                Some(character) if character.is_whitespace() || character == '\u{feff}' => {
                    self.at += character.len_utf8();
                    let message = format!("expected a space or a line break, found {}", name_of(character));
                    self.tell(start..self.at, message).hint("put a plain space in its place");
                }
                _ => return,
            }
        }
    }

    fn comment(&mut self, start: usize, end: usize) {
        self.at = end;
        self.tell(start..end, "JSON has no comments").hint("delete it, or say it in the pack's README.md");
    }

    fn end_of_line(&self) -> usize {
        self.text[self.at..].find('\n').map_or(self.text.len(), |length| self.at + length)
    }

    /// Reads the string that begins here with a double quote, or by mistake with a single one.
    pub(super) fn string(&mut self) -> String {
        let start = self.at;
        let quote = self.peek().unwrap_or('"');
        if quote == '\'' {
            self.tell(self.here(), "expected `\"`, found `'`").hint("JSON has only double quotes");
        }
        self.step();
        let mut value = String::new();
        loop {
            let at = self.at;
            let Some(character) = self.peek() else {
                self.stop(at..at, format!("expected `{quote}`, found the end of the file"))
                    .related("this string is never closed", start..start + 1);
                return value;
            };
            self.at += character.len_utf8();
            match character {
                _ if character == quote => return value,
                '\\' => value.extend(self.escape(at)),
                '\n' => {
                    // Go on behind the string: the next line most often begins another.
                    self.at = at;
                    self.tell(at..at, format!("expected `{quote}`, found the end of the line"))
                        .related("this string is not closed on its line", start..start + 1)
                        .hint("write a line break within a string as `\\n`");
                    return value;
                }
                '\0'..' ' => {
                    let written = if character == '\t' { "\\t".into() } else { format!("\\u{:04x}", character as u32) };
                    if character != '\r' || !self.text[self.at..].starts_with('\n') {
                        self.tell(at..self.at, format!("{} may not stand in a string", name_of(character)))
                            .hint(format!("write it as `{written}`"));
                    }
                    value.push(character);
                }
                _ => value.push(character),
            }
        }
    }

    /// Reads what follows the backslash at `start`.
    fn escape(&mut self, start: usize) -> Option<char> {
        let character = self.peek()?;
        self.at += character.len_utf8();
        Some(match character {
            '"' | '\\' | '/' => character,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return Some(self.code_point(start)),
            '\n' => {
                self.at = start + 1;
                return None;
            }
            _ => {
                self.tell(start..self.at, format!("`\\{character}` is no escape")).hint("write a backslash as `\\\\`");
                character
            }
        })
    }

    /// Reads the four digits after `\u`, and a second escape where they are the first half of a surrogate pair.
    fn code_point(&mut self, start: usize) -> char {
        let Some(first) = self.four_digits() else {
            self.tell(start..self.at, "expected four hexadecimal digits after `\\u`");
            return char::REPLACEMENT_CHARACTER;
        };
        if let Some(character) = char::from_u32(first) {
            return character;
        }
        let behind = self.at;
        if first < 0xdc00 && self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            match self.four_digits() {
                Some(second @ 0xdc00..=0xdfff) => {
                    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    return char::from_u32(code).expect("a surrogate pair is a character");
                }
                _ => self.at = behind,
            }
        }
        self.tell(start..self.at, format!("`\\u{first:04x}` is half a character: expected a surrogate pair"));
        char::REPLACEMENT_CHARACTER
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    pub(super) fn number(&mut self) -> Kind {
        let start = self.at;
        let belongs = |character: char| character.is_alphanumeric() || "+-._".contains(character);
        let rest = &self.text[start..];
        let text = &rest[..rest.find(|character| !belongs(character)).unwrap_or(rest.len())];
        self.at += text.len();
        if is_number(text) {
            // By the grammar it is one, but who pulls the pack could not read its pack.json.
            if text.parse::<serde_json::Number>().is_err() {
                let shown: String = text.chars().take(60).collect();
                let hint = format!("write `\"{shown}\"`, if a string is meant");
                self.tell(start..self.at, format!("the number `{shown}` is larger than any that can be read"))
                    .hint(hint);
                return Kind::Invalid;
            }
            return Kind::Number(text.to_owned());
        }
        let plain = text.trim_start_matches(['+', '-']);
        let hint = match () {
            () if text.starts_with('+') => "JSON numbers have no `+`".to_owned(),
            () if plain.starts_with('.') || plain.ends_with('.') => "write a digit on both sides of the point".into(),
            () if plain.starts_with('0') && plain.bytes().all(|byte| byte.is_ascii_digit()) => {
                "JSON numbers have no leading zero".into()
            }
            () => format!("write `\"{text}\"`, if a string is meant"),
        };
        let message = format!("expected a value, found `{}`", text.chars().take(60).collect::<String>());
        self.tell(start..self.at, message).hint(hint);
        Kind::Invalid
    }

    /// Reads `true`, `false` or `null`, or a word that should be in quotes.
    pub(super) fn word(&mut self) -> Kind {
        let start = self.at;
        let word = self.bare_word();
        let hint = match word {
            "true" => return Kind::Bool(true),
            "false" => return Kind::Bool(false),
            "null" => return Kind::Null,
            "True" | "TRUE" | "yes" | "Yes" | "on" => "write `true`".to_owned(),
            "False" | "FALSE" | "no" | "No" | "off" => "write `false`".into(),
            "None" | "nil" | "Null" | "NULL" | "undefined" => "write `null`".into(),
            _ => format!("write `\"{word}\"`, if a string is meant"),
        };
        let message = format!("expected a value, found `{}`", word.chars().take(60).collect::<String>());
        self.tell(start..self.at, message).hint(hint);
        Kind::Invalid
    }

    pub(super) fn bare_word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let belongs = |character: char| character.is_alphanumeric() || "_-.".contains(character);
        let word = &rest[..rest.find(|character| !belongs(character)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }
}

/// Names a character so that it can be recognised where it can't be seen.
fn name_of(character: char) -> String {
    match character {
        '\t' => "a tab".into(),
        '\n' | '\r' => "a line break".into(),
        '\u{a0}' => "a no-break space (U+00A0)".into(),
        '\u{feff}' => "a byte-order mark (U+FEFF)".into(),
        _ if character.is_control() || character.is_whitespace() => format!("U+{:04X}", character as u32),
        _ => format!("`{character}`"),
    }
}

/// Returns whether a text is a number by the grammar of RFC 8259, section 6.
fn is_number(text: &str) -> bool {
    fn digits(text: &str) -> Option<&str> {
        let rest = text.trim_start_matches(|next: char| next.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    fn whole(text: &str) -> Option<&str> {
        let text = text.strip_prefix('-').unwrap_or(text);
        let mut rest = text.strip_prefix('0').map_or_else(|| digits(text), Some)?;
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = digits(fraction)?;
        }
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            rest = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
        }
        Some(rest)
    }
    whole(text) == Some("")
}
