//! The event bus port: Amazon EventBridge.

use affinsy_app::ports::{BusEvent, EventBus, PortError, PortResult};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use std::time::Duration;

use crate::failure::port_error;

/// The source of every event of ours.
pub const SOURCE: &str = "affinsy";

#[derive(Debug, Clone)]
pub struct EventBridgeBus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

impl EventBridgeBus {
    /// A bus of this account and region, by its name. A bus that is down is not waited for long: the outbox keeps the
    /// event.
    pub fn new(config: &SdkConfig, name: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(4))
            .operation_timeout(Duration::from_secs(10));
        let config = aws_sdk_eventbridge::config::Builder::from(config)
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(3));
        Self { client: aws_sdk_eventbridge::Client::from_conf(config.build()), name: name.to_owned() }
    }
}

#[async_trait]
impl EventBus for EventBridgeBus {
    async fn put(&self, event: &BusEvent) -> PortResult<()> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(event.name)
            .detail(&event.detail)
            .time(DateTime::from_millis(event.at.unix_ms()));
        let put = self.client.put_events().entries(entry.build()).send().await;
        taken(&put.map_err(|error| port_error("EventBridge PutEvents", error))?)
    }
}

/// An answer of status 200 may say that the entry was not taken.
fn taken(answer: &PutEventsOutput) -> PortResult<()> {
    let refused = answer.entries().iter().find_map(|entry| Some((entry.error_code()?, entry.error_message())));
    match refused {
        None if answer.failed_entry_count() == 0 => Ok(()),
        refused => {
            let (code, message) = refused.unwrap_or(("unknown", None));
            Err(PortError::Unavailable(format!("EventBridge PutEvents: {code}: {}", message.unwrap_or_default())))
        }
    }
}
