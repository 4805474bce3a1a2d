//! What is taken for a chart archive: pages, texts and other archives, known by how they begin.

use super::Fault;

/// Says what a file is that should be a chart, by how it begins.
pub(super) fn not_gzip(head: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(head);
    let start = text.trim_start();
    let lower = start.to_lowercase();
    let first_line: String = start.lines().next().unwrap_or_default().chars().take(100).collect();
    let again = "download it again, and look at what the server answers";
    match head {
        [] => Fault::new("is empty").hint("download it again"),
        [b'P', b'K', 3 | 5, ..] => {
            Fault::new("is a zip archive, not tar and gzip").hint("make the archive with: helm package")
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0xfd, b'7', b'z', b'X', b'Z', ..] | [b'B', b'Z', b'h', ..] => {
            Fault::new("is compressed, but not with gzip").hint("make the archive with: helm package")
        }
        _ if head.get(257..262) == Some(b"ustar") => {
            Fault::new("is a tar archive that is not compressed").hint("compress it with: gzip")
        }
        _ if lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.contains("<head>") => {
            Fault::new("is an HTML page, not a chart").hint(again)
        }
        _ if lower.starts_with("<?xml") => Fault::new("is an XML text, not a chart").hint(again),
        _ if lower.starts_with("error:") => {
            Fault::new(format!("is the text of an error, not a chart: `{first_line}`")).hint(again)
        }
        _ if lower.starts_with("version https://git-lfs") => {
            Fault::new("is a pointer of Git LFS, not a chart").hint("get the file with: git lfs pull")
        }
        _ if start.starts_with('{') => Fault::new(format!("is JSON, not a chart: `{first_line}`")).hint(again),
        _ if is_text(head) => Fault::new(format!("is a text, not a chart: `{first_line}`")).hint(again),
        _ => Fault::new("is not compressed with gzip").hint("make the archive with: helm package"),
    }
}

/// Returns whether bytes that may be cut in the middle of a character are a text.
fn is_text(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    valid && !bytes.iter().any(|byte| matches!(byte, 0..=8 | 14..=31))
}
