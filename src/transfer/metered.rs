//! A source that tells how far its blobs are.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;

use crate::store::{BlobReader, Descriptor, Event, Manifest, Observer, PageToken, Result, Selector, Source, TagPage};

/// Passes everything through and tells the observer of each piece of a blob.
pub(super) struct Metered<'a> {
    source: &'a dyn Source,
    observer: Arc<dyn Observer>,
}

impl<'a> Metered<'a> {
    pub(super) fn new(source: &'a dyn Source, observer: Arc<dyn Observer>) -> Self {
        Self { source, observer }
    }

    pub(super) fn observer(&self) -> &dyn Observer {
        &*self.observer
    }
}

#[async_trait]
impl Source for Metered<'_> {
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        self.source.resolve(selector).await
    }

    async fn manifest(&self, selector: &Selector) -> Result<Manifest> {
        self.source.manifest(selector).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        Ok(self.metered(descriptor, self.source.blob(descriptor).await?))
    }

    async fn blob_for_a_prover(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        Ok(self.metered(descriptor, self.source.blob_for_a_prover(descriptor).await?))
    }

    async fn tags(&self, after: Option<&PageToken>) -> Result<TagPage> {
        self.source.tags(after).await
    }
}

impl Metered<'_> {
    fn metered(&self, descriptor: &Descriptor, reader: BlobReader) -> BlobReader {
        self.observer.event(Event::BlobStarted(descriptor));
        let (observer, own) = (self.observer.clone(), descriptor.clone());
        let pieces = reader.into_stream().inspect(move |piece| {
            if let Ok(piece) = piece {
                observer.event(Event::BlobBytes(&own, piece.len() as u64));
            }
        });
        BlobReader::passing(descriptor, pieces)
    }
}
