//! JSON logs on standard output, one event a line, as CloudWatch takes them.

use tracing_subscriber::EnvFilter;

const LEVEL: &str = "AFFINSY_LOG";

/// Once, at cold start. The variable holds a level or a filter (`info,aws_config=warn`).
pub fn init() {
    let filter = EnvFilter::try_from_env(LEVEL).unwrap_or_else(|_| EnvFilter::new("info"));
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
