//! What stands before an entry and speaks of it: PAX records (POSIX.1-2017, pax, "pax Extended Header") and GNU's long names.

use std::io::Read;

use super::{
    LARGEST_EXTENSION, TarballError,
    header::{BLOCK, Header},
    stream::Stream,
};

/// What the headers before an entry say of it.
#[derive(Default)]
pub(super) struct Extensions {
    path: Option<Vec<u8>>,
    link: bool,
    pax: bool,
    pub(super) size: Option<u64>,
    pub(super) sparse: bool,
}

impl Extensions {
    /// Takes a header that speaks of the next entry, with its content; false where it is an entry itself.
    pub(super) fn take<R: Read>(&mut self, header: &Header, stream: &mut Stream<R>) -> Result<bool, TarballError> {
        match header.type_byte {
            b'L' => {
                let mut name = content(header, stream)?;
                name.truncate(name.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
                self.named(name)?;
            }
            b'K' => {
                // Links are refused by whoever unpacks; where one leads is of no interest.
                content(header, stream)?;
                if std::mem::replace(&mut self.link, true) {
                    return Err(twice("link"));
                }
            }
            b'x' | b'X' => {
                if std::mem::replace(&mut self.pax, true) {
                    return Err(twice("PAX header"));
                }
                for (key, value) in records(&content(header, stream)?)? {
                    self.record(key, value)?;
                }
            }
            b'g' => {
                for (key, _) in records(&content(header, stream)?)? {
                    // `git archive` writes a global comment. A name or size for all entries would be nonsense.
                    if speaks_of_content(key) {
                        return Err(TarballError::Malformed("a global header names or measures entries".into()));
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Checks at the end of the archive that nothing was said of an entry that does not come.
    pub(super) fn none_pending(&self) -> Result<(), TarballError> {
        let pending = self.path.is_some() || self.link || self.pax;
        if pending {
            Err(TarballError::Malformed("a header speaks of an entry that does not come".into()))
        } else {
            Ok(())
        }
    }

    /// Returns the path of the entry.
    pub(super) fn path(self, header: &Header) -> Result<String, TarballError> {
        let path = String::from_utf8(self.path.unwrap_or_else(|| header.name()))
            .map_err(|error| TarballError::NotUtf8(String::from_utf8_lossy(error.as_bytes()).into_owned()))?;
        if path.contains('\0') {
            return Err(TarballError::Malformed(format!("its entry `{}` has a NUL in its name", path.escape_debug())));
        }
        Ok(path)
    }

    fn named(&mut self, name: Vec<u8>) -> Result<(), TarballError> {
        if self.path.replace(name).is_some() { Err(twice("name")) } else { Ok(()) }
    }

    fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), TarballError> {
        match key {
            b"path" => self.named(value.to_vec())?,
            b"size" => {
                let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                let size = size.ok_or_else(|| TarballError::Malformed("a size is no number".into()))?;
                if self.size.replace(size).is_some() {
                    return Err(twice("size"));
                }
            }
            _ if key.starts_with(b"GNU.sparse.") => self.sparse = true,
            _ => {}
        }
        Ok(())
    }
}

fn twice(what: &str) -> TarballError {
    TarballError::Malformed(format!("an entry is given a {what} twice"))
}

fn speaks_of_content(key: &[u8]) -> bool {
    matches!(key, b"path" | b"size" | b"linkpath") || key.starts_with(b"GNU.sparse.")
}

fn content<R: Read>(header: &Header, stream: &mut Stream<R>) -> Result<Vec<u8>, TarballError> {
    if header.size > LARGEST_EXTENSION {
        return Err(TarballError::ExtensionTooLarge { size: header.size, limit: LARGEST_EXTENSION });
    }
    let size = usize::try_from(header.size).expect("64 KiB fit into memory");
    let mut content = Vec::with_capacity(size.next_multiple_of(BLOCK));
    let mut block = [0; BLOCK];
    while content.len() < size {
        if !stream.block(&mut block)? {
            return Err(TarballError::Truncated);
        }
        content.extend_from_slice(&block);
    }
    content.truncate(size);
    Ok(content)
}

/// Splits `LENGTH KEY=VALUE\n…`, where the length counts the whole record.
fn records(mut bytes: &[u8]) -> Result<Vec<(&[u8], &[u8])>, TarballError> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (record, rest) = record(bytes).ok_or_else(|| TarballError::Malformed("a PAX header is broken".into()))?;
        records.push(record);
        bytes = rest;
    }
    Ok(records)
}

type Record<'a> = (&'a [u8], &'a [u8]);

fn record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let digits = bytes.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()?;
    let (record, rest) = bytes.split_at_checked(length)?;
    let pair = record.get(digits + 1..)?.strip_suffix(b"\n")?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    Some(((&pair[..equals], &pair[equals + 1..]), rest))
}
