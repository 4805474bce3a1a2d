//! One push at a time: what is on disk afterwards, and what is not there yet.

use super::*;
use crate::store::BlobOutcome;

#[tokio::test]
async fn a_repository_is_a_complete_image_layout() {
    let sandbox = Sandbox::new();
    let content = Content::of(&["{}", "values", ""]);
    let outcome = content.push(&sandbox.repository(), "1.2.0", TagRule::Absent).await.unwrap();
    assert_eq!(outcome, TagOutcome::Created);
    assert_eq!(names(&sandbox.path("")), [".spectro", "blobs", "index.json", "oci-layout"]);
    assert_eq!(fs::read_to_string(sandbox.path("oci-layout")).unwrap(), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = fs::read_to_string(sandbox.path("index.json")).unwrap();
    let expected = format!(
        concat!(
            r#"{{"manifests":[{{"annotations":{{"org.opencontainers.image.ref.name":"1.2.0"}},"digest":"{}","#,
            r#""mediaType":"application/vnd.oci.image.manifest.v1+json","size":{}}}],"#,
            r#""mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}}"#
        ),
        content.digest(),
        content.manifest.bytes().len()
    );
    assert_eq!(index, expected);
    let mut digests: Vec<_> =
        content.blobs.keys().chain([&content.digest()]).map(|digest| digest.hex().to_owned()).collect();
    digests.sort();
    assert_eq!(sandbox.blobs(), digests);
    assert_eq!(names(&sandbox.path(".spectro")), ["index.lock", "store.lock"]);
    assert_eq!(pull(&sandbox.repository(), "1.2.0").await.unwrap(), ["{}", "values", ""]);
}

#[tokio::test]
async fn reading_what_is_not_there_creates_nothing() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let folder = sandbox.path("").display().to_string();
    assert_eq!(repository.resolve(&by_tag("1")).await.unwrap(), None);
    assert!(!repository.has_blob(&Descriptor::of("text/plain", b"a")).await.unwrap());
    let errors = [
        repository.manifest(&by_tag("1")).await.unwrap_err(),
        repository.tags(None).await.unwrap_err(),
        repository.blob(&Descriptor::of("text/plain", b"a")).await.unwrap_err(),
        repository.delete(&by_tag("1")).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(folder.starts_with(error.to_string().split('`').nth(1).unwrap()), "{error}");
    }
    assert!(names(sandbox.folder.path()).is_empty());
}

#[tokio::test]
async fn a_tag_or_blob_that_is_not_there_is_named() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    Content::of(&["a"]).push(&repository, "1", TagRule::Absent).await.unwrap();
    let absent = Descriptor::of("text/plain", b"b");
    assert_eq!(repository.resolve(&by_tag("2")).await.unwrap(), None);
    assert_eq!(repository.resolve(&Selector::Digest(absent.digest.clone())).await.unwrap(), None);
    for (error, name) in [
        (repository.manifest(&by_tag("2")).await.unwrap_err(), "tag `2`".to_owned()),
        (repository.blob(&absent).await.unwrap_err(), absent.digest.to_string()),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&name), "{error}");
    }
}

