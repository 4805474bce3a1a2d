//! Beside programs that know nothing of our locks.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use super::*;
use crate::store::layout::{
    change::{Edit, change},
    index::Index,
    lock::Lock,
    place::Place,
};

/// A repository with the tag `ours`, its index under lock, and another program's entry to be written.
struct Beside {
    sandbox: Sandbox,
    place: Place,
    lock: Lock,
    theirs: Content,
}

impl Beside {
    async fn new() -> Self {
        let sandbox = Sandbox::new();
        Content::of(&["ours"]).push(&sandbox.repository(), "ours", TagRule::Absent).await.unwrap();
        let place = Place::new(sandbox.store.directory(), "nginx".parse().unwrap());
        let lock = Lock::index(&place, &Silent).await.unwrap();
        Self { sandbox, place, lock, theirs: Content::of(&["theirs"]) }
    }

    /// Writes the index in place, as oras and skopeo do.
    fn rewrite(&self, edit: impl Fn(&mut Index)) {
        let mut index = Index::parse(&fs::read(self.sandbox.path("index.json")).unwrap(), "it").unwrap();
        edit(&mut index);
        fs::write(self.sandbox.path("index.json"), index.to_bytes()).unwrap();
    }

    fn tags(&self) -> Vec<String> {
        let mut tags: Vec<_> = self.sandbox.entries().into_iter().filter_map(|(name, _)| name).collect();
        tags.sort();
        tags
    }
}

fn descriptor(content: &Content) -> Descriptor {
    Descriptor::of(content.manifest.media_type(), content.manifest.bytes())
}

fn names_new(index: &Index) -> bool {
    index.names().contains("new")
}

#[tokio::test]
async fn a_write_between_our_reading_and_writing_is_kept() {
    let beside = Beside::new().await;
    let new = Content::of(&["new"]);
    let tries = AtomicUsize::new(0);
    let edit = |index: &Index| {
        let mut changed = index.clone();
        changed.point(&tag("new"), &descriptor(&new));
        if tries.fetch_add(1, Ordering::Relaxed) < 3 {
            let name = format!("theirs-{}", tries.load(Ordering::Relaxed));
            beside.rewrite(|index| index.point(&tag(&name), &descriptor(&beside.theirs)));
        }
        Ok(Edit::Write(changed, ()))
    };
    change(&beside.place, &beside.lock, edit, names_new).await.unwrap();
    assert_eq!(beside.tags(), ["new", "ours", "theirs-1", "theirs-2", "theirs-3"]);
}

#[tokio::test]
async fn a_write_that_loses_ours_is_repaired() {
    let beside = Beside::new().await;
    let new = Content::of(&["new"]);
    let looks = AtomicUsize::new(0);
    let edit = |index: &Index| {
        let mut changed = index.clone();
        changed.point(&tag("new"), &descriptor(&new));
        Ok(Edit::Write(changed, looks.load(Ordering::Relaxed)))
    };
    let holds = |index: &Index| {
        if looks.fetch_add(1, Ordering::Relaxed) < 2 {
            beside.rewrite(|index| index.remove_tag(&tag("new")));
            return false;
        }
        names_new(index)
    };
    let (first, index) = change(&beside.place, &beside.lock, edit, holds).await.unwrap();
    assert_eq!(first, 0, "what the first try found is what happened");
    assert!(names_new(&index));
    assert_eq!(beside.tags(), ["new", "ours"]);
}

#[tokio::test]
async fn a_program_that_never_stops_writing_is_an_error_in_the_end() {
    let beside = Beside::new().await;
    let count = AtomicUsize::new(0);
    let edit = |index: &Index| {
        let name = format!("theirs-{}", count.fetch_add(1, Ordering::Relaxed));
        beside.rewrite(|index| index.point(&tag(&name), &descriptor(&beside.theirs)));
        Ok(Edit::Write(index.clone(), ()))
    };
    let error = change(&beside.place, &beside.lock, edit, names_new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(count.load(Ordering::Relaxed), 5);
    assert_eq!(names(&beside.sandbox.path(".spectro")), ["index.lock", "store.lock"]);
}

#[tokio::test]
async fn half_an_index_is_read_again() {
    let sandbox = Sandbox::new();
    let content = Content::of(&["a"]);
    content.push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    let path = sandbox.path("index.json");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        fs::write(path, whole).unwrap();
    });
    content.push(&sandbox.repository(), "2", TagRule::Absent).await.unwrap();
    writer.join().unwrap();
    assert_eq!(sandbox.repository().tags(None).await.unwrap().tags, [tag("1"), tag("2")]);
}

#[tokio::test]
async fn an_index_that_stays_broken_is_never_replaced() {
    let sandbox = Sandbox::new();
    let content = Content::of(&["a"]);
    content.push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    for broken in ["", "{\"schemaVersion\":2,\"manifests\":[", "{\"schemaVersion\":1,\"manifests\":[]}"] {
        fs::write(sandbox.path("index.json"), broken).unwrap();
        let error = content.push(&sandbox.repository(), "2", TagRule::Any).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert!(error.to_string().contains("nginx/index.json"), "{error}");
        assert_eq!(fs::read_to_string(sandbox.path("index.json")).unwrap(), broken);
    }
}

#[tokio::test]
async fn a_tag_twice_can_not_be_read_and_a_delete_by_digest_repairs_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let (first, second) = (Content::of(&["a"]), Content::of(&["b"]));
    first.push(&repository, "1", TagRule::Absent).await.unwrap();
    second.push(&repository, "2", TagRule::Absent).await.unwrap();
    let index = fs::read_to_string(sandbox.path("index.json")).unwrap();
    fs::write(sandbox.path("index.json"), index.replace("name\":\"2\"", "name\":\"1\"")).unwrap();
    for error in [
        repository.resolve(&by_tag("1")).await.unwrap_err(),
        repository.manifest(&by_tag("1")).await.unwrap_err(),
        first.push(&repository, "1", TagRule::Any).await.unwrap_err(),
        repository.delete(&by_tag("1")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Integrity);
        for digest in [first.digest(), second.digest()] {
            assert!(error.to_string().contains(digest.as_str()), "{error}");
        }
    }
    repository.delete(&Selector::Digest(second.digest())).await.unwrap();
    assert_eq!(pull(&repository, "1").await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_layout_of_an_unknown_version_is_refused_and_a_missing_marker_is_written() {
    let sandbox = Sandbox::new();
    let content = Content::of(&["a"]);
    content.push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    fs::remove_file(sandbox.path("oci-layout")).unwrap();
    assert_eq!(pull(&sandbox.repository(), "1").await.unwrap(), ["a"]);
    content.push(&sandbox.repository(), "2", TagRule::Absent).await.unwrap();
    assert!(sandbox.path("oci-layout").exists());
    fs::write(sandbox.path("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    assert_eq!(sandbox.repository().resolve(&by_tag("1")).await.unwrap_err().kind(), ErrorKind::Integrity);
}
