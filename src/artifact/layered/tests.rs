//! What a pack becomes: the layers, their order, and the digest that never changes.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, time::SystemTime};

use super::super::{
    Artifact, EncodeOptions,
    testing::{encode, files, read_pack, write_pack},
};
use crate::{
    digest::Digest,
    store::{Content, ErrorKind, Selector, Source},
};

fn sample() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_pack(folder.path(), files());
    folder
}

#[test]
fn the_layers_stand_in_the_order_of_the_format() {
    let folder = sample();
    let artifact = encode(&read_pack(folder.path()));
    let lines: Vec<_> = artifact
        .layers()
        .iter()
        .map(|layer| {
            let own = |key: &&String| !key.contains("title") && !key.ends_with("digest");
            let annotations: Vec<_> = layer.annotations.keys().filter(own).map(String::as_str).collect();
            format!("{} {} {}", layer.title().unwrap(), layer.media_type, annotations.join(" "))
        })
        .collect();
    let expected = "pack.json application/vnd.spectrocloud.pack.config.v1+json 
values.yaml application/vnd.spectrocloud.pack.values.v1+yaml 
logo.png image/png io.goharbor.artifact.v1alpha1.icon
charts/nginx-1.2.0.tgz application/vnd.cncf.helm.chart.content.v1.tar+gzip 
manifests/b.yaml application/vnd.spectrocloud.pack.manifest.v1+yaml 
manifests/a.yaml application/vnd.spectrocloud.pack.manifest.v1+yaml 
harden_os application/vnd.spectrocloud.pack.ansible-role.v1.tar+gzip io.deis.oras.content.unpack
README.md text/markdown 
presets.yaml application/vnd.spectrocloud.pack.presets.v1+yaml 
schema.yaml application/vnd.spectrocloud.pack.schema.v1+yaml 
charts/nginx application/vnd.spectrocloud.pack.directory.v1.tar+gzip io.deis.oras.content.unpack
large.bin application/octet-stream 
manifests/empty application/vnd.spectrocloud.pack.directory.v1.tar+gzip io.deis.oras.content.unpack
manifests/notes.txt application/octet-stream 
none application/vnd.spectrocloud.pack.directory.v1.tar+gzip io.deis.oras.content.unpack
notes application/vnd.spectrocloud.pack.directory.v1.tar+gzip io.deis.oras.content.unpack
notes-2.txt application/octet-stream 
run.sh application/octet-stream com.spectrocloud.pack.mode";
    assert_eq!(lines.join("\n"), expected);
    let blobs = artifact.manifest().blobs();
    assert_eq!(blobs[0].digest, blobs[1].digest, "the config is pack.json");
    assert_eq!(artifact.layers()[0].annotations.len(), 1);
    assert_eq!(artifact.layers()[17].annotations["com.spectrocloud.pack.mode"], "0755");
    assert_eq!(artifact.tag().as_str(), "1.2.0");
}

#[test]
fn the_digest_is_this_one() {
    let folder = sample();
    let artifact = encode(&read_pack(folder.path()));
    assert_eq!(
        artifact.manifest().digest().as_str(),
        "sha256:cd0c5c1eae208b1de693ae5fa187297557162315890a14596842c30b157f79cb"
    );
}

#[test]
fn the_same_pack_has_the_same_digest_wherever_and_however_it_was_written() {
    let (first, second) = (sample(), tempfile::tempdir().unwrap());
    let folder = second.path().join("elsewhere");
    write_pack(&folder, files().into_iter().rev());
    for (path, _, executable) in files() {
        let location = folder.join(path);
        // What only the group or others may do is not part of a pack.
        let mode = if executable { 0o700 } else { 0o611 };
        fs::set_permissions(&location, fs::Permissions::from_mode(mode)).unwrap();
        let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_001);
        fs::File::open(&location).unwrap().set_modified(long_ago).unwrap();
    }
    let (one, other) = (encode(&read_pack(first.path())), encode(&read_pack(&folder)));
    assert_eq!(one.manifest().digest(), other.manifest().digest());
    let run = folder.join("harden_os/files/sec_harden.sh");
    fs::set_permissions(run, fs::Permissions::from_mode(0o644)).unwrap();
    assert_ne!(one.manifest().digest(), encode(&read_pack(&folder)).manifest().digest(), "the owner's x bit is");
}

