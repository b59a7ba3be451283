//! What goes wrong, how often, and how often it did. Each seed has a weather of its own; in some of them most calls
//! fail. When the load is over it clears up for good.

use crate::dice::Dice;
use crate::sim::Sim;
use affinsy_app::ports::{PortError, PortResult};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One in so many calls; 0 for never.
#[derive(Debug, Clone)]
pub struct Weather {
    pub storms: bool,
    fails: u64,
    dies: u64,
    stalls: u64,
    /// A process stands still for longer than any lease, and goes on as if nothing had been.
    freezes: u64,
    /// Of messages and objects: duplicates, lost deletions, odd answers.
    pub quirks: u64,
    pub counts: BTreeMap<&'static str, u64>,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    FailsBefore,
    FailsAfter,
    DiesBefore,
    DiesAfter,
}

/// A few milliseconds, as every call takes.
const USUAL_MS: i64 = 12;
/// Functions that have a lease, or are about to.
const HAVE_LEASES: [&str; 4] = ["worker", "compactor", "importer", "webhooks"];
/// Longer than any lease.
const FROZEN_MS: i64 = 16 * 60_000;

impl Weather {
    pub fn of(dice: &mut Dice) -> Self {
        Self {
            storms: true,
            fails: dice.pick(&[0, 60, 25, 10]),
            dies: dice.pick(&[0, 120, 60, 30]),
            stalls: dice.pick(&[0, 80, 30]),
            freezes: dice.pick(&[0, 0, 150, 50]),
            quirks: dice.pick(&[0, 12, 4]),
            counts: BTreeMap::new(),
        }
    }

    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// `works`: under a lease; to stand still is no danger to others.
    fn fate(&mut self, dice: &mut Dice, works: bool) -> (Fate, i64, i64) {
        let (mut before, after) = (dice.between(0, USUAL_MS), dice.between(0, USUAL_MS / 3));
        if !self.storms {
            return (Fate::Done, before, after);
        }
        if dice.one_in(self.stalls) {
            self.count("stalls");
            before = dice.between(1_000, 40_000);
        } else if dice.one_in(if works { self.freezes } else { 0 }) {
            self.count("freezes");
            before = dice.between(FROZEN_MS, 25 * 60_000);
        }
        let (fate, name) = match (dice.one_in(self.fails), dice.one_in(self.dies), dice.one_in(2)) {
            (_, true, true) => (Fate::DiesBefore, "deaths before a call"),
            (_, true, false) => (Fate::DiesAfter, "deaths after a call"),
            (true, _, true) => (Fate::FailsBefore, "calls failed"),
            (true, _, false) => (Fate::FailsAfter, "answers lost"),
            _ => return (Fate::Done, before, after),
        };
        self.count(name);
        (fate, before, after)
    }
}

impl Sim {
    /// One call of a port, and what the weather makes of it.
    pub async fn step<T: Send>(
        self: &Arc<Self>,
        what: &'static str,
        call: impl Future<Output = PortResult<T>> + Send,
    ) -> PortResult<T> {
        if self.is_dead() {
            return std::future::pending().await;
        }
        let (fate, before_ms, after_ms) = self.drawn(what);
        self.sleep_ms(before_ms).await;
        let lost = || Err(PortError::Unavailable(format!("{what}: {fate:?}")));
        match fate {
            Fate::FailsBefore => return lost(),
            Fate::DiesBefore => return self.die().await,
            Fate::Done | Fate::FailsAfter | Fate::DiesAfter => {}
        }
        let done = call.await;
        if fate == Fate::DiesAfter {
            drop(done);
            return self.die().await;
        }
        self.sleep_ms(after_ms).await;
        if fate == Fate::FailsAfter { lost() } else { done }
    }

    fn drawn(&self, what: &'static str) -> (Fate, i64, i64) {
        let mut state = crate::sim::lock(&self.state);
        let state = &mut *state;
        let works = state.about.get(&state.current).is_some_and(|about| HAVE_LEASES.contains(&about.name));
        let drawn = state.weather.fate(&mut state.dice, works);
        let (fate, before_ms, _) = drawn;
        if before_ms >= FROZEN_MS
            && let Some(about) = state.about.get_mut(&state.current)
        {
            about.frozen = true;
        }
        state.note(format_args!("{what} {fate:?} after {before_ms} ms"));
        drawn
    }

    /// Whether one of the rarer oddities comes now.
    pub fn quirk(&self, what: &'static str) -> bool {
        let mut state = crate::sim::lock(&self.state);
        let state = &mut *state;
        let comes = state.weather.storms && state.dice.one_in(state.weather.quirks);
        if comes {
            state.weather.count(what);
            state.note(format_args!("{what}"));
        }
        comes
    }

    /// No more trouble from now on.
    pub fn clear_up(&self) {
        crate::sim::lock(&self.state).weather.storms = false;
    }
}

impl Sim {
    pub fn counted(&self, what: &'static str) {
        crate::sim::lock(&self.state).weather.count(what);
    }
}
