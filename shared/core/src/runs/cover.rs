//! Which parts hold a snapshot.

use super::{Retired, Run, RunId};

/// One part of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The run of this id, which stands for `first..=last`.
    Run { id: RunId, first: u64, last: u64, segments: u32 },
    /// The pushes `first..=last` themselves.
    Pushes { first: u64, last: u64 },
}

/// The parts that hold exactly the pushes `1..=sequence`, each once, oldest first: of the runs that begin where the
/// last part ended the longest that does not reach beyond the snapshot, else the push. `runs` and `retired` as they
/// stand in the head.
pub fn cover(runs: &[Run], retired: &[Retired], sequence: u64) -> Vec<Part> {
    let current = runs.iter().map(|run| (run.first, run.last, run.id, run.segments));
    let replaced = |retired: &Retired| Some((retired.first, retired.last, retired.run?, retired.segments));
    let all = current.chain(retired.iter().filter_map(replaced));
    let mut known: Vec<(u64, u64, RunId, u32)> = all.filter(|(_, last, ..)| *last <= sequence).collect();
    // Of two for the same stretch the later one: it stays longer.
    known.sort_unstable();
    let mut parts = Vec::new();
    let mut next = 1;
    while next <= sequence {
        let from = known.partition_point(|(first, ..)| *first < next);
        let same = known.partition_point(|(first, ..)| *first <= next);
        let (part, last) = match known[from..same].last() {
            Some(&(first, last, id, segments)) => (Part::Run { id, first, last, segments }, last),
            None => {
                let until = known.get(same).map_or(sequence, |(first, ..)| first - 1);
                (Part::Pushes { first: next, last: until }, until)
            }
        };
        parts.push(part);
        next = last + 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    fn run((first, last, generation): (u64, u64, u64)) -> Run {
        let id = RunId { generation, token: 1 };
        Run { first, last, id, bucket_bits: 0, rows: 1, bytes: 1, segments: 1, erases: false, settled: false }
    }

    fn retired((first, last, generation): (u64, u64, u64)) -> Retired {
        let run = (generation > 0).then_some(RunId { generation, token: 1 });
        Retired { first, last, run, segments: 1, at: Instant(0) }
    }

    /// A part as (first, last, generation), 0 for pushes.
    fn check(runs: &[(u64, u64, u64)], gone: &[(u64, u64, u64)], sequence: u64, expected: &[(u64, u64, u64)]) {
        let runs: Vec<Run> = runs.iter().copied().map(run).collect();
        let gone: Vec<Retired> = gone.iter().copied().map(retired).collect();
        let plain = |part: &Part| match part {
            Part::Run { id, first, last, .. } => (*first, *last, id.generation),
            Part::Pushes { first, last } => (*first, *last, 0),
        };
        let parts: Vec<_> = cover(&runs, &gone, sequence).iter().map(plain).collect();
        assert_eq!(parts, expected, "{runs:?} {gone:?} up to {sequence}");
    }

    #[test]
    fn a_snapshot_is_covered_once() {
        check(&[], &[], 0, &[]);
        check(&[], &[], 3, &[(1, 3, 0)]);
        let (runs, gone) = ([(1, 20, 3), (21, 28, 4)], [(1, 8, 1), (9, 16, 2), (1, 8, 0), (9, 20, 0)]);
        check(&runs, &gone, 30, &[(1, 20, 3), (21, 28, 4), (29, 30, 0)]);
        check(&runs, &gone, 28, &[(1, 20, 3), (21, 28, 4)]);
        check(&runs, &gone, 27, &[(1, 20, 3), (21, 27, 0)]);
        check(&runs, &gone, 20, &[(1, 20, 3)]);
        check(&runs, &gone, 19, &[(1, 8, 1), (9, 16, 2), (17, 19, 0)]);
        check(&runs, &gone, 12, &[(1, 8, 1), (9, 12, 0)]);
        check(&runs, &gone, 7, &[(1, 7, 0)]);
    }

    #[test]
    fn of_two_runs_for_one_stretch_the_later_is_read() {
        check(&[(1, 8, 2)], &[(1, 8, 1), (1, 8, 0)], 9, &[(1, 8, 2), (9, 9, 0)]);
    }
}
