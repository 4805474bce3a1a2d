//! A reference or a server's name that is read is the one that it prints.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| spectro_pack::fuzzing::reference(text));
