//! What the library's own stores and transfers are tested with: an artifact in memory, and the settings of a server on loopback.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::stream;
use spectro_pack::{
    digest::Digest,
    registry::{CredentialSearch, Proxies, RetryRule, Settings, Timeouts, TlsSettings},
    store::{BlobReader, Descriptor, Error, ErrorKind, Manifest, PageToken, Result, Selector, Silent, Source, TagPage},
};

/// Returns the settings for a registry that is spoken to without TLS and without credentials.
pub(crate) fn settings(host: &str) -> Settings {
    Settings {
        host: host.to_owned(),
        plain_http: true,
        user_agent: "spectro-test".to_owned(),
        tls: TlsSettings::default(),
        proxies: Proxies::default(),
        timeouts: Timeouts::default(),
        retry: RetryRule::default(),
        jobs: 8,
        trusted_realms: Vec::new(),
        credentials: CredentialSearch::default(),
        observer: Arc::new(Silent),
    }
}

/// An artifact in memory: a config and some layers.
pub(crate) struct Content {
    pub(crate) blobs: BTreeMap<Digest, Bytes>,
    pub(crate) parts: Vec<Descriptor>,
    pub(crate) manifest: Manifest,
}

impl Content {
    /// Returns one of texts, the config first.
    pub(crate) fn of(texts: &[&str]) -> Self {
        Self::of_bytes(texts.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())))
    }

    /// Returns one of bytes, the config first.
    pub(crate) fn of_bytes(parts: impl IntoIterator<Item = Bytes>) -> Self {
        let all: Vec<_> = parts.into_iter().map(|bytes| (Descriptor::of("text/plain", &bytes), bytes)).collect();
        let parts: Vec<_> = all.iter().map(|(descriptor, _)| descriptor.clone()).collect();
        let manifest = Manifest::image(parts[0].clone(), parts[1..].to_vec(), BTreeMap::new()).unwrap();
        let blobs = all.into_iter().map(|(descriptor, bytes)| (descriptor.digest, bytes)).collect();
        Self { blobs, parts, manifest }
    }

    pub(crate) fn digest(&self) -> Digest {
        self.manifest.digest().clone()
    }

    pub(crate) fn by_digest(&self) -> Selector {
        Selector::Digest(self.digest())
    }
}

#[async_trait::async_trait]
impl Source for Content {
    async fn resolve(&self, _: &Selector) -> Result<Option<Descriptor>> {
        Ok(Some(self.manifest.descriptor()))
    }

    async fn manifest(&self, _: &Selector) -> Result<Manifest> {
        Ok(self.manifest.clone())
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let bytes = self.blobs.get(&descriptor.digest).cloned();
        let bytes = bytes.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such blob in memory"))?;
        let pieces: Vec<_> = bytes.chunks(60_000).map(|piece| Ok(bytes.slice_ref(piece))).collect();
        Ok(BlobReader::new(descriptor, stream::iter(pieces)))
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        Ok(TagPage::default())
    }
}
