//! A challenge gives a realm only where one was sent.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| spectro_pack::fuzzing::challenge(text));
