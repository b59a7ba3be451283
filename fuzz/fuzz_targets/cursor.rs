//! Fuzzes `affinsy_fuzz_targets::cursor`.
#![no_main]
affinsy_fuzz::target!(cursor);
