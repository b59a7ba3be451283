//! Schedules: one asynchronous invocation at the start, and one every period. Missed ones are not made up for.

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::lambda::Function;
use crate::services::{ACCOUNT_ID, REGION};
use crate::template::Schedule;
use crate::time;

pub async fn run(schedule: Schedule, function: Function, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(schedule.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => function.invoke_async(event(&schedule).into()),
        }
    }
}

/// The event of an EventBridge rule, or the input that the template gives instead.
fn event(schedule: &Schedule) -> String {
    if let Some(input) = &schedule.input {
        return input.clone();
    }
    let at = time::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    serde_json::json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT_ID,
        "time": at,
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/{}", schedule.name)],
        "detail": {},
    })
    .to_string()
}
