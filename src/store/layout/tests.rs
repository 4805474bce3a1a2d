//! The local store, from within.

use std::{collections::BTreeMap, fs, os::unix::fs::symlink};

use super::*;
use crate::{
    digest::Digest,
    store::{Silent, media_type},
};

/// A source of one manifest with one layer.
struct Made {
    manifest: Manifest,
    layer: Vec<u8>,
}

impl Made {
    fn new(text: &str) -> Self {
        let layer = text.as_bytes().to_vec();
        let descriptor = Descriptor::of("text/plain", &layer);
        let manifest = Manifest::image(Descriptor::of("application/json", &layer), vec![descriptor], BTreeMap::new());
        Self { manifest: manifest.unwrap(), layer }
    }
}

#[async_trait]
impl Source for Made {
    async fn resolve(&self, _: &Selector) -> Result<Option<Descriptor>> {
        Ok(Some(self.manifest.descriptor()))
    }

    async fn manifest(&self, _: &Selector) -> Result<Manifest> {
        Ok(self.manifest.clone())
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        Ok(BlobReader::from_bytes(descriptor, self.layer.clone().into()))
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        Ok(TagPage::default())
    }
}

fn store(folder: &tempfile::TempDir) -> LayoutStore {
    LayoutStore::new(folder.path().join("store"), Arc::new(Silent))
}

