//! Fuzzes `affinsy_fuzz_targets::import_parquet`.
#![no_main]
affinsy_fuzz::target!(import_parquet);
