//! One header block, and its size as only one reader could understand it.
//!
//! `tar::Header::size` takes `+1` for a number, ignores what stands behind a NUL, and looks only at the last eight bytes of a
//! size in base 256: a size with something in the bytes before is another one for other readers.

use super::{BLOCK, TarballError};

/// Where a header has its size.
const SIZE: std::ops::Range<usize> = 124..136;
/// Where it has the sum of its own bytes.
const SUM: std::ops::Range<usize> = 148..156;
/// Where an old GNU sparse file's header says that its map goes on in the next block.
const IS_EXTENDED: usize = 482;

/// Returns the size that a header gives, in bytes.
pub(super) fn size(block: &[u8; BLOCK]) -> Result<u64, TarballError> {
    let field = &block[SIZE];
    let value = match field[0] {
        // GNU: the number in base 256, the first bit of it set. A set second bit is a minus.
        0x80 if field[1..4] == [0; 3] => field[4..].iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
        0x80.. => return Err(TarballError::Header("has a negative or an absurd size")),
        _ => octal(field).ok_or(TarballError::Header("has no valid size"))?,
    };
    Ok(value)
}

/// Returns whether the sum of the block is the one it says.
pub(super) fn is_sound(block: &[u8; BLOCK]) -> bool {
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    let own: u64 = block[SUM].iter().map(|byte| u64::from(*byte)).sum();
    octal(&block[SUM]) == Some(sum - own + 8 * u64::from(b' '))
}

/// Returns whether it is of an old GNU sparse file whose map goes on behind it.
pub(super) fn has_more_map(block: &[u8; BLOCK]) -> bool {
    block[156] == b'S' && block[IS_EXTENDED] != 0
}

/// Returns the octal number that fills a field between blanks and NULs.
fn octal(field: &[u8]) -> Option<u64> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
    let from = field.iter().position(|byte| !is_blank(byte))?;
    let to = field.iter().rposition(|byte| !is_blank(byte))?;
    field[from..=to].iter().try_fold(0, |value, byte| match byte {
        b'0'..=b'7' => Some(value << 3 | u64::from(byte - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of(field: &[u8; 12]) -> Option<u64> {
        let mut block = [0; BLOCK];
        block[SIZE].copy_from_slice(field);
        size(&block).ok()
    }

    #[test]
    fn a_size_is_octal_or_base_256_and_nothing_else() {
        assert_eq!(size_of(b"00000000012\0"), Some(10));
        assert_eq!(size_of(b"        12 \0"), Some(10));
        assert_eq!(size_of(b"777777777777"), Some((1 << 36) - 1));
        assert_eq!(size_of(b"\x80\0\0\0\0\0\0\x02\0\0\0\x01"), Some((1 << 33) + 1));
        for field in [
            b"            ",
            b"+0000000012\0",
            b"-0000000001\0",
            b"12\0 34\0\0\0\0\0\0",
            b"00000000018\0",
            b"0x000000012\0",
            // A minus, a size beyond 64 bits, and the same hidden behind a zero.
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x81\0\0\0\0\0\0\0\0\0\0\x01",
            b"\x80\x01\0\0\0\0\0\0\0\0\0\x01",
            b"\x80\0\0\x01\0\0\0\0\0\0\0\x01",
        ] {
            assert_eq!(size_of(field), None, "{field:x?}");
        }
    }
}
