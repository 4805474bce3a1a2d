//! Back onto disk: all of a pack, or nothing; and never over something else.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use super::{
    super::testing::{Memory, encode, files, read_pack, tree, write_pack},
    *,
};
use crate::{
    artifact::{Artifact, media_type},
    store::{Selector, Silent},
    tarball::write::FolderWriter,
};

fn options() -> UnpackOptions {
    UnpackOptions { replace: false, protected: Vec::new(), limits: Limits::default(), jobs: 4 }
}

fn replacing() -> UnpackOptions {
    UnpackOptions { replace: true, ..options() }
}

async fn restore(source: &dyn Source, selector: &Selector, target: &Path, options: &UnpackOptions) -> Result<Unpacked> {
    let artifact = PackArtifact::open(source, selector).await?;
    unpack(source, &artifact, target, options, &Silent).await
}

async fn restore_artifact(artifact: &Artifact, target: &Path, options: &UnpackOptions) -> Result<Unpacked> {
    restore(artifact, &Selector::Digest(artifact.manifest().digest().clone()), target, options).await
}

fn sample() -> (tempfile::TempDir, Artifact) {
    let folder = tempfile::tempdir().unwrap();
    write_pack(&folder.path().join("pack"), files());
    let artifact = encode(&read_pack(&folder.path().join("pack")));
    (folder, artifact)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_comes_back_byte_for_byte() {
    let (folder, artifact) = sample();
    let target = folder.path().join("new/folder/back");
    let unpacked = restore_artifact(&artifact, &target, &options()).await.unwrap();
    let expected = tree(&folder.path().join("pack"));
    assert_eq!(tree(&target), expected);
    let files: Vec<_> = expected.values().flatten().collect();
    let bytes = files.iter().map(|(_, content)| content.len() as u64).sum();
    assert_eq!(unpacked, Unpacked { files: files.len() as u64, bytes, replaced: false });
    assert_eq!(names(&folder.path().join("new/folder")), ["back"], "nothing else is left");
    assert_eq!(encode(&read_pack(&target)).manifest().digest(), artifact.manifest().digest());
}

#[tokio::test]
async fn an_archive_comes_back_without_its_root_folder() {
    let (folder, artifact) = sample();
    let expected = tree(&folder.path().join("pack"));
    for root in ["nginx-1.2.0", "./anything"] {
        let mut writer = FolderWriter::new(Vec::new()).unwrap();
        writer.add_folder(root).unwrap();
        for (path, content) in &expected {
            let path = format!("{root}/{}", path.display());
            match content {
                None => writer.add_folder(&path).unwrap(),
                Some((mode, bytes)) => {
                    writer.add_file(&path, mode & 0o100 != 0, bytes.len() as u64, bytes.as_slice()).unwrap();
                }
            }
        }
        let store = Memory::archive("nginx-1.2.0.tar.gz", &writer.finish().unwrap().0);
        let target = folder.path().join(format!("back-{}", root.len()));
        restore(&store, &store.selector(), &target, &options()).await.unwrap();
        assert_eq!(tree(&target), expected);
    }
    drop(artifact);
}

#[tokio::test]
async fn what_gnu_tar_makes_comes_back_too() {
    let (folder, _) = sample();
    let archive = folder.path().join("a.tgz");
    let made =
        std::process::Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(folder.path()).arg("pack").status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let store = Memory::archive("pack.tgz", &fs::read(&archive).unwrap());
    let target = folder.path().join("back");
    restore(&store, &store.selector(), &target, &options()).await.unwrap();
    assert_eq!(tree(&target), tree(&folder.path().join("pack")));
}

#[tokio::test]
async fn an_artifact_without_a_layer_for_it_gets_its_pack_json_from_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let store = Memory::layered(r#"{"name":"a"}"#, &[("values.yaml", media_type::VALUES, Vec::new())]);
    restore(&store, &store.selector(), &folder.path().join("a"), &options()).await.unwrap();
    assert_eq!(fs::read(folder.path().join("a/pack.json")).unwrap(), br#"{"name":"a"}"#);
    assert_eq!(names(&folder.path().join("a")), ["pack.json", "values.yaml"]);
}

#[tokio::test]
async fn the_config_is_fetched_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"name":"a"}"#;
    let store = Memory::layered(config, &[("pack.json", media_type::METADATA, config.as_bytes().to_vec())]);
    let unpacked = restore(&store, &store.selector(), &folder.path().join("a"), &options()).await.unwrap();
    assert_eq!((store.asked().len(), unpacked.files, unpacked.bytes), (1, 1, 12));
}

