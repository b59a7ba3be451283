//! What all fuzz targets share: libFuzzer's entry, and what is done about panics.

pub use libfuzzer_sys;

/// The `main` of a target: feeds what libFuzzer makes up to the function of this name.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        $crate::libfuzzer_sys::fuzz_target!(init: $crate::expect_panics_of_parquet(), |data: &[u8]| {
            affinsy_fuzz_targets::$name(data);
        });
    };
}

/// The Parquet library asserts some of its format's rules, and its two callers catch that. libFuzzer's own hook would
/// end the run at the first such panic. Those of our code are findings, caught or not.
pub fn expect_panics_of_parquet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if !place.contains("/registry/src/") {
            eprintln!("{panic}");
            std::process::abort();
        }
    }));
}
