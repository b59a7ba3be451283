//! Fuzzes `affinsy_fuzz_targets::redact`.
#![no_main]
affinsy_fuzz::target!(redact);
