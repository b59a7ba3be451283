//! How far a command has come, drawn on a terminal and nowhere else: a log keeps no progress bars.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that counts lines.
#[derive(Debug)]
pub struct LineBar(ProgressBar);

/// A spinner beside a sentence.
#[derive(Debug)]
pub struct Spinner(ProgressBar);

const DRAWS_PER_SECOND: u8 = 10;

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
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
    pub fn say(&self, said: String) {
        self.0.set_message(said);
    }
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}
