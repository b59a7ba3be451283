//! Fuzzes `affinsy_fuzz_targets::previous_report`.
#![no_main]
affinsy_fuzz::target!(previous_report);
