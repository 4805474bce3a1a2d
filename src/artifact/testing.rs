//! What the tests of this room share: a pack on disk, a store in memory, and artifacts that nobody should trust.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Mutex,
};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Artifact, EncodeOptions, media_type};
use crate::{
    digest::Digest,
    pack::{self, Pack},
    store::{BlobReader, Descriptor, Error, ErrorKind, Manifest, PageToken, Result, Selector, Source, TagPage},
    tarball::write::FolderWriter,
};

/// A PNG of one pixel.
const LOGO: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\xdac`\0\0\0\x02\0\x01\xe5'\xde\xfc\0\0\0\0IEND\xaeB`\x82";

/// The pack.json of the pack that [`write_pack`] writes.
pub(super) const METADATA: &str = r#"{
  "name": "nginx",
  "displayName": "Nginx",
  "layer": "addon",
  "addonType": "ingress",
  "version": "1.2.0",
  "cloudTypes": ["all"],
  "annotations": {"description": "A web server", "docsURL": "https://nginx.example/docs", "source": ""},
  "charts": ["charts/nginx-1.2.0.tgz"],
  "kubeManifests": ["manifests/b.yaml", "./manifests//a.yaml", "manifests/b.yaml"],
  "ansibleRoles": ["harden_os"]
}
"#;

/// Returns the files of a pack with everything in it: path, content, executable.
pub(super) fn files() -> Vec<(String, Vec<u8>, bool)> {
    let mut chart = FolderWriter::new(Vec::new()).unwrap();
    let text = b"apiVersion: v2\nname: nginx\nversion: 1.2.0\n";
    chart.add_file("nginx/Chart.yaml", false, text.len() as u64, &text[..]).unwrap();
    let deep = format!("notes/{}/{}.md", "deep/".repeat(20).trim_end_matches('/'), "n".repeat(120));
    let mut files = vec![
        ("pack.json", METADATA.as_bytes().to_vec(), false),
        ("values.yaml", Vec::new(), false),
        ("logo.png", LOGO.to_vec(), false),
        ("README.md", b"# Nginx\n".to_vec(), false),
        ("presets.yaml", b"presets: []\n".to_vec(), false),
        ("schema.yaml", b"{}\n".to_vec(), false),
        ("charts/nginx-1.2.0.tgz", chart.finish().unwrap().0, false),
        ("charts/nginx/Chart.yaml", text.to_vec(), false),
        ("charts/nginx/values.yaml", b"replicas: 1\n".to_vec(), false),
        ("manifests/a.yaml", b"kind: Namespace\n".to_vec(), false),
        ("manifests/b.yaml", b"kind: Secret\n".to_vec(), false),
        ("manifests/notes.txt", b"not declared\n".to_vec(), false),
        ("harden_os/tasks/main.yml", b"- name: harden\n".to_vec(), false),
        ("harden_os/files/sec_harden.sh", b"#!/bin/sh\nexit 0\n".to_vec(), true),
        (&deep, b"deep\n".to_vec(), false),
        ("notes/\u{fc}mlaut \u{1f4e6}.txt", b"name\n".to_vec(), false),
        ("notes/empty", Vec::new(), false),
        ("notes-2.txt", b"beside\n".to_vec(), false),
        ("run.sh", b"#!/bin/sh\n".to_vec(), true),
    ]
    .into_iter()
    .map(|(path, content, executable)| (path.to_owned(), content, executable))
    .collect::<Vec<_>>();
    let large: Vec<u8> =
        (0..200_000_u32).flat_map(|number| (number.wrapping_mul(2_654_435_761) >> 7).to_le_bytes()).collect();
    files.push(("notes/large.bin".to_owned(), large.clone(), false));
    files.push(("large.bin".to_owned(), large, false));
    files
}

/// Writes the pack into a folder, in the order given.
pub(super) fn write_pack(folder: &Path, files: impl IntoIterator<Item = (String, Vec<u8>, bool)>) {
    for (path, content, executable) in files {
        let location = folder.join(path);
        fs::create_dir_all(location.parent().unwrap()).unwrap();
        fs::write(&location, content).unwrap();
        fs::set_permissions(&location, fs::Permissions::from_mode(if executable { 0o755 } else { 0o644 })).unwrap();
    }
    fs::create_dir_all(folder.join("manifests/empty")).unwrap();
    fs::create_dir_all(folder.join("none/inside")).unwrap();
    fs::create_dir_all(folder.join("notes/nothing")).unwrap();
}

/// Reads a valid pack.
pub(super) fn read_pack(folder: &Path) -> Pack {
    let reading = pack::read(folder, &pack::ReadOptions::default()).unwrap();
    assert!(reading.pack.is_some(), "{:?}", reading.report);
    reading.pack.unwrap()
}

/// Encodes a pack, beside its folder.
pub(super) fn encode(pack: &Pack) -> Artifact {
    let scratch = pack.directory().parent().expect("a test's pack lies in a folder").to_owned();
    Artifact::layered(pack, &EncodeOptions::new(scratch)).unwrap()
}

