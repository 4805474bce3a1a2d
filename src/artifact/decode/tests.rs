//! What is a pack, what is something else, and which bytes are fetched to know more.

use std::{
    fs,
    path::{Component, Path},
};

use proptest::prelude::*;

use super::{
    super::testing::{METADATA, Memory, Raw, encode, files, raw_tar, read_pack, write_pack},
    *,
};
use crate::{artifact::Artifact, digest::Digest, store::Json, tarball::read::Limits};

fn sample() -> (tempfile::TempDir, Artifact) {
    let folder = tempfile::tempdir().unwrap();
    write_pack(folder.path(), files());
    let artifact = encode(&read_pack(folder.path()));
    (folder, artifact)
}

/// Returns a store that has what the artifact has, and counts what is asked for.
async fn stored(artifact: &Artifact) -> Memory {
    let mut store = Memory { manifests: vec![artifact.manifest().clone()], ..Memory::default() };
    for blob in artifact.manifest().blobs() {
        let bytes = artifact.blob(blob).await.unwrap().read_all(u64::MAX).await.unwrap();
        store.blobs.insert(blob.digest.clone(), bytes);
    }
    store
}

fn archive() -> Memory {
    let entries = [
        Raw::of(b'5', "nginx-1.2.0/", ""),
        Raw::file("nginx-1.2.0/pack.json", METADATA.as_bytes()),
        Raw::file("nginx-1.2.0/values.yaml", b"a: 1\n"),
    ];
    Memory::archive("nginx-1.2.0.tar.gz", &raw_tar(&entries))
}

