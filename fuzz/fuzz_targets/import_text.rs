//! Fuzzes `affinsy_fuzz_targets::import_text`.
#![no_main]
affinsy_fuzz::target!(import_text);
