//! The three lists of pack.json that name parts of the pack.

use std::collections::BTreeMap;

use super::{Fields, Finding, Kind, List, Reference, is_known};

/// Returns every entry of the lists that is a text.
pub(super) fn references(fields: &Fields<'_>, findings: &mut Vec<Finding>) -> Vec<Reference> {
    let mut references = Vec::new();
    for list in List::ALL {
        for (written, span) in fields.strings(list.field(), findings) {
            let (position, length) = fields.place(span);
            references.push(Reference { list, written: written.to_owned(), position, length, path: written.parse() });
        }
    }
    references
}

/// Returns whether the entries that could be read are all there are.
pub(super) fn are_whole(fields: &Fields<'_>) -> bool {
    let mut lists = List::ALL.into_iter().filter_map(|list| fields.get(list.field()));
    lists.all(|value| matches!(&value.kind, Kind::Array(items) if items.iter().all(|item| item.as_str().is_some())))
}

/// Returns the unknown fields that are meant to be lists, of lists that are not there.
pub(super) fn misnamed(fields: &Fields<'_>) -> BTreeMap<List, String> {
    let absent = List::ALL.into_iter().filter(|list| fields.get(list.field()).is_none());
    absent.filter_map(|list| Some((list, fields.meant(list.field(), is_known)?.name.clone()))).collect()
}
