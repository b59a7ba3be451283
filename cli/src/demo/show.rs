//! What the demo found, as a person likes to read it: rules, segments, what to do next, and where the time went.

use std::time::Duration;

use serde_json::Value;

use super::reports::Finished;
use crate::layout::{Align, TextTable, seconds, thousands};
use crate::push::send::Pushed;
use crate::report::json::{list, text};
use crate::report::show;

/// The whole findings of these two; of the others, that they came and what is first in them.
const IN_FULL: [&str; 2] = ["standard_mba", "standard_rfm"];

pub fn findings(finished: &[Finished]) -> String {
    let mut out = String::new();
    for report in finished.iter().filter(|report| IN_FULL.contains(&report.template)) {
        out.push_str(&show::report(&report.result));
    }
    let others = finished.iter().filter(|report| !IN_FULL.contains(&report.template));
    let headlines: String = others.map(|report| headline(report.template, &report.result)).collect();
    if !headlines.is_empty() {
        out.push_str(&format!("\nThe other templates\n{headlines}"));
    }
    out
}

/// A template's first insight, with what to do.
fn headline(template: &str, result: &Value) -> String {
    let mut out = format!("  {template}\n{}", show::looked_at(result).replace("  ", "    "));
    if let Some(first) = list(&result["insights"], "items").first() {
        out.push_str(&format!("    {}\n", text(&first["title"])));
        if let Some(action) = first["action"].as_str().filter(|action| !action.is_empty()) {
            out.push_str(&crate::layout::wrapped(&format!("→ {action}"), 100, "    "));
        }
    }
    out
}

/// How long each report took, and of it the wait in the queue and the work.
pub fn report_times(finished: &[Finished]) -> String {
    let mut table = TextTable::new(&[
        ("report", Align::Left),
        ("submit to webhook", Align::Right),
        ("of it waiting", Align::Right),
        ("working", Align::Right),
    ]);
    for report in finished {
        let at = |name: &str| report.result[name].as_str().and_then(affinsy_core::time::parse_instant);
        let waited =
            at("created_at").zip(at("started_at")).map(|(created, started)| started.unix_ms() - created.unix_ms());
        table.row(vec![
            report.template.to_owned(),
            seconds(report.until_webhook),
            waited.map_or("–".to_owned(), |ms| seconds(Duration::from_millis(ms.max(0).unsigned_abs()))),
            report.result["duration_ms"].as_u64().map_or("–".to_owned(), |ms| seconds(Duration::from_millis(ms))),
        ]);
    }
    table.render()
}

/// The push's speed, and where its time went.
pub fn push_times(pushed: &Pushed, cpu: &[(String, f64)]) -> String {
    let mut out = format!(
        "  {} lines/s: {} requests of {} lines and {} KB on average, half answered within {}\n",
        thousands(pushed.lines_per_second() as u64),
        pushed.requests,
        thousands(pushed.lines / pushed.requests.max(1)),
        thousands(pushed.bytes / 1_000 / pushed.requests.max(1)),
        seconds(pushed.median_latency())
    );
    if !cpu.is_empty() {
        let total: f64 = cpu.iter().map(|(_, seconds)| seconds).sum();
        let parts: Vec<String> =
            cpu.iter().map(|(name, used)| format!("{name} {used:.2} s ({:.0} %)", used / total * 100.0)).collect();
        out.push_str(&format!("  processor time: {}\n", parts.join(", ")));
    }
    out
}
