//! One suite for everything that keeps packs: a local store, zot and distribution give the same answers to the same calls.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use spectro_pack::{
    digest::Digest,
    registry::{Intent, Server},
    store::{
        BlobOutcome, Descriptor, ErrorKind, Observer, RepositoryName, Selector, Silent, Tag, TagConflict, TagRule,
        Target, layout::LayoutStore,
    },
    transfer::{CopyOptions, CopyOutcome, copy},
};

use crate::support::{
    Kind, RealRegistry,
    artifact::{Content, settings},
};

/// A place that keeps repositories.
enum Place {
    Layout(tempfile::TempDir),
    Registry(Box<RealRegistry>, Server),
}

impl Place {
    /// Returns every kind that this machine has.
    fn every(test: &str) -> Vec<Self> {
        let mut places = vec![Self::Layout(tempfile::tempdir().unwrap())];
        for kind in Kind::ALL {
            if crate::support::have(&format!("every_target_does_the_same::{test}"), &[kind.tool()]) {
                let registry = RealRegistry::with(kind).deletion().start();
                let server = Server::new(settings(&registry.host())).unwrap();
                places.push(Self::Registry(Box::new(registry), server));
            }
        }
        places
    }

    /// Returns a handle of a repository.
    fn open(&self, name: &str) -> Box<dyn Target> {
        let name: RepositoryName = name.parse().unwrap();
        match self {
            Self::Layout(folder) => Box::new(LayoutStore::new(folder.path(), Arc::new(Silent)).repository(name)),
            Self::Registry(_, server) => Box::new(server.repository(name, Intent::Delete)),
        }
    }

    fn is_kind(&self, kind: Kind) -> bool {
        matches!(self, Self::Registry(registry, _) if registry.kind() == kind)
    }

    fn deletes_tags(&self) -> bool {
        match self {
            Self::Layout(_) => true,
            Self::Registry(registry, _) => registry.deletes_tags(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Layout(_) => "a local store",
            Self::Registry(registry, _) if registry.kind() == Kind::Zot => "zot",
            Self::Registry(..) => "distribution",
        }
    }
}

/// Runs a story on every place.
fn on_every(test: &str, story: impl for<'a> Fn(&'a Place) -> Pin<Box<dyn Future<Output = ()> + 'a>>) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for place in Place::every(test) {
        eprintln!("on {}", place.name());
        runtime.block_on(story(&place));
    }
}

async fn push(content: &Content, to: &dyn Target, name: &str) {
    for part in &content.parts {
        to.push_blob(part, content, None).await.unwrap();
    }
    to.push_manifest(&content.manifest, Some((&tag(name), &TagRule::Any))).await.unwrap();
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn by_tag(text: &str) -> Selector {
    Selector::Tag(tag(text))
}

fn absent() -> Digest {
    Digest::of(b"nobody has this")
}

async fn every_tag(from: &dyn Target) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = from.tags(after.as_ref()).await.unwrap();
        all.extend(page.tags.iter().map(ToString::to_string));
        after = page.next;
        if after.is_none() {
            // The order is the store's own: distribution 2.8 has none.
            all.sort();
            return all;
        }
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    on_every("what_is_not_there", |place| {
        Box::pin(async move {
            let empty = place.open("acme/nothing");
            let full = place.open("acme/something");
            push(&Content::of(&["config", "layer"]), &*full, "1").await;
            assert_eq!(empty.tags(None).await.unwrap_err().kind(), ErrorKind::NotFound);
            for repository in [empty, full] {
                let missing = Descriptor::of("text/plain", b"nobody has this");
                for selector in [by_tag("2"), Selector::Digest(absent())] {
                    assert_eq!(repository.resolve(&selector).await.unwrap(), None);
                    assert_eq!(repository.manifest(&selector).await.unwrap_err().kind(), ErrorKind::NotFound);
                }
                assert!(!repository.has_blob(&missing).await.unwrap());
                assert_eq!(repository.blob(&missing).await.map(drop).unwrap_err().kind(), ErrorKind::NotFound);
            }
        })
    });
}

