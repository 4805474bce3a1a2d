//! What a listing shows of one version: its manifest and its pack.json are read, no more.

use serde_json::{Map, Value, json};
use spectro_pack::{
    artifact::{Form, NotAPack, PackArtifact},
    digest::Digest,
    store::{Error, Selector, Source, Tag},
};

use crate::{
    failure::{Exit, Failure},
    format,
};

/// What is known of a version.
pub(super) struct Facts {
    pub(super) digest: Digest,
    /// The size of all its layers, in bytes.
    pub(super) size: u64,
    form: Form,
    metadata: Map<String, Value>,
}

/// Why nothing is known of it.
pub(super) enum Unknown {
    /// It is something else, such as "a Helm chart".
    Other(String),
    Failed(Failure),
}

impl Facts {
    pub(super) async fn of(source: &dyn Source, tag: &Tag, shown: &str) -> Result<Self, Unknown> {
        let unknown = |error: Error| match error.find::<NotAPack>() {
            Some(other) => Unknown::Other(other.what.clone()),
            None => Unknown::Failed(Failure::of_store(format!("cannot look at `{shown}`"), &error)),
        };
        let artifact = PackArtifact::open(source, &Selector::Tag(tag.clone())).await.map_err(unknown)?;
        let metadata = artifact.metadata(source).await.map_err(unknown)?;
        Ok(Self {
            digest: artifact.manifest().digest().clone(),
            size: artifact.entries().iter().map(|entry| entry.size).sum(),
            form: artifact.form(),
            // A stranger's pack.json that is no object has no facts.
            metadata: serde_json::from_slice(&metadata).unwrap_or_default(),
        })
    }

    /// Returns the cells LAYER, CLOUDS, SIZE and DIGEST.
    pub(super) fn cells(&self, is_narrow: bool) -> [String; 4] {
        let clouds: Vec<_> = self.metadata.get("cloudTypes").and_then(Value::as_array).into_iter().flatten().collect();
        let clouds: Vec<_> = clouds.into_iter().filter_map(Value::as_str).collect();
        let layer = self.metadata.get("layer").and_then(Value::as_str).unwrap_or("-");
        let digest = self.digest.as_str();
        let digest = if is_narrow { format::short(digest) } else { digest };
        let clouds = if clouds.is_empty() { "-".to_owned() } else { clouds.join(", ") };
        [layer.to_owned(), clouds, format::size(self.size), digest.to_owned()]
    }

    /// Returns the members of its JSON object.
    pub(super) fn to_json(&self) -> Value {
        let member = |key: &str| self.metadata.get(key).cloned().unwrap_or(Value::Null);
        let form = match self.form {
            Form::Layered => "layered",
            Form::Archive => "archive",
        };
        json!({ "displayName": member("displayName"), "version": member("version"), "layer": member("layer"),
                "addonType": member("addonType"), "cloudTypes": member("cloudTypes"), "size": self.size,
                "digest": self.digest.as_str(), "format": form })
    }
}

impl Unknown {
    pub(super) fn exit(&self) -> Option<Exit> {
        match self {
            Self::Other(_) => None,
            Self::Failed(failure) => Some(failure.exit),
        }
    }

    /// Returns the cells LAYER, CLOUDS, SIZE and DIGEST.
    pub(super) fn cells(&self) -> [String; 4] {
        let what = match self {
            Self::Other(what) => format!("({what})"),
            Self::Failed(_) => "(failed)".to_owned(),
        };
        [what, "-".to_owned(), "-".to_owned(), "-".to_owned()]
    }
}
