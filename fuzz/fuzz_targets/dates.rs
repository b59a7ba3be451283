//! Fuzzes `affinsy_fuzz_targets::dates`.
#![no_main]
affinsy_fuzz::target!(dates);
