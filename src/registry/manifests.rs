//! Manifests and tags of a repository.
//!
//! OCI distribution has no compare-and-swap for a tag. What can be done is done here: the rule is sent as
//! `If-None-Match` where a tag must be absent (registries may ignore it; zot, distribution and Harbor do), an answer that
//! says no is held against what the tag now names, and after the write the tag is looked at again.

use std::time::Duration;

use http::{Method, StatusCode, header};

use super::{
    Refusal, Repository,
    answer::Answer,
    client::{Fetched, Request},
    wire,
};
use crate::store::{
    Descriptor, Error, ErrorKind, Event, Manifest, PageToken, Result, Selector, Tag, TagConflict, TagOutcome, TagPage,
    TagRule, media_type,
};

/// The largest page of tags that is read, in bytes.
const TAG_PAGE_LIMIT: u64 = 8 * 1024 * 1024;
/// How long to wait before a tag is looked at again that a replica may not know yet.
const REPLICA_WAITS: [u64; 3] = [200, 600, 1000];

impl Repository {
    fn manifest_request(&self, method: Method, selector: &Selector) -> Request {
        // Harbor answers 404 to a manifest whose type is not named; `*/*` is not enough.
        Request::new(method, self.url(&format!("manifests/{selector}")))
            .header(header::ACCEPT, &media_type::MANIFESTS.join(", "))
    }

