//! Deleting: what goes, and above all what stays.

use super::*;

async fn put(repository: &LayoutRepository, text: String) -> Manifest {
    let manifest = Manifest::parse(Bytes::from(text), None).unwrap();
    repository.push_manifest(&manifest, None).await.unwrap();
    manifest
}

fn json(descriptor: &Descriptor) -> String {
    String::from_utf8(descriptor.to_json().to_canonical()).unwrap()
}

fn own(manifest: &Manifest) -> Descriptor {
    Descriptor::of(manifest.media_type(), manifest.bytes())
}

#[tokio::test]
async fn a_deleted_tag_takes_along_what_only_it_needed() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let (old, new) = (Content::of(&["shared", "old"]), Content::of(&["shared", "new"]));
    old.push(&repository, "1", TagRule::Absent).await.unwrap();
    new.push(&repository, "2", TagRule::Absent).await.unwrap();
    let orphan = Content::of(&["on its way"]);
    repository.push_blob(&orphan.parts[0], &orphan, None).await.unwrap();
    repository.delete(&by_tag("1")).await.unwrap();
    assert_eq!(repository.tags(None).await.unwrap().tags, [tag("2")]);
    assert_eq!(repository.resolve(&Selector::Digest(old.digest())).await.unwrap(), None);
    assert_eq!(pull(&repository, "2").await.unwrap(), ["shared", "new"]);
    for gone in [&old.digest(), &old.parts[1].digest] {
        assert!(!sandbox.blob(gone).exists());
    }
    assert!(sandbox.blob(&orphan.parts[0].digest).exists(), "nobody asked for that");
    repository.delete(&by_tag("2")).await.unwrap();
    assert_eq!(sandbox.blobs(), [orphan.parts[0].digest.hex()]);
    assert!(repository.tags(None).await.unwrap().tags.is_empty());
    assert_eq!(repository.delete(&by_tag("2")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_manifest_with_another_tag_stays_until_it_is_deleted_itself() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a"]);
    for name in ["1", "2", "3"] {
        content.push(&repository, name, TagRule::Absent).await.unwrap();
    }
    repository.delete(&by_tag("1")).await.unwrap();
    assert_eq!(pull(&repository, "2").await.unwrap(), ["a"]);
    repository.delete(&Selector::Digest(content.digest())).await.unwrap();
    assert!(repository.tags(None).await.unwrap().tags.is_empty());
    assert!(sandbox.blobs().is_empty());
    let again = repository.delete(&Selector::Digest(content.digest())).await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_replaced_manifest_stays_without_a_tag() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let (old, new) = (Content::of(&["shared", "old"]), Content::of(&["shared", "new"]));
    old.push(&repository, "1", TagRule::Absent).await.unwrap();
    new.push(&repository, "1", TagRule::Any).await.unwrap();
    repository.delete(&by_tag("1")).await.unwrap();
    let kept = repository.manifest(&Selector::Digest(old.digest())).await.unwrap();
    assert_eq!(kept.bytes(), old.manifest.bytes());
    for part in &old.parts {
        assert!(repository.has_blob(part).await.unwrap());
    }
    assert!(!repository.has_blob(&new.parts[1]).await.unwrap());
}

#[tokio::test]
async fn what_an_index_or_a_referrer_needs_stays() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let (child, subject) = (Content::of(&["child"]), Content::of(&["subject"]));
    child.push(&repository, "child", TagRule::Absent).await.unwrap();
    subject.push(&repository, "subject", TagRule::Absent).await.unwrap();
    let list = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, json(&own(&child.manifest)));
    let list = put(&repository, list).await;
    let signature = Content::of(&["signature"]);
    repository.push_blob(&signature.parts[0], &signature, None).await.unwrap();
    let referrer = put(
        &repository,
        format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[],"subject":{}}}"#,
            json(&signature.parts[0]),
            json(&own(&subject.manifest))
        ),
    )
    .await;
    repository.delete(&by_tag("child")).await.unwrap();
    repository.delete(&by_tag("subject")).await.unwrap();
    for part in [&own(&child.manifest), &child.parts[0], &own(&subject.manifest), &subject.parts[0]] {
        assert!(repository.has_blob(part).await.unwrap());
    }
    assert_eq!(repository.resolve(&Selector::Digest(subject.digest())).await.unwrap(), None);
    repository.delete(&Selector::Digest(list.digest().clone())).await.unwrap();
    repository.delete(&Selector::Digest(referrer.digest().clone())).await.unwrap();
    assert!(sandbox.blobs().is_empty(), "nothing needs them any more: {:?}", sandbox.blobs());
}

#[tokio::test]
async fn nothing_is_removed_where_a_remaining_manifest_can_not_be_read() {
    let mut sandbox = Sandbox::new();
    let notes = Arc::new(Notes::default());
    sandbox.store = LayoutStore::new(sandbox.store.directory(), notes.clone());
    let repository = sandbox.repository();
    let (gone, damaged) = (Content::of(&["a"]), Content::of(&["b"]));
    gone.push(&repository, "1", TagRule::Absent).await.unwrap();
    damaged.push(&repository, "2", TagRule::Absent).await.unwrap();
    let before = sandbox.blobs();
    fs::write(sandbox.blob(&damaged.digest()), "{}").unwrap();
    repository.delete(&by_tag("1")).await.unwrap();
    assert_eq!(repository.tags(None).await.unwrap().tags, [tag("2")]);
    assert_eq!(sandbox.blobs(), before);
    let notes = notes.0.lock().unwrap();
    assert!(notes[0].contains(damaged.digest().as_str()), "{notes:?}");
}

#[tokio::test]
async fn a_damaged_manifest_can_be_deleted() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a"]);
    content.push(&repository, "1", TagRule::Absent).await.unwrap();
    fs::write(sandbox.blob(&content.digest()), "damaged").unwrap();
    repository.delete(&by_tag("1")).await.unwrap();
    assert_eq!(sandbox.blobs(), [content.parts[0].digest.hex()], "what it needed is not known");
}

#[tokio::test]
async fn a_link_in_a_blobs_place_is_left_alone() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a"]);
    content.push(&repository, "1", TagRule::Absent).await.unwrap();
    let secret = sandbox.folder.path().join("secret");
    fs::rename(sandbox.blob(&content.parts[0].digest), &secret).unwrap();
    std::os::unix::fs::symlink(&secret, sandbox.blob(&content.parts[0].digest)).unwrap();
    repository.delete(&by_tag("1")).await.unwrap();
    assert_eq!(fs::read_to_string(secret).unwrap(), "a");
    assert_eq!(sandbox.blobs(), [content.parts[0].digest.hex()]);
}
