//! logo-shape: a logo is shown in a square, where one that is much wider than high gets small.
//!
//! Two of five packs in the wild have a logo that is not square, and look fine: only more than twice is told.

use super::{FILE, Finding, PNG};
use crate::pack::report::Code;

/// Tells where a sound PNG picture is more than twice as long on one side as on the other (PNG, third edition, clause 11.2.1: the
/// sides are the first eight bytes of IHDR, which is the first chunk).
pub(super) fn check(bytes: &[u8]) -> Option<Finding> {
    let sides = bytes.get(PNG.len() + 8..PNG.len() + 16)?;
    let side = |at: usize| u32::from_be_bytes([sides[at], sides[at + 1], sides[at + 2], sides[at + 3]]);
    let (width, height) = (side(0), side(4));
    let (long, short, shape) =
        if width > height { (width, height, "as wide as high") } else { (height, width, "as high as wide") };
    (u64::from(long) > 2 * u64::from(short)).then(|| {
        Finding::new(Code::LogoShape, format!("`{FILE}` is {width} × {height} pixels, more than twice {shape}"))
            .in_file(FILE)
            .hint("logos are shown in a square: leave the words out of it, or put space around it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(width: u32, height: u32) -> Option<String> {
        let header = [PNG, b"\0\0\0\rIHDR", &width.to_be_bytes(), &height.to_be_bytes(), b"\x08\0\0\0\0"].concat();
        check(&header).map(|finding| finding.message)
    }

    #[test]
    fn only_more_than_twice_is_told() {
        for (width, height) in [(1, 1), (2, 1), (1, 2), (200, 100), (100, 200), (u32::MAX, u32::MAX)] {
            assert_eq!(told(width, height), None, "{width} {height}");
        }
        assert_eq!(told(201, 100).as_deref(), Some("`logo.png` is 201 × 100 pixels, more than twice as wide as high"));
        assert_eq!(told(100, 201).as_deref(), Some("`logo.png` is 100 × 201 pixels, more than twice as high as wide"));
        assert!(told(u32::MAX, 1).is_some());
        assert!(check(PNG).is_none());
    }
}
