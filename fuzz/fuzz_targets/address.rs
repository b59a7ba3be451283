//! Fuzzes `affinsy_fuzz_targets::address`.
#![no_main]
affinsy_fuzz::target!(address);