#[test]
fn what_is_said_goes_into_the_manifest() {
    let folder = sample();
    let annotations = BTreeMap::from([
        ("org.opencontainers.image.version".to_owned(), "mine".to_owned()),
        ("team".to_owned(), "web".to_owned()),
    ]);
    let message = Some("first".to_owned());
    let options = EncodeOptions { message, annotations, ..EncodeOptions::new(std::env::temp_dir()) };
    let artifact = Artifact::layered(&read_pack(folder.path()), &options).unwrap();
    let Content::Image { annotations, .. } = artifact.manifest().content() else { panic!("an image manifest") };
    let pairs: Vec<_> = annotations.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let expected = [
        "com.spectrocloud.pack.message=first",
        "org.opencontainers.image.description=A web server",
        "org.opencontainers.image.documentation=https://nginx.example/docs",
        "org.opencontainers.image.title=Nginx",
        "org.opencontainers.image.version=mine",
        "team=web",
    ];
    assert_eq!(pairs, expected);
}

async fn read(artifact: &Artifact, title: &str) -> crate::store::Result<Vec<u8>> {
    let layer = artifact.layers().iter().find(|layer| layer.title() == Some(title)).unwrap();
    let mut reader = artifact.blob(layer).await?;
    let mut all = Vec::new();
    while let Some(piece) = reader.next().await? {
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

#[tokio::test]
async fn it_is_a_source_of_its_blobs() {
    let folder = sample();
    let artifact = encode(&read_pack(folder.path()));
    for (path, content, _) in files() {
        if artifact.layers().iter().any(|layer| layer.title() == Some(&path)) {
            assert_eq!(read(&artifact, &path).await.unwrap(), content, "{path}");
        }
    }
    for layer in artifact.layers() {
        assert_eq!(Digest::of(&read(&artifact, layer.title().unwrap()).await.unwrap()), layer.digest);
    }
    let by_tag = Selector::Tag("1.2.0".parse().unwrap());
    assert_eq!(artifact.resolve(&by_tag).await.unwrap(), Some(artifact.manifest().descriptor()));
    let fetched = Source::manifest(&artifact, &by_tag).await.unwrap();
    assert_eq!(fetched.bytes(), artifact.manifest().bytes());
    let other = Selector::Tag("1.2.1".parse().unwrap());
    assert_eq!(artifact.resolve(&other).await.unwrap(), None);
    assert_eq!(Source::manifest(&artifact, &other).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_file_that_changed_is_named() {
    let folder = sample();
    let pack = read_pack(folder.path());
    let artifact = encode(&pack);
    let change = |path: &str, content: &[u8]| fs::write(folder.path().join(path), content).unwrap();
    change("README.md", b"# Nginz\n");
    change("run.sh", b"longer than before");
    fs::remove_file(folder.path().join("schema.yaml")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("schema.yaml")).unwrap();
    let error = read(&artifact, "README.md").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Integrity, "`README.md` changed after it was read")
    );
    // Whoever computes the digest again gets no other bytes either, although the size is the same.
    let descriptor = artifact.layers().iter().find(|layer| layer.title() == Some("README.md")).unwrap();
    let reader = artifact.blob_for_a_prover(descriptor).await.unwrap();
    let error = reader.read_all(descriptor.size).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(error.to_string(), "`README.md` changed after it was read");
    let error = read(&artifact, "run.sh").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Integrity, "`run.sh` changed after it was read")
    );
    let error = read(&artifact, "schema.yaml").await.unwrap_err();
    assert!(error.to_string().contains("schema.yaml"), "{error}");
    assert_eq!(read(&artifact, "notes").await.map(|_| ()).map_err(|error| error.to_string()), Ok(()), "packed before");

    change("harden_os/tasks/main.yml", b"- name: attack\n");
    let options = EncodeOptions::new(std::env::temp_dir());
    let error = Artifact::layered(&pack, &options).unwrap_err();
    let expected = "`harden_os/tasks/main.yml` changed after it was read";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Integrity, expected));
}

#[test]
fn a_scratch_folder_that_is_not_there_is_named() {
    let folder = sample();
    let scratch = Path::new("/nowhere/at/all").to_path_buf();
    let options = EncodeOptions::new(scratch);
    let error = Artifact::layered(&read_pack(folder.path()), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileSystem);
    assert_eq!(error.to_string(), "cannot create a temporary file in `/nowhere/at/all`");
}
