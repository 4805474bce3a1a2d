//! Looks at logo.png by its content: logo-invalid, logo-shape, and the media type of its layer.

mod shape;

use crate::pack::report::{Code, Finding};

/// The file of a pack's logo.
pub(crate) const FILE: &str = "logo.png";

/// The most bytes of a logo: it is shown in lists.
pub(super) const LARGEST: u64 = 1 << 20;

/// A logo without a media type of its own.
pub(crate) const UNKNOWN: &str = "application/octet-stream";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Returns the media type of a picture by its first bytes.
pub(super) fn media_type(bytes: &[u8]) -> &'static str {
    match bytes {
        _ if bytes.starts_with(PNG) => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        _ if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") => "image/gif",
        _ => UNKNOWN,
    }
}

/// Tells why a logo is no PNG picture.
pub(super) fn check(bytes: &[u8], findings: &mut Vec<Finding>) {
    if bytes.is_empty() {
        findings.push(invalid("is empty"));
    } else if !bytes.starts_with(PNG) {
        findings.push(invalid(&format!("is not a PNG picture but {}", what(bytes))));
    } else if let Some(fault) = damage(bytes) {
        findings.push(invalid(&format!("is a damaged PNG picture: {fault}")));
    } else {
        findings.extend(shape::check(bytes));
    }
}

/// Returns the finding of a logo that is too large.
pub(super) fn too_large(size: u64) -> Finding {
    invalid(&format!("has {size} bytes, more than {} MiB", LARGEST >> 20)).hint("128 × 128 pixels are enough")
}

fn invalid(what: &str) -> Finding {
    Finding::new(Code::LogoInvalid, format!("`{FILE}` {what}"))
        .in_file(FILE)
        .hint("save a PNG picture of 128 × 128 pixels under this name")
}

fn what(bytes: &[u8]) -> &'static str {
    match media_type(bytes) {
        "image/jpeg" => return "a JPEG picture",
        "image/gif" => return "a GIF picture",
        _ => {}
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).to_lowercase();
    let start = start.trim_start();
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "a WebP picture",
        [0, 0, 1, 0, ..] => "an icon file",
        _ if start.starts_with("<!doctype html") || start.starts_with("<html") => "an HTML page",
        _ if start.contains("<svg") => "an SVG picture",
        _ if start.starts_with("version https://git-lfs") => "a pointer of Git LFS",
        _ => "something else",
    }
}

/// Returns why a PNG file cannot be shown (PNG, third edition, clauses 5.3 and 5.6: chunks from IHDR to IEND).
fn damage(bytes: &[u8]) -> Option<&'static str> {
    let mut rest = &bytes[PNG.len()..];
    let mut first = true;
    loop {
        let Some((head, after)) = rest.split_first_chunk::<8>() else { return Some("it is cut off") };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(next) = after.get(length..).and_then(|tail| tail.get(4..)) else { return Some("it is cut off") };
        let kind = &head[4..];
        if first && (kind != b"IHDR" || length != 13 || after[..8].chunks(4).any(|side| side == [0; 4])) {
            return Some("it has no size");
        }
        if kind == b"IEND" {
            return None;
        }
        (rest, first) = (next, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &str, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&length, kind.as_bytes(), content, &[0; 4]].concat()
    }

    fn png(width: u8) -> Vec<u8> {
        let header = chunk("IHDR", &[0, 0, 0, width, 0, 0, 0, 1, 8, 0, 0, 0, 0]);
        [PNG, &header, &chunk("IDAT", &[0; 20]), &chunk("IEND", b"")].concat()
    }

    fn told(bytes: &[u8]) -> Vec<String> {
        let mut findings = Vec::new();
        check(bytes, &mut findings);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_logo_is_what_its_bytes_say() {
        let none: [String; 0] = [];
        assert_eq!(told(&png(1)), none);
        assert_eq!(told(&[png(1), b"more".to_vec()].concat()), none);
        assert_eq!(told(&png(0)), ["`logo.png` is a damaged PNG picture: it has no size"]);
        for end in PNG.len()..png(1).len() {
            assert_eq!(told(&png(1)[..end]), ["`logo.png` is a damaged PNG picture: it is cut off"]);
        }
        for (bytes, what) in [
            (&b"\xff\xd8\xff\xe0"[..], "a JPEG picture"),
            (b"GIF89a", "a GIF picture"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "a WebP picture"),
            (b"<?xml version=\"1.0\"?>\n<svg/>", "an SVG picture"),
            (b"\n<!DOCTYPE html>", "an HTML page"),
            (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
            (b"x", "something else"),
        ] {
            assert_eq!(told(bytes), [format!("`logo.png` is not a PNG picture but {what}")]);
        }
        assert_eq!(told(b""), ["`logo.png` is empty"]);
        let types = [&png(1)[..], b"\xff\xd8\xff", b"GIF87a", b"<svg/>"].map(media_type);
        assert_eq!(types, ["image/png", "image/jpeg", "image/gif", UNKNOWN]);
    }
}
