//! Any text has an answer of the template parser, whose places lie inside of the text.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| spectro_pack::fuzzing::template(text));
