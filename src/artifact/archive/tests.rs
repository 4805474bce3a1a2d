//! What the archive is, and the digest that never changes.

use std::fs;

use super::super::{
    Artifact, EncodeOptions,
    testing::{files, read_pack, write_pack},
};
use crate::{
    digest::Digest,
    store::{ErrorKind, Source},
    tarball::read::{Limits, TarballReader},
};

fn options() -> EncodeOptions {
    EncodeOptions::new(std::env::temp_dir())
}

fn sample() -> (tempfile::TempDir, Artifact) {
    let folder = tempfile::tempdir().unwrap();
    write_pack(folder.path(), files());
    let artifact = Artifact::archive(&read_pack(folder.path()), &options()).unwrap();
    (folder, artifact)
}

#[test]
fn the_manifest_is_that_of_oras_1_0() {
    let (_folder, artifact) = sample();
    let manifest: serde_json::Value = serde_json::from_slice(artifact.manifest().bytes()).unwrap();
    let layer = &artifact.layers()[0];
    let expected = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.unknown.config.v1+json",
            "digest": Digest::of(b"{}").as_str(),
            "size": 2,
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar",
            "digest": layer.digest.as_str(),
            "size": layer.size,
            "annotations": { "org.opencontainers.image.title": "nginx-1.2.0.tar.gz" },
        }],
    });
    assert_eq!(manifest, expected);
    assert_eq!(artifact.tag().as_str(), "1.2.0");
}

#[tokio::test]
async fn metadata_comes_right_behind_the_root() {
    let (_folder, artifact) = sample();
    let layer = &artifact.layers()[0];
    let bytes = artifact.blob(layer).await.unwrap().read_all(layer.size).await.unwrap();
    let mut archive = TarballReader::new(&bytes[..], Limits::default());
    let mut names = Vec::new();
    while let Some(entry) = archive.next_entry().unwrap() {
        names.push(entry.path().to_owned());
    }
    assert_eq!(names[..3], ["nginx-1.2.0/", "nginx-1.2.0/pack.json", "nginx-1.2.0/README.md"]);
    let mut rest = names[2..].to_vec();
    rest.sort_by(|one, other| one.trim_end_matches('/').cmp(other.trim_end_matches('/')));
    assert_eq!(rest, names[2..], "the rest is sorted");
}

#[test]
fn the_digest_is_this_one() {
    let (_folder, artifact) = sample();
    assert_eq!(
        artifact.manifest().digest().as_str(),
        "sha256:3e0afe26a8fb86791b47e26b8f98e2c80a25efa763bb852c4a4ba18b70dc354f"
    );
}

#[test]
fn a_message_is_the_only_annotation() {
    let (folder, plain) = sample();
    let options = EncodeOptions { message: Some("first".into()), ..options() };
    let told = Artifact::archive(&read_pack(folder.path()), &options).unwrap();
    assert_eq!(told.layers(), plain.layers());
    let manifest: serde_json::Value = serde_json::from_slice(told.manifest().bytes()).unwrap();
    assert_eq!(manifest["annotations"], serde_json::json!({ "com.spectrocloud.pack.message": "first" }));
}

#[test]
fn a_file_that_changed_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_pack(folder.path(), files());
    let pack = read_pack(folder.path());
    fs::write(folder.path().join("README.md"), "# Nginz\n").unwrap();
    let error = Artifact::archive(&pack, &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(error.to_string(), "`README.md` changed after it was read");
}
