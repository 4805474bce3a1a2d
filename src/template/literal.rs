//! Strings and characters without their quotes, as Go's `strconv.Unquote` reads them.

/// What is wrong with a quoted text: the offset of the escape, and its length.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadEscape {
    pub(super) at: usize,
    pub(super) length: usize,
}

/// Returns the text of a string in double quotes. Bytes that are no UTF-8 (`"\xff"`) become U+FFFD.
pub(super) fn unquote(quoted: &str) -> Result<String, BadEscape> {
    let inner = inside(quoted);
    let mut bytes = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        let (length, value) = one(&inner[at..], '"').ok_or_else(|| bad_escape(inner, at))?;
        match value {
            Value::Byte(byte) => bytes.push(byte),
            Value::Character(character) => bytes.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
        at += length;
    }
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Returns the text of a string in backquotes, without its carriage returns.
pub(super) fn unquote_raw(quoted: &str) -> String {
    inside(quoted).replace('\r', "")
}

/// Returns whether there is exactly one character between the single quotes.
pub(super) fn is_character(quoted: &str) -> bool {
    let inner = inside(quoted);
    one(inner, '\'').is_some_and(|(length, _)| length == inner.len())
}

/// Returns what stands between the quotes, which are one byte each.
fn inside(quoted: &str) -> &str {
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default()
}

enum Value {
    Byte(u8),
    Character(char),
}

/// Returns the first character of `text`, which may be an escape, and how many bytes it takes.
fn one(text: &str, quote: char) -> Option<(usize, Value)> {
    let first = text.chars().next()?;
    if first == quote {
        return None;
    }
    if first != '\\' {
        return Some((first.len_utf8(), Value::Character(first)));
    }
    let kind = *text.as_bytes().get(1)?;
    let byte = match kind {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'\'' | b'"' if char::from(kind) == quote => kind,
        b'x' => return Some((4, Value::Byte(u8::try_from(digits(text.get(2..4)?, 16)?).ok()?))),
        b'u' => return Some((6, Value::Character(char::from_u32(digits(text.get(2..6)?, 16)?)?))),
        b'U' => return Some((10, Value::Character(char::from_u32(digits(text.get(2..10)?, 16)?)?))),
        b'0'..=b'7' => return Some((4, Value::Byte(u8::try_from(digits(text.get(1..4)?, 8)?).ok()?))),
        _ => return None,
    };
    Some((2, Value::Byte(byte)))
}

fn digits(text: &str, base: u32) -> Option<u32> {
    text.chars().try_fold(0_u32, |value, one| value.checked_mul(base)?.checked_add(one.to_digit(base)?))
}

/// Tells of the escape at `at`, with the digits that belong to it; offsets count from the opening quote.
fn bad_escape(inner: &str, at: usize) -> BadEscape {
    let mut rest = inner[at..].chars().skip(1);
    let kind = rest.next().unwrap_or('\\');
    let (most, base) = match kind {
        'x' => (2, 16),
        'u' => (4, 16),
        'U' => (8, 16),
        '0'..='7' => (2, 8),
        _ => (0, 10),
    };
    let digits = rest.take(most).take_while(|one| one.is_digit(base)).count();
    BadEscape { at: at + 1, length: 1 + kind.len_utf8() + digits }
}
