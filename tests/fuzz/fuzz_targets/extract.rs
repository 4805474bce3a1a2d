//! A layer is unpacked within its folder, or nothing is left of it.

#![no_main]

use std::{env, fs, path::PathBuf, process, sync::LazyLock};

static PLACE: LazyLock<PathBuf> = LazyLock::new(|| {
    let place = env::temp_dir().join(format!("spectro-fuzz-{}", process::id()));
    fs::create_dir_all(&place).expect("a temporary folder can be made");
    place
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spectro_pack::fuzzing::extract(bytes, &PLACE));
