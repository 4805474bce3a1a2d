//! What a server says of a failure becomes one short line.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spectro_pack::fuzzing::error_body(bytes));
