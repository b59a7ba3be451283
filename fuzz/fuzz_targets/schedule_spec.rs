//! Fuzzes `affinsy_fuzz_targets::schedule_spec`.
#![no_main]
affinsy_fuzz::target!(schedule_spec);
