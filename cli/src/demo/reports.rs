//! All templates submitted at once, each announced by a webhook, each result fetched: what came, and what is missing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use super::receiver::{Delivery, Receiver};
use crate::client::Client;
use crate::failure::Failure;
use crate::progress::Spinner;
use crate::report::call;
use crate::report::json::list;

/// The seven templates, as the contract names them.
pub const TEMPLATES: [&str; 7] = [
    "standard_mba",
    "first_order",
    "repeat_purchase",
    "high_value_baskets",
    "churning_analysis",
    "standard_rfm",
    "new_customer_cohort",
];

/// One template's report from submit to result.
#[derive(Debug)]
pub struct Finished {
    pub template: &'static str,
    /// From the submit's answer to the webhook's arrival.
    pub until_webhook: Duration,
    pub result: Value,
}

/// What came of the submitted reports.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In the order of [`TEMPLATES`].
    pub finished: Vec<Finished>,
    /// Whatever did not come, or was not right, by name.
    pub missing: Vec<String>,
}

struct Submitted {
    template: &'static str,
    at: Instant,
}

/// Submits every template and follows it to its result; gives up after `timeout`.
pub async fn run(client: &Client, dataset_id: &str, secret: &str, timeout: Duration) -> Result<Outcome, Failure> {
    let secret =
        Webhook::new(secret).map_err(|error| Failure::run(format!("the webhook secret is no secret: {error}")))?;
    let mut receiver = Receiver::start().await?;
    let mut submitted = BTreeMap::new();
    for template in TEMPLATES {
        let at = Instant::now();
        let body = json!({"template": template, "dataset_id": dataset_id, "webhook_url": receiver.url});
        submitted.insert(call::submit(client, &body).await?, Submitted { template, at });
    }
    let mut outcome = Outcome::default();
    let told = webhooks(&mut receiver, &secret, &submitted, timeout, &mut outcome.missing).await;
    for (report_id, report) in &submitted {
        match told.get(report_id) {
            Some(at) => finish(client, report_id, report, *at, &mut outcome).await?,
            None => outcome.missing.push(silence(client, report_id, report.template, timeout).await),
        }
    }
    outcome.finished.sort_by_key(|finished| TEMPLATES.iter().position(|template| *template == finished.template));
    Ok(outcome)
}

/// When each report was first announced by a webhook that is right.
async fn webhooks(
    receiver: &mut Receiver,
    secret: &Webhook,
    submitted: &BTreeMap<String, Submitted>,
    timeout: Duration,
    wrong: &mut Vec<String>,
) -> BTreeMap<String, Instant> {
    let spinner = Spinner::start(&format!("waiting for {} webhooks", submitted.len()));
    let mut told = BTreeMap::new();
    let deadline = tokio::time::sleep(timeout);
    tokio::pin!(deadline);
    while told.len() < submitted.len() {
        let delivery = tokio::select! {
            delivery = receiver.next() => delivery,
            () = &mut deadline => None,
        };
        let Some(delivery) = delivery else { break };
        match announced(&delivery, secret, submitted) {
            // At least once is the promise: a second delivery of the same report is no news.
            Ok(report_id) => drop(told.entry(report_id).or_insert(delivery.at)),
            Err(problem) => wrong.push(problem),
        }
        spinner.say(format!("{} of {} webhooks came, each verified", told.len(), submitted.len()));
    }
    spinner.finish();
    told
}

fn announced(delivery: &Delivery, secret: &Webhook, submitted: &BTreeMap<String, Submitted>) -> Result<String, String> {
    let announced = delivery.verified(secret)?;
    match submitted.get(&announced.report_id) {
        Some(report) if announced.status != "Completed" => {
            Err(format!("the webhook of {} says {}", report.template, announced.status))
        }
        Some(_) => Ok(announced.report_id),
        None => Err(format!("a webhook announces a report that nobody asked for: {}", announced.report_id)),
    }
}

async fn finish(
    client: &Client,
    report_id: &str,
    report: &Submitted,
    told_at: Instant,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let result = call::fetch(client, report_id).await?;
    if let Some(problem) = incomplete(report.template, &result) {
        outcome.missing.push(problem);
    }
    let until_webhook = told_at.saturating_duration_since(report.at);
    outcome.finished.push(Finished { template: report.template, until_webhook, result });
    Ok(())
}

/// What a result lacks; `None` when it has everything.
fn incomplete(template: &str, result: &Value) -> Option<String> {
    let said = |what: &str| Some(format!("the report {template} {what}"));
    if result["status"] != "Completed" {
        return said(&format!("is {} although its webhook came", result["status"]));
    }
    let found = if result["report_type"] == "RFM" { "segments" } else { "association_rules" };
    if list(result, found).is_empty() {
        return said(&format!("has no {found}"));
    }
    if list(&result["insights"], "items").is_empty() {
        return said("has no insights");
    }
    None
}

/// A report that no webhook announced: what it says itself.
async fn silence(client: &Client, report_id: &str, template: &str, timeout: Duration) -> String {
    let state = match call::fetch(client, report_id).await {
        Ok(report) => match report["failure"]["message"].as_str() {
            Some(message) => format!("{}: {message}", report["status"]),
            None => report["status"].to_string(),
        },
        Err(failure) => failure.to_string(),
    };
    format!("no webhook for {template} within {} s (the report is {state})", timeout.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_without_findings_is_incomplete() {
        let check = |result: Value, expected: Option<&str>| match expected {
            Some(said) => assert!(incomplete("t", &result).expect("incomplete").contains(said), "{result}"),
            None => assert_eq!(incomplete("t", &result), None),
        };
        let insights = json!({"items": [{"title": "x"}]});
        check(json!({"status": "Failed"}), Some("Failed"));
        check(json!({"status": "Completed", "report_type": "RFM", "insights": insights}), Some("no segments"));
        check(json!({"status": "Completed", "report_type": "MBA", "association_rules": [1]}), Some("no insights"));
        check(
            json!({"status": "Completed", "report_type": "MBA", "association_rules": [1], "insights": insights}),
            None,
        );
    }
}
