//! What holds for every artifact that somebody may send: used by the property tests and by the fuzz targets. Each function panics where
//! it does not hold.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Component, Path},
    sync::LazyLock,
};

use super::{
    Limits, PackArtifact, media_type,
    testing::Memory,
    unpack::{UnpackOptions, unpack},
};
use crate::store::{ErrorKind, Manifest, Silent};

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made")
});

/// A manifest that is taken for a pack names only paths within it.
pub(crate) fn manifest(manifest: Manifest) {
    let Ok(artifact) = PackArtifact::of(manifest) else { return };
    for entry in artifact.entries() {
        let path = Path::new(entry.title.as_str());
        assert!(path.components().all(|component| matches!(component, Component::Normal(_))), "{:?}", entry.title);
    }
}

/// A role's layer of these bytes is unpacked within its folder, or nothing is left of it. `place` is an empty folder, and empty again
/// afterwards. Returns whether it was unpacked.
pub(crate) fn extract(packed: &[u8], place: &Path) -> bool {
    let target = place.join("outer/target");
    let store = Memory::layered(r#"{"name":"a"}"#, &[("role", media_type::ROLE, packed.to_vec())]);
    let limits = Limits { unpacked: 1 << 20, entries: 1000, ..Limits::default() };
    let options = UnpackOptions { replace: false, protected: Vec::new(), limits, jobs: 1 };
    let unpacked = RUNTIME.block_on(async {
        let artifact = PackArtifact::open(&store, &store.selector()).await.expect("the manifest is sound");
        unpack(&store, &artifact, &target, &options, &Silent).await
    });
    match unpacked {
        Ok(unpacked) => {
            assert_eq!(names(place), ["outer"]);
            assert_eq!(names(&place.join("outer")), ["target"]);
            assert_eq!(names(&target), ["pack.json", "role"]);
            assert_eq!(check_folder(&target), unpacked.files);
            fs::remove_dir_all(place.join("outer")).expect("what was made can be removed");
            true
        }
        Err(error) => {
            assert!(
                matches!(error.kind(), ErrorKind::Unsafe | ErrorKind::Integrity | ErrorKind::FileSystem),
                "{error:?}"
            );
            assert!(names(place).is_empty(), "{:?} is left after {error}", names(place));
            false
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder that is there can be read");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

/// Checks that there are only plain files and folders, and returns how many files.
fn check_folder(folder: &Path) -> u64 {
    names(folder).iter().map(|name| folder.join(name)).fold(0, |files, path| {
        let found = fs::symlink_metadata(&path).expect("what was listed is there");
        assert_eq!(found.permissions().mode() & 0o7000, 0, "{} has a special bit", path.display());
        assert!(found.is_file() || found.is_dir(), "{} is neither a file nor a folder", path.display());
        files + if found.is_dir() { check_folder(&path) } else { 1 }
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{
        super::testing::{Raw, raw_tar},
        *,
    };
    use crate::{store::invariants as stored, tarball::read::invariants as tarball};

    const NAMES: [&str; 20] = [
        "role/",
        "role/a",
        "role/a/b",
        "role/A",
        "role/../x",
        "/role/a",
        "role//a",
        "role/./a",
        "role",
        "../role/a",
        "rolex/a",
        "role/a/",
        "role/\u{fc}",
        "role/u\u{308}",
        "pack.json",
        "role/..",
        ".",
        "",
        "role/a\\b",
        "role/\u{202e}x",
    ];
    const RECORDS: [&str; 8] = [
        "15 path=role/x\n",
        "17 path=role/../x\n",
        "13 size=00512\n",
        "19 linkpath=/etc/x\n",
        "9 path=/x\n",
        "99 path=a\n",
        "25 GNU.sparse.name=role/x\n",
        "16 path=role/\0x\n",
    ];

    /// One entry as it is drawn.
    #[derive(Clone, Debug)]
    struct Drawn {
        name: &'static str,
        flag: u8,
        link: &'static str,
        content: Vec<u8>,
        size: Option<u64>,
    }

    fn entry() -> impl Strategy<Value = Drawn> {
        let flag = prop_oneof![6 => Just(b'0'), 3 => Just(b'5'), 2 => select(&b"\x001234567LKxgSNDMV"[..])];
        let content = prop_oneof![
            4 => vec(any::<u8>(), 0..30),
            1 => select(&RECORDS[..]).prop_map(|record| record.as_bytes().to_vec()),
            1 => Just(b"role/long\0".to_vec()),
        ];
        let size = prop_oneof![9 => Just(None), 1 => select(&[Some(0), Some(1), Some(512), Some((1 << 33) - 1)][..])];
        let link = select(&["", "", "role/a", "/etc/passwd", "../.."][..]);
        (select(&NAMES[..]), flag, link, content, size).prop_map(|(name, flag, link, content, size)| Drawn {
            name,
            flag,
            link,
            // A folder, a link or a device has none.
            content: if (b'1'..=b'6').contains(&flag) { Vec::new() } else { content },
            size,
        })
    }

    fn packed(entries: &[Drawn]) -> Vec<u8> {
        let raw = |drawn| {
            let Drawn { name, flag, link, content, size }: &Drawn = drawn;
            Raw { name: name.as_bytes(), flag: *flag, link: link.as_bytes(), content, size: *size }
        };
        raw_tar(&entries.iter().map(raw).collect::<Vec<_>>())
    }

    #[test]
    fn the_sample_is_unpacked() {
        let place = tempfile::tempdir().unwrap();
        let sample = raw_tar(&[Raw::of(b'5', "role/", ""), Raw::file("role/a", b"x")]);
        assert!(extract(&sample, place.path()));
        assert!(!extract(&sample[..40], place.path()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

        #[test]
        fn any_entries_are_unpacked_inside_or_not_at_all(entries in vec(entry(), 0..5)) {
            let place = tempfile::tempdir().unwrap();
            extract(&packed(&entries), place.path());
        }

        #[test]
        fn any_damage_is_unpacked_inside_or_not_at_all(entries in vec(entry(), 1..4), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let place = tempfile::tempdir().unwrap();
            let mut packed = packed(&entries);
            let at = at.index(packed.len());
            packed[at] = byte;
            extract(&packed, place.path());
            tarball::check(&packed);
        }

        #[test]
        fn any_title_leads_inside_or_is_refused(title in "[./a\\\\\u{0}-]{0,8}") {
            let store = Memory::layered("{}", &[(&title, media_type::OCTETS, Vec::new())]);
            manifest(stored::manifest(store.manifests[0].bytes()).expect("the manifest is sound"));
        }
    }
}
