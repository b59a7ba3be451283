//! A model that answers what it was told to and keeps what it was asked.

use super::lock;
use crate::ports::{InsightModel, ModelError};
use affinsy_core::insight::Brief;
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct MemoryModel {
    answers: Mutex<VecDeque<Result<String, ModelError>>>,
    asked: Mutex<Vec<Brief>>,
}

impl MemoryModel {
    /// The next answers, in order; after them it is throttled.
    pub fn will_answer(&self, answers: impl IntoIterator<Item = Result<String, ModelError>>) {
        lock(&self.answers).extend(answers);
    }
    pub fn asked(&self) -> Vec<Brief> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl InsightModel for MemoryModel {
    async fn word(&self, brief: &Brief) -> Result<String, ModelError> {
        lock(&self.asked).push(brief.clone());
        let throttled = || Err(ModelError::Throttled("nothing more to say".to_owned()));
        lock(&self.answers).pop_front().unwrap_or_else(throttled)
    }
}
