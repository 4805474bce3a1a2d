//! What stands before an entry and changes how it is read: GNU long names, PAX records.

use std::str;

use super::TarballError;

/// The longest extension that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// The extensions of one entry.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    seen: bool,
    path: Option<String>,
    size: Option<u64>,
    sparse: bool,
}

impl Extensions {
    pub(super) fn is_empty(&self) -> bool {
        !self.seen
    }

    pub(super) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(super) fn is_sparse(&self) -> bool {
        self.sparse
    }

    /// Adds an extension with this type flag.
    pub(super) fn add(&mut self, flag: u8, text: &[u8]) -> Result<(), TarballError> {
        self.seen = true;
        match flag {
            b'L' => {
                let name = text.split(|byte| *byte == 0).next().unwrap_or_default();
                self.set_path(name)
            }
            // The target of a link, which is refused anyway.
            b'K' => Ok(()),
            b'g' => records(text, |key, _| match key {
                "path" | "size" | "linkpath" => Err(TarballError::Header("sets a name or a size for all others")),
                "hdrcharset" | "charset" => Err(TarballError::NotUtf8),
                key if key.starts_with("GNU.sparse.") => Err(TarballError::Header("makes all others sparse")),
                _ => Ok(()),
            }),
            _ => records(text, |key, value| match key {
                "path" => self.set_path(value),
                "size" => self.set_size(value),
                "hdrcharset" | "charset" => Err(TarballError::NotUtf8),
                key if key.starts_with("GNU.sparse.") => {
                    self.sparse = true;
                    Ok(())
                }
                _ => Ok(()),
            }),
        }
    }

    /// Two names for one entry are refused: readers differ in which one they take.
    fn set_path(&mut self, name: &[u8]) -> Result<(), TarballError> {
        let name = str::from_utf8(name).map_err(|_| TarballError::NotUtf8)?;
        // An empty one is no name for some readers, and takes the name back for others.
        if name.is_empty() || name.contains('\0') || self.path.is_some() {
            return Err(TarballError::Header("gives two names, an empty one, or one with a zero byte"));
        }
        self.path = Some(name.to_owned());
        Ok(())
    }

    fn set_size(&mut self, text: &[u8]) -> Result<(), TarballError> {
        let digits = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(size) if self.size.is_none() => {
                self.size = Some(size);
                Ok(())
            }
            _ => Err(TarballError::Header("gives two sizes, or one that is no number")),
        }
    }
}

/// Walks the records `LENGTH KEY=VALUE\n` of a PAX header.
fn records(mut text: &[u8], mut take: impl FnMut(&str, &[u8]) -> Result<(), TarballError>) -> Result<(), TarballError> {
    const BROKEN: TarballError = TarballError::Header("has a broken PAX record");
    while !text.is_empty() {
        let blank = text.iter().position(|byte| *byte == b' ').ok_or(BROKEN)?;
        let digits = str::from_utf8(&text[..blank]).map_err(|_| BROKEN)?;
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let length = digits.parse().ok().filter(|length: &usize| is_number && *length <= text.len()).ok_or(BROKEN)?;
        let record = text.get(blank + 1..length).and_then(|record| record.strip_suffix(b"\n")).ok_or(BROKEN)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(BROKEN)?;
        let key = str::from_utf8(&record[..equals]).map_err(|_| TarballError::NotUtf8)?;
        take(key, &record[equals + 1..])?;
        text = &text[length..];
    }
    Ok(())
}
