//! What holds for every archive: used by the property tests and by the fuzz target.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};

use super::{EntryKind, Limits, TarballReader};

const LIMITS: Limits = Limits { entries: 1000, unpacked: 1 << 20, ratio: 200, ratio_from: 1 << 20 };

/// Reads the bytes as an archive, and as what is packed in one.
///
/// # Panics
///
/// Panics where an entry has another size than it says, or a limit does not hold.
pub(crate) fn check(bytes: &[u8]) {
    read(bytes);
    read(&gzip(bytes));
}

/// Returns the bytes as gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn read(packed: &[u8]) {
    let mut reader = TarballReader::new(packed, LIMITS);
    let (mut entries, mut bytes) = (0, 0);
    while let Ok(Some(mut entry)) = reader.next_entry() {
        entries += 1;
        let has_content = entry.kind() == EntryKind::File || entry.kind() == EntryKind::Other;
        assert!(has_content || entry.size() == 0, "{:?} with content", entry.kind());
        let size = entry.size();
        match io::copy(&mut entry, &mut io::sink()) {
            Ok(read) => assert_eq!(read, size),
            Err(_) => break,
        }
        bytes += size;
        assert!(entries <= LIMITS.entries && bytes <= LIMITS.unpacked);
    }
    assert!(matches!(reader.next_entry(), Ok(None) | Err(_)));
}
