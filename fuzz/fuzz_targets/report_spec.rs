//! Fuzzes `affinsy_fuzz_targets::report_spec`.
#![no_main]
affinsy_fuzz::target!(report_spec);