    /// Returns what a tag or digest names, by HEAD where the answer tells enough.
    pub(super) async fn resolve_manifest(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        let asked = self.client().send(&self.manifest_request(Method::HEAD, selector), Some(&self.access)).await;
        let answer = match asked {
            Ok(answer) => answer,
            Err(error) => return Err(self.with_reason(error, selector).await),
        };
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            // There are servers that know no HEAD, and an answer to GET has the reason in its body.
            _ => return self.resolve_by_reading(selector).await,
        }
        if wire::is_html(answer.headers()) {
            return Err(self.not_a_registry(answer).await);
        }
        let digest = wire::content_digest(answer.headers()).map_err(|text| self.no_digest(&text))?;
        let media_type =
            answer.header("content-type").map(|text| text.split(';').next().unwrap_or(text).trim().to_owned());
        match (digest, media_type, answer.content_length()) {
            (Some(digest), Some(media_type), Some(size)) => {
                Ok(Some(Descriptor { media_type, digest, size, annotations: std::collections::BTreeMap::new() }))
            }
            _ => self.resolve_by_reading(selector).await,
        }
    }

    /// Asks once by GET why HEAD failed: an answer to HEAD has no words.
    async fn with_reason(&self, error: Error, selector: &Selector) -> Error {
        // A server that wants to be left alone is left alone.
        if error.find::<Refusal>().is_none_or(|refusal| refusal.status == 429) {
            return error;
        }
        match self.client().send_once(&self.manifest_request(Method::GET, selector), Some(&self.access)).await {
            Err(fault) => Error::new(error.kind(), error.to_string()).because(fault.error),
            Ok(_) => error,
        }
    }

    async fn resolve_by_reading(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        match self.fetch_manifest(selector).await {
            Ok(manifest) => Ok(Some(manifest.descriptor())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns a manifest that is what was asked for.
    pub(super) async fn fetch_manifest(&self, selector: &Selector) -> Result<Manifest> {
        let request = self.manifest_request(Method::GET, selector);
        let name = self.whole_name();
        let (headers, bytes) =
            match self.client().fetch(&request, Some(&self.access), Manifest::MAX_BYTES, "the manifest").await? {
                Fetched::Body { headers, bytes } => (headers, bytes),
                Fetched::Other(answer) if answer.status() == StatusCode::OK => {
                    return Err(self.not_a_registry(answer).await);
                }
                Fetched::Other(answer) if answer.status() == StatusCode::NOT_FOUND => {
                    return Err(answer.into_error(format!("`{selector}` is not in `{name}`")).await);
                }
                Fetched::Other(answer) => {
                    return Err(answer.into_error(format!("cannot read `{selector}` of `{name}`")).await);
                }
            };
        let said = wire::content_digest(&headers).map_err(|text| self.no_digest(&text))?;
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let context = |error: Error| error.while_doing(format!("`{selector}` of `{name}` is not acceptable"));
        let manifest = Manifest::parse(bytes, media_type.as_deref()).map_err(context)?;
        let asked = match selector {
            Selector::Digest(digest) => Some(digest),
            Selector::Tag(_) => None,
        };
        for digest in asked.into_iter().chain(said.as_ref()) {
            if !manifest.has_digest(digest) {
                let message = format!("the manifest has the digest {}, not {digest}", manifest.digest());
                return Err(context(Error::new(ErrorKind::Integrity, message)));
            }
        }
        Ok(manifest)
    }

    /// Writes the manifest, under its digest or under a tag.
    pub(super) async fn put_manifest(&self, manifest: &Manifest, tag: Option<(&Tag, &TagRule)>) -> Result<TagOutcome> {
        let Some((tag, rule)) = tag else {
            let selector = Selector::Digest(manifest.digest().clone());
            let answer = self.put(manifest, &selector, false).await?;
            return if answer.status().is_success() {
                self.check_accepted(&answer, manifest)?;
                Ok(TagOutcome::Created)
            } else {
                Err(answer.into_error(format!("`{}` did not take the manifest", self.whole_name())).await)
            };
        };
        let selector = Selector::Tag(tag.clone());
        let answer = self.put(manifest, &selector, *rule == TagRule::Absent).await?;
        let status = answer.status();
        if status.is_success() {
            self.check_accepted(&answer, manifest)?;
        } else {
            let error = answer.into_error(format!("`{}` did not take the tag `{tag}`", self.whole_name())).await;
            return self.after_refusal(manifest, &selector, status, error).await;
        }
        self.look_again(manifest, tag, rule).await
    }

    async fn put(&self, manifest: &Manifest, selector: &Selector, only_if_absent: bool) -> Result<Answer> {
        let mut request = Request::new(Method::PUT, self.url(&format!("manifests/{selector}")))
            .header(header::CONTENT_TYPE, manifest.media_type())
            .body(manifest.bytes().clone());
        if only_if_absent {
            request = request.header(header::IF_NONE_MATCH, "*");
        }
        self.client().send(&request, Some(&self.access)).await
    }

    fn check_accepted(&self, answer: &Answer, manifest: &Manifest) -> Result<()> {
        match wire::content_digest(answer.headers()) {
            Ok(None) => Ok(()),
            Ok(Some(digest)) if manifest.has_digest(&digest) => Ok(()),
            Ok(Some(digest)) => {
                let message = format!("`{}` stored {digest} instead of {}", self.whole_name(), manifest.digest());
                Err(Error::new(ErrorKind::Integrity, message))
            }
            Err(text) => Err(self.no_digest(&text)),
        }
    }

    /// Finds out what a refused write means: an earlier try may have been stored, or somebody else's may.
    async fn after_refusal(
        &self,
        manifest: &Manifest,
        selector: &Selector,
        status: StatusCode,
        error: Error,
    ) -> Result<TagOutcome> {
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS) {
            return Err(error);
        }
        // What can't be looked at now does not change why the write was refused.
        let Ok(there) = self.resolve_manifest(selector).await else { return Err(error) };
        match there {
            Some(there) if manifest.has_digest(&there.digest) => Ok(TagOutcome::Unchanged),
            // Whatever the tag names, it was not the reason.
            Some(_) if is_about_content(&error) => Err(error),
            Some(there) => {
                let (here, there) = (manifest.digest().clone(), there.digest);
                let refusal = error.find::<Refusal>().map(ToString::to_string);
                Err(Error::conflict(TagConflict { there, here, stored: false, raced: false, refusal }))
            }
            None => Err(error),
        }
    }

    /// Looks at the tag that was just written. Another digest there means that another push won, unless a replica is
    /// merely behind.
    async fn look_again(&self, manifest: &Manifest, tag: &Tag, rule: &TagRule) -> Result<TagOutcome> {
        let selector = Selector::Tag(tag.clone());
        let replaced = match rule {
            TagRule::Is(digest) => Some(digest),
            TagRule::Absent | TagRule::Any => None,
        };
        let mut waits = REPLICA_WAITS.into_iter();
        let there = loop {
            let there = self.resolve_manifest(&selector).await?.map(|descriptor| descriptor.digest);
            if there.as_ref().is_some_and(|there| manifest.has_digest(there)) {
                return Ok(replaced.map_or(TagOutcome::Created, |digest| TagOutcome::Replaced(digest.clone())));
            }
            let may_be_stale = there.is_none() || there.as_ref() == replaced || *rule == TagRule::Any;
            match waits.next() {
                Some(wait) if may_be_stale => tokio::time::sleep(Duration::from_millis(wait)).await,
                _ => break there,
            }
        };
        if there.is_none() || there.as_ref() == replaced {
            let note =
                format!("`{}` took the tag `{tag}` but does not show it yet; look again in a while", self.whole_name());
            self.client().settings.observer.event(Event::Note(&note));
            return Ok(replaced.map_or(TagOutcome::Created, |digest| TagOutcome::Replaced(digest.clone())));
        }
        let there = there.expect("absence was handled above");
        Box::pin(self.put_manifest(manifest, None)).await?;
        let here = manifest.digest().clone();
        Err(Error::conflict(TagConflict { there, here, stored: true, raced: true, refusal: None }))
    }

    /// Deletes a tag or a manifest.
    pub(super) async fn delete_manifest(&self, selector: &Selector) -> Result<()> {
        let request = Request::new(Method::DELETE, self.url(&format!("manifests/{selector}")));
        let answer = self.client().send(&request, Some(&self.access)).await?;
        match answer.status() {
            StatusCode::ACCEPTED | StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
            StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED => {
                let refusal = answer.into_refusal().await;
                let message = format!("`{}` does not delete `{selector}`", self.whole_name());
                Err(Error::new(ErrorKind::Denied, message).because(refusal))
            }
            // Harbor, where a rule makes the tag immutable.
            StatusCode::PRECONDITION_FAILED => {
                let message = format!("`{}` keeps `{selector}`", self.whole_name());
                let refusal = answer.into_refusal().await;
                Err(Error::new(ErrorKind::Conflict, message).because(refusal))
            }
            _ => Err(answer.into_error(format!("cannot delete `{selector}` of `{}`", self.whole_name())).await),
        }
    }

    /// Returns a page of tags.
    pub(super) async fn list_tags(&self, after: Option<&PageToken>) -> Result<TagPage> {
        #[derive(serde::Deserialize)]
        struct List {
            #[serde(default)]
            tags: Option<Vec<Option<String>>>,
        }
        let url = match after {
            None => self.url("tags/list?n=1000"),
            Some(PageToken(text)) => self.client().base.join(text).map_err(|_| self.odd_link())?,
        };
        if !wire::same_origin(&url, &self.client().base) {
            return Err(self.odd_link());
        }
        let request = Request::new(Method::GET, url.clone());
        let (headers, body) =
            match self.client().fetch(&request, Some(&self.access), TAG_PAGE_LIMIT, "the list of tags").await? {
                Fetched::Body { headers, bytes } => (headers, bytes),
                Fetched::Other(answer) if answer.status() == StatusCode::OK => {
                    return Err(self.not_a_registry(answer).await);
                }
                Fetched::Other(answer) => {
                    return Err(answer.into_error(format!("cannot list the tags of `{}`", self.whole_name())).await);
                }
            };
        let next = wire::next_link(&headers).and_then(|link| url.join(&link).ok());
        if next.as_ref().is_some_and(|next| !wire::same_origin(next, &self.client().base)) {
            return Err(self.odd_link());
        }
        let list: List = serde_json::from_slice(&body).map_err(|_| {
            Error::new(ErrorKind::Unavailable, format!("`{}` sent a list of tags that is none", self.whole_name()))
        })?;
        let mut page = TagPage { next: next.map(|next| PageToken(next.to_string())), ..TagPage::default() };
        // Nexus and Artifactory put `null` into the list.
        for name in list.tags.unwrap_or_default().into_iter().flatten() {
            match name.parse() {
                Ok(tag) => page.tags.push(tag),
                Err(_) => page.not_tags.push(wire::printable(&name, 200)),
            }
        }
        Ok(page)
    }

    fn odd_link(&self) -> Error {
        let message = format!("`{}` continues its list of tags on another host, which is refused", self.whole_name());
        Error::new(ErrorKind::Unavailable, message)
    }

    fn no_digest(&self, text: &str) -> Error {
        let text = wire::printable(text, 100);
        Error::new(ErrorKind::Integrity, format!("`{}` sent the digest `{text}`, which is none", self.client().host()))
    }

    async fn not_a_registry(&self, answer: Answer) -> Error {
        answer.into_error(format!("cannot talk to `{}`", self.client().host())).await
    }
}

/// Returns whether a registry refused a manifest for what it holds, not for its tag.
///
/// distribution 2.8 does so now and then while somebody else uploads a blob of the manifest (`DIGEST_INVALID`, 7 times in ten minutes
/// of two workers).
fn is_about_content(error: &Error) -> bool {
    const CODES: [&str; 6] = [
        "BLOB_UNKNOWN",
        "DIGEST_INVALID",
        "MANIFEST_BLOB_UNKNOWN",
        "MANIFEST_INVALID",
        "MANIFEST_UNVERIFIED",
        "SIZE_INVALID",
    ];
    error.find::<Refusal>().and_then(|refusal| refusal.code.as_deref()).is_some_and(|code| CODES.contains(&code))
}
