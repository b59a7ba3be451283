//! The order store against an obvious model: random histories of pushes, erasures, compactions and faults, in which
//! whatever is read must be what was acknowledged (promises I1 and I2), at every snapshot that a report may have
//! pinned.
//!
//! `SEED=n` plays one history again; `HISTORIES=n` says how many are played.

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
use std::future::Future;

const STEPS: usize = 40;

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "how many histories to play is the tester's word")]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

/// Plays histories, `usual` of them where nobody says how many.
async fn play<S: Future<Output = Stage>>(usual: u64, steps: usize, stage: impl Fn(u64) -> S) {
    let seeds = match number("SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("HISTORIES").unwrap_or(usual),
    };
    let count = seeds.clone().count();
    for seed in seeds {
        if let Err(broken) = Play::new(stage(seed).await, seed).run(steps).await {
            panic!("SEED={seed} breaks it: {broken}");
        }
    }
    println!("{count} histories of {steps} steps without a lost or invented line");
}

#[tokio::test]
async fn what_is_read_is_what_was_acknowledged() {
    play(300, STEPS, async |seed| Stage::memory(seed)).await;
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
