//! Receivers of webhooks, good and bad, and the list of all that they got.

use super::{TENANTS, World};
use crate::ledger::Received;
use crate::mutants::Mutant;
use crate::sim::{Sim, lock};
use affinsy_app::ports::{Answer, BusEvent, DeliveryBook, EventBus, PortResult, SendError, Sender};
use affinsy_core::webhook::signature::SigningSecret;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// How a receiver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Good,
    /// Answers 500, 429, nothing, or takes the event and drops the answer; good once it clears up.
    Moody,
    /// Answers 410.
    Gone,
    /// Never gets well.
    Dead,
}

const MANNERS: [Manner; 4] = [Manner::Good, Manner::Moody, Manner::Gone, Manner::Dead];

#[derive(Debug)]
pub struct Receivers {
    /// By the last part of the URL.
    manners: Vec<Manner>,
    posts: Mutex<BTreeMap<String, u32>>,
}

impl Receivers {
    /// A dead one costs days of virtual time, so not every seed has it.
    pub fn of(sim: &Sim) -> Self {
        let dead = sim.roll(|dice| dice.one_in(5));
        let count = if dead { MANNERS.len() } else { MANNERS.len() - 1 };
        Self { manners: MANNERS[..count].to_vec(), posts: Mutex::default() }
    }
}

impl World {
    /// A URL of a receiver of this tenant.
    pub fn webhook_url(&self, tenant: usize) -> String {
        let place = self.sim.roll(|dice| dice.below(self.receivers.manners.len() as u64));
        format!("https://{}.example.com/hooks/{place}", TENANTS[tenant])
    }

    pub fn manner(&self, url: &str) -> Option<Manner> {
        let place: usize = url.rsplit('/').next()?.parse().ok()?;
        self.receivers.manners.get(place).copied()
    }

    /// What the receiver answers, and whether the dispatcher hears it.
    fn answered(&self, url: &str) -> (u16, Result<u16, SendError>) {
        let moody = |sim: &Sim| match sim.roll(|dice| dice.below(6)) {
            0 => (500, Ok(500)),
            1 => (429, Ok(429)),
            2 => (0, Err(SendError::Timeout)),
            3 => (0, Err(SendError::Failed("connection refused".to_owned()))),
            4 => (200, Err(SendError::Failed("connection reset while reading the answer".to_owned()))),
            _ => (200, Ok(200)),
        };
        match self.manner(url) {
            Some(Manner::Good) => (204, Ok(204)),
            Some(Manner::Gone) => (410, Ok(410)),
            Some(Manner::Dead) => (503, Ok(503)),
            Some(Manner::Moody) if lock(&self.sim.state).weather.storms => moody(&self.sim),
            Some(Manner::Moody) => (200, Ok(200)),
            None => (404, Ok(404)),
        }
    }

    /// What a dispatcher that does not keep to what was fixed would send.
    async fn mutated(&self, url: &str, received: &mut Received) {
        let number = {
            let mut posts = lock(&self.receivers.posts);
            let number = posts.entry(received.body.clone()).or_default();
            *number += 1;
            *number
        };
        if number == 1 {
            return;
        }
        let header = |received: &Received, name: &str| {
            received.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (mut id, at) = (header(received, "webhook-id"), header(received, "webhook-timestamp"));
        match self.mutant {
            Some(Mutant::IdChanges) => id = format!("{id}-{number}"),
            Some(Mutant::BodyChanges) => {
                received.body = received.body.replace('}', &format!(r#", "attempt": {number}}}"#))
            }
            _ => return,
        }
        let Some(tenant) = TENANTS.iter().find(|name| url.contains(**name)).and_then(|name| name.parse().ok()) else {
            return;
        };
        let none =
            affinsy_app::ports::TenantSecrets { webhook: String::new(), cursor: String::new(), retired: Vec::new() };
        let Ok(secrets) = self.book.secrets(&tenant, &none).await else { return };
        let Some(secret) = SigningSecret::parse(&secrets.webhook) else { return };
        let signed = secret.sign(&id, at.parse().unwrap_or_default(), &received.body);
        for (name, value) in &mut received.headers {
            match name.as_str() {
                "webhook-id" => value.clone_from(&id),
                "webhook-signature" => value.clone_from(&signed),
                _ => {}
            }
        }
    }
}

#[async_trait]
impl EventBus for World {
    async fn put(&self, event: &BusEvent) -> PortResult<()> {
        let taken = async {
            self.ledger().announced.push(event.detail.clone());
            Ok(())
        };
        let put = self.sim.step("bus.put", taken).await;
        if self.is(Mutant::EventUnconfirmed) { Ok(()) } else { put }
    }
}

#[async_trait]
impl Sender for World {
    async fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<Answer, SendError> {
        let sent = async {
            let (answers, heard) = self.answered(url);
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            let answered = Some(answers).filter(|status| *status > 0);
            let mut received = Received { url: url.to_owned(), headers, body: body.to_owned(), answered };
            self.mutated(url, &mut received).await;
            self.ledger().received.push(received);
            self.sim.note(format_args!("receiver {url}: {heard:?}"));
            Ok(heard)
        };
        let heard =
            self.sim.step("sender.post", sent).await.unwrap_or_else(|lost| Err(SendError::Failed(lost.to_string())));
        if heard == Err(SendError::Timeout) {
            self.sim.sleep_ms(15_000).await;
        }
        let answer = |status| {
            let retry_after = (status == 429).then(|| "90".to_owned());
            Answer { status, retry_after, disable: false, body: String::new() }
        };
        heard.map(answer)
    }
}
