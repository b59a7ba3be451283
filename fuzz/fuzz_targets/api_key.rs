//! Fuzzes `affinsy_fuzz_targets::api_key`.
#![no_main]
affinsy_fuzz::target!(api_key);
