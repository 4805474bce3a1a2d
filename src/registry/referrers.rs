//! What refers to a manifest, by the referrers API or, where a registry has none, by the tag scheme (OCI distribution-spec 1.1.1).

use std::collections::BTreeSet;

use http::{Method, StatusCode};

use super::{
    Repository,
    client::{Fetched, Request},
    wire,
};
use crate::{
    digest::Digest,
    store::{Content, Descriptor, Error, ErrorKind, Manifest, Pages, Result, referrers::by_tag_scheme},
};

impl Repository {
    /// Returns what refers to a manifest.
    pub(super) async fn list_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>> {
        let mut url = self.url(&format!("referrers/{subject}"));
        let (mut pages, mut seen, mut found) = (Pages::of("referrers"), BTreeSet::new(), Vec::new());
        loop {
            let request = Request::new(Method::GET, url.clone());
            let what = "the list of referrers";
            let (headers, bytes) =
                match self.client().fetch(&request, Some(&self.access), Manifest::MAX_BYTES, what).await? {
                    Fetched::Body { headers, bytes } => (headers, bytes),
                    // No such API: 404 by the specification; others answer 400, 405 or a web page.
                    Fetched::Other(answer)
                        if matches!(
                            answer.status(),
                            StatusCode::OK
                                | StatusCode::BAD_REQUEST
                                | StatusCode::NOT_FOUND
                                | StatusCode::METHOD_NOT_ALLOWED
                        ) =>
                    {
                        return by_tag_scheme(self, subject).await;
                    }
                    Fetched::Other(answer) => {
                        let message = format!("cannot list what refers to {subject} in `{}`", self.whole_name());
                        return Err(answer.into_error(message).await);
                    }
                };
            let list = Manifest::parse(bytes, None)?;
            let Content::Index { manifests } = list.content() else {
                let message = format!("`{}` sent a list of referrers that is none", self.whole_name());
                return Err(Error::new(ErrorKind::Integrity, message));
            };
            found.extend(manifests.iter().filter(|found| seen.insert(found.digest.clone())).cloned());
            let next = wire::next_link(&headers).and_then(|link| url.join(&link).ok());
            pages.read(found.len(), next.as_ref().map(url::Url::as_str))?;
            let Some(next) = next else { return Ok(found) };
            if !wire::same_origin(&next, &self.client().base) {
                let message = format!(
                    "`{}` continues its list of referrers on another host, which is refused",
                    self.whole_name()
                );
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
            url = next;
        }
    }
}
