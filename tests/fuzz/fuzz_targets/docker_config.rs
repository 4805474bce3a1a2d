//! A configuration has an answer, and no error repeats its secrets.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| spectro_pack::fuzzing::docker_config(text));
