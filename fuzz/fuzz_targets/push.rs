//! Fuzzes `affinsy_fuzz_targets::push`.
#![no_main]
affinsy_fuzz::target!(push);