/// Returns what happened, as `kind: message`.
fn outcome(result: Result<Unpacked>, folder: &Path) -> String {
    let shown = match result {
        Ok(unpacked) => format!("{unpacked:?}"),
        Err(error) => format!("{:?}: {error}", error.kind()),
    };
    shown.replace(folder.to_str().unwrap(), "…")
}

#[tokio::test]
async fn a_target_is_replaced_only_where_nothing_else_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    let store = Memory::layered(r#"{"name":"a","version":"2"}"#, &[("new", media_type::OCTETS, b"new".to_vec())]);
    let put = |path: &str, content: &str| {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), content).unwrap();
    };
    put("same/pack.json", r#"{"name":"a","version":"1"}"#);
    put("same/old", "old");
    put("other/pack.json", r#"{"name":"b"}"#);
    put("broken/pack.json", r#"{"name":"a",}"#);
    put("photos/one.jpg", "");
    put("file", "");
    put("home/here/pack.json", r#"{"name":"a"}"#);
    std::os::unix::fs::symlink("same", root.join("link")).unwrap();
    let before = tree(&root.join("same"));
    let protect = UnpackOptions { protected: vec![root.join("home/here")], ..replacing() };
    let cases = [
        ("same", options(), "Conflict: `…/same` exists and is not empty"),
        ("other", replacing(), "Conflict: `…/other` is not replaced: it holds the pack `b`, not `a`"),
        ("broken", replacing(), "Conflict: `…/broken` is not replaced: its pack.json can't be read"),
        ("photos", replacing(), "Conflict: `…/photos` is not replaced: it holds no pack.json"),
        ("file", replacing(), "Conflict: `…/file` exists and is not a folder"),
        ("link", replacing(), "Conflict: `…/link` is a symbolic link"),
        (
            "home/here",
            protect.clone(),
            "Conflict: `…/home/here` is never replaced: it is or holds the home folder or the working folder",
        ),
        ("home", protect, "Conflict: `…/home` is never replaced: it is or holds the home folder or the working folder"),
    ];
    let everything = |root: &Path| names(root);
    let there = everything(&root);
    for (target, options, expected) in cases {
        let result = restore(&store, &store.selector(), &root.join(target), &options).await;
        assert_eq!(outcome(result, &root), expected, "{target}");
        assert_eq!(everything(&root), there, "{target}");
    }
    assert_eq!(
        outcome(restore(&store, &store.selector(), Path::new("/"), &replacing()).await, &root),
        "Conflict: `/` is never replaced: it is a mount point"
    );
    assert_eq!(tree(&root.join("same")), before);
    let unpacked = restore(&store, &store.selector(), &root.join("same"), &replacing()).await.unwrap();
    assert!(unpacked.replaced);
    assert_eq!(names(&root.join("same")), ["new", "pack.json"]);
    assert_eq!(everything(&root), there, "the old one is gone");
}

#[tokio::test]
async fn an_empty_folder_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let store = Memory::layered(r#"{"name":"a"}"#, &[("b/c", media_type::OCTETS, b"new".to_vec())]);
    let target = folder.path().join("empty");
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o750)).unwrap();
    restore(&store, &store.selector(), &target, &options()).await.unwrap();
    assert_eq!(names(&target), ["b", "pack.json"]);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o750, "its mode stays");

    let working = folder.path().join("working");
    fs::create_dir(&working).unwrap();
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = inode(&working);
    let options = UnpackOptions { protected: vec![working.clone()], ..options() };
    restore(&store, &store.selector(), &working, &options).await.unwrap();
    assert_eq!((names(&working), inode(&working)), (vec!["b".to_owned(), "pack.json".to_owned()], before));
    assert_eq!(names(folder.path()), ["empty", "working"]);
}

