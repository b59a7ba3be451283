//! JSON logs on standard output, one event a line, as CloudWatch takes them.

use crate::config::Config;
use tracing_subscriber::EnvFilter;

/// Once, at cold start.
pub fn init() {
    let filter = EnvFilter::try_new(Config::log_filter()).unwrap_or_else(|_| EnvFilter::new("info"));
    let already = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .with_env_filter(filter)
        .try_init();
    drop(already);
}
