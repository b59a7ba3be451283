//! Fuzzes `affinsy_fuzz_targets::job`.
#![no_main]
affinsy_fuzz::target!(job);
