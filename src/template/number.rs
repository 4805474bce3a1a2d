//! Which numbers there are: the shape that `lex.go` cuts, and the values that Go's `strconv` and `fmt` take for it.
//!
//! Only the verdict is of interest, so no value is kept.

/// Returns how many bytes of `text` are a number's sign, digits, exponent and `i`: their shape, not yet their sense (`0x`, `089`
/// and a lone `+` are numbers here).
pub(super) fn shape(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    let accept = |at: &mut usize, set: &[u8]| {
        let accepted = bytes.get(*at).is_some_and(|byte| set.contains(byte));
        *at += usize::from(accepted);
        accepted
    };
    let run = |at: &mut usize, set: &[u8]| {
        *at += bytes[*at..].iter().take_while(|byte| set.contains(byte)).count();
    };
    accept(&mut at, b"+-");
    let mut digits: &[u8] = DECIMAL;
    if accept(&mut at, b"0") {
        if accept(&mut at, b"xX") {
            digits = HEXADECIMAL;
        } else if accept(&mut at, b"oO") {
            digits = b"01234567_";
        } else if accept(&mut at, b"bB") {
            digits = b"01_";
        }
    }
    run(&mut at, digits);
    if accept(&mut at, b".") {
        run(&mut at, digits);
    }
    let exponent: &[u8] = match digits.len() {
        11 => b"eE",
        23 => b"pP",
        _ => b"",
    };
    if accept(&mut at, exponent) {
        accept(&mut at, b"+-");
        run(&mut at, DECIMAL);
    }
    accept(&mut at, b"i");
    at
}

const DECIMAL: &[u8] = b"0123456789_";
const HEXADECIMAL: &[u8] = b"0123456789abcdefABCDEF_";

/// Returns whether Go takes this for a number: an integer of 64 bits, a finite 64-bit float, or an imaginary number.
pub(super) fn is_valid(text: &str) -> bool {
    if text.strip_suffix('i').is_some_and(is_float) {
        return true;
    }
    is_integer(text) || (text.contains(['.', 'e', 'E', 'p', 'P']) && is_float(text))
}

/// Returns whether Go takes this for a complex number: `1+2i`.
pub(super) fn is_valid_complex(text: &str) -> bool {
    let (real, imaginary) = text.split_at(shape(text));
    is_float(real) && imaginary.strip_suffix('i').is_some_and(is_float)
}

/// As `strconv.ParseInt(text, 0, 64)`, or `ParseUint` where there is no sign.
fn is_integer(text: &str) -> bool {
    let (greatest, digits) = match text.as_bytes().first() {
        Some(b'-') => (1 << 63, &text[1..]),
        Some(b'+') => ((1 << 63) - 1, &text[1..]),
        _ => (u128::from(u64::MAX), text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let mut value: u128 = 0;
    for digit in digits.chars().filter(|one| *one != '_') {
        let Some(digit) = digit.to_digit(base) else { return false };
        value = value * u128::from(base) + u128::from(digit);
        if value > greatest {
            return false;
        }
    }
    !digits.is_empty() && underscores_separate(text)
}

/// As `strconv.ParseFloat(text, 64)`.
fn is_float(text: &str) -> bool {
    if text.contains('_') && !underscores_separate(text) {
        return false;
    }
    let plain = text.replace('_', "");
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    match unsigned.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => is_hexadecimal_float(&unsigned[2..]),
        [first, ..] if first.is_ascii_digit() || *first == b'.' => unsigned.parse::<f64>().is_ok_and(f64::is_finite),
        _ => false,
    }
}

/// Returns whether this, which stood after `0x`, is a mantissa with an exponent of two, and no greater than the greatest float.
fn is_hexadecimal_float(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['p', 'P']) else { return false };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if (whole.is_empty() && part.is_empty()) || !whole.chars().chain(part.chars()).all(|one| one.is_ascii_hexdigit()) {
        return false;
    }
    // Nobody writes a longer mantissa than i64 counts; a greater exponent is cut as Go cuts it.
    let size =
        digits.bytes().fold(0, |size: i64, byte| if size < 10_000 { size * 10 + i64::from(byte - b'0') } else { size });
    let exponent = if exponent.starts_with('-') { -size } else { size };
    let bits: Vec<bool> = whole
        .chars()
        .chain(part.chars())
        .filter_map(|one| one.to_digit(16))
        .flat_map(|digit| [8, 4, 2, 1].map(|bit| digit & bit != 0))
        .collect();
    let Some(first) = bits.iter().position(|bit| *bit) else { return true };
    let whole_bits = i64::try_from(whole.len() * 4).unwrap_or(i64::MAX);
    let power = whole_bits - i64::try_from(first).unwrap_or(i64::MAX) - 1 + exponent;
    let rounds_up = bits.len() - first >= 54 && bits[first..first + 54].iter().all(|bit| *bit);
    power < 1023 || (power == 1023 && !rounds_up)
}

/// Returns whether each `_` stands between two digits, or between `0x` and a digit: `strconv`'s `underscoreOK`.
fn underscores_separate(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let prefix = matches!(text.as_bytes(), [b'0', b'b' | b'B' | b'o' | b'O' | b'x' | b'X', ..]);
    let hexadecimal = matches!(text.as_bytes(), [b'0', b'x' | b'X', ..]);
    let mut last = if prefix { '0' } else { '^' };
    for one in text.chars().skip(if prefix { 2 } else { 0 }) {
        let now = match one {
            '_' if last != '0' => return false,
            '_' => '_',
            _ if one.is_ascii_digit() || (hexadecimal && one.is_ascii_hexdigit()) => '0',
            _ if last == '_' => return false,
            _ => '!',
        };
        last = now;
    }
    last != '_'
}
