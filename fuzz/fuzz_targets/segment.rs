//! Fuzzes `affinsy_fuzz_targets::segment`.
#![no_main]
affinsy_fuzz::target!(segment);
