//! The corpus of real packs: 171 folders as published by a community, which are not ours and so never part of this project.
//!
//! `SPECTRO_CORPUS` names a folder of packs, or a `packs.tar.gz`; without it `../shared/corpus/packs.tar.gz` is tried. An archive is
//! unpacked once into the build folder, by whichever process comes first.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The corpus of real packs, where this machine has it.
pub(crate) struct Corpus;

impl Corpus {
    /// Returns the folders of all packs, sorted, or `None` where the corpus isn't here.
    pub(crate) fn packs() -> Option<Vec<PathBuf>> {
        static PACKS: OnceLock<Option<Vec<PathBuf>>> = OnceLock::new();
        PACKS.get_or_init(|| folder().map(|folder| packs_in(&folder))).clone()
    }
}

fn folder() -> Option<PathBuf> {
    let named = env::var_os("SPECTRO_CORPUS").map(PathBuf::from);
    let found = match named {
        Some(path) => {
            assert!(path.exists(), "SPECTRO_CORPUS names {}, which is not there", path.display());
            path
        }
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/packs.tar.gz"),
    };
    match fs::metadata(&found) {
        Ok(metadata) if metadata.is_dir() => Some(found),
        Ok(_) => Some(unpacked(&found)),
        Err(_) => None,
    }
}

fn unpacked(archive: &Path) -> PathBuf {
    let target = super::target_folder().join("corpus");
    let lock = fs::File::create(target.with_extension("lock")).expect("the corpus' lock file can be made");
    lock.lock().expect("the corpus can be locked");
    if !target.is_dir() {
        let stage = tempfile::tempdir_in(super::target_folder()).expect("the build folder is writable");
        let file = fs::File::open(archive).expect("the corpus' archive can be read");
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
        tar.unpack(stage.path()).unwrap_or_else(|error| panic!("cannot unpack {}: {error}", archive.display()));
        fs::rename(stage.keep(), &target).expect("the unpacked corpus can be renamed");
    }
    target
}

fn packs_in(folder: &Path) -> Vec<PathBuf> {
    let mut packs: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder's entry can be read").path())
        .filter(|path| path.is_dir())
        .collect();
    packs.sort();
    assert!(!packs.is_empty(), "no pack in {}", folder.display());
    packs
}
