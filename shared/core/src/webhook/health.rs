//! Whether a URL still takes webhooks: what became of the attempts at it so far. Knows no clock and no table.

use crate::time::{self, Instant};
use serde::{Deserialize, Serialize};

/// A URL with nothing but failures for this long is disabled.
pub const FAILING_MS: i64 = 120 * 3_600_000;

/// How an attempt at a URL ended, as far as its health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx.
    Taken,
    Failed,
    /// 410.
    Gone,
    /// `webhook-delivery: disable`.
    Refused,
}

/// Why a URL is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It answered 410.
    Gone,
    /// It answered with the header `webhook-delivery: disable`.
    Refused,
    /// Nothing but failures for 120 hours.
    Failing,
}

impl Reason {
    /// What the owner of the URL reads.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Gone => "it answered 410",
            Self::Refused => "it answered with the header webhook-delivery: disable",
            Self::Failing => "every attempt of 120 hours failed",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    #[serde(with = "time::micros")]
    pub at: Instant,
    pub reason: Reason,
}

/// The health of a URL; a URL without a record is well.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The first failure since the last success.
    #[serde(with = "time::micros::option", default)]
    pub failing_since: Option<Instant>,
    #[serde(default)]
    pub disabled: Option<Disabled>,
}

impl Health {
    /// After an attempt that ended at `now`. What was disabled stays so: an attempt that began before is no test.
    #[must_use]
    pub fn after(self, outcome: Outcome, now: Instant) -> Self {
        if self.disabled.is_some() {
            return self;
        }
        let disabled = |reason| Self { disabled: Some(Disabled { at: now, reason }), ..self };
        match (outcome, self.failing_since) {
            (Outcome::Taken, _) => Self::default(),
            (Outcome::Gone, _) => disabled(Reason::Gone),
            (Outcome::Refused, _) => disabled(Reason::Refused),
            (Outcome::Failed, None) => Self { failing_since: Some(now), ..self },
            (Outcome::Failed, Some(since)) if now.unix_ms() - since.unix_ms() >= FAILING_MS => {
                disabled(Reason::Failing)
            }
            (Outcome::Failed, Some(_)) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_unix_ms(1_750_000_000_000);

    #[test]
    fn only_an_unbroken_row_of_failures_disables() {
        let failed = |health: Health, ms| health.after(Outcome::Failed, NOW.plus_ms(ms));
        let failing = failed(Health::default(), 0);
        assert_eq!(failing, Health { failing_since: Some(NOW), disabled: None });
        assert_eq!(failed(failing, FAILING_MS - 1), failing, "not a moment too early");
        let disabled = failed(failing, FAILING_MS);
        assert_eq!(disabled.disabled.map(|disabled| disabled.reason), Some(Reason::Failing));
        let recovered = failing.after(Outcome::Taken, NOW.plus_ms(5));
        assert_eq!(recovered, Health::default());
        assert_eq!(failed(failed(recovered, 10), FAILING_MS).disabled, None, "counted from the last success");
    }

    #[test]
    fn a_receiver_that_asks_for_no_more_is_heard_at_once_and_a_late_success_changes_nothing() {
        for (outcome, reason) in [(Outcome::Gone, Reason::Gone), (Outcome::Refused, Reason::Refused)] {
            let disabled = Health::default().after(outcome, NOW);
            assert_eq!(disabled.disabled, Some(Disabled { at: NOW, reason }));
            assert_eq!(disabled.after(Outcome::Taken, NOW.plus_ms(1)), disabled);
        }
    }
}