#[tokio::test]
async fn the_same_content_is_unchanged_and_other_content_needs_leave() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let (old, new) = (Content::of(&["old"]), Content::of(&["new"]));
    let (old_digest, new_digest) = (old.digest(), new.digest());
    old.push(&repository, "1", TagRule::Absent).await.unwrap();
    let before = fs::read(sandbox.path("index.json")).unwrap();
    for rule in [TagRule::Absent, TagRule::Any, TagRule::Is(new_digest.clone())] {
        assert_eq!(old.push(&repository, "1", rule).await.unwrap(), TagOutcome::Unchanged);
    }
    for rule in [TagRule::Absent, TagRule::Is(new_digest.clone())] {
        let error = new.push(&repository, "1", rule).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let conflict = error.find::<crate::store::TagConflict>().unwrap();
        assert_eq!((&conflict.there, &conflict.here), (&old_digest, &new_digest));
        assert!(!conflict.raced);
    }
    assert_eq!(fs::read(sandbox.path("index.json")).unwrap(), before);
    assert!(!sandbox.blob(&new_digest).exists(), "a manifest that lost is not written");
    let outcome = new.push(&repository, "1", TagRule::Is(old_digest.clone())).await.unwrap();
    assert_eq!(outcome, TagOutcome::Replaced(old_digest.clone()));
    assert_eq!(sandbox.entries(), [(None, old_digest.to_string()), (Some("1".to_owned()), new_digest.to_string())]);
    let kept = repository.manifest(&Selector::Digest(old_digest.clone())).await.unwrap();
    assert_eq!(kept.bytes(), old.manifest.bytes());
    let outcome = old.push(&repository, "1", TagRule::Any).await.unwrap();
    assert_eq!(outcome, TagOutcome::Replaced(new_digest));
    let error = old.push(&repository, "2", TagRule::Is(old_digest)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_tag_written_since_it_was_looked_at_is_a_lost_race() {
    let sandbox = Sandbox::new();
    let (first, second) = (sandbox.repository(), sandbox.repository());
    assert_eq!(second.resolve(&by_tag("1")).await.unwrap(), None);
    Content::of(&["a"]).push(&first, "1", TagRule::Absent).await.unwrap();
    let error = Content::of(&["b"]).push(&second, "1", TagRule::Absent).await.unwrap_err();
    assert!(error.find::<crate::store::TagConflict>().unwrap().raced);
}

#[tokio::test]
async fn a_manifest_without_a_tag_is_found_by_its_digest() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a"]);
    repository.push_blob(&content.parts[0], &content, None).await.unwrap();
    assert_eq!(repository.push_manifest(&content.manifest, None).await.unwrap(), TagOutcome::Created);
    repository.push_manifest(&content.manifest, None).await.unwrap();
    assert_eq!(sandbox.entries(), [(None, content.digest().to_string())]);
    assert!(repository.resolve(&Selector::Digest(content.digest())).await.unwrap().is_some());
    assert!(repository.tags(None).await.unwrap().tags.is_empty());
}

#[tokio::test]
async fn a_manifest_is_found_through_the_index_that_names_it() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a"]);
    content.push(&repository, "child", TagRule::Absent).await.unwrap();
    let child = Descriptor::of(content.manifest.media_type(), content.manifest.bytes());
    let text = format!(
        r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
        String::from_utf8(child.to_json().to_canonical()).unwrap()
    );
    let list = Manifest::parse(Bytes::from(text), None).unwrap();
    repository.push_manifest(&list, Some((&tag("all"), &TagRule::Absent))).await.unwrap();
    repository.delete(&by_tag("child")).await.unwrap();
    let selector = Selector::Digest(child.digest.clone());
    assert_eq!(repository.resolve(&selector).await.unwrap(), Some(child));
    assert_eq!(repository.manifest(&selector).await.unwrap().bytes(), content.manifest.bytes());
    let config = Selector::Digest(content.parts[0].digest.clone());
    assert_eq!(repository.resolve(&config).await.unwrap(), None, "a blob is no manifest");
}

#[tokio::test]
async fn a_manifest_whose_blobs_are_missing_is_refused() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a", "b"]);
    repository.push_blob(&content.parts[0], &content, None).await.unwrap();
    let error = repository.push_manifest(&content.manifest, None).await.unwrap_err();
    assert!(error.to_string().contains(content.parts[1].digest.as_str()), "{error}");
    assert!(!sandbox.path("index.json").exists());
}

#[tokio::test]
async fn blobs_that_are_there_are_not_read_from_the_source() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a"]);
    let nothing = Content::of(&["something else"]);
    let part = &content.parts[0];
    assert_eq!(repository.push_blob(part, &content, None).await.unwrap(), BlobOutcome::Uploaded);
    assert_eq!(repository.push_blob(part, &nothing, None).await.unwrap(), BlobOutcome::Exists);
    assert!(repository.has_blob(part).await.unwrap());
    assert_eq!(
        repository.push_blob(&Content::of(&["c"]).parts[0], &nothing, None).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn a_large_blob_comes_back_whole() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let bytes: Vec<u8> =
        (0..3_000_001_u32).flat_map(|number| [number.to_le_bytes()[0], number.to_le_bytes()[1]]).collect();
    let content = Content::of_bytes([Bytes::from(bytes)]);
    content.push(&repository, "1", TagRule::Absent).await.unwrap();
    assert_eq!(pull(&repository, "1").await.unwrap(), [content.blobs.values().next().unwrap().clone()]);
}

