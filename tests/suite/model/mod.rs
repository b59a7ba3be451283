//! The order store against an obvious model: random histories of pushes, erasures, compactions and faults, in which
//! whatever is read must be what was acknowledged (promises I1 and I2), at every snapshot that a report may have
//! pinned.
//!
//! `SEED=n` plays one history again; `HISTORIES=n` says how many are played.

mod aws;
mod deeds;
mod dice;
mod faults;
mod faulty;
mod ledger;
mod play;
mod sabotage;
mod schedule;
mod sent;
mod settle;
mod stage;

use play::Play;
use sabotage::Sabotage;
use stage::Stage;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

const STEPS: usize = 40;

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "how many histories to play is the tester's word")]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

/// The histories to play, `usual` of them where nobody says how many.
fn seeds(usual: u64) -> RangeInclusive<u64> {
    match number("SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("HISTORIES").unwrap_or(usual),
    }
}

async fn play(seed: u64, steps: usize, stage: Stage) {
    if let Err(broken) = Play::new(stage, seed).run(steps).await {
        panic!("SEED={seed} breaks it: {broken}");
    }
}

/// Each history belongs to one thread, so that its order is its seed's.
#[test]
fn what_is_read_is_what_was_acknowledged() {
    let seeds = seeds(300);
    let next = AtomicU64::new(*seeds.start());
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return;
            }
            runtime.block_on(play(seed, STEPS, Stage::memory(seed)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    println!("{} histories of {STEPS} steps without a lost or invented line", seeds.count());
}

/// In so many histories every mistake shows.
const ENOUGH: u64 = 400;

async fn first_found(sabotage: Sabotage) -> Option<u64> {
    for seed in 1..=ENOUGH {
        let stage = Stage { sabotage, ..Stage::memory(seed) };
        if Play::new(stage, seed).run(STEPS).await.is_err() {
            return Some(seed);
        }
    }
    None
}

#[tokio::test]
async fn a_mistake_would_be_found() {
    for sabotage in sabotage::ALL {
        let found = first_found(sabotage).await;
        println!("{sabotage:?} is found by seed {found:?}");
        assert!(found.is_some(), "{ENOUGH} histories do not find that the store {sabotage:?}");
    }
}
