//! When to ask whether to stop: by work done, because one long itemset can be more of it than thousands of short
//! ones. Knows no rules.

use crate::error::MineError;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Counts look-ups of subsets and asks every few thousand of them. Each worker has its own.
pub(super) struct Patience<'a> {
    stop: &'a (dyn Fn() -> bool + Sync),
    /// What one worker hears, all know: `stop` need not say it twice.
    stopped: &'a AtomicBool,
    left: u64,
}

const ASK_EVERY: u64 = 1 << 14;

impl<'a> Patience<'a> {
    /// Asks at the first look-up.
    pub fn new(stop: &'a (dyn Fn() -> bool + Sync), stopped: &'a AtomicBool) -> Self {
        Self { stop, stopped, left: 0 }
    }

    pub fn spend(&mut self, lookups: u64) -> Result<(), MineError> {
        if lookups < self.left {
            self.left -= lookups;
            return Ok(());
        }
        self.left = ASK_EVERY;
        if self.stopped.load(Relaxed) || (self.stop)() {
            self.stopped.store(true, Relaxed);
            return Err(MineError::STOPPED);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn asks_by_work_done() {
        let asked = AtomicU32::new(0);
        let stop = || asked.fetch_add(1, Relaxed) == 2;
        let stopped = AtomicBool::new(false);
        let mut patience = Patience::new(&stop, &stopped);
        let mut check = |lookups, goes_on, times| {
            assert_eq!(patience.spend(lookups).is_ok(), goes_on);
            assert_eq!(asked.load(Relaxed), times);
        };
        check(1, true, 1);
        check(ASK_EVERY - 1, true, 1);
        check(1, true, 2);
        check(ASK_EVERY * 9, false, 3);
        assert!(Patience::new(&stop, &stopped).spend(1).is_err(), "another worker hears of it");
        assert_eq!(asked.load(Relaxed), 3);
    }
}
