//! Looks after a run: shows how far it is, and ends it at Ctrl-C or at its deadline.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use affinsy_mining::Progress;

use crate::failure::Failure;
use crate::input::Watch;
use crate::interrupt;
use crate::layout::thousands;
use crate::progress::WorkBar;

/// One run, from its start.
#[derive(Debug)]
pub struct Run {
    bar: WorkBar,
    progress: Progress,
    /// Whether the miner is at work.
    searching: AtomicBool,
    deadline: Option<(Instant, Duration)>,
    late: AtomicBool,
}

/// What a run does one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Reading,
    Mining,
    Rules,
    Writing,
}

impl Step {
    fn said(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Mining => "mining",
            Self::Rules => "finding rules",
            Self::Writing => "writing",
        }
    }
}

/// How to read: on so many threads (0: one a processor), and under whose eyes.
pub struct Reading<'a> {
    pub threads: usize,
    pub watch: &'a dyn Watch,
}

impl Run {
    /// Begins now; it may take so long.
    pub fn start(limit: Option<Duration>) -> Self {
        let now = Instant::now();
        let deadline = limit.and_then(|limit| Some((now.checked_add(limit)?, limit)));
        Self {
            bar: WorkBar::start(now),
            progress: Progress::default(),
            searching: AtomicBool::new(false),
            deadline,
            late: AtomicBool::new(false),
        }
    }

    /// What is done now.
    pub fn begin(&self, step: Step) {
        self.searching.store(step == Step::Mining, Ordering::Relaxed);
        self.bar.step(step.said());
    }

    /// Whether itemsets are searched now.
    pub fn is_mining(&self) -> bool {
        self.searching.load(Ordering::Relaxed)
    }

    /// Where the miner writes how far it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Clears the bar: somebody else writes to the terminal now.
    pub fn clear(&self) {
        self.bar.clear();
    }

    /// Whether to end now; asked every few thousand steps of the work.
    pub fn stop(&self) -> bool {
        if self.bar.tick() && self.searching.load(Ordering::Relaxed) {
            self.bar.at((self.progress.searched_share() * 1_000.0) as u64, 1_000);
            self.bar.say(format!("mining, {} itemsets", thousands(self.progress.itemsets())));
        }
        let late = self.deadline.is_some_and(|(at, _)| Instant::now() >= at);
        if late {
            self.late.store(true, Ordering::Relaxed);
        }
        late || interrupt::asked()
    }

    /// Fails when the run was ended from outside; `advice` says what would fit in time.
    pub fn check(&self, advice: &str) -> Result<(), Failure> {
        interrupt::check()?;
        match self.deadline {
            Some((_, limit)) if self.late.load(Ordering::Relaxed) => {
                Err(Failure::run(format!("not done within --deadline {} s{advice}", limit.as_secs_f64())))
            }
            _ => Ok(()),
        }
    }
}

impl Watch for Run {
    fn read(&self, done: u64, total: u64) -> Result<(), Failure> {
        self.bar.at(done, total);
        if self.stop() { self.check(": the file was still being read") } else { Ok(()) }
    }
}

impl Reading<'_> {
    #[cfg(test)]
    pub fn unwatched() -> Self {
        Self { threads: 1, watch: &() }
    }
}

impl std::fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("threads", &self.threads).finish_non_exhaustive()
    }
}