#[tokio::test]
async fn a_target_that_appears_meanwhile_is_not_overwritten() {
    struct Meddler<'a>(&'a Path, Memory);
    #[async_trait::async_trait]
    impl Source for Meddler<'_> {
        async fn resolve(&self, selector: &Selector) -> Result<Option<crate::store::Descriptor>> {
            self.1.resolve(selector).await
        }
        async fn manifest(&self, selector: &Selector) -> Result<crate::store::Manifest> {
            self.1.manifest(selector).await
        }
        async fn blob(&self, descriptor: &crate::store::Descriptor) -> Result<crate::store::BlobReader> {
            if descriptor.title().is_some() {
                fs::create_dir_all(self.0).unwrap();
                fs::write(self.0.join("mine"), "mine").unwrap();
            }
            self.1.blob(descriptor).await
        }
        async fn tags(&self, after: Option<&crate::store::PageToken>) -> Result<crate::store::TagPage> {
            self.1.tags(after).await
        }
    }
    for is_there in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        if is_there {
            fs::create_dir(&target).unwrap();
        }
        let store = Memory::layered(r#"{"name":"a"}"#, &[("b", media_type::OCTETS, b"new".to_vec())]);
        let store = Meddler(&target, store);
        let error = restore(&store, &store.1.selector(), &target, &options()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert_eq!((names(&target), names(folder.path())), (vec!["mine".to_owned()], vec!["a".to_owned()]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_unpack_leaves_nothing() {
    let large: Vec<u8> =
        (0..2_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let mut role = FolderWriter::new(Vec::new()).unwrap();
    role.add_folder("role").unwrap();
    role.add_file("role/large", false, large.len() as u64, large.as_slice()).unwrap();
    let role = role.finish().unwrap().0;
    for stuck in [&large, &role] {
        let folder = tempfile::tempdir().unwrap();
        let layers = [("large", media_type::OCTETS, large.clone()), ("role", media_type::ROLE, role.clone())];
        let mut store = Memory::layered(r#"{"name":"a"}"#, &layers);
        store.stuck = Some(crate::digest::Digest::of(stuck));
        let target = folder.path().join("deep/a");
        let selector = store.selector();
        let options = options();
        let unpacking = restore(&store, &selector, &target, &options);
        let result = tokio::time::timeout(Duration::from_millis(300), unpacking).await;
        assert!(result.is_err(), "it waits for bytes that never come");
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpack_interrupted_at_any_moment_leaves_nothing_or_everything() {
    let (folder, artifact) = sample();
    let expected = tree(&folder.path().join("pack"));
    let selector = Selector::Digest(artifact.manifest().digest().clone());
    let mut seen = BTreeMap::new();
    for step in 0..60 {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("a");
        let options = options();
        let unpacking = restore(&artifact, &selector, &target, &options);
        let result = tokio::time::timeout(Duration::from_micros(step * 400), unpacking).await;
        // What was being made at that very moment is taken away by the thread that made it.
        let mut there = names(place.path());
        for _ in 0..100 {
            if there.is_empty() || there == ["a"] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            there = names(place.path());
        }
        let is_done = there == ["a"];
        assert!(is_done || there.is_empty(), "{there:?}");
        if is_done {
            assert_eq!(tree(&target), expected);
        }
        if let Ok(result) = result {
            result.unwrap();
            assert!(is_done);
        }
        *seen.entry(is_done).or_insert(0) += 1;
    }
    assert!(seen.contains_key(&false), "{seen:?}");
}

#[test]
fn the_future_can_go_to_another_thread() {
    fn is_send<T: Send>(_: T) {}
    let folder = tempfile::tempdir().unwrap();
    let store = Memory::layered(r#"{"name":"a"}"#, &[]);
    let options = options();
    is_send(restore(&store, &store.selector(), folder.path(), &options));
}
