//! When a dataset is to be tended, counted, settled and swept.

use crate::ports::{CountsRecord, DatasetRecord, SegmentRecord};
use affinsy_core::time::Instant;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Pushes that pause so long are done for now.
const QUIET_MS: i64 = 10 * MINUTE_MS;
/// The open table, and what was erased or removed, lags behind at most about so long.
const UNSETTLED_MS: i64 = HOUR_MS;
/// What was replaced stays so long: no report that may read it runs longer.
pub(super) const GRACE_MS: i64 = 24 * HOUR_MS;
/// What no manifest item names is an orphan at this age: whoever wrote it has committed by then, or never will.
pub(super) const ORPHAN_MS: i64 = 48 * HOUR_MS;
const SWEEP_EVERY_MS: i64 = 24 * HOUR_MS;
/// A dataset that takes its compactors down is tried more and more seldom.
const RETRY_MS: i64 = 30_000;
/// Compactions wait for more parts where much is retired already: the head, which every push writes, stays small.
const RETIRED_A_STEP: usize = 32;
const ENOUGH: usize = 8;

fn passed(since: Instant, ms: i64, now: Instant) -> bool {
    since.plus_ms(ms) <= now
}

/// How many parts are worth a compaction.
pub(super) fn enough(head: &DatasetRecord) -> usize {
    ENOUGH << (head.retired.len() / RETIRED_A_STEP).min(16)
}

/// Whether everything is to become one run now.
pub(super) fn shall_settle(head: &DatasetRecord, pushes: &[SegmentRecord], now: Instant) -> bool {
    passed(head.updated_at, QUIET_MS, now) || passed(unsettled_since(head, pushes), UNSETTLED_MS, now)
}

/// When the oldest orders came that no settled run has.
fn unsettled_since(head: &DatasetRecord, pushes: &[SegmentRecord]) -> Instant {
    let settled = matches!(&head.runs[..], [run] if run.settled);
    let first_push = pushes.first().filter(|_| settled || head.runs.is_empty()).map(|push| push.stored_at);
    first_push.or(head.tending.settled_at).unwrap_or(head.created_at)
}

pub(super) fn is_settled(head: &DatasetRecord) -> bool {
    head.compacted_to() == head.sequence && matches!(&head.runs[..], [run] if run.settled)
}

/// A large dataset under steady pushes is counted every so often, not with every push: about a tenth of the time.
pub(super) fn count_at(counts: &CountsRecord) -> Instant {
    let pause_ms = i64::try_from(counts.line_items / 200).unwrap_or(HOUR_MS).min(HOUR_MS);
    counts.counted_at.plus_ms(pause_ms)
}

pub(super) fn is_sweep_due(head: &DatasetRecord, now: Instant) -> bool {
    head.tending.swept_at.unwrap_or(head.created_at).plus_ms(SWEEP_EVERY_MS) <= now
}

/// The first of what time alone brings about; `None` where nothing is left to do until the next push.
pub(super) fn next_due(
    head: &DatasetRecord,
    counts: Option<&CountsRecord>,
    swept_at: Option<Instant>,
    now: Instant,
) -> Option<Instant> {
    let settle = (!is_settled(head)).then(|| head.updated_at.plus_ms(QUIET_MS));
    let count = counts.filter(|counts| counts.sequence < head.sequence).map(count_at);
    let grace = head.retired.iter().map(|retired| retired.at.plus_ms(GRACE_MS)).min();
    let written = head.tending.settled_at.map_or(head.updated_at, |settled| settled.max(head.updated_at));
    // Once more after all that was written before the last push can be told from orphans.
    let all_old = written.plus_ms(ORPHAN_MS + HOUR_MS);
    let next_sweep = swept_at.unwrap_or(head.created_at).plus_ms(SWEEP_EVERY_MS);
    let sweep = swept_at.is_none_or(|swept| swept < all_old).then(|| next_sweep.max(all_old));
    // Never at once: what could be done now has been done.
    let next = [settle, count, grace, sweep].into_iter().flatten().min()?;
    Some(next.max(now.plus_ms(MINUTE_MS)))
}

