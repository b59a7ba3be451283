//! What to compact next. Size-tiered: small parts are joined when there are enough of them, and take an older run
//! along only where they have grown to a quarter of it, so that a row is written again a logarithmic number of times.

use super::Run;

/// A push that no run holds yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Push {
    pub sequence: u64,
    pub rows: u64,
    /// It erases orders or customers.
    pub erases: bool,
}

/// What stands in the way of reading fast.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// Oldest first.
    pub runs: &'a [Run],
    /// Those after the last run, in order.
    pub pushes: &'a [Push],
    /// So many parts are worth a compaction.
    pub enough: usize,
    /// Everything is to become one settled run.
    pub settle: bool,
}

/// The neighbours `first..=last` that become one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub first: u64,
    pub last: u64,
    /// Rows of all its parts.
    pub rows: u64,
    /// How many of the runs it replaces: the last ones.
    pub runs: usize,
}

impl Stretch {
    /// Nothing older is left beside it.
    pub fn reaches_start(&self) -> bool {
        self.first == 1
    }
}

/// An older part joins while it has at most so many times the rows gathered.
const GROWTH: u64 = 4;
/// Bounds of what is taken from level 0 at once: after a long standstill it is worked off in steps.
const MOST_PUSHED_ROWS: u64 = 4_000_000;
const MOST_PUSHES: usize = 2_000;
/// A bucket of a run has about so many rows at most: what a reader decodes at a time.
pub const ROWS_A_BUCKET: u64 = 500_000;

/// The next stretch to compact; `None` when all is well.
pub fn plan(parts: &Parts<'_>) -> Option<Stretch> {
    if let Some(step) = backlog(parts.pushes) {
        return Some(step);
    }
    let last = parts.pushes.last().map(|push| push.sequence).or(parts.runs.last().map(|run| run.last))?;
    let erased = parts.runs.iter().any(|run| run.erases) || parts.pushes.iter().any(|push| push.erases);
    if erased || (parts.settle && !is_settled(parts)) {
        let rows = parts.runs.iter().map(|run| run.rows).chain(parts.pushes.iter().map(|push| push.rows)).sum();
        return Some(Stretch { first: 1, last, rows, runs: parts.runs.len() });
    }
    let stretch = tier(parts, last);
    let gathered = parts.pushes.len() + stretch.runs;
    (gathered >= parts.enough.max(2)).then_some(stretch)
}

/// All pushes, since runs leave no hole between them, and of the runs, newest first, those that are not yet large.
fn tier(parts: &Parts<'_>, last: u64) -> Stretch {
    let rows = parts.pushes.iter().map(|push| push.rows).sum();
    let first = parts.pushes.first().map_or(last + 1, |push| push.sequence);
    let mut stretch = Stretch { first, last, rows, runs: 0 };
    for run in parts.runs.iter().rev() {
        if stretch.first <= last && run.rows > GROWTH.saturating_mul(stretch.rows) {
            break;
        }
        stretch = Stretch { first: run.first, rows: stretch.rows + run.rows, runs: stretch.runs + 1, ..stretch };
    }
    stretch
}

/// The first of too many pushes.
fn backlog(pushes: &[Push]) -> Option<Stretch> {
    let mut rows = 0;
    let fits = |push: &&Push| {
        rows += push.rows;
        rows <= MOST_PUSHED_ROWS
    };
    let step = pushes.iter().take(MOST_PUSHES).take_while(fits).count().max(1);
    if step >= pushes.len() {
        return None;
    }
    let rows = pushes[..step].iter().map(|push| push.rows).sum();
    Some(Stretch { first: pushes[0].sequence, last: pushes[step - 1].sequence, rows, runs: 0 })
}

fn is_settled(parts: &Parts<'_>) -> bool {
    parts.pushes.is_empty() && matches!(parts.runs, [run] if run.settled)
}

