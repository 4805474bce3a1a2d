//! What refers to a manifest: signatures, SBOMs and other attachments (OCI distribution-spec 1.1.1, "Listing Referrers").

use super::{Content, Descriptor, Error, ErrorKind, Json, Manifest, Result, Selector, Source, Tag};
use crate::digest::Digest;

/// What cosign adds to the tag of the scheme for what it attaches.
const COSIGN: [&str; 3] = [".sig", ".att", ".sbom"];

/// Returns the tag under which a registry without the referrers API lists what refers to a manifest.
pub fn referrers_tag(subject: &Digest) -> Tag {
    let text = format!("{}-{}", subject.algorithm().as_str(), subject.hex());
    // The specification cuts both parts, so that they fit.
    text.get(..128).unwrap_or(&text).parse().expect("an algorithm and hexadecimal digits make a tag")
}

/// Returns the tags under which cosign keeps what it attaches to a manifest.
pub fn cosign_tags(subject: &Digest) -> Vec<Tag> {
    let base = referrers_tag(subject);
    COSIGN.iter().filter_map(|end| format!("{base}{end}").parse().ok()).collect()
}

/// Returns what the tag scheme lists; nothing where there is no such tag.
///
/// # Errors
///
/// The store's own.
pub(crate) async fn by_tag_scheme(source: &dyn Source, subject: &Digest) -> Result<Vec<Descriptor>> {
    let selector = Selector::Tag(referrers_tag(subject));
    let manifest = match source.manifest(&selector).await {
        Ok(manifest) => manifest,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    match manifest.content() {
        Content::Index { manifests } => Ok(manifests.clone()),
        // Somebody's own tag of that name.
        Content::Image { .. } => Ok(Vec::new()),
    }
}

/// Returns the digest of what a manifest refers to.
pub(crate) fn subject_of(manifest: &Manifest) -> Option<Digest> {
    let json = Json::parse(manifest.bytes()).ok()?;
    json.as_object()?.get("subject")?.as_object()?.get("digest")?.as_str()?.parse().ok()
}

/// Returns the index that the tag scheme wants, of these manifests.
///
/// # Errors
///
/// [`ErrorKind::Invalid`] where it would be too large.
pub(crate) fn scheme_index(manifests: &[(Descriptor, Option<String>)]) -> Result<Manifest> {
    let entries = manifests.iter().map(|(descriptor, artifact_type)| {
        let mut entry = descriptor.to_json();
        if let (Json::Object(members), Some(artifact_type)) = (&mut entry, artifact_type) {
            members.insert("artifactType".into(), Json::String(artifact_type.clone()));
        }
        entry
    });
    let object = [
        ("schemaVersion".to_owned(), Json::from(2)),
        ("mediaType".to_owned(), Json::from(super::media_type::IMAGE_INDEX)),
        ("manifests".to_owned(), Json::Array(entries.collect())),
    ];
    let bytes = Json::Object(object.into()).to_canonical();
    if bytes.len() as u64 > Manifest::MAX_BYTES {
        return Err(Error::new(ErrorKind::Invalid, "the list of referrers would be larger than 4 MiB"));
    }
    Manifest::parse(bytes.into(), None)
}

/// Returns what a manifest is: its own `artifactType`, or else its config's media type.
pub(crate) fn artifact_type(manifest: &Manifest) -> Option<String> {
    match manifest.content() {
        Content::Image { artifact_type, config, .. } => {
            Some(artifact_type.clone().unwrap_or_else(|| config.media_type.clone()))
        }
        Content::Index { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_scheme() {
        let digest: Digest = format!("sha256:{}", "ab".repeat(32)).parse().unwrap();
        assert_eq!(referrers_tag(&digest).as_str(), format!("sha256-{}", "ab".repeat(32)));
        assert_eq!(cosign_tags(&digest)[0].as_str(), format!("sha256-{}.sig", "ab".repeat(32)));
        let long: Digest = format!("sha512:{}", "ab".repeat(64)).parse().unwrap();
        assert_eq!(referrers_tag(&long).as_str().len(), 128);
    }

    #[test]
    fn an_index_of_the_scheme_is_read_back() {
        let image =
            Manifest::image(Descriptor::of("text/config", b"{}"), Vec::new(), std::collections::BTreeMap::default())
                .unwrap();
        let index = scheme_index(&[(image.descriptor(), artifact_type(&image))]).unwrap();
        assert_eq!(index.content(), &Content::Index { manifests: vec![image.descriptor()] });
        let text = String::from_utf8(index.bytes().to_vec()).unwrap();
        assert!(text.contains(r#""artifactType":"text/config""#), "{text}");
        assert_eq!(subject_of(&image), None);
    }
}
