//! A manifest: bytes that were checked, and what they say (OCI image-spec 1.1.1, "Image Manifest", "Image Index").
//!
//! The bytes are kept as they came: writing them anew would give another digest. The reader is strict where lenience would
//! let two readers see two things: a key twice, `manifests` beside `layers` (CVE-2021-41190), a `mediaType` other than the
//! `Content-Type`, a digest or a size out of its grammar.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Descriptor, Error, ErrorKind, Json, Result, descriptor::annotations};
use crate::digest::Digest;

/// Media types of manifests.
pub mod media_type {
    /// An OCI image manifest.
    pub const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// An OCI image index.
    pub const IMAGE_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// Docker's manifest, as old clients push it.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker's list of manifests.
    pub const DOCKER_MANIFEST_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// All of them: what an `Accept` header names.
    pub const MANIFESTS: [&str; 4] = [IMAGE_MANIFEST, IMAGE_INDEX, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST];
}

/// What a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An artifact: a config and layers.
    Image {
        /// The config.
        config: Descriptor,
        /// The layers, in order.
        layers: Vec<Descriptor>,
        /// The manifest's own annotations.
        annotations: BTreeMap<String, String>,
        /// The artifact's type, where the manifest names one.
        artifact_type: Option<String>,
    },
    /// A list of further manifests.
    Index {
        /// The manifests, in order.
        manifests: Vec<Descriptor>,
    },
}

/// A manifest's bytes, and what they say.
#[derive(Clone, Debug)]
pub struct Manifest {
    bytes: Bytes,
    media_type: String,
    digest: Digest,
    content: Content,
}

impl Manifest {
    /// The largest manifest that is read or written, in bytes: what OCI distribution 1.1.1 asks registries to take.
    pub const MAX_BYTES: u64 = 4 * 1024 * 1024;

    /// Returns the manifest that `bytes` are; `content_type` is what the store said of them, if it did.
    ///
    /// The digest is SHA-256; compare with [`Manifest::has_digest`] what was asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Integrity`] with the reason.
    pub fn parse(bytes: Bytes, content_type: Option<&str>) -> Result<Self> {
        if bytes.len() as u64 > Self::MAX_BYTES {
            return Err(wrong("the manifest is larger than 4 MiB"));
        }
        let json = Json::parse(&bytes).map_err(|error| wrong("the manifest is not valid JSON").because(error))?;
        let object = json.as_object().ok_or_else(|| wrong("the manifest is not a JSON object"))?;
        match object.get("schemaVersion") {
            Some(Json::Number(number)) if number.as_u64() == Some(2) => {}
            _ => return Err(wrong("the manifest has no `schemaVersion` 2")),
        }
        let own = object.get("mediaType").map(|value| value.as_str().ok_or_else(|| wrong("`mediaType` is not a text")));
        let own = own.transpose()?;
        let said = content_type.map(|text| text.split(';').next().unwrap_or(text).trim());
        let said = said.filter(|text| media_type::MANIFESTS.contains(text));
        if let (Some(own), Some(said)) = (own, said)
            && own != said
        {
            return Err(wrong(&format!("the manifest says it is `{own}`, its Content-Type says `{said}`")));
        }
        let is_index = object.contains_key("manifests");
        if is_index && (object.contains_key("layers") || object.contains_key("config")) {
            return Err(wrong("the manifest is an image and an index at once"));
        }
        let default = if is_index { media_type::IMAGE_INDEX } else { media_type::IMAGE_MANIFEST };
        let media_type = own.or(said).unwrap_or(default);
        let names_index = matches!(media_type, media_type::IMAGE_INDEX | media_type::DOCKER_MANIFEST_LIST);
        if !media_type::MANIFESTS.contains(&media_type) || names_index != is_index {
            return Err(wrong(&format!("the manifest's content is not that of its media type `{media_type}`")));
        }
        let content =
            if is_index { Content::Index { manifests: descriptors(object, "manifests")? } } else { image(object)? };
        Ok(Self { digest: Digest::of(&bytes), media_type: media_type.to_owned(), content, bytes })
    }

    /// Returns an OCI image manifest of these parts, written as canonical JSON.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] where it would be larger than [`Manifest::MAX_BYTES`].
    pub fn image(config: Descriptor, layers: Vec<Descriptor>, annotations: BTreeMap<String, String>) -> Result<Self> {
        let mut object = BTreeMap::from([
            ("schemaVersion".to_owned(), Json::from(2)),
            ("mediaType".to_owned(), Json::from(media_type::IMAGE_MANIFEST)),
            ("config".to_owned(), config.to_json()),
            ("layers".to_owned(), Json::Array(layers.iter().map(Descriptor::to_json).collect())),
        ]);
        if !annotations.is_empty() {
            object.insert("annotations".to_owned(), Json::from(&annotations));
        }
        let bytes = Bytes::from(Json::Object(object).to_canonical());
        if bytes.len() as u64 > Self::MAX_BYTES {
            return Err(Error::new(
                ErrorKind::Invalid,
                "the manifest would be larger than 4 MiB: the pack has too many files",
            ));
        }
        Ok(Self {
            digest: Digest::of(&bytes),
            media_type: media_type::IMAGE_MANIFEST.to_owned(),
            content: Content::Image { config, layers, annotations, artifact_type: None },
            bytes,
        })
    }

