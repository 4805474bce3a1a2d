//! The header blocks of a tar entry: POSIX.1-1988 ustar, with a POSIX.1-2001 PAX record where ustar is too small.
//!
//! Made by hand: a crate's idea of a default may change, ours may not. Where a name is longer than 100 bytes, ustar can
//! hold it as a prefix of up to 155 bytes and a name of up to 100, split at a `/`; the longest prefix that fits is taken. What
//! can't be split, and sizes from 8 GiB on, go to a PAX record; then the ustar fields hold what fits and zero.

/// The size of a tar block, in bytes.
pub(super) const BLOCK: usize = 512;
const NAME: usize = 100;
const PREFIX: usize = 155;
/// The first size that eleven octal digits can't hold: 8 GiB.
const TOO_LARGE: u64 = 1 << 33;
/// The name of an entry that holds PAX records; readers that know PAX never look at it. Python's `tarfile` writes the same.
const PAX_NAME: &[u8] = b"././@PaxHeader";

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Executable,
    Folder,
}

/// Returns all blocks that stand before an entry's content.
pub(super) fn entry(path: &str, kind: Kind, size: u64) -> Vec<u8> {
    let mut name = path.as_bytes().to_vec();
    if kind == Kind::Folder {
        name.push(b'/');
    }
    let (mode, flag) = match kind {
        Kind::File => (0o644, b'0'),
        Kind::Executable => (0o755, b'0'),
        Kind::Folder => (0o755, b'5'),
    };
    let split = split(&name);
    let mut records = Vec::new();
    if split.is_none() {
        records.extend(record("path", &name));
    }
    if size >= TOO_LARGE {
        records.extend(record("size", size.to_string().as_bytes()));
    }
    let mut blocks = Vec::with_capacity(BLOCK);
    if !records.is_empty() {
        blocks.extend(header(b"", PAX_NAME, 0o644, records.len() as u64, b'x'));
        records.resize(records.len().next_multiple_of(BLOCK), 0);
        blocks.extend(records);
    }
    let (prefix, short) = split.unwrap_or((b"", cut(path)));
    blocks.extend(header(prefix, short, mode, if size < TOO_LARGE { size } else { 0 }, flag));
    blocks
}

/// Returns the prefix and the name that ustar can hold, or nothing.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= NAME {
        return Some((b"", name));
    }
    // The `/` at the end of a folder's name separates nothing.
    let slash = name[..name.len() - 1].iter().take(PREFIX + 1).rposition(|byte| *byte == b'/')?;
    let (prefix, short) = (&name[..slash], &name[slash + 1..]);
    (!prefix.is_empty() && short.len() <= NAME).then_some((prefix, short))
}

/// Returns as much of a path as fits, whole characters only.
fn cut(path: &str) -> &[u8] {
    &path.as_bytes()[..path.floor_char_boundary(NAME)]
}

/// Returns the PAX record `<length> <key>=<value>\n`, whose length counts its own digits.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

fn header(prefix: &[u8], name: &[u8], mode: u32, size: u64, flag: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name);
    octal(&mut block[100..108], mode.into());
    octal(&mut block[108..116], 0); // user
    octal(&mut block[116..124], 0); // group
    octal(&mut block[124..136], size);
    octal(&mut block[136..148], 0); // time
    block[156] = flag;
    block[257..265].copy_from_slice(b"ustar\x0000");
    octal(&mut block[329..337], 0); // device, as GNU tar writes it in ustar
    octal(&mut block[337..345], 0);
    block[345..345 + prefix.len()].copy_from_slice(prefix);
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    octal(&mut block[148..155], sum); // six digits, a zero, and the blank that stays
    block
}

/// Fills a field with octal digits and a zero byte.
fn octal(field: &mut [u8], number: u64) {
    let digits = field.len() - 1;
    let text = format!("{number:0digits$o}");
    field[..digits].copy_from_slice(text.as_bytes());
    field[digits] = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_at_the_longest_prefix() {
        let (folder, file) = ("d".repeat(60), "f".repeat(99));
        let name = format!("{folder}/{folder}/{file}");
        assert_eq!(
            split(name.as_bytes()),
            Some((format!("{folder}/{folder}").as_bytes(), file.as_bytes())),
            "of two places the later one"
        );
        assert_eq!(split(&[b'a'; 100]), Some((&b""[..], &[b'a'; 100][..])));
        assert_eq!(split(&[b'a'; 101]), None, "nowhere to split");
        assert_eq!(split(format!("{}/b", "a".repeat(156)).as_bytes()), None, "a prefix of 156 bytes");
        assert_eq!(split(format!("a/{}/", "b".repeat(99)).as_bytes()).map(|(_, name)| name.len()), Some(100));
        assert_eq!(split(format!("{}/", "b".repeat(100)).as_bytes()), None, "a folder's own slash");
    }

    #[test]
    fn a_record_counts_its_own_length() {
        assert_eq!(record("path", b"x"), b"9 path=x\n");
        let hundred = record("path", &[b'x'; 91]);
        assert_eq!((hundred.len(), &hundred[..4]), (101, &b"101 "[..]));
        for length in 1..1200 {
            let record = record("path", &vec![b'x'; length]);
            let digits: String = record.iter().map(|byte| char::from(*byte)).take_while(char::is_ascii_digit).collect();
            assert_eq!(digits, record.len().to_string());
        }
    }

    #[test]
    fn a_size_of_8_gib_gets_a_record() {
        let largest = entry("a", Kind::File, TOO_LARGE - 1);
        assert_eq!((largest.len(), &largest[124..136]), (BLOCK, &b"77777777777\0"[..]));
        let blocks = entry("a", Kind::File, TOO_LARGE);
        assert_eq!(blocks.len(), 3 * BLOCK);
        assert_eq!(&blocks[BLOCK..BLOCK + 19], b"19 size=8589934592\n");
    }
}