#[tokio::test]
async fn wrong_bytes_from_the_source_leave_nothing() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let mut content = Content::of(&["right"]);
    let part = content.parts[0].clone();
    for wrong in ["wrong", "righ", "right!"] {
        content.blobs.insert(part.digest.clone(), Bytes::from(wrong));
        let error = repository.push_blob(&part, &content, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
    }
    assert!(sandbox.blobs().is_empty());
}

#[tokio::test]
async fn repositories_nest_as_zot_nests_them() {
    let sandbox = Sandbox::new();
    for name in ["acme", "acme/packs", "acme/packs/nginx"] {
        let repository = sandbox.store.repository(name.parse().unwrap());
        Content::of(&[name]).push(&repository, "1", TagRule::Absent).await.unwrap();
    }
    for name in ["acme", "acme/packs", "acme/packs/nginx"] {
        assert_eq!(pull(&sandbox.store.repository(name.parse().unwrap()), "1").await.unwrap(), [name]);
    }
}

#[tokio::test]
async fn names_that_a_layout_needs_itself_are_refused() {
    let sandbox = Sandbox::new();
    for name in ["blobs", "acme/blobs/nginx", "acme/index.json", "oci-layout", "cache.db"] {
        let repository = sandbox.store.repository(name.parse().unwrap());
        let error = Content::of(&["a"]).push(&repository, "1", TagRule::Absent).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{name}");
        assert_eq!(repository.resolve(&by_tag("1")).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert!(names(sandbox.folder.path()).is_empty());
}

#[tokio::test]
async fn a_single_repository_is_not_a_store() {
    let sandbox = Sandbox::new();
    Content::of(&["a"]).push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    let store = LayoutStore::new(sandbox.path(""), Arc::new(Silent));
    let inside = store.repository("nginx".parse().unwrap());
    let errors = [
        store.repositories().await.unwrap_err(),
        inside.resolve(&by_tag("1")).await.unwrap_err(),
        Content::of(&["a"]).push(&inside, "1", TagRule::Absent).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().ends_with("this is one repository; give its parent"), "{error}");
    }
    assert!(!sandbox.path("nginx").exists());
}

#[tokio::test]
async fn tags_are_sorted_and_what_is_no_tag_is_told_apart() {
    let sandbox = Sandbox::new();
    let repository = sandbox.repository();
    let content = Content::of(&["a"]);
    for name in ["2", "10", "latest", "1"] {
        content.push(&repository, name, TagRule::Absent).await.unwrap();
    }
    let index = fs::read_to_string(sandbox.path("index.json")).unwrap();
    fs::write(sandbox.path("index.json"), index.replace("\"latest\"", "\"docker.io/x:latest\"")).unwrap();
    let page = repository.tags(None).await.unwrap();
    assert_eq!(page.tags, [tag("1"), tag("10"), tag("2")]);
    assert_eq!(page.not_tags, ["docker.io/x:latest"]);
    assert_eq!(page.next, None);
    assert_eq!(repository.tags(Some(&PageToken("10".into()))).await.unwrap().tags, [tag("2")]);
}

#[tokio::test]
async fn a_folder_that_can_not_be_written_is_named() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.folder.path().join("file"), "").unwrap();
    // Nobody, not even root, can create a folder in a file or in /proc.
    for directory in
        [sandbox.folder.path().join("file"), sandbox.folder.path().join("file/packs"), "/proc/packs".into()]
    {
        let repository = LayoutStore::new(&directory, Arc::new(Silent)).repository("nginx".parse().unwrap());
        let error = Content::of(&["a"]).push(&repository, "1", TagRule::Absent).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileSystem);
        assert!(error.to_string().contains(&directory.display().to_string()), "{error}");
    }
}
