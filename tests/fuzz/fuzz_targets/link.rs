//! A link is a part of its header; a location keeps its origin when it gets the digest.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| spectro_pack::fuzzing::link(text));
