//! What holds for every manifest and every JSON text of a stranger: used by the property tests and by the fuzz targets. Each function
//! panics where it does not hold.

use bytes::Bytes;

use super::{Content, Json, Manifest};
use crate::digest::Digest;

/// The largest size that a descriptor may give, in bytes.
const MAX_SIZE: u64 = i64::MAX as u64;

/// A manifest keeps its bytes, is one thing and not two, and gives sizes that can be; returned where there is one.
pub(crate) fn manifest(bytes: &[u8]) -> Option<Manifest> {
    let manifest = Manifest::parse(Bytes::copy_from_slice(bytes), None).ok()?;
    assert_eq!(**manifest.bytes(), *bytes);
    assert_eq!(*manifest.digest(), Digest::of(bytes));
    let other: serde_json::Value = serde_json::from_slice(bytes).expect("what our reader takes, another one takes");
    assert!(other.get("manifests").is_some() != other.get("layers").is_some());
    let descriptors = match manifest.content() {
        Content::Image { .. } => manifest.blobs().into_iter().cloned().collect(),
        Content::Index { manifests } => manifests.clone(),
    };
    for descriptor in descriptors {
        assert!(descriptor.size <= MAX_SIZE, "{descriptor:?}");
        assert!(
            descriptor.digest.hex().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            "{descriptor:?}"
        );
    }
    let again = Manifest::parse(manifest.bytes().clone(), Some(manifest.media_type()));
    assert_eq!(again.expect("its own media type fits").digest(), manifest.digest());
    Some(manifest)
}

/// A text has one meaning, which other readers share, and one canonical form.
pub(crate) fn json(bytes: &[u8]) {
    let Ok(own) = Json::parse(bytes) else { return };
    let canonical = own.to_canonical();
    assert_eq!(Json::parse(&canonical).expect("what we write, we read"), own);
    assert_eq!(own.to_canonical(), canonical);
    let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("others read it, too");
    assert_eq!(value(bytes), value(&canonical));
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const PIECES: [&str; 26] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"schemaVersion\":2",
        "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\"",
        "\"mediaType\"",
        "\"config\":",
        "\"layers\":[",
        "\"manifests\":[",
        "\"size\":",
        "-1",
        "18446744073709551616",
        "1e3",
        "\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        "\"digest\":\"sha256:../x\"",
        "\"annotations\":{}",
        "null",
        "true",
        "\"\\ud800\"",
        "\"a\"",
        " ",
        "0.1",
        "\"urls\":[\"x\"]",
    ];
    const GOOD: &str = r#"{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[{"mediaType":"a/b","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":9223372036854775807}]}"#;

    #[test]
    fn the_sample_is_a_manifest() {
        assert!(manifest(GOOD.as_bytes()).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn any_pieces_are_read_as_others_read_them(pieces in vec(select(&PIECES[..]), 0..24)) {
            json(pieces.concat().as_bytes());
            manifest(pieces.concat().as_bytes());
            manifest(format!("{{\"schemaVersion\":2,{}}}", pieces.join(",")).as_bytes());
        }

        #[test]
        fn a_manifest_with_something_put_in_is_one_thing_or_none(at in 0..GOOD.len(), cut in 0..12_usize, piece in select(&PIECES[..])) {
            let end = (at + cut).min(GOOD.len());
            let text = format!("{}{piece}{}", &GOOD[..at], &GOOD[end..]);
            json(text.as_bytes());
            manifest(text.as_bytes());
        }
    }
}
