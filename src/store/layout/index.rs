//! What `index.json` says: the manifests of a repository and their tags (OCI image-spec 1.1.1, "index.json file").
//!
//! Other programs write it, too. What this module does not know is kept as it was: fields, annotations, entries without a tag, and
//! entries whose `ref.name` is no tag. Two manifests with one `ref.name` are refused, because oras takes the last of them and skopeo
//! the first.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    digest::Digest,
    store::{Descriptor, Error, ErrorKind, Json, Result, Tag, media_type},
};

/// The annotation that holds a tag.
pub(super) const NAME: &str = "org.opencontainers.image.ref.name";

/// The content of an `index.json`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Index {
    document: BTreeMap<String, Json>,
    entries: Vec<Json>,
}

impl Index {
    /// Returns the index of a new repository.
    pub(super) fn empty() -> Self {
        let document = BTreeMap::from([
            ("schemaVersion".to_owned(), Json::from(2)),
            ("mediaType".to_owned(), Json::from(media_type::IMAGE_INDEX)),
        ]);
        Self { document, entries: Vec::new() }
    }

    /// Returns the index that these bytes are; `place` names it in errors.
    pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Self> {
        let wrong = |what: &str| Error::new(ErrorKind::Integrity, format!("{place} {what}"));
        let Json::Object(mut document) =
            Json::parse(bytes).map_err(|error| wrong("is not valid JSON").because(error))?
        else {
            return Err(wrong("is not a JSON object"));
        };
        match document.get("schemaVersion") {
            Some(Json::Number(number)) if number.as_u64() == Some(2) => {}
            _ => return Err(wrong("has no `schemaVersion` 2")),
        }
        let entries = match document.remove("manifests") {
            Some(Json::Array(entries)) => entries,
            None | Some(Json::Null) => Vec::new(),
            Some(_) => return Err(wrong("has no list `manifests`")),
        };
        Ok(Self { document, entries })
    }

    /// Returns the text to write.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut document = self.document.clone();
        document.insert("manifests".to_owned(), Json::Array(self.entries.clone()));
        Json::Object(document).to_canonical()
    }

    /// Returns what the tag names.
    pub(super) fn tagged(&self, tag: &Tag) -> Result<Option<Descriptor>> {
        let mut entries = self.entries.iter().filter(|entry| name(entry) == Some(tag.as_str()));
        let Some(first) = entries.next() else { return Ok(None) };
        if let Some(other) = entries.find(|entry| digest(entry) != digest(first)) {
            let [first, other] = [first, other].map(|entry| digest(entry).unwrap_or("no digest"));
            return Err(Error::new(
                ErrorKind::Integrity,
                format!("two entries of index.json have the tag `{tag}`: {first} and {other}"),
            ));
        }
        descriptor(first, &format!("the entry of the tag `{tag}` in index.json")).map(Some)
    }

    /// Returns the first entry of this manifest.
    pub(super) fn entry(&self, wanted: &Digest) -> Result<Option<Descriptor>> {
        let entry = self.entries.iter().find(|entry| digest(entry) == Some(wanted.as_str()));
        entry.map(|entry| descriptor(entry, &format!("the entry of {wanted} in index.json"))).transpose()
    }

    /// Returns all entries, each with the tag that it has as its only annotation.
    pub(super) fn descriptors(&self) -> Result<Vec<Descriptor>> {
        let read = |entry: &Json| {
            let mut found = descriptor(entry, "an entry in index.json")?;
            found.annotations.extend(name(entry).map(|tag| (NAME.to_owned(), tag.to_owned())));
            Ok(found)
        };
        self.entries.iter().map(read).collect()
    }

    /// Returns every `ref.name`, in order.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.entries.iter().filter_map(name).collect()
    }

    /// Returns the digests of all entries with their media types; an entry without a valid digest has no blob.
    pub(super) fn manifests(&self) -> impl Iterator<Item = (Digest, &str)> {
        self.entries.iter().filter_map(|entry| {
            let media_type = entry.as_object()?.get("mediaType").and_then(Json::as_str).unwrap_or_default();
            Some((digest(entry)?.parse().ok()?, media_type))
        })
    }

    /// Lets the tag name this manifest; what it named before stays as an untagged entry.
    pub(super) fn point(&mut self, tag: &Tag, to: &Descriptor) {
        for position in (0..self.entries.len()).rev() {
            if name(&self.entries[position]) == Some(tag.as_str()) {
                rename(&mut self.entries[position], None);
                let old = digest(&self.entries[position]).map(str::to_owned);
                if self.entries.iter().filter(|entry| digest(entry) == old.as_deref()).count() > 1 {
                    self.entries.remove(position);
                }
            }
        }
        let untagged = |entry: &&mut Json| digest(entry) == Some(to.digest.as_str()) && name(entry).is_none();
        if let Some(entry) = self.entries.iter_mut().find(untagged) {
            rename(entry, Some(tag));
        } else {
            let annotations = BTreeMap::from([(NAME.to_owned(), tag.to_string())]);
            self.entries.push(Descriptor { annotations, ..to.clone() }.to_json());
        }
    }

    /// Adds an untagged entry, unless the manifest has an entry.
    pub(super) fn add(&mut self, manifest: &Descriptor) -> bool {
        let new = !self.entries.iter().any(|entry| digest(entry) == Some(manifest.digest.as_str()));
        if new {
            self.entries.push(Descriptor { annotations: BTreeMap::new(), ..manifest.clone() }.to_json());
        }
        new
    }

    /// Removes the tag's entry.
    pub(super) fn remove_tag(&mut self, tag: &Tag) {
        self.entries.retain(|entry| name(entry) != Some(tag.as_str()));
    }

    /// Removes all entries of a manifest.
    pub(super) fn remove_manifest(&mut self, manifest: &Digest) {
        self.entries.retain(|entry| digest(entry) != Some(manifest.as_str()));
    }
}

