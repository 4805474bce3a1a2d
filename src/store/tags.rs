//! All tags of a repository, page by page, as far as a list can be believed.

use std::collections::BTreeSet;

use super::{Error, ErrorKind, Result, Source, Tag};

/// How many tags a repository may have.
const MOST_TAGS: usize = 200_000;
/// How many pages their list may have: one may be empty, but not all.
const MOST_PAGES: usize = 2_000;

/// Returns all tags of a repository, in its order.
///
/// # Errors
///
/// The store's own, such as [`ErrorKind::NotFound`] where there is no such repository; [`ErrorKind::Unsafe`] where the list has no
/// end: more than 200,000 tags or 2,000 pages, or a page that was there before.
pub async fn all_tags(source: &dyn Source) -> Result<Vec<Tag>> {
    let endless = |what: String| Error::new(ErrorKind::Unsafe, format!("the list of tags has no end: {what}"));
    let mut tags = Vec::new();
    let mut seen = BTreeSet::new();
    let mut page = source.tags(None).await?;
    loop {
        tags.append(&mut page.tags);
        if tags.len() > MOST_TAGS {
            return Err(endless(format!("more than {MOST_TAGS} tags")));
        }
        let Some(next) = page.next else { return Ok(tags) };
        if seen.len() == MOST_PAGES {
            return Err(endless(format!("more than {MOST_PAGES} pages")));
        }
        page = source.tags(Some(&next)).await?;
        if !seen.insert(next.0) {
            return Err(endless("a page comes again".into()));
        }
    }
}
