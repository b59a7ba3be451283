//! The queue port over SQS.

use crate::failure::port_error;
use affinsy_app::ports::{Job, PortResult, Queue};
use async_trait::async_trait;

/// The queues of the suite; a function that may not send to one has its URL empty.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    pub client: aws_sdk_sqs::Client,
    pub reports_url: String,
    pub webhooks_url: String,
    pub store_url: String,
}

impl SqsQueue {
    fn url(&self, job: &Job) -> &str {
        match job {
            Job::Report { .. } => &self.reports_url,
            Job::Tend { .. } | Job::Purge { .. } => &self.store_url,
            Job::Delivery { .. } => &self.webhooks_url,
        }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, job: &Job, delay_s: u32) -> PortResult<()> {
        // The group makes SQS share a queue fairly between tenants.
        let send = self.client.send_message().queue_url(self.url(job)).message_body(job.to_message());
        let send = send.message_group_id(job.tenant().as_str()).delay_seconds(i32::try_from(delay_s).unwrap_or(900));
        send.send().await.map_err(|error| port_error("SQS SendMessage", error))?;
        Ok(())
    }

    async fn hide_for(&self, job: &Job, receipt: &str, seconds: u32) -> PortResult<()> {
        let change = self.client.change_message_visibility().queue_url(self.url(job)).receipt_handle(receipt);
        let change = change.visibility_timeout(i32::try_from(seconds).unwrap_or(43_200));
        change.send().await.map_err(|error| port_error("SQS ChangeMessageVisibility", error))?;
        Ok(())
    }
}