/// Returns bytes that gzip can't make smaller.
fn noise() -> Vec<u8> {
    (0..400_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn path(text: &str) -> PackPath {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_metadata_is_known_without_any_layer() {
    use Part::{Chart, File, Folder, KubeManifest, Logo, Metadata, Presets, Readme, Role, Schema, Values};

    let (_folder, artifact) = sample();
    let store = stored(&artifact).await;
    let pack = PackArtifact::open(&store, &store.selector()).await.unwrap();
    assert_eq!((pack.form(), store.asked().len()), (Form::Layered, 0));
    assert_eq!(pack.metadata(&store).await.unwrap(), METADATA);
    assert_eq!(pack.metadata(&store).await.unwrap(), METADATA);
    assert_eq!(store.asked(), [Digest::of(METADATA.as_bytes())], "and asked for once");
    let parts: Vec<_> = pack.entries().iter().map(|entry| entry.part).collect();
    let expected = [
        Metadata,
        Values,
        Logo,
        Chart,
        KubeManifest,
        KubeManifest,
        Role,
        Readme,
        Presets,
        Schema,
        Folder,
        File,
        Folder,
        File,
        Folder,
        Folder,
        File,
        File,
    ];
    assert_eq!(parts, expected);
    let executable: Vec<_> = pack.entries().iter().filter(|entry| entry.executable).collect();
    assert_eq!(executable.iter().map(|entry| entry.title.as_str()).collect::<Vec<_>>(), ["run.sh"]);
    assert_eq!(pack.annotations()["org.opencontainers.image.title"], "Nginx");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_from_the_one_layer_that_has_it() {
    let (_folder, artifact) = sample();
    for (name, content, _) in files() {
        let store = stored(&artifact).await;
        let pack = PackArtifact::open(&store, &store.selector()).await.unwrap();
        let read = pack.read_file(&store, &path(&name), Limits::default(), 1 << 20).await.unwrap();
        assert_eq!((read == content, store.asked().len()), (true, 1), "{name}");
    }
    let store = stored(&artifact).await;
    let pack = PackArtifact::open(&store, &store.selector()).await.unwrap();
    for name in ["nothing", "harden_os", "harden_os/nothing", "harden_os/tasks", "manifests", "large.bin/x"] {
        let error = pack.read_file(&store, &path(name), Limits::default(), 1).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::NotFound, format!("the pack has no file `{name}`")));
    }
    for name in ["large.bin", "notes/large.bin"] {
        let error = pack.read_file(&store, &path(name), Limits::default(), 10).await.unwrap_err();
        let expected = format!("`{name}` has 800000 bytes, more than the 10 that are read at once");
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Unsafe, expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_piece_of_a_packed_file_waits_for_the_proof() {
    let tar = raw_tar(&[Raw::file("role/x", b"content"), Raw::file("role/y", &noise())]);
    let mut changed = tar.clone();
    *changed.last_mut().unwrap() ^= 1;
    let mut store = Memory::layered("{}", &[("role", media_type::ROLE, tar.clone())]);
    store.blobs.insert(Digest::of(&tar), changed.into());
    let pack = PackArtifact::open(&store, &store.selector()).await.unwrap();
    let mut file = pack.file(&store, &path("role/x"), Limits::default()).await.unwrap();
    assert_eq!(file.size(), 7);
    assert_eq!(file.next().await.unwrap_err().kind(), ErrorKind::Integrity);
    assert!(file.next().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_read_as_far_as_its_pack_json() {
    let store = archive();
    let pack = PackArtifact::open(&store, &store.selector()).await.unwrap();
    assert_eq!((pack.form(), pack.entries()[0].part), (Form::Archive, Part::Archive));
    assert_eq!(pack.metadata(&store).await.unwrap(), METADATA);
    assert_eq!(pack.read_file(&store, &path("values.yaml"), Limits::default(), 99).await.unwrap(), "a: 1\n");
    // The rest never comes, and nobody waits for it.
    let tar = raw_tar(&[Raw::file("a/pack.json", METADATA.as_bytes()), Raw::file("a/noise", &noise())]);
    let mut store = Memory::archive("a.tgz", &tar);
    store.stuck = Some(Digest::of(&tar));
    let pack = PackArtifact::open(&store, &store.selector()).await.unwrap();
    assert_eq!(pack.metadata(&store).await.unwrap(), METADATA);
    let none = Memory::archive("a.tgz", &raw_tar(&[Raw::file("a/values.yaml", b"")]));
    let pack = PackArtifact::open(&none, &none.selector()).await.unwrap();
    assert_eq!(pack.metadata(&none).await.unwrap_err().to_string(), "the archive `a.tgz` holds no pack.json");
}

#[tokio::test]
async fn what_is_not_a_pack_is_called_by_its_name() {
    let image = "application/vnd.oci.image.config.v1+json";
    let cases = [
        ("application/vnd.cncf.helm.config.v1+json", "x/chart", "a Helm chart"),
        (image, "application/vnd.oci.image.layer.v1.tar+gzip", "a container image"),
        ("application/vnd.docker.container.image.v1+json", "x/layer", "a container image"),
        (image, "application/vnd.dev.cosign.simplesigning.v1+json", "a cosign signature"),
        ("application/vnd.acme.thing.v1+json", "x/y", "an artifact of the type `application/vnd.acme.thing.v1+json`"),
        (media_type::EMPTY_CONFIG, "text/plain", "an artifact that says nothing about its type"),
        (media_type::UNKNOWN_CONFIG, media_type::ARCHIVE, "an artifact that says nothing about its type"),
    ];
    for (config, layer, expected) in cases {
        let mut store = Memory::default();
        let (config, layer) = (store.add(config, b"{}"), store.add(layer, b"x"));
        store.manifests.push(Manifest::image(config, vec![layer], BTreeMap::new()).unwrap());
        let error = PackArtifact::open(&store, &store.selector()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.find::<NotAPack>().unwrap().what, expected);
    }
}

fn index(manifests: &[&Manifest]) -> Manifest {
    let entries = Json::Array(manifests.iter().map(|manifest| manifest.descriptor().to_json()).collect());
    let members = [("schemaVersion".to_owned(), Json::from(2)), ("manifests".to_owned(), entries)];
    Manifest::parse(Json::Object(members.into()).to_canonical().into(), None).unwrap()
}

#[tokio::test]
async fn an_index_is_followed_to_its_one_pack() {
    let pack = |name: &str| Memory::layered(&format!(r#"{{"name":"{name}"}}"#), &[]);
    let (mut one, other) = (pack("a"), pack("b"));
    let mut image = Memory::default();
    let config = image.add("application/vnd.oci.image.config.v1+json", b"{}");
    let image = Manifest::image(config, Vec::new(), BTreeMap::new()).unwrap();
    let manifests = [one.manifests[0].clone(), other.manifests[0].clone(), image.clone()];
    one.manifests.extend(manifests.clone());
    let mut open = async |list: &[&Manifest]| {
        one.manifests[0] = index(list);
        PackArtifact::open(&one, &one.selector()).await
    };
    let found = open(&[&image, &manifests[0]]).await.unwrap();
    assert_eq!(found.manifest().digest(), manifests[0].digest());
    let cases: [(&[&Manifest], &str); 3] = [
        (&[&manifests[0], &image, &manifests[1]], "an index of several packs"),
        (&[&image], "an index without a pack"),
        (&[], "an index without a pack"),
    ];
    for (list, expected) in cases {
        let error = open(list).await.unwrap_err();
        assert_eq!((error.kind(), error.find::<NotAPack>().unwrap().what.as_str()), (ErrorKind::NotFound, expected));
    }
}

#[tokio::test]
async fn layers_in_another_order_and_with_more_annotations_are_a_pack() {
    let (folder, artifact) = sample();
    let Content::Image { config, layers, .. } = artifact.manifest().content().clone() else { panic!("an image") };
    let mut layers: Vec<_> = layers.into_iter().rev().collect();
    for layer in &mut layers {
        layer.annotations.insert("org.example.more".to_owned(), "yes".to_owned());
    }
    let pack = PackArtifact::of(Manifest::image(config, layers, BTreeMap::new()).unwrap()).unwrap();
    assert_eq!(pack.entries().len(), artifact.layers().len());
    assert_eq!(pack.metadata(&artifact).await.unwrap(), fs::read(folder.path().join("pack.json")).unwrap());
}

proptest! {
    /// Whatever title is accepted leads to a place within the folder, by its own text and no other.
    #[test]
    fn no_title_leads_out(title in "([a-zA-Z.\u{e4}\u{0}\\\\ ~:-]{0,3}/?){0,4}|\\PC{0,12}") {
        let store = Memory::layered("{}", &[(title.as_str(), media_type::OCTETS, Vec::new())]);
        if let Ok(pack) = PackArtifact::of(store.manifests[0].clone()) {
            let root = Path::new("/pack");
            let place = pack.entries()[0].title.to_path(root);
            let expected = format!("/pack/{title}");
            prop_assert_eq!(place.to_str(), Some(expected.as_str()));
            prop_assert!(place.strip_prefix(root).unwrap().components().all(|part| matches!(part, Component::Normal(_))));
            prop_assert_eq!(place.components().count(), title.split('/').count() + 2);
        }
    }
}