/// Bits of the order's hash by which a run of so many rows is divided into buckets of so many.
pub fn bucket_bits(rows: u64, rows_a_bucket: u64) -> u32 {
    let buckets = rows.div_ceil(rows_a_bucket.max(1)).clamp(1, 1 << crate::segment::MAX_BUCKET_BITS);
    buckets.next_power_of_two().trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::super::RunId;
    use super::*;

    /// Runs as (last, rows), pushes as rows.
    fn parts(runs: &[(u64, u64)], pushes: &[u64]) -> (Vec<Run>, Vec<Push>) {
        let mut first = 1;
        let run = |(last, rows): &(u64, u64)| {
            let id = RunId { generation: *last, token: 1 };
            let settled = first == 1;
            let run = Run {
                first,
                last: *last,
                id,
                bucket_bits: 0,
                rows: *rows,
                bytes: 1,
                segments: 1,
                erases: false,
                settled,
            };
            first = last + 1;
            run
        };
        let runs: Vec<Run> = runs.iter().map(run).collect();
        let push = |(sequence, rows): (u64, &u64)| Push { sequence, rows: *rows, erases: false };
        let pushes = (runs.last().map_or(1, |run| run.last + 1)..).zip(pushes).map(push).collect();
        (runs, pushes)
    }

    /// The stretch as (first, last, runs).
    fn check(runs: &[(u64, u64)], pushes: &[u64], settle: bool, expected: Option<(u64, u64, usize)>) {
        let (runs, pushes) = parts(runs, pushes);
        let planned = plan(&Parts { runs: &runs, pushes: &pushes, enough: 8, settle });
        assert_eq!(planned.map(|stretch| (stretch.first, stretch.last, stretch.runs)), expected, "{runs:?} {pushes:?}");
    }

    #[test]
    fn small_parts_are_joined_when_there_are_enough() {
        check(&[], &[], false, None);
        check(&[], &[10; 7], false, None);
        check(&[], &[10; 8], false, Some((1, 8, 0)));
        check(&[(8, 80)], &[10; 7], false, Some((1, 15, 1)));
        check(&[(8, 1_000)], &[10; 8], false, Some((9, 16, 0)));
        check(&[(8, 100_000), (16, 320)], &[10; 8], false, Some((9, 24, 1)));
        check(&[(8, 100_000), (16, 321)], &[10; 8], false, Some((17, 24, 0)));
        check(&[(8, 10), (9, 10), (10, 10)], &[], false, None);
    }

    #[test]
    fn all_becomes_one_settled_run_when_asked_for_and_stays_so() {
        check(&[(8, 100_000), (16, 320)], &[1], true, Some((1, 17, 2)));
        check(&[], &[1], true, Some((1, 1, 0)));
        check(&[(8, 100_000)], &[], true, None);
        check(&[], &[], true, None);
    }

    #[test]
    fn an_erasure_settles_all_at_once() {
        let (runs, mut pushes) = parts(&[(8, 1_000_000)], &[1]);
        pushes[0].erases = true;
        let planned = plan(&Parts { runs: &runs, pushes: &pushes, enough: 8, settle: false });
        assert_eq!(planned, Some(Stretch { first: 1, last: 9, rows: 1_000_001, runs: 1 }));
    }

    #[test]
    fn a_long_standstill_is_worked_off_in_steps() {
        check(&[], &[3_000_000, 900_000, 200_000], true, Some((1, 2, 0)));
        check(&[(8, 10)], &[5_000_000, 1], true, Some((9, 9, 0)));
        check(&[(8, 10)], &[1; MOST_PUSHES + 1], false, Some((9, 8 + MOST_PUSHES as u64, 0)));
    }

    #[test]
    fn compaction_comes_to_an_end_and_writes_each_row_a_few_times() {
        let (mut runs, mut pushes, mut written) = (Vec::new(), Vec::new(), 0);
        const PUSHES: u64 = 4_096;
        for sequence in 1..=PUSHES {
            pushes.push(Push { sequence, rows: 100, erases: false });
            while let Some(stretch) = plan(&Parts { runs: &runs, pushes: &pushes, enough: 8, settle: false }) {
                written += stretch.rows;
                runs.truncate(runs.len() - stretch.runs);
                pushes.retain(|push| push.sequence > stretch.last);
                let id = RunId { generation: sequence, token: 1 };
                let (Stretch { first, last, rows, .. }, segments, bytes) = (stretch, 1, 1);
                runs.push(Run {
                    first,
                    last,
                    id,
                    bucket_bits: 0,
                    rows,
                    bytes,
                    segments,
                    erases: false,
                    settled: first == 1,
                });
            }
            assert!(runs.len() + pushes.len() < 16, "{runs:?}");
        }
        assert!(written / (PUSHES * 100) < 10, "each row was written {} times", written / (PUSHES * 100));
    }

    #[test]
    fn a_bucket_is_what_a_reader_takes_at_a_time() {
        for (rows, bits) in [(0, 0), (500_000, 0), (500_001, 1), (100_000_000, 8), (u64::MAX, 10)] {
            assert_eq!(bucket_bits(rows, ROWS_A_BUCKET), bits, "{rows} rows");
        }
    }
}
