//! The model's words for a report's insights, where there is a model. Never fails a report, and never holds it up
//! longer than its own time limit.

use super::{GUARD_MS, RunPorts};
use affinsy_core::insight::{Brief, Insights};
use affinsy_core::report::ReportOutput;
use affinsy_core::time::Instant;
use std::time::Duration;

/// The longest that a report waits for a model.
const PATIENCE: Duration = Duration::from_secs(20);

/// The report with its insights in a model's words; as it was where there is no model, no time, or no good answer.
pub async fn reword(mut output: ReportOutput, report_id: &str, deadline: Instant, ports: &RunPorts) -> ReportOutput {
    let left_ms = deadline.unix_ms() - GUARD_MS - ports.clock.now().unix_ms();
    if left_ms < PATIENCE.as_millis() as i64 {
        return output;
    }
    if let Some(insights) = output.insights.as_ref()
        && let Some(reworded) = words_for(insights, report_id, ports).await
    {
        output.reword(reworded);
    }
    output
}

async fn words_for(insights: &Insights, report_id: &str, ports: &RunPorts) -> Option<Insights> {
    let (model, brief) = (ports.model.as_ref()?, Brief::of(insights)?);
    let answer = match tokio::time::timeout(PATIENCE, model.word(&brief)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::warn!(report.id = report_id, error = %error, "insights keep their templates");
            return None;
        }
        Err(_) => {
            tracing::warn!(report.id = report_id, "no answer of the model in time; insights keep their templates");
            return None;
        }
    };
    match insights.reworded(&answer) {
        Ok((reworded, dropped)) => {
            tracing::info!(report.id = report_id, dropped = dropped.join("; "), "insights worded by the model");
            Some(reworded)
        }
        Err(refused) => {
            tracing::warn!(report.id = report_id, reasons = %refused, "insights keep their templates");
            None
        }
    }
}