    /// Returns the bytes as they are stored.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the media type.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Returns the SHA-256 digest of the bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns what it says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Returns every blob the manifest needs, the config first; none for an index.
    pub fn blobs(&self) -> Vec<&Descriptor> {
        match &self.content {
            Content::Image { config, layers, .. } => std::iter::once(config).chain(layers).collect(),
            Content::Index { .. } => Vec::new(),
        }
    }

    /// Returns the manifest's own descriptor.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            media_type: self.media_type.clone(),
            digest: self.digest.clone(),
            size: self.bytes.len() as u64,
            annotations: BTreeMap::new(),
        }
    }

    /// Returns whether the bytes have this digest, whatever its hash function.
    pub fn has_digest(&self, digest: &Digest) -> bool {
        if digest.algorithm() == self.digest.algorithm() {
            return *digest == self.digest;
        }
        let mut hasher = crate::digest::Hasher::new(digest.algorithm());
        hasher.update(&self.bytes);
        hasher.finish() == *digest
    }

    /// Returns whether both are the same content: equal config and layers, whatever the manifests' own annotations.
    pub fn has_content_of(&self, other: &Self) -> bool {
        match (&self.content, &other.content) {
            (
                Content::Image { config, layers, .. },
                Content::Image { config: other_config, layers: other_layers, .. },
            ) => config == other_config && layers == other_layers,
            _ => self.digest == other.digest,
        }
    }
}

fn wrong(message: &str) -> Error {
    Error::new(ErrorKind::Integrity, message)
}

fn image(object: &BTreeMap<String, Json>) -> Result<Content> {
    let config = object.get("config").ok_or_else(|| wrong("the manifest has no `config`"))?;
    let artifact_type = match object.get("artifactType") {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.clone()),
        Some(_) => return Err(wrong("`artifactType` is not a text")),
    };
    Ok(Content::Image {
        config: Descriptor::from_json(config, "the config")?,
        layers: descriptors(object, "layers")?,
        annotations: annotations(object, "the manifest")?,
        artifact_type,
    })
}

fn descriptors(object: &BTreeMap<String, Json>, key: &str) -> Result<Vec<Descriptor>> {
    let Some(Json::Array(items)) = object.get(key) else {
        return Err(wrong(&format!("the manifest has no list `{key}`")));
    };
    let parsed = items.iter().enumerate();
    parsed.map(|(index, item)| Descriptor::from_json(item, &format!("entry {index} of `{key}`"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"mediaType":"application/json","size":2,
        "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}"#;

    fn parse(text: &str, content_type: Option<&str>) -> Result<Manifest> {
        Manifest::parse(Bytes::from(text.to_owned()), content_type)
    }

    fn refused(text: &str) -> String {
        let error = parse(text, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        error.to_string()
    }

    #[test]
    fn what_is_written_is_canonical_and_read_back_the_same() {
        let annotations = BTreeMap::from([("z".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())]);
        let config = Descriptor::of("application/json", b"{}");
        let built = Manifest::image(config.clone(), vec![config], annotations).unwrap();
        let text = std::str::from_utf8(built.bytes()).unwrap();
        assert!(text.starts_with(r#"{"annotations":{"a":"2","z":"1"},"config":{"digest":"sha256:4413"#), "{text}");
        assert!(text.ends_with(r#"}],"mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}"#));
        let read = Manifest::parse(built.bytes().clone(), Some("application/vnd.oci.image.manifest.v1+json")).unwrap();
        assert_eq!((read.content(), read.digest()), (built.content(), built.digest()));
    }

    #[test]
    fn a_manifest_that_is_also_an_index_is_refused() {
        // CVE-2021-41190
        let both = format!(r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[],"manifests":[]}}"#);
        assert_eq!(refused(&both), "the manifest is an image and an index at once");
    }

    #[test]
    fn sizes_and_digests_out_of_their_grammar_are_refused() {
        // oras-go GHSA-f36w-mj3v-6jqv, containers/image CVE-2024-3727
        for size in ["-1", "9223372036854775808", "1e3", "\"2\"", "18446744073709551616"] {
            let text = CONFIG.replace(r#""size":2"#, &format!(r#""size":{size}"#));
            let message = refused(&format!(r#"{{"schemaVersion":2,"config":{text},"layers":[]}}"#));
            assert_eq!(message, "the config has no `size` between 0 and 2^63-1", "{size}");
        }
        let text = CONFIG.replace("sha256:44136", "sha256:../..");
        let message = refused(&format!(r#"{{"schemaVersion":2,"config":{text},"layers":[]}}"#));
        assert_eq!(message, "the config has no valid digest");
    }

    #[test]
    fn two_media_types_are_refused() {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{CONFIG},"layers":[]}}"#,
            media_type::IMAGE_MANIFEST
        );
        assert!(parse(&text, Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8")).is_ok());
        assert!(parse(&text, Some(media_type::IMAGE_INDEX)).is_err());
        assert!(parse(&text.replace(media_type::IMAGE_MANIFEST, media_type::IMAGE_INDEX), None).is_err());
    }
}