pub(super) fn after_failure(head: &DatasetRecord, now: Instant) -> Instant {
    now.plus_ms(RETRY_MS << head.tending.attempts.saturating_sub(1).min(9))
}

/// At once where it got somewhere: those that do not are counted as failures are.
pub(super) fn after_time_ran_out(head: &DatasetRecord, now: Instant) -> Instant {
    if head.tending.attempts <= 1 { now } else { after_failure(head, now) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_core::runs::{Retired, Run, RunId};

    const NOW: Instant = Instant::from_unix_ms(1_750_000_000_000);

    fn head(change: impl FnOnce(&mut DatasetRecord)) -> DatasetRecord {
        let mut head = DatasetRecord::new("shop", "inc_1".to_owned(), NOW);
        head.sequence = 8;
        change(&mut head);
        head
    }

    fn run(first: u64, last: u64) -> Run {
        let id = RunId { generation: 1, token: 1 };
        let settled = first == 1;
        Run { first, last, id, bucket_bits: 0, rows: 1, bytes: 1, segments: 1, erases: false, settled }
    }

    fn next(head: &DatasetRecord, swept_after_ms: Option<i64>) -> Option<i64> {
        let swept_at = swept_after_ms.map(|ms| NOW.plus_ms(ms));
        next_due(head, None, swept_at, NOW).map(|at| at.unix_ms() - NOW.unix_ms())
    }

    #[test]
    fn what_is_quiet_becomes_settled_swept_and_is_left_alone() {
        assert_eq!(next(&head(|_| {}), None), Some(QUIET_MS));
        let settled = head(|head| head.runs = vec![run(1, 8)]);
        assert_eq!(next(&settled, None), Some(49 * HOUR_MS));
        assert_eq!(next(&settled, Some(HOUR_MS)), Some(49 * HOUR_MS), "orphans may be younger than the last sweep");
        assert_eq!(next(&settled, Some(48 * HOUR_MS)), Some(72 * HOUR_MS), "not twice a day");
        assert_eq!(next(&settled, Some(49 * HOUR_MS)), None);
        let retired = Retired { first: 1, last: 8, run: None, segments: 8, at: NOW };
        assert_eq!(
            next(&head(|head| (head.runs, head.retired) = (vec![run(1, 8)], vec![retired])), None),
            Some(GRACE_MS)
        );
    }

    #[test]
    fn steady_pushes_are_settled_hourly() {
        let push = |ms| {
            SegmentRecord::new(9, String::new(), &affinsy_core::segment::encode_erasure([], NOW).meta, NOW.plus_ms(ms))
        };
        let check = |runs: Vec<Run>, settled_at: Option<i64>, pushed: i64, after_ms: i64, expected: bool| {
            let head = head(|head| {
                head.runs = runs;
                head.tending.settled_at = settled_at.map(|ms| NOW.plus_ms(ms));
                head.updated_at = NOW.plus_ms(after_ms);
            });
            let now = NOW.plus_ms(after_ms);
            assert_eq!(shall_settle(&head, &[push(pushed)], now), expected, "{head:?}");
        };
        check(vec![], None, 0, HOUR_MS - 1, false);
        check(vec![], None, 0, HOUR_MS, true);
        check(vec![run(1, 8)], Some(-50 * HOUR_MS), HOUR_MS, HOUR_MS, false);
        check(vec![run(1, 4), run(5, 8)], Some(0), HOUR_MS, HOUR_MS, true);
    }

    #[test]
    fn failures_are_tried_again_ever_more_seldom() {
        let after =
            |attempts| after_failure(&head(|head| head.tending.attempts = attempts), NOW).unix_ms() - NOW.unix_ms();
        assert_eq!([after(1), after(2), after(100)], [RETRY_MS, 2 * RETRY_MS, RETRY_MS << 9]);
    }

    #[test]
    fn a_long_list_of_what_is_retired_slows_compaction_down() {
        let retired = Retired { first: 1, last: 8, run: None, segments: 8, at: NOW };
        let of = |count| enough(&head(|head| head.retired = vec![retired.clone(); count]));
        assert_eq!([of(0), of(31), of(32), of(96)], [8, 8, 16, 64]);
    }
}
