//! Replays every input that was worth keeping, on the compiler of the project and without a fuzzer.

use affinsy_fuzz_targets::TARGETS;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

fn corpora() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn names(folder: &PathBuf) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries.map(name).map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn every_target_has_a_corpus_and_keeps_its_promises_on_it() {
    let targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names(&corpora()), targets);
    let mut broken = Vec::new();
    for (target, run) in TARGETS {
        let folder = corpora().join(target);
        let inputs = names(&folder);
        assert!(inputs.len() > 2, "{target} has a corpus");
        for name in inputs {
            let input = std::fs::read(folder.join(&name)).expect("an input");
            if catch_unwind(AssertUnwindSafe(|| run(&input))).is_err() {
                broken.push(format!("{target}/{name}"));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_target_can_be_fuzzed() {
    let manifest = std::fs::read_to_string(corpora().join("../Cargo.toml")).expect("the fuzzer's manifest");
    let bins = manifest.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let mut bins: Vec<&str> = bins.filter(|name| *name != "affinsy-fuzz").collect();
    bins.sort_unstable();
    assert_eq!(bins, TARGETS.map(|(name, _)| name));
}
