//! A descriptor: what bytes are, how many, and their digest (OCI image-spec 1.1.1, "Content Descriptors").

use std::collections::BTreeMap;

use super::{Error, ErrorKind, Json, Result};
use crate::digest::Digest;

/// Says what some bytes are.
///
/// `urls`, `data`, `platform` and what else a descriptor may have are not read: `urls` would send requests to places
/// that a stranger chose (containerd CVE-2020-15157).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Descriptor {
    /// What the bytes are, such as `image/png`.
    pub media_type: String,
    /// Their digest.
    pub digest: Digest,
    /// How many bytes there are.
    pub size: u64,
    /// More about them; ordered, so that it is written the same way every time.
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// The annotation that holds a layer's path within the pack.
    pub const TITLE: &'static str = "org.opencontainers.image.title";

    /// Returns the descriptor of these bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
        }
    }

    /// Returns the file name or path that the descriptor gives its bytes.
    pub fn title(&self) -> Option<&str> {
        self.annotations.get(Self::TITLE).map(String::as_str)
    }

    /// Returns the descriptor as JSON.
    pub fn to_json(&self) -> Json {
        let mut object = BTreeMap::from([
            ("mediaType".to_owned(), Json::String(self.media_type.clone())),
            ("digest".to_owned(), Json::String(self.digest.to_string())),
            ("size".to_owned(), Json::from(self.size)),
        ]);
        if !self.annotations.is_empty() {
            object.insert("annotations".to_owned(), Json::from(&self.annotations));
        }
        Json::Object(object)
    }

    /// Returns the descriptor that `json` is; `place` names it in errors.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Integrity`] where a part is missing, of a wrong type, or out of its range.
    pub fn from_json(json: &Json, place: &str) -> Result<Self> {
        let wrong = |what: String| Error::new(ErrorKind::Integrity, format!("{place} {what}"));
        let object = json.as_object().ok_or_else(|| wrong("is not an object".into()))?;
        let text = |key: &str| match object.get(key) {
            Some(Json::String(text)) => Ok(text.as_str()),
            _ => Err(wrong(format!("has no text `{key}`"))),
        };
        let size = match object.get("size") {
            Some(Json::Number(number)) => number.as_u64().filter(|size| i64::try_from(*size).is_ok()),
            _ => None,
        }
        .ok_or_else(|| wrong("has no `size` between 0 and 2^63-1".into()))?;
        let digest = text("digest")?.parse().map_err(|error| wrong("has no valid digest".into()).because(error))?;
        Ok(Self { media_type: text("mediaType")?.to_owned(), digest, size, annotations: annotations(object, place)? })
    }
}

/// Returns the `annotations` of a manifest or descriptor; absent and `null` are none.
pub(super) fn annotations(object: &BTreeMap<String, Json>, place: &str) -> Result<BTreeMap<String, String>> {
    let wrong = || Error::new(ErrorKind::Integrity, format!("{place} has annotations that are not texts"));
    match object.get("annotations") {
        None | Some(Json::Null) => Ok(BTreeMap::new()),
        Some(Json::Object(entries)) => entries
            .iter()
            .map(|(key, value)| match value {
                Json::String(text) => Ok((key.clone(), text.clone())),
                _ => Err(wrong()),
            })
            .collect(),
        Some(_) => Err(wrong()),
    }
}
