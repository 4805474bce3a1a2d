//! Every entry of an archive has the size that it says, within the limits.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spectro_pack::fuzzing::tar(bytes));
