//! Sends packed orders, a few requests at a time, and adds up what the API says. Knows no file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};

use super::orders::Order;
use super::pack::{Batch, Packer};
use crate::client::{Answer, Client, ClientError};
use crate::progress::LineBar;

/// Where the orders go.
#[derive(Debug, Clone)]
pub struct Destination<'a> {
    pub dataset_id: &'a str,
    /// ISO 4217; fixed by a dataset's first push.
    pub currency: Option<&'a str>,
    /// Requests in flight at once.
    pub parallel: usize,
}

/// What the API acknowledged.
#[derive(Debug, Default)]
pub struct Pushed {
    pub lines: u64,
    pub orders: u64,
    pub requests: u64,
    pub bytes: u64,
    pub elapsed: Duration,
    /// How long each answered request took, retries included.
    pub latencies: Vec<Duration>,
    /// Each kind of warning: its first text, and how many answers carried one of the kind.
    pub warnings: BTreeMap<String, (String, u64)>,
    /// Each request that was refused: what for, and which orders it held.
    pub failures: Vec<String>,
}

/// Sends every order. A refused request is a failure of its orders; the others still go.
pub async fn send(client: &Client, orders: &[Order], destination: &Destination<'_>, bar: &LineBar) -> Pushed {
    let started = Instant::now();
    let batches = Packer::new(orders, destination.dataset_id, destination.currency);
    let requests =
        stream::iter(batches).map(|batch| request(client, batch)).buffer_unordered(destination.parallel.max(1));
    let pushed = requests.fold(Pushed::default(), async |mut pushed, done| {
        bar.advance(done.batch.lines);
        pushed.add(done, orders);
        pushed
    });
    let pushed = pushed.await;
    Pushed { elapsed: started.elapsed(), ..pushed }
}

struct Done {
    batch: Batch,
    outcome: Result<Answer, ClientError>,
    took: Duration,
}

async fn request(client: &Client, batch: Batch) -> Done {
    let started = Instant::now();
    // An upsert: the same batch sent again changes nothing.
    let outcome = client.post("/data/orders", batch.body.clone()).await;
    Done { batch, outcome, took: started.elapsed() }
}

impl Pushed {
    pub fn lines_per_second(&self) -> f64 {
        self.lines as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The latency that half of the requests stayed under.
    pub fn median_latency(&self) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    fn add(&mut self, done: Done, orders: &[Order]) {
        match done.outcome {
            Ok(answer) => {
                self.lines += done.batch.lines as u64;
                self.orders += done.batch.orders.len() as u64;
                self.requests += 1;
                self.bytes += done.batch.body.len() as u64;
                self.latencies.push(done.took);
                self.add_warnings(&answer);
            }
            Err(error) => self.failures.push(explained(&error, &orders[done.batch.orders])),
        }
    }

    fn add_warnings(&mut self, answer: &Answer) {
        let listed = answer.body["warnings"].as_array().map(Vec::as_slice).unwrap_or_default();
        for warning in listed.iter().chain([&answer.body["warning"]]).filter_map(|warning| warning.as_str()) {
            let kind = self.warnings.entry(kind_of(warning)).or_insert_with(|| (warning.to_owned(), 0));
            kind.1 += 1;
        }
    }
}

/// A warning without its numbers and names: what every request says of its own orders is one kind.
fn kind_of(warning: &str) -> String {
    let outside_quotes = warning.split('"').step_by(2);
    outside_quotes.flat_map(str::chars).filter(|c| !c.is_ascii_digit()).collect()
}

/// The refusal, and the orders its pointers mean by their own numbers.
fn explained(error: &ClientError, sent: &[Order]) -> String {
    let (first, last) = (sent.first().map_or("", |order| &order.id), sent.last().map_or("", |order| &order.id));
    let mut said = format!("{} orders not pushed ({first} … {last}): {error}", sent.len());
    let order_of = |pointer: &str| {
        let index: usize = pointer.strip_prefix("/orders/")?.split('/').next()?.parse().ok()?;
        sent.get(index).map(|order| order.id.as_str())
    };
    let mut named: Vec<_> = error.field_problems().iter().filter_map(|(pointer, _)| order_of(pointer)).collect();
    named.dedup();
    if !named.is_empty() {
        named.truncate(10);
        said.push_str(&format!("\n  the orders meant: {}", named.join(", ")));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::StatusCode;
    use serde_json::json;

    #[test]
    fn warnings_of_one_kind_are_counted_together() {
        let check = |a: &str, b: &str, same| assert_eq!(kind_of(a) == kind_of(b), same, "{a} {b}");
        check("128 products (first: \"tea\")", "7 products (first: \"jam\")", true);
        check("128 products", "128 orders", false);
    }

    #[test]
    fn a_refusal_names_the_orders_it_means() {
        let order = |id: &str| Order { id: id.to_owned(), ..Order::default() };
        let body = json!({"error": "invalid", "errors": [{"pointer": "/orders/1/order_date", "detail": "is no date"}]});
        let error = ClientError::Refused { call: "POST".to_owned(), status: StatusCode::UNPROCESSABLE_ENTITY, body };
        let said = explained(&error, &[order("A"), order("B")]);
        assert!(said.contains("2 orders not pushed (A … B)") && said.ends_with("the orders meant: B"), "{said}");
    }
}
