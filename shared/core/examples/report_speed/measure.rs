//! Wall time, processor time and memory of each phase. Knows no report.

use crate::process::{cpu_time, peak_kb, reset_peak};
use std::time::{Duration, Instant};

/// What a report does, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The copy of the segments' bytes: what a memory copy takes, for comparison.
    Fetch,
    Decode,
    Merge,
    Baskets,
    Mine,
    Rules,
    Links,
    Money,
    Substitutes,
    Rows,
    Json,
    Drop,
}

impl Phase {
    const ALL: [Self; 12] = [
        Self::Fetch,
        Self::Decode,
        Self::Merge,
        Self::Baskets,
        Self::Mine,
        Self::Rules,
        Self::Links,
        Self::Money,
        Self::Substitutes,
        Self::Rows,
        Self::Json,
        Self::Drop,
    ];

    /// The phase that a report ended when it says that it is about to begin another.
    pub fn before(stage: &str, done: f64) -> Self {
        match (stage, (done * 100.0).round() as u32) {
            ("baskets", _) => Self::Fetch,
            ("itemsets", _) => Self::Baskets,
            ("rules", 50) => Self::Mine,
            ("rules", _) => Self::Rules,
            (_, 80) => Self::Links,
            (_, 85) => Self::Money,
            (_, 90) => Self::Substitutes,
            (_, 95) => Self::Rows,
            _ => Self::Json,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Fetch => "copy of the bytes",
            Self::Decode => "decode",
            Self::Merge => "merge",
            Self::Baskets => "scope, baskets",
            Self::Mine => "mine",
            Self::Rules => "rules",
            Self::Links => "links",
            Self::Money => "money",
            Self::Substitutes => "substitutes",
            Self::Rows => "rows",
            Self::Json => "insights, JSON",
            Self::Drop => "drop",
        }
    }

    const fn is_mining(self) -> bool {
        matches!(self, Self::Mine | Self::Rules | Self::Links)
    }
}

/// The figures of one round.
#[derive(Debug)]
pub struct Phases {
    spent: [Spent; Phase::ALL.len()],
    since: Instant,
    cpu_since: Duration,
}

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    wall: Duration,
    cpu: Duration,
    /// The most memory the process held meanwhile.
    peak_kb: u64,
}

impl Phases {
    pub fn begin() -> Self {
        reset_peak();
        Self { spent: Default::default(), since: Instant::now(), cpu_since: cpu_time() }
    }

    /// What was spent since the phase before ended was this one's.
    pub fn end(&mut self, phase: Phase) {
        let (wall, cpu) = (self.since.elapsed(), cpu_time() - self.cpu_since);
        let spent = &mut self.spent[phase as usize];
        spent.wall += wall;
        spent.cpu += cpu;
        spent.peak_kb = spent.peak_kb.max(peak_kb());
        reset_peak();
        (self.since, self.cpu_since) = (Instant::now(), cpu_time());
    }
}

/// One line a phase, over the rounds the median of the wall time and the mean of the processor time; and the share
/// of mining.
pub fn print(rounds: &[Phases], rows: u64) {
    let mean =
        |at: Phase| rounds.iter().map(|round| ms(round.spent[at as usize].cpu)).sum::<f64>() / rounds.len() as f64;
    let median = |at: Phase, value: fn(&Spent) -> f64| {
        let mut values: Vec<f64> = rounds.iter().map(|round| value(&round.spent[at as usize])).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let wall = |at: Phase| median(at, |spent| ms(spent.wall));
    let peak = |at: Phase| median(at, |spent| spent.peak_kb as f64 / 1_024.0);
    let counted = || Phase::ALL.into_iter().filter(|phase| *phase != Phase::Fetch);
    let sum = |keep: fn(Phase) -> bool, value: &dyn Fn(Phase) -> f64| -> f64 {
        counted().filter(|phase| keep(*phase)).map(value).sum()
    };
    let (all_wall, all_cpu) = (sum(|_| true, &wall), sum(|_| true, &mean));
    println!("{:20}{:>9}{:>9}{:>7}{:>10}{:>10}", "phase", "wall ms", "CPU ms", "wall %", "CPU ns/row", "peak MB");
    let line = |name: &str, wall: f64, cpu: f64, peak: f64| {
        let (share, each) = (100.0 * wall / all_wall, cpu * 1e6 / rows as f64);
        println!("{name:20}{wall:9.1}{cpu:9.1}{share:7.1}{each:10.1}{peak:10.1}");
    };
    for phase in Phase::ALL.into_iter().filter(|phase| peak(*phase) > 0.0) {
        line(phase.name(), wall(phase), mean(phase), peak(phase));
    }
    line("all but the copy", all_wall, all_cpu, Phase::ALL.into_iter().map(peak).fold(0.0, f64::max));
    line("mine, rules, links", sum(Phase::is_mining, &wall), sum(Phase::is_mining, &mean), 0.0);
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
