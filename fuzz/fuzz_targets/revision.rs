#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| concertina_chaos::any_text::revision(text));
