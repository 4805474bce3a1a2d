//! Any text has an answer of the YAML reader, whose places lie inside of the text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| spectro_pack::fuzzing::yaml(text));
