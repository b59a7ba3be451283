//! Fuzzes `affinsy_fuzz_targets::decimals`.
#![no_main]
affinsy_fuzz::target!(decimals);
