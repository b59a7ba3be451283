//! The functions' binaries, brought up to date by cargo: once a test run, into the folder this test was built in.

use crate::kit::project;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder that holds them.
pub fn folder() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let profile = test.ancestors().nth(2).expect("TARGET/PROFILE/deps/suite-…").to_owned();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--bins", "--target-dir"]).arg(profile.parent().expect("TARGET/PROFILE"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    // With the command, as it builds them itself: the same features, and nothing is compiled twice.
    cargo.args(["-p", "affinsy"]);
    for name in names() {
        cargo.args(["-p", &format!("affinsy-{name}")]);
    }
    let status = cargo.current_dir(project()).status().expect("cargo starts");
    assert!(status.success(), "cargo could not build the functions ({status})");
    profile
}

fn names() -> Vec<String> {
    let functions = std::fs::read_dir(project().join("functions")).expect("a folder");
    let functions = functions.map(|entry| entry.expect("an entry").path());
    let functions = functions.filter(|path| path.join("Cargo.toml").is_file());
    functions.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
}