#[test]
fn what_was_pushed_comes_back_byte_for_byte() {
    on_every("what_was_pushed", |place| {
        Box::pin(async move {
            let large: Bytes = (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
            let content = Content::of_bytes([Bytes::from_static(b"{}"), Bytes::new(), large]);
            let to = place.open("acme/packs/nginx");
            for part in &content.parts {
                assert!(!to.has_blob(part).await.unwrap());
                assert_eq!(to.push_blob(part, &content, None).await.unwrap(), BlobOutcome::Uploaded);
                assert!(to.has_blob(part).await.unwrap());
                assert_eq!(to.push_blob(part, &content, None).await.unwrap(), BlobOutcome::Exists);
            }
            // Without a tag it can be had by its digest.
            to.push_manifest(&content.manifest, None).await.unwrap();
            assert_eq!(to.manifest(&content.by_digest()).await.unwrap().bytes(), content.manifest.bytes());
            to.push_manifest(&content.manifest, Some((&tag("1.0_x"), &TagRule::Absent))).await.unwrap();
            let from = place.open("acme/packs/nginx");
            for selector in [by_tag("1.0_x"), content.by_digest()] {
                let found = from.resolve(&selector).await.unwrap().unwrap();
                assert_eq!(found.digest, content.digest());
                assert_eq!(found.size, content.manifest.bytes().len() as u64);
                let manifest = from.manifest(&selector).await.unwrap();
                assert_eq!(manifest.bytes(), content.manifest.bytes());
                for part in manifest.blobs() {
                    let bytes = from.blob(part).await.unwrap().read_all(10 << 20).await.unwrap();
                    assert_eq!(bytes, content.blobs[&part.digest]);
                }
            }
        })
    });
}

#[test]
fn wrong_bytes_are_stored_nowhere_and_a_wrong_size_is_told() {
    on_every("wrong_bytes", |place| {
        Box::pin(async move {
            let content = Content::of(&["config", "right"]);
            for wrong in ["wrong", "short", "longer than promised", ""] {
                let to = place.open("a");
                let mut lying = Content::of(&["config", "right"]);
                lying.blobs.insert(content.parts[1].digest.clone(), Bytes::from_static(wrong.as_bytes()));
                let error = to.push_blob(&content.parts[1], &lying, None).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Integrity, "{wrong:?}: {error}");
                assert!(!to.has_blob(&content.parts[1]).await.unwrap(), "{wrong:?}");
            }
            let to = place.open("a");
            push(&content, &*to, "1").await;
            for size in [0, 4, 6, 1 << 40] {
                let lie = Descriptor { size, ..content.parts[1].clone() };
                let read = async { to.blob(&lie).await?.read_all(1 << 50).await };
                assert_eq!(read.await.unwrap_err().kind(), ErrorKind::Integrity, "{size}");
            }
        })
    });
}

fn options(name: &str, overwrite: bool) -> CopyOptions {
    CopyOptions {
        tag: Some(tag(name)),
        overwrite,
        moving: vec![tag("latest")],
        even_if_unchanged: false,
        mount: None,
        jobs: 4,
    }
}