/// Returns a folder's content: path → (mode and content; nothing for a folder).
pub(super) fn tree(folder: &Path) -> BTreeMap<PathBuf, Option<(u32, Vec<u8>)>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path().strip_prefix(folder).unwrap().to_path_buf();
            let kind = entry.file_type().unwrap();
            assert!(kind.is_file() || kind.is_dir(), "{} is neither file nor folder", path.display());
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            if kind.is_dir() {
                assert_eq!(mode, 0o755, "{}", path.display());
                folders.push(entry.path());
                found.insert(path, None);
            } else {
                found.insert(path, Some((mode, fs::read(entry.path()).unwrap())));
            }
        }
    }
    found
}

/// A store that holds what it was given, true or not.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) manifests: Vec<Manifest>,
    pub(super) blobs: BTreeMap<Digest, Bytes>,
    /// The blobs that were asked for, in order.
    pub(super) asked: Mutex<Vec<Digest>>,
    /// A blob that never ends.
    pub(super) stuck: Option<Digest>,
}

impl Memory {
    /// Returns a store with one layered artifact: title, media type, bytes of each layer.
    pub(super) fn layered(config: &str, layers: &[(&str, &str, Vec<u8>)]) -> Self {
        let mut store = Self::default();
        let config = store.add(media_type::METADATA, config.as_bytes());
        let layers = layers.iter().map(|(title, media_type, bytes)| {
            let mut descriptor = store.add(media_type, bytes);
            descriptor.annotations.insert(media_type::TITLE.to_owned(), (*title).to_owned());
            descriptor
        });
        let layers = layers.collect();
        store.manifests.push(Manifest::image(config, layers, BTreeMap::new()).unwrap());
        store
    }

    /// Returns a store with a pack in the archive form.
    pub(super) fn archive(title: &str, bytes: &[u8]) -> Self {
        let mut store = Self::default();
        let config = store.add(media_type::UNKNOWN_CONFIG, b"{}");
        let mut layer = store.add(media_type::ARCHIVE, bytes);
        layer.annotations.insert(media_type::TITLE.to_owned(), title.to_owned());
        store.manifests.push(Manifest::image(config, vec![layer], BTreeMap::new()).unwrap());
        store
    }

    pub(super) fn add(&mut self, media_type: &str, bytes: &[u8]) -> Descriptor {
        let descriptor = Descriptor::of(media_type, bytes);
        self.blobs.insert(descriptor.digest.clone(), Bytes::copy_from_slice(bytes));
        descriptor
    }

    /// Returns the selector of the first manifest.
    pub(super) fn selector(&self) -> Selector {
        Selector::Digest(self.manifests[0].digest().clone())
    }

    pub(super) fn asked(&self) -> Vec<Digest> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Source for Memory {
    async fn resolve(&self, selector: &Selector) -> Result<Option<Descriptor>> {
        Ok(Some(self.manifest(selector).await?.descriptor()))
    }

    async fn manifest(&self, selector: &Selector) -> Result<Manifest> {
        let Selector::Digest(digest) = selector else { panic!("only digests here") };
        let found = self.manifests.iter().find(|manifest| manifest.digest() == digest);
        found.cloned().ok_or_else(|| Error::new(ErrorKind::NotFound, "no such manifest"))
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        self.asked.lock().unwrap().push(descriptor.digest.clone());
        let bytes = self.blobs.get(&descriptor.digest).cloned();
        let bytes = bytes.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such blob"))?;
        let mut pieces: Vec<_> = bytes.chunks(32 * 1024).map(|piece| Ok(bytes.slice_ref(piece))).collect();
        if self.stuck.as_ref() == Some(&descriptor.digest) {
            use futures::StreamExt;
            pieces.pop();
            let pieces = futures::stream::iter(pieces).chain(futures::stream::pending());
            return Ok(BlobReader::new(descriptor, pieces));
        }
        Ok(BlobReader::new(descriptor, futures::stream::iter(pieces)))
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        Ok(TagPage::default())
    }
}

/// One entry of a tar, every byte as its maker wants it.
pub(super) struct Raw<'a> {
    pub(super) name: &'a [u8],
    pub(super) flag: u8,
    pub(super) link: &'a [u8],
    pub(super) content: &'a [u8],
    /// The size that the header says, where that is a lie.
    pub(super) size: Option<u64>,
}

impl<'a> Raw<'a> {
    pub(super) fn file(name: &'a str, content: &'a [u8]) -> Self {
        Self { name: name.as_bytes(), flag: b'0', link: b"", content, size: None }
    }

    pub(super) fn of(flag: u8, name: &'a str, link: &'a str) -> Self {
        Self { name: name.as_bytes(), flag, link: link.as_bytes(), content: b"", size: None }
    }
}

/// Returns a gzipped tar of these entries.
pub(super) fn raw_tar(entries: &[Raw<'_>]) -> Vec<u8> {
    let mut tar = Vec::new();
    for entry in entries {
        let mut block = [0_u8; 512];
        block[..entry.name.len()].copy_from_slice(entry.name);
        block[100..108].copy_from_slice(b"0000644\0");
        block[108..116].copy_from_slice(b"0000000\0");
        block[116..124].copy_from_slice(b"0000000\0");
        let size = entry.size.unwrap_or(entry.content.len() as u64);
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[136..148].copy_from_slice(b"00000000000\0");
        block[156] = entry.flag;
        block[157..157 + entry.link.len()].copy_from_slice(entry.link);
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        tar.extend(block);
        tar.extend(entry.content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.extend([0; 1024]);
    gzip(&tar)
}

/// Returns gzipped bytes.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
