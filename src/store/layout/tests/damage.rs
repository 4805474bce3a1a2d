//! Files that are not what they should be: damaged, replaced by links, or hostile.

use std::os::unix::fs::symlink;

use super::*;
use crate::store::BlobOutcome;

async fn pushed() -> (Sandbox, Content) {
    let sandbox = Sandbox::new();
    let content = Content::of(&["config", "layer"]);
    content.push(&sandbox.repository(), "1", TagRule::Absent).await.unwrap();
    (sandbox, content)
}

#[tokio::test]
async fn a_damaged_blob_is_never_handed_out_and_a_push_replaces_it() {
    let (sandbox, content) = pushed().await;
    let layer = &content.parts[1];
    for damage in ["lay3r", "laye", "layers", ""] {
        let repository = sandbox.repository();
        fs::write(sandbox.blob(&layer.digest), damage).unwrap();
        let read = async { repository.blob(layer).await?.read_all(100).await };
        assert_eq!(read.await.unwrap_err().kind(), ErrorKind::Integrity);
        assert_eq!(repository.push_blob(layer, &content, None).await.unwrap(), BlobOutcome::Uploaded);
        assert_eq!(pull(&repository, "1").await.unwrap(), ["config", "layer"]);
    }
}

#[tokio::test]
async fn a_damaged_manifest_is_never_handed_out_and_a_push_replaces_it() {
    let (sandbox, content) = pushed().await;
    let repository = sandbox.repository();
    let text = String::from_utf8(content.manifest.bytes().to_vec()).unwrap();
    for damage in [text.replace("text/plain", "text/plaid"), text[1..].to_owned(), String::new()] {
        fs::write(sandbox.blob(&content.digest()), damage).unwrap();
        assert_eq!(repository.manifest(&by_tag("1")).await.unwrap_err().kind(), ErrorKind::Integrity);
        assert_eq!(content.push(&repository, "1", TagRule::Absent).await.unwrap(), TagOutcome::Unchanged);
        assert_eq!(pull(&repository, "1").await.unwrap(), ["config", "layer"]);
    }
    fs::remove_file(sandbox.blob(&content.digest())).unwrap();
    assert_eq!(repository.resolve(&by_tag("1")).await.unwrap(), None);
    content.push(&repository, "1", TagRule::Absent).await.unwrap();
    assert_eq!(pull(&repository, "1").await.unwrap(), ["config", "layer"]);
}

#[tokio::test]
async fn an_entry_that_lies_about_its_manifest_is_refused() {
    let (sandbox, content) = pushed().await;
    let index = fs::read_to_string(sandbox.path("index.json")).unwrap();
    let size = format!("\"size\":{}", content.manifest.bytes().len());
    for lie in ["\"size\":1", "\"size\":-1", "\"size\":9223372036854775808", "\"size\":4294967296"] {
        fs::write(sandbox.path("index.json"), index.replace(&size, lie)).unwrap();
        assert_eq!(
            sandbox.repository().manifest(&by_tag("1")).await.unwrap_err().kind(),
            ErrorKind::Integrity,
            "{lie}"
        );
    }
    let other_type = index.replace("image.manifest.v1+json", "image.index.v1+json");
    fs::write(sandbox.path("index.json"), other_type).unwrap();
    assert_eq!(sandbox.repository().manifest(&by_tag("1")).await.unwrap_err().kind(), ErrorKind::Integrity);
    let outside = index.replace(&content.digest().to_string(), "sha256:../../../secret");
    fs::write(sandbox.path("index.json"), outside).unwrap();
    assert_eq!(sandbox.repository().manifest(&by_tag("1")).await.unwrap_err().kind(), ErrorKind::Integrity);
}

#[tokio::test]
async fn a_link_is_refused_wherever_it_stands() {
    let (_, content) = pushed().await;
    let blob = format!("blobs/sha256/{}", content.parts[1].digest.hex());
    for inside in ["", "index.json", "oci-layout", "blobs", "blobs/sha256", &blob] {
        let (sandbox, _) = pushed().await;
        let path = sandbox.store.directory().join(Path::new("nginx").join(inside).components().as_path());
        let moved = sandbox.folder.path().join("moved");
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        let before = fs::read_dir(sandbox.folder.path()).unwrap().count();
        for error in [
            pull(&sandbox.repository(), "1").await.unwrap_err(),
            content.push(&sandbox.repository(), "2", TagRule::Any).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unsafe, "{inside}: {error}");
            assert!(error.to_string().ends_with("is a symbolic link"), "{error}");
        }
        assert_eq!(fs::read_dir(sandbox.folder.path()).unwrap().count(), before);
        assert!(path.is_symlink(), "nothing was put in its place");
    }
}

#[tokio::test]
async fn nothing_is_written_through_a_link_in_place_of_our_folder() {
    let (sandbox, content) = pushed().await;
    let outside = sandbox.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::remove_dir_all(sandbox.path(".spectro")).unwrap();
    symlink(&outside, sandbox.path(".spectro")).unwrap();
    let error = content.push(&sandbox.repository(), "2", TagRule::Any).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsafe);
    assert!(names(&outside).is_empty());
}

#[tokio::test]
async fn the_store_itself_may_be_a_link() {
    let (sandbox, content) = pushed().await;
    let link = sandbox.folder.path().join("link");
    symlink(sandbox.store.directory(), &link).unwrap();
    let repository = LayoutStore::new(link, Arc::new(Silent)).repository("nginx".parse().unwrap());
    content.push(&repository, "2", TagRule::Absent).await.unwrap();
    assert_eq!(pull(&repository, "1").await.unwrap(), ["config", "layer"]);
}

#[tokio::test]
async fn a_folder_or_pipe_in_a_blobs_place_is_refused() {
    let (sandbox, content) = pushed().await;
    let layer = &content.parts[1];
    let path = sandbox.blob(&layer.digest);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(sandbox.repository().blob(layer).await.unwrap_err().kind(), ErrorKind::Unsafe);
    fs::remove_dir(&path).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o644)).unwrap();
    assert_eq!(sandbox.repository().blob(layer).await.unwrap_err().kind(), ErrorKind::Unsafe);
}

#[tokio::test]
async fn an_index_of_absurd_size_is_not_read() {
    let (sandbox, _) = pushed().await;
    let file = fs::OpenOptions::new().write(true).open(sandbox.path("index.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = sandbox.repository().tags(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsafe);
}

#[tokio::test]
async fn a_write_that_fails_leaves_the_old_state_and_no_unfinished_file() {
    let (sandbox, _) = pushed().await;
    let before = fs::read(sandbox.path("index.json")).unwrap();
    let new = Content::of(&["new"]);
    // A folder in a file's place fails the rename, as a full disk would fail the write.
    let blocked = sandbox.blob(&new.digest());
    fs::create_dir(&blocked).unwrap();
    fs::write(blocked.join("x"), "").unwrap();
    assert!(new.push(&sandbox.repository(), "1", TagRule::Any).await.is_err());
    assert_eq!(fs::read(sandbox.path("index.json")).unwrap(), before);
    assert_eq!(names(&sandbox.path(".spectro")), ["index.lock", "store.lock"]);
    assert_eq!(pull(&sandbox.repository(), "1").await.unwrap(), ["config", "layer"]);
}
