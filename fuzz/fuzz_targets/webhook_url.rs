//! Fuzzes `affinsy_fuzz_targets::webhook_url`.
#![no_main]
affinsy_fuzz::target!(webhook_url);
