//! Private keys in PEM (RFC 7468): only whole blocks whose text decodes to a key. A header alone, `...` in place of the key and
//! other examples are none: of 178 headers in real packs, 4 stood before a key.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// How far behind its header a key ends.
const LONGEST: usize = 20_000;

/// Returns the end of the private key whose `-----BEGIN ` stands at the start of a text.
pub(super) fn end(text: &str) -> Option<usize> {
    let head = text.strip_prefix("-----BEGIN ")?;
    let (label, _) =
        head.split_once("-----").filter(|(label, _)| label.len() < 40 && label.ends_with("PRIVATE KEY"))?;
    let body_start = "-----BEGIN ".len() + label.len() + "-----".len();
    let mut limit = text.len().min(body_start + LONGEST);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let body_end = body_start + text[body_start..limit].find("-----")?;
    let tail = text[body_end..].strip_prefix("-----END ")?;
    let is_closed = tail.strip_prefix(label).is_some_and(|tail| tail.starts_with("-----"));
    let end = body_end + "-----END ".len() + label.len() + "-----".len();
    (is_closed && is_key(&text[body_start..body_end])).then_some(end)
}

fn is_key(body: &str) -> bool {
    // In a string of JSON or YAML a line ends with `\n`; in a comment each begins with `#`.
    let body = body.replace("\\n", "").replace("\\r", "");
    let letters: String =
        body.chars().filter(|next| !next.is_whitespace() && !matches!(next, '#' | '"' | '\'')).collect();
    let Ok(bytes) = STANDARD.decode(letters) else { return false };
    bytes.starts_with(b"openssh-key-v1\0") || is_der(&bytes)
}

/// Returns whether bytes are one DER sequence of the length it states (X.690, 8.1.3).
fn is_der(bytes: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = bytes else { return false };
    if *length < 0x80 {
        return rest.len() == usize::from(*length) && rest.len() > 16;
    }
    let count = usize::from(length & 0x7f);
    if count == 0 || count > 4 || rest.len() < count {
        return false;
    }
    let stated = rest[..count].iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    rest.len() - count == stated
}
