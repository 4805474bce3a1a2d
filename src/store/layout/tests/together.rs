//! Many at once: tasks on one handle, handles on one folder, and the locks between them.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::timeout;

use super::*;
use crate::store::{
    TagConflict,
    layout::{
        lock::{Lock, Mode},
        place::Place,
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_tag_of_many_pushes_is_kept() {
    let sandbox = Sandbox::new();
    let one = sandbox.repository();
    let handles: Vec<_> = (0..40).map(|_| sandbox.repository()).collect();
    let pushes = (0..80).map(|number| {
        let to = if number % 2 == 0 { &one } else { &handles[number / 2] };
        async move {
            let content = Content::of(&["shared", &format!("layer {number}")]);
            content.push(to, &format!("v{number}"), TagRule::Absent).await
        }
    });
    for outcome in join_all(pushes).await {
        assert_eq!(outcome.unwrap(), TagOutcome::Created);
    }
    assert_eq!(one.tags(None).await.unwrap().tags.len(), 80);
    for number in 0..80 {
        let pulled = pull(&one, &format!("v{number}")).await.unwrap();
        assert_eq!(pulled, ["shared", &format!("layer {number}")]);
    }
    assert_eq!(names(&sandbox.path(".spectro")), ["index.lock", "store.lock"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_contents_wins_a_tag() {
    let sandbox = Sandbox::new();
    let contents: Vec<_> = (0..20).map(|number| Content::of(&[&format!("content {number}")])).collect();
    let pushes = contents.iter().map(|content| {
        let repository = sandbox.repository();
        async move {
            assert_eq!(repository.resolve(&by_tag("1")).await.unwrap(), None);
            tokio::time::sleep(Duration::from_millis(50)).await;
            content.push(&repository, "1", TagRule::Absent).await
        }
    });
    let outcomes = join_all(pushes).await;
    let there = sandbox.repository().resolve(&by_tag("1")).await.unwrap().unwrap().digest;
    for (content, outcome) in contents.iter().zip(outcomes) {
        if content.digest() == there {
            assert_eq!(outcome.unwrap(), TagOutcome::Created);
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            let expected =
                TagConflict { there: there.clone(), here: content.digest(), stored: false, raced: true, refusal: None };
            assert_eq!(error.find::<TagConflict>(), Some(&expected));
        }
    }
    assert_eq!(sandbox.entries(), [(Some("1".to_owned()), there.to_string())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_blobs_at_once_on_one_handle() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let texts: Vec<_> = (0..1000).map(|number| format!("blob {number}")).collect();
    let content = Content::of(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let pushes = content.parts.iter().map(|part| repository.push_blob(part, &content, None));
    assert!(join_all(pushes).await.into_iter().all(|outcome| outcome.is_ok()));
    repository.push_manifest(&content.manifest, None).await.unwrap();
    assert_eq!(sandbox.blobs().len(), 1001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_blob_from_many_tasks_is_whole() {
    let sandbox = Sandbox::new();
    let content = Content::of_bytes([Bytes::from(vec![7; 1_000_000])]);
    let handles: Vec<_> = (0..30).map(|_| sandbox.repository()).collect();
    let pushes = handles.iter().map(|handle| handle.push_blob(&content.parts[0], &content, None));
    assert!(join_all(pushes).await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(sandbox.blobs(), [content.parts[0].digest.hex()]);
    let reader = handles[0].blob(&content.parts[0]).await.unwrap();
    assert_eq!(reader.read_all(1 << 20).await.unwrap(), content.blobs[&content.parts[0].digest]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_push_that_is_dropped_at_any_moment_leaves_a_sound_store() {
    let sandbox = Sandbox::new();
    let contents: Vec<_> = (0..60).map(|number| Content::of(&["shared", &format!("{number}")])).collect();
    let pushes = contents.iter().enumerate().map(|(number, content)| {
        let repository = sandbox.repository();
        async move {
            let patience = Duration::from_millis(number as u64 * 3);
            let name = format!("v{number}");
            timeout(patience, content.push(&repository, &name, TagRule::Absent)).await.is_ok().then_some(name)
        }
    });
    let acknowledged: Vec<_> = join_all(pushes).await.into_iter().flatten().collect();
    Content::of(&["last"]).push(&sandbox.repository(), "last", TagRule::Absent).await.unwrap();
    let tags = sandbox.repository().tags(None).await.unwrap().tags;
    for tag in &tags {
        pull(&sandbox.repository(), tag.as_str()).await.unwrap();
    }
    assert!(acknowledged.iter().all(|name| tags.contains(&tag(name))));
    // Work that was under way when its push was dropped ends by itself.
    sandbox.repository().delete(&by_tag("last")).await.unwrap();
    assert_eq!(names(&sandbox.path(".spectro")), ["index.lock", "store.lock"]);
}

#[tokio::test]
async fn what_a_dead_push_left_is_swept_and_what_a_living_one_needs_is_not() {
    let sandbox = Sandbox::new();
    let content = Content::of(&["a", "b"]);
    let living = sandbox.repository();
    living.push_blob(&content.parts[0], &content, None).await.unwrap();
    let left = sandbox.path(".spectro/unfinished-1");
    fs::write(&left, "half a blob").unwrap();
    fs::write(sandbox.path(".spectro/notes"), "not ours").unwrap();
    let other = Content::of(&["c"]);
    other.push(&sandbox.repository(), "c", TagRule::Absent).await.unwrap();
    assert!(left.exists(), "it may belong to the push that lives");
    drop(living);
    other.push(&sandbox.repository(), "c", TagRule::Absent).await.unwrap();
    assert_eq!(names(&sandbox.path(".spectro")), ["index.lock", "notes", "store.lock"]);
}

#[tokio::test]
async fn a_delete_waits_for_a_push_and_says_so_and_the_wait_can_be_dropped() {
    let mut sandbox = Sandbox::new();
    let notes = Arc::new(Notes::default());
    sandbox.store = LayoutStore::new(sandbox.store.directory(), notes.clone());
    let (old, new) = (Content::of(&["shared"]), Content::of(&["shared", "more"]));
    old.push(&sandbox.repository(), "old", TagRule::Absent).await.unwrap();
    let push = sandbox.repository();
    push.push_blob(&new.parts[0], &new, None).await.unwrap();
    let delete = sandbox.repository();
    assert!(timeout(Duration::from_millis(2300), delete.delete(&by_tag("old"))).await.is_err());
    let expected =
        format!("waiting for another program that holds `{}`", sandbox.path(".spectro/store.lock").display());
    assert_eq!(*notes.0.lock().unwrap(), [expected]);
    // Its wait ended, so others go on; and the push goes on while a second delete waits for its end.
    let gone = by_tag("old");
    let (deleted, pushed) = tokio::join!(delete.delete(&gone), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        push.push_blob(&new.parts[1], &new, None).await?;
        push.push_manifest(&new.manifest, Some((&tag("new"), &TagRule::Absent))).await
    });
    deleted.unwrap();
    assert_eq!(pushed.unwrap(), TagOutcome::Created);
    assert_eq!(pull(&delete, "new").await.unwrap(), ["shared", "more"]);
    assert_eq!(delete.resolve(&gone).await.unwrap(), None);
}

#[tokio::test]
async fn a_push_waits_for_its_turn_at_the_index() {
    let sandbox = Sandbox::new();
    let content = Content::of(&["a"]);
    content.push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    let place = Place::new(sandbox.store.directory(), "nginx".parse().unwrap());
    let turn = Lock::index(&place, &Silent).await.unwrap();
    let repository = sandbox.repository();
    assert!(timeout(Duration::from_millis(200), content.push(&repository, "2", TagRule::Absent)).await.is_err());
    assert_eq!(sandbox.entries().len(), 1);
    drop(turn);
    content.push(&repository, "2", TagRule::Absent).await.unwrap();
    assert_eq!(sandbox.entries().len(), 2);
}

#[tokio::test]
async fn a_lock_whose_file_was_removed_is_no_lock() {
    let sandbox = Sandbox::new();
    Content::of(&["a"]).push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    let place = Place::new(sandbox.store.directory(), "nginx".parse().unwrap());
    let old = Lock::store(&place, Mode::Alone, &Silent).await.unwrap();
    fs::remove_file(sandbox.path(".spectro/store.lock")).unwrap();
    let new = Lock::store(&place, Mode::Alone, &Silent).await.unwrap();
    drop(old);
    let third = Lock::store(&place, Mode::Alone, &Silent);
    assert!(timeout(Duration::from_millis(100), third).await.is_err(), "the new file is held");
    drop(new);
}

#[tokio::test]
async fn nothing_is_written_beside_a_zot() {
    let sandbox = Sandbox::new();
    let content = Content::of(&["a"]);
    content.push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    let database = sandbox.store.directory().join("cache.db");
    let served = fs::File::create(&database).unwrap();
    content.push(&sandbox.repository(), "2", TagRule::Absent).await.unwrap();
    let begun = sandbox.repository();
    begun.push_blob(&content.parts[0], &content, None).await.unwrap();
    served.lock().unwrap();
    let repository = sandbox.repository();
    let new = sandbox.store.repository("new".parse().unwrap());
    let errors = [
        content.push(&repository, "3", TagRule::Absent).await.unwrap_err(),
        repository.delete(&by_tag("1")).await.unwrap_err(),
        new.push_blob(&content.parts[0], &content, None).await.unwrap_err(),
        begun.push_manifest(&content.manifest, Some((&tag("3"), &TagRule::Absent))).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.to_string().contains("push to that zot instead"), "{error}");
    }
    assert!(!sandbox.store.directory().join("new").exists());
    assert_eq!(pull(&repository, "1").await.unwrap(), ["a"]);
    served.unlock().unwrap();
    content.push(&repository, "3", TagRule::Absent).await.unwrap();
}
