//! A manifest is one thing, and a pack's names only paths within it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spectro_pack::fuzzing::manifest(bytes));
