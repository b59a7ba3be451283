//! The simulation as a check: what every build must pass. More seeds, and one seed to look at, by the command (see the
//! crate's `main.rs`).

use affinsy_simulation::mutants::Mutant;
use affinsy_simulation::run::{Outcome, run};

const SEEDS: u64 = 200;

fn played(seed: u64, mutant: Option<Mutant>) -> Outcome {
    run(seed, mutant, false).expect("a thread for computations")
}

#[test]
fn the_promises_hold_in_any_weather() {
    let outcomes: Vec<Outcome> = (0..SEEDS).map(|seed| played(seed, None)).collect();
    for outcome in &outcomes {
        assert_eq!(outcome.violations, [""; 0], "SEED={}", outcome.seed);
    }
    let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(of).sum::<u64>();
    let (compared, skipped) = (sum(|o| o.checked.results), sum(|o| o.checked.skipped));
    assert!(compared > 10 * skipped, "{compared} results compared, {skipped} skipped");
    // A run in which nothing happens, or nothing goes wrong, would pass as well.
    assert!(sum(|o| o.lines_acknowledged) > 100 * SEEDS && sum(|o| o.checked.deliveries) > SEEDS);
    let (imported, failed) = (sum(|o| o.checked.files), sum(|o| o.checked.files_failed));
    assert!(imported > SEEDS && imported > 2 * failed && failed > 0, "{imported} files imported, {failed} were not");
    assert!(sum(|o| o.checked.refused) > SEEDS, "caps refuse lines");
    for fault in [
        "calls failed",
        "answers lost",
        "deaths before a call",
        "deaths after a call",
        "freezes",
        "stalls",
        "messages twice",
        "messages late",
        "deletions lost",
        "dead letters",
        "arrivals lost",
        "index lags",
        "objects already there",
        "sequences taken",
    ] {
        let came: u64 = outcomes.iter().filter_map(|outcome| outcome.faults.get(fault)).sum();
        assert!(came > 0, "never came: {fault}");
    }
}

#[test]
fn a_seed_plays_the_same_event_for_event() {
    let traces = |seed| (played(seed, None).trace, played(seed, None).trace);
    for seed in [0, 7, 8, 31] {
        let (one, two) = traces(seed);
        assert_eq!(one, two, "SEED={seed}");
    }
    assert_ne!(played(1, None).trace, played(2, None).trace);
}

#[test]
fn every_guard_that_is_taken_out_is_missed() {
    let unnoticed: Vec<&str> = Mutant::ALL
        .into_iter()
        .filter(|mutant| (0..SEEDS).all(|seed| played(seed, Some(*mutant)).violations.is_empty()))
        .map(Mutant::what)
        .collect();
    assert_eq!(unnoticed, [""; 0]);
}
