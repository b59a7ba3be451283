//! When to ask whether to stop: by work done, because one long itemset can be more of it than thousands of short
//! ones. Knows no rules.

use crate::error::MineError;

/// Counts look-ups of subsets and asks every few thousand of them.
pub(super) struct Patience<'a> {
    stop: &'a (dyn Fn() -> bool + Sync),
    left: u64,
}

const ASK_EVERY: u64 = 1 << 14;

impl<'a> Patience<'a> {
    /// Asks at the first look-up.
    pub fn new(stop: &'a (dyn Fn() -> bool + Sync)) -> Self {
        Self { stop, left: 0 }
    }

    pub fn spend(&mut self, lookups: u64) -> Result<(), MineError> {
        if lookups < self.left {
            self.left -= lookups;
            return Ok(());
        }
        self.left = ASK_EVERY;
        if (self.stop)() { Err(MineError::STOPPED) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn asks_by_work_done() {
        let asked = AtomicU32::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) == 2;
        let mut patience = Patience::new(&stop);
        let mut check = |lookups, goes_on, times| {
            assert_eq!(patience.spend(lookups).is_ok(), goes_on);
            assert_eq!(asked.load(Ordering::Relaxed), times);
        };
        check(1, true, 1);
        check(ASK_EVERY - 1, true, 1);
        check(1, true, 2);
        check(ASK_EVERY * 9, false, 3);
    }
}
