//! A report's life as a caller sees it: submitted, polled, completed or failed. Knows no terminal.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;

use super::json::text;
use crate::client::{Answer, Client};
use crate::failure::Failure;

const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Submits a report and gives its id. A retry does not submit twice.
pub async fn submit(client: &Client, body: &Value) -> Result<String, Failure> {
    let answer = client.post_once("/reports", Bytes::from(body.to_string()), &random_key()?).await?;
    match answer.body["report_id"].as_str() {
        Some(report_id) => Ok(report_id.to_owned()),
        None => Err(Failure::run(format!("the answer names no report: {}", answer.body))),
    }
}

pub async fn fetch(client: &Client, report_id: &str) -> Result<Value, Failure> {
    Ok(client.get(&format!("/reports/{report_id}")).await?.body)
}

/// Asks until the report is no longer `Processing`, as often as the server likes to be asked.
pub async fn wait(
    client: &Client,
    report_id: &str,
    timeout: Duration,
    on_progress: &dyn Fn(String),
) -> Result<Answer, Failure> {
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = client.get(&format!("/reports/{report_id}")).await?;
        if answer.body["status"] != "Processing" {
            return Ok(answer);
        }
        if started.elapsed() >= timeout {
            return Err(Failure::run(format!(
                "report {report_id} is still being worked out after {} s; it goes on, and GET /reports/{report_id} will have it",
                timeout.as_secs()
            )));
        }
        on_progress(progress(&answer.body));
        tokio::time::sleep(answer.retry_after.unwrap_or(pause).min(LONGEST_PAUSE)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// An error for a report that did not complete, with the reason it gives.
pub fn completed(report: &Value) -> Result<(), Failure> {
    if report["status"] == "Completed" {
        return Ok(());
    }
    let failure = &report["failure"];
    Err(Failure::run(format!(
        "report {} is {}: {} ({})",
        text(&report["report_id"]),
        text(&report["status"]),
        text(&failure["message"]),
        text(&failure["code"])
    )))
}

fn progress(report: &Value) -> String {
    let progress = &report["progress"];
    match (progress["stage"].as_str(), progress["fraction"].as_f64()) {
        (Some(stage), Some(fraction)) => format!("{stage} {:.0} %", fraction * 100.0),
        (Some(stage), None) => stage.to_owned(),
        _ => "waiting".to_owned(),
    }
}

fn random_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::run(format!("the system gives no random bytes: {error}")))?;
    Ok(hex::encode(bytes))
}
