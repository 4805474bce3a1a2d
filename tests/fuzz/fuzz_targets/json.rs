//! Both readers of JSON answer, and what they take has one meaning.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| spectro_pack::fuzzing::json(text));
