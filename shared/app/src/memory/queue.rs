//! A queue that keeps what was sent until somebody takes it; delays count by what the test says.

use super::lock;
use crate::ports::{Job, PortResult, Queue};
use async_trait::async_trait;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct MemoryQueue(Mutex<Vec<(Job, u32)>>);

impl MemoryQueue {
    /// Takes everything sent so far, with its delay in seconds.
    pub fn take(&self) -> Vec<(Job, u32)> {
        std::mem::take(&mut lock(&self.0))
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, job: &Job, delay_s: u32) -> PortResult<()> {
        lock(&self.0).push((job.clone(), delay_s));
        Ok(())
    }
    async fn hide_for(&self, _job: &Job, _receipt: &str, _seconds: u32) -> PortResult<()> {
        Ok(())
    }
}