fn repository(store: &LayoutStore) -> LayoutRepository {
    store.repository("acme/pack".parse().unwrap())
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

async fn push(repository: &LayoutRepository, made: &Made, name: &str, rule: TagRule) -> Result<TagOutcome> {
    for blob in made.manifest.blobs() {
        repository.push_blob(blob, made, None).await?;
    }
    repository.push_manifest(&made.manifest, Some((&tag(name), &rule))).await
}

async fn read(repository: &LayoutRepository, name: &str) -> Vec<u8> {
    let manifest = repository.manifest(&Selector::Tag(tag(name))).await.unwrap();
    repository.blob(manifest.blobs()[0]).await.unwrap().read_all(1 << 20).await.unwrap().to_vec()
}

#[tokio::test]
async fn what_is_pushed_is_read_and_reading_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let absent = repository(&store);
    assert_eq!(absent.resolve(&Selector::Tag(tag("1"))).await.unwrap(), None);
    assert_eq!(absent.manifest(&Selector::Tag(tag("1"))).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(absent.tags(None).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!store.directory().exists());

    let one = Made::new("one");
    assert_eq!(push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap(), TagOutcome::Created);
    assert_eq!(push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap(), TagOutcome::Unchanged);
    assert_eq!(read(&repository(&store), "1").await, b"one");
    let there = one.manifest.digest().clone();
    let other = Made::new("other");
    let error = push(&repository(&store), &other, "1", TagRule::Absent).await.unwrap_err();
    let conflict = error.find::<super::super::TagConflict>().unwrap();
    assert_eq!((error.kind(), &conflict.there, &conflict.here), (ErrorKind::Conflict, &there, other.manifest.digest()));
    let outcome = push(&repository(&store), &other, "1", TagRule::Is(there.clone())).await.unwrap();
    assert_eq!(outcome, TagOutcome::Replaced(there.clone()));
    // The old one stays, without a tag.
    assert!(repository(&store).manifest(&Selector::Digest(there)).await.is_ok());
    assert_eq!(repository(&store).tags(None).await.unwrap().tags, [tag("1")]);
    assert_eq!(
        fs::read_to_string(store.directory().join("acme/pack/oci-layout")).unwrap(),
        r#"{"imageLayoutVersion":"1.0.0"}"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_is_kept_and_one_of_many_contents_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let pushes = (0..50).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let made = Made::new(&format!("content {number}"));
            let kept = push(&repository(&store), &made, &format!("1.0.{number}"), TagRule::Absent).await;
            (kept, push(&repository(&store), &made, "contested", TagRule::Absent).await)
        })
    });
    let mut winners = 0;
    for done in futures::future::join_all(pushes).await {
        let (kept, contested) = done.unwrap();
        assert_eq!(kept.unwrap(), TagOutcome::Created);
        match contested {
            Ok(_) => winners += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(repository(&store).tags(None).await.unwrap().tags.len(), 51);
}

#[tokio::test]
async fn what_others_wrote_into_the_index_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    push(&repository(&store), &Made::new("one"), "1", TagRule::Absent).await.unwrap();
    let path = store.directory().join("acme/pack/index.json");
    let text = fs::read_to_string(&path).unwrap();
    let digest = Digest::of(b"foreign");
    let foreign = format!(
        r#"{{"mediaType":"{}","digest":"{digest}","size":7,"platform":{{"os":"x","os.version":"1"}},"annotations":{{"a":"b"}}}},"#,
        media_type::IMAGE_MANIFEST
    );
    fs::write(&path, text.replacen('[', &format!("[{foreign}"), 1).replacen('{', r#"{"later":1.5,"#, 1)).unwrap();
    push(&repository(&store), &Made::new("two"), "2", TagRule::Absent).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(r#""os.version":"1""#) && text.contains(r#""later":1.5"#), "{text}");
    assert_eq!(repository(&store).tags(None).await.unwrap().tags, [tag("1"), tag("2")]);
}

#[tokio::test]
async fn an_index_that_says_two_things_or_nothing_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (one, two) = (Made::new("one"), Made::new("two"));
    push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap();
    push(&repository(&store), &two, "2", TagRule::Absent).await.unwrap();
    let path = store.directory().join("acme/pack/index.json");
    let twice = fs::read_to_string(&path).unwrap().replace(r#"ref.name":"2""#, r#"ref.name":"1""#);
    fs::write(&path, &twice).unwrap();
    let error = repository(&store).resolve(&Selector::Tag(tag("1"))).await.unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains(one.manifest.digest().as_str()) && message.contains(two.manifest.digest().as_str()),
        "{message}"
    );
    for broken in ["", "{", "[]", r#"{"manifests":{}}"#] {
        fs::write(&path, broken).unwrap();
        let error = push(&repository(&store), &one, "3", TagRule::Any).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{broken}");
        assert_eq!(fs::read_to_string(&path).unwrap(), broken, "it is not replaced");
    }
}

#[tokio::test]
async fn a_damaged_blob_is_not_handed_out_and_is_replaced_by_a_push() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let one = Made::new("one");
    push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap();
    let blob = one.manifest.blobs()[0].clone();
    let path = blobs::path(&store.directory().join("acme/pack"), &blob.digest);
    for damage in ["ONE", "longer", ""] {
        fs::write(&path, damage).unwrap();
        let reader = repository(&store).blob(&blob).await;
        let error = match reader {
            Ok(reader) => reader.read_all(100).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::Integrity, "{damage}");
        assert_eq!(repository(&store).push_blob(&blob, &one, None).await.unwrap(), BlobOutcome::Uploaded);
        assert_eq!(read(&repository(&store), "1").await, b"one");
    }
    assert_eq!(repository(&store).push_blob(&blob, &one, None).await.unwrap(), BlobOutcome::Exists);
}

#[tokio::test]
async fn links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let one = Made::new("one");
    push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap();
    let root = store.directory().join("acme/pack");
    let blob = blobs::path(&root, &one.manifest.blobs()[0].digest);
    fs::rename(&blob, folder.path().join("moved")).unwrap();
    symlink(folder.path().join("moved"), &blob).unwrap();
    let error = repository(&store).blob(one.manifest.blobs()[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsafe);
    fs::rename(root.join("index.json"), folder.path().join("index")).unwrap();
    symlink(folder.path().join("index"), root.join("index.json")).unwrap();
    assert_eq!(repository(&store).tags(None).await.unwrap_err().kind(), ErrorKind::Unsafe);
    fs::rename(&root, folder.path().join("elsewhere")).unwrap();
    symlink(folder.path().join("elsewhere"), &root).unwrap();
    assert_eq!(push(&repository(&store), &one, "2", TagRule::Any).await.unwrap_err().kind(), ErrorKind::Unsafe);
}

#[tokio::test]
async fn what_is_no_place_for_a_repository_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    push(&repository(&store), &Made::new("one"), "1", TagRule::Absent).await.unwrap();
    let within = LayoutStore::new(store.directory().join("acme/pack"), Arc::new(Silent));
    let error = within.repository("x".parse().unwrap()).tags(None).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Invalid && error.to_string().ends_with("give its parent as the store"),
        "{error}"
    );
    let error = store.repository("acme/blobs".parse().unwrap()).tags(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_delete_takes_what_nobody_else_needs() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (one, two) = (Made::new("one"), Made::new("two"));
    push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap();
    push(&repository(&store), &one, "also", TagRule::Absent).await.unwrap();
    push(&repository(&store), &two, "2", TagRule::Absent).await.unwrap();
    let has =
        |made: &Made| blobs::path(&store.directory().join("acme/pack"), &made.manifest.blobs()[0].digest).exists();
    repository(&store).delete(&Selector::Tag(tag("1"))).await.unwrap();
    assert!(has(&one) && has(&two), "another tag needs it");
    repository(&store).delete(&Selector::Digest(one.manifest.digest().clone())).await.unwrap();
    assert!(!has(&one) && has(&two));
    assert_eq!(repository(&store).tags(None).await.unwrap().tags, [tag("2")]);
    let error = repository(&store).delete(&Selector::Tag(tag("1"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_delete_waits_for_a_push_and_stale_files_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (one, two) = (Made::new("one"), Made::new("two"));
    push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap();
    let own = store.directory().join("acme/pack").join(OWN_FOLDER);
    fs::write(own.join("new-stale"), "x").unwrap();
    let pushing = repository(&store);
    pushing.push_blob(two.manifest.blobs()[0], &two, None).await.unwrap();
    assert!(!own.join("new-stale").exists(), "a killed process left it, and nobody pushed");
    // The blob that the push has written is not in the index yet: a delete must not take it.
    fs::write(own.join("new-living"), "x").unwrap();
    let deleting = repository(&store);
    let selector = Selector::Tag(tag("1"));
    let mut delete = Box::pin(deleting.delete(&selector));
    let waits = tokio::time::timeout(std::time::Duration::from_millis(200), &mut delete).await;
    assert!(waits.is_err(), "the delete waits");
    repository(&store).push_blob(one.manifest.blobs()[0], &one, None).await.unwrap();
    assert!(own.join("new-living").exists(), "somebody pushes, so it is not stale");
    pushing.push_manifest(&two.manifest, Some((&tag("2"), &TagRule::Absent))).await.unwrap();
    delete.await.unwrap();
    assert_eq!(read(&repository(&store), "2").await, b"two");
}

#[tokio::test]
async fn a_zot_that_serves_the_folder_is_the_one_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let one = Made::new("one");
    push(&repository(&store), &one, "1", TagRule::Absent).await.unwrap();
    let cache = fs::File::create(store.directory().join("cache.db")).unwrap();
    push(&repository(&store), &one, "2", TagRule::Absent).await.unwrap();
    cache.lock().unwrap();
    let error = push(&repository(&store), &one, "3", TagRule::Absent).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Denied && error.to_string().contains("push to that zot"), "{error}");
    assert_eq!(read(&repository(&store), "1").await, b"one", "reading goes on");
}
