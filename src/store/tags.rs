//! All tags of a repository, page by page, as far as a list can be believed.

use std::collections::BTreeSet;

use super::{Error, ErrorKind, Result, Source, Tag};

/// How many tags a repository may have, and how many repositories a server.
const MOST_ITEMS: usize = 200_000;
/// How many pages their list may have: one may be empty, but not all.
const MOST_PAGES: usize = 2_000;

/// What was seen of a list that comes in pages.
pub(crate) struct Pages {
    what: &'static str,
    seen: BTreeSet<String>,
}

impl Pages {
    /// Returns the state before the first page of a list of `what`, such as `tags`.
    pub(crate) fn of(what: &'static str) -> Self {
        Self { what, seen: BTreeSet::new() }
    }

    /// Notes that so many items were read and which page comes next.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsafe`] where the list has no end: too many items or pages, or a page that was there before.
    pub(crate) fn read(&mut self, items: usize, next: Option<&str>) -> Result<()> {
        let what = self.what;
        let endless = |why: String| Error::new(ErrorKind::Unsafe, format!("the list of {what} has no end: {why}"));
        if items > MOST_ITEMS {
            return Err(endless(format!("more than {MOST_ITEMS} {what}")));
        }
        let Some(next) = next else { return Ok(()) };
        if self.seen.len() == MOST_PAGES {
            return Err(endless(format!("more than {MOST_PAGES} pages")));
        }
        if self.seen.insert(next.to_owned()) { Ok(()) } else { Err(endless("a page comes again".into())) }
    }
}

/// Returns all tags of a repository, in its order.
///
/// # Errors
///
/// The store's own, such as [`ErrorKind::NotFound`] where there is no such repository; [`ErrorKind::Unsafe`] where the list has no
/// end: more than 200,000 tags or 2,000 pages, or a page that was there before.
pub async fn all_tags(source: &dyn Source) -> Result<Vec<Tag>> {
    let mut pages = Pages::of("tags");
    let mut tags = Vec::new();
    let mut page = source.tags(None).await?;
    loop {
        tags.append(&mut page.tags);
        pages.read(tags.len(), page.next.as_ref().map(|next| next.0.as_str()))?;
        let Some(next) = page.next else { return Ok(tags) };
        page = source.tags(Some(&next)).await?;
    }
}
