//! A receiver that answers what it was told to and keeps what it got.

use super::lock;
use crate::ports::{Answer, SendError, Sender};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::Mutex;

/// One request as the receiver saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Debug, Default)]
pub struct MemorySender {
    answers: Mutex<VecDeque<Result<Answer, SendError>>>,
    received: Mutex<Vec<Received>>,
}

impl MemorySender {
    /// The next answers, in order; after them it answers 204.
    pub fn will_answer(&self, answers: impl IntoIterator<Item = Result<Answer, SendError>>) {
        lock(&self.answers).extend(answers);
    }
    pub fn received(&self) -> Vec<Received> {
        lock(&self.received).clone()
    }
}

#[async_trait]
impl Sender for MemorySender {
    async fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<Answer, SendError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        lock(&self.received).push(Received { url: url.to_owned(), headers, body: body.to_owned() });
        let fine = Answer { status: 204, retry_after: None, disable: false, body: String::new() };
        lock(&self.answers).pop_front().unwrap_or(Ok(fine))
    }
}
