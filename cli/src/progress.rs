//! How far a command has come, drawn on a terminal and nowhere else: a log keeps no progress bars.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that counts lines.
#[derive(Debug)]
pub struct LineBar(ProgressBar);

/// A spinner beside a sentence.
#[derive(Debug)]
pub struct Spinner(ProgressBar);

/// The steps of work that may be over in no time: nothing is drawn before a second has passed.
#[derive(Debug)]
pub struct WorkBar {
    bar: ProgressBar,
    started: Instant,
    /// Whether somebody sees it.
    on_terminal: bool,
    drawn: AtomicBool,
    /// When there is something to draw again, in milliseconds of the work.
    next_ms: AtomicU64,
}

const DRAWS_PER_SECOND: u8 = 10;
const TICK_MS: u64 = 120;
const TICK: Duration = Duration::from_millis(TICK_MS);
const QUIET_MS: u64 = 1_000;

impl LineBar {
    pub fn start(lines: usize) -> Self {
        let bar =
            ProgressBar::with_draw_target(Some(lines as u64), ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND));
        let style = "  {bar:32} {human_pos:>9} / {human_len} lines  {per_sec}  {eta} left";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is right").progress_chars("█▌░"));
        bar.tick();
        Self(bar)
    }
    pub fn advance(&self, lines: usize) {
        self.0.inc(lines as u64);
    }
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Spinner {
    pub fn start(said: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND));
        bar.set_style(ProgressStyle::with_template("  {spinner} {msg}").expect("the template is right"));
        bar.set_message(said.to_owned());
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
    pub fn say(&self, said: String) {
        self.0.set_message(said);
    }
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl WorkBar {
    pub fn start(started: Instant) -> Self {
        let on_terminal = stderr().is_terminal();
        Self {
            bar: ProgressBar::hidden(),
            started,
            on_terminal,
            drawn: AtomicBool::new(false),
            next_ms: AtomicU64::new(QUIET_MS),
        }
    }

    /// What is done now, for nobody knows how long.
    pub fn step(&self, said: &'static str) {
        self.bar.reset();
        self.bar.unset_length();
        self.bar.set_style(style("  {spinner} {msg} {elapsed}"));
        self.bar.set_message(said);
    }

    /// So much of the step is done; a total of 0 is unknown.
    pub fn at(&self, done: u64, total: u64) {
        if total > 0 && self.bar.length().is_none() {
            self.bar.set_style(style("  {msg} {bar:32} {percent:>3} %  {elapsed}, {eta} left"));
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }

    /// Draws the bar once the work proves long; true when it is time to tell more. Cheap enough for an inner loop.
    pub fn tick(&self) -> bool {
        if !self.on_terminal {
            return false;
        }
        let elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = self.next_ms.load(Ordering::Relaxed) <= elapsed_ms;
        if due {
            self.next_ms.store(elapsed_ms + TICK_MS, Ordering::Relaxed);
            if !self.drawn.swap(true, Ordering::Relaxed) {
                self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND));
                self.bar.enable_steady_tick(TICK);
            }
        }
        due
    }

    /// More about the step, behind its name.
    pub fn say(&self, said: String) {
        self.bar.set_message(said);
    }

    /// Leaves the terminal to others until the next tick.
    pub fn clear(&self) {
        if self.drawn.swap(false, Ordering::Relaxed) {
            self.bar.disable_steady_tick();
            self.bar.finish_and_clear();
            self.bar.set_draw_target(ProgressDrawTarget::hidden());
        }
    }
}

impl Drop for WorkBar {
    fn drop(&mut self) {
        self.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is right").progress_chars("█▌░")
}