fn name(entry: &Json) -> Option<&str> {
    entry.as_object()?.get("annotations")?.as_object()?.get(NAME)?.as_str()
}

fn digest(entry: &Json) -> Option<&str> {
    entry.as_object()?.get("digest")?.as_str()
}

/// Returns an entry as registries would name it: its annotations are the index's own business.
fn descriptor(entry: &Json, place: &str) -> Result<Descriptor> {
    Ok(Descriptor { annotations: BTreeMap::new(), ..Descriptor::from_json(entry, place)? })
}

/// Gives an entry another tag, or none.
fn rename(entry: &mut Json, tag: Option<&Tag>) {
    let Json::Object(members) = entry else { return };
    let annotations = members.entry("annotations".to_owned()).or_insert(Json::Null);
    if !matches!(annotations, Json::Object(_)) {
        *annotations = Json::Object(BTreeMap::new());
    }
    let Json::Object(texts) = annotations else { return };
    match tag {
        Some(tag) => {
            texts.insert(NAME.to_owned(), Json::from(tag.as_str()));
        }
        None => {
            texts.remove(NAME);
        }
    }
    if texts.is_empty() {
        members.remove("annotations");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Descriptor {
        Descriptor::of(media_type::IMAGE_MANIFEST, text.as_bytes())
    }

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    fn text(index: &Index) -> String {
        String::from_utf8(index.to_bytes()).unwrap()
    }

    #[test]
    fn what_others_wrote_is_kept() {
        let foreign = concat!(
            r#"{"annotations":{"who":"else"},"manifests":["#,
            r#"{"annotations":{"org.opencontainers.image.ref.name":"not a tag!"},"digest":"md5:1","odd":[1,null]},"#,
            r#"7,{"digest":"sha256:00","platform":{"os":"plan9"}}],"schemaVersion":2,"x":18446744073709551615}"#
        );
        let mut index = Index::parse(foreign.as_bytes(), "it").unwrap();
        assert_eq!(text(&index), foreign);
        index.point(&tag("1"), &manifest("a"));
        index.remove_tag(&tag("1"));
        assert_eq!(text(&index), foreign);
        assert_eq!(index.names(), BTreeSet::from(["not a tag!"]));
    }

    #[test]
    fn a_moved_tag_leaves_its_manifest_untagged_and_comes_back_without_a_second_entry() {
        let mut index = Index::empty();
        index.point(&tag("1"), &manifest("a"));
        let before = text(&index);
        index.point(&tag("1"), &manifest("b"));
        assert_eq!(index.tagged(&tag("1")).unwrap(), Some(manifest("b")));
        assert_eq!(index.entry(&manifest("a").digest).unwrap(), Some(manifest("a")));
        index.point(&tag("1"), &manifest("a"));
        index.remove_manifest(&manifest("b").digest);
        assert_eq!(text(&index), before);
    }

    #[test]
    fn a_manifest_with_another_tag_needs_no_untagged_entry() {
        let mut index = Index::empty();
        index.point(&tag("1"), &manifest("a"));
        index.point(&tag("latest"), &manifest("a"));
        index.point(&tag("latest"), &manifest("b"));
        index.remove_tag(&tag("1"));
        assert_eq!(index.entry(&manifest("a").digest).unwrap(), None);
    }

    #[test]
    fn an_untagged_entry_keeps_its_fields_when_it_gets_a_tag() {
        let digest = manifest("a").digest;
        let foreign = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}","digest":"{digest}","size":1,"odd":1}}]}}"#,
            media_type::IMAGE_MANIFEST
        );
        let mut index = Index::parse(foreign.as_bytes(), "it").unwrap();
        assert!(!index.add(&manifest("a")));
        index.point(&tag("1"), &manifest("a"));
        assert_eq!(index.manifests().count(), 1);
        assert!(text(&index).contains(r#""odd":1"#));
        assert_eq!(index.tagged(&tag("1")).unwrap(), Some(manifest("a")));
    }

    #[test]
    fn two_manifests_with_one_tag_are_refused_by_both_digests() {
        let entry = |text: &str| {
            let annotations = BTreeMap::from([(NAME.to_owned(), "1".to_owned())]);
            String::from_utf8(Descriptor { annotations, ..manifest(text) }.to_json().to_canonical()).unwrap()
        };
        let parse = |entries: &[String]| {
            let text = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","));
            Index::parse(text.as_bytes(), "it").unwrap()
        };
        let error = parse(&[entry("a"), entry("b")]).tagged(&tag("1")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        let [a, b] = ["a", "b"].map(|text| manifest(text).digest);
        assert_eq!(error.to_string(), format!("two entries of index.json have the tag `1`: {a} and {b}"));
        assert!(parse(&[entry("a"), entry("a")]).tagged(&tag("1")).is_ok());
    }

    #[test]
    fn what_is_no_index_is_refused() {
        for (text, reason) in [
            ("", "is not valid JSON"),
            (r#"{"schemaVersion":2,"schemaVersion":2}"#, "is not valid JSON"),
            ("[]", "is not a JSON object"),
            (r#"{"manifests":[]}"#, "has no `schemaVersion` 2"),
            (r#"{"schemaVersion":2,"manifests":{}}"#, "has no list `manifests`"),
        ] {
            assert_eq!(Index::parse(text.as_bytes(), "`x`").unwrap_err().to_string(), format!("`x` {reason}"));
        }
    }
}