#[test]
fn a_tag_is_overwritten_only_with_leave_and_what_it_named_is_told() {
    on_every("a_tag_is_overwritten", |place| {
        Box::pin(async move {
            let observer: Arc<dyn Observer> = Arc::new(Silent);
            let (old, new) = (Content::of(&["config", "old"]), Content::of(&["config", "new"]));
            let to = place.open("a/b");
            let copied = copy(&old, &old.by_digest(), &*to, &options("1", false), &observer).await.unwrap();
            assert_eq!((copied.outcome, copied.moved), (CopyOutcome::Pushed, vec![(tag("latest"), None)]));
            let copied = copy(&old, &old.by_digest(), &*to, &options("1", false), &observer).await.unwrap();
            assert_eq!((copied.outcome, copied.blobs.len()), (CopyOutcome::Unchanged, 0));
            let refused = copy(&new, &new.by_digest(), &*to, &options("1", false), &observer).await.unwrap_err();
            let conflict = refused.error.find::<TagConflict>().expect("a conflict");
            assert_eq!((&conflict.there, &conflict.here), (&old.digest(), &new.digest()));
            assert_eq!(to.resolve(&by_tag("1")).await.unwrap().unwrap().digest, old.digest());
            let to = place.open("a/b");
            let copied = copy(&new, &new.by_digest(), &*to, &options("1", true), &observer).await.unwrap();
            let CopyOutcome::Overwrote { replaced, still_there } = copied.outcome else { panic!("{copied:?}") };
            assert_eq!(replaced, old.digest());
            assert_eq!(copied.moved, [(tag("latest"), Some(old.digest()))]);
            let found = to.resolve(&old.by_digest()).await.unwrap();
            // `latest` still held it when that was asked; then zot drops what has no tag.
            assert!(still_there && (found.is_some() || place.is_kind(Kind::Zot)), "{found:?}");
            for name in ["1", "latest"] {
                assert_eq!(to.resolve(&by_tag(name)).await.unwrap().unwrap().digest, new.digest());
            }
            assert_eq!(every_tag(&*to).await, ["1", "latest"]);
        })
    });
}

#[test]
fn all_tags_are_listed_and_many_blobs_go_at_once() {
    on_every("all_tags", |place| {
        Box::pin(async move {
            let to = place.open("many");
            let texts: Vec<_> = (0..40).map(|number| format!("blob {number}")).collect();
            let content = Content::of(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let pushes = stream::iter(&content.parts).map(|part| to.push_blob(part, &content, None));
            let outcomes: Vec<_> = pushes.buffer_unordered(20).collect().await;
            assert!(outcomes.into_iter().all(|outcome| outcome.unwrap() == BlobOutcome::Uploaded));
            let names: Vec<_> = (10..35).map(|number| format!("v{number}")).collect();
            for name in names.iter().rev() {
                to.push_manifest(&content.manifest, Some((&tag(name), &TagRule::Absent))).await.unwrap();
            }
            assert_eq!(every_tag(&*to).await, names);
        })
    });
}

#[test]
fn a_manifest_is_deleted_with_all_its_tags_and_others_stay() {
    on_every("a_manifest_is_deleted", |place| {
        Box::pin(async move {
            let to = place.open("a");
            let (one, other) = (Content::of(&["config", "one"]), Content::of(&["config", "other"]));
            push(&one, &*to, "1").await;
            push(&one, &*to, "2").await;
            push(&other, &*to, "3").await;
            let to = place.open("a");
            to.delete(&one.by_digest()).await.unwrap();
            for selector in [by_tag("1"), by_tag("2"), one.by_digest()] {
                assert_eq!(to.resolve(&selector).await.unwrap(), None);
            }
            assert_eq!(every_tag(&*to).await, ["3"]);
            let manifest = to.manifest(&by_tag("3")).await.unwrap();
            for part in manifest.blobs() {
                assert_eq!(to.blob(part).await.unwrap().read_all(100).await.unwrap(), other.blobs[&part.digest]);
            }
            let again = to.delete(&one.by_digest()).await.unwrap_err();
            assert_eq!(again.kind(), ErrorKind::NotFound, "{again}");
            let deleted = to.delete(&by_tag("3")).await;
            if place.deletes_tags() {
                deleted.unwrap();
                assert_eq!(to.resolve(&by_tag("3")).await.unwrap(), None);
            } else {
                assert_eq!(deleted.unwrap_err().kind(), ErrorKind::Denied);
            }
        })
    });
}
