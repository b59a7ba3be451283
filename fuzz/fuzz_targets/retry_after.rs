//! Fuzzes `affinsy_fuzz_targets::retry_after`.
#![no_main]
affinsy_fuzz::target!(retry_after);
