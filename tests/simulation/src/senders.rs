//! Clients who send files: they ask for an upload, send a CSV or NDJSON file in their own time, or never, and look
//! what became of it. All that beside what else they do.

use crate::actors::{Client, sent};
use crate::ledger::{Ending, File};
use crate::reference::{Change, SentOrder};
use crate::sim::Threads;
use crate::world::{Reply, Sent, World};
use affinsy_core::time::Instant;
use bytes::Bytes;
use futures::channel::oneshot;
use serde_json::{Value, json};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    Ndjson,
    /// Nothing that can be imported: a workbook.
    Rubbish,
}

impl Client {
    /// Begins to upload a file; who waits hears when its client is done with it.
    pub(crate) fn upload(&self, dataset: &'static str) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let (world, tenant) = (Arc::clone(&self.world), self.tenant);
        let form = world.sim.roll(|dice| match dice.below(12) {
            0 => Form::Rubbish,
            1..=4 => Form::Ndjson,
            _ => Form::Csv,
        });
        let orders = if form == Form::Rubbish { Vec::new() } else { self.orders(7) };
        let bad_rows = if form == Form::Rubbish { 0 } else { world.sim.roll(|dice| dice.pick(&[0, 0, 0, 1])) };
        let file = written(&world, form, &orders, bad_rows);
        let webhook_url = world.sim.roll(|dice| dice.one_in(2)).then(|| world.webhook_url(tenant));
        let deed = {
            let mut ledger = world.ledger();
            let deed = ledger.begin(tenant, dataset, Change::File(orders));
            let is_rubbish = form == Form::Rubbish;
            ledger.deeds[deed].file = Some(File { webhook_url, is_rubbish, bad_rows, ..File::default() });
            deed
        };
        let sim = Arc::clone(&world.sim);
        sim.spawn("sender", None, Threads::None, async move {
            send(&world, deed, form, file).await;
            tell.send(()).ok();
        });
        told
    }
}

fn written(world: &World, form: Form, orders: &[SentOrder], bad_rows: u64) -> Bytes {
    let text = match form {
        Form::Rubbish => "PK\u{3}\u{4} a workbook".to_owned(),
        Form::Ndjson => {
            let rows = orders.iter().map(|order| sent(order).to_string());
            let bad = (0..bad_rows).map(|_| r#"{"order_id": 7}"#.to_owned());
            rows.chain(bad).collect::<Vec<_>>().join("\n")
        }
        Form::Csv => csv(world, orders, bad_rows),
    };
    Bytes::from(text)
}

/// The rows of an order stand anywhere.
fn csv(world: &World, orders: &[SentOrder], bad_rows: u64) -> String {
    let mut rows: Vec<String> = orders.iter().flat_map(rows).collect();
    rows.extend((0..bad_rows).map(|_| "bad,,,,,".to_owned()));
    let mut text = "order_id,customer_id,order_date,product_name,unit_price,quantity\n".to_owned();
    while !rows.is_empty() {
        let at = world.sim.roll(|dice| dice.below(rows.len() as u64)) as usize;
        text += &rows.swap_remove(at);
        text += "\n";
    }
    text
}

fn rows(order: &SentOrder) -> impl Iterator<Item = String> {
    let SentOrder { id, customer, .. } = order;
    let date = Instant::from_unix_ms(order.day * 86_400_000 + 36_000_000).to_rfc3339();
    let customer = customer.as_deref().unwrap_or_default();
    let row = move |(product, quantity, cents): &(String, i64, i64)| {
        format!("{id},{customer},{date},{product},{}.{:02},{quantity}", cents / 100, cents % 100)
    };
    order.lines.iter().map(row)
}

async fn send(world: &Arc<World>, deed: usize, form: Form, file: Bytes) {
    let Some(address) = open(world, deed, form).await else { return };
    let after_ms = world.sim.roll(|dice| match dice.below(40) {
        // It never comes.
        0 | 1 => None,
        // When the address holds no longer, as a rule.
        2 => Some(dice.between(50 * MINUTE_MS, 70 * MINUTE_MS)),
        3..=9 => Some(dice.between(MINUTE_MS, 15 * MINUTE_MS)),
        _ => Some(dice.between(0, 5_000)),
    });
    let Some(after_ms) = after_ms else { return };
    world.sim.sleep_ms(after_ms).await;
    for _ in 0..3 {
        let sent = world.send_file(&address, file.clone()).await;
        world.sim.note(format_args!("file of {}: {sent:?}", world.ledger().deeds[deed].dataset));
        if sent != Sent::Unknown {
            break;
        }
        world.sim.sleep_ms(2_000).await;
    }
    for _ in 0..8 {
        let pause_ms = world.sim.roll(|dice| dice.between(500, 4 * MINUTE_MS));
        world.sim.sleep_ms(pause_ms).await;
        if look(world, deed).await.is_some_and(|status| status != "Processing") {
            return;
        }
    }
}

/// Asks for an upload, and again where nobody answered: where the file is to be sent.
async fn open(world: &Arc<World>, deed: usize, form: Form) -> Option<String> {
    let (tenant, mut body) = {
        let ledger = world.ledger();
        let deed = &ledger.deeds[deed];
        let webhook_url = deed.file.as_ref().and_then(|file| file.webhook_url.clone());
        (deed.tenant, json!({"dataset_id": deed.dataset, "webhook_url": webhook_url}))
    };
    if form != Form::Rubbish && world.sim.roll(|dice| dice.one_in(2)) {
        body["format"] = json!(if form == Form::Csv { "csv" } else { "ndjson" });
    }
    for _ in 0..5 {
        let mut request = world.build("POST", "/data/uploads", &[], &body);
        request.headers.push(("idempotency-key".to_owned(), format!("file {deed}")));
        if let Reply::Answer(answer) = world.request(tenant, None, request).await {
            let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            match answer.status {
                201 => return heard(world, deed, &said),
                409 if said["code"] == "idempotency_in_flight" => {}
                status if status < 500 => {
                    world.ledger().violation(format!("POST /data/uploads: {status} {said}"));
                    return None;
                }
                _ => {}
            }
        }
        let pause_ms = world.sim.roll(|dice| dice.between(100, 40_000));
        world.sim.sleep_ms(pause_ms).await;
    }
    None
}

fn heard(world: &World, deed: usize, said: &Value) -> Option<String> {
    let mut ledger = world.ledger();
    if let Some(file) = &mut ledger.deeds[deed].file {
        file.import_id = said["import_id"].as_str().map(str::to_owned);
    }
    said["upload"]["url"].as_str().map(str::to_owned)
}

/// Reads an import, and notes how it ended; its status, where it was told.
pub async fn look(world: &Arc<World>, deed: usize) -> Option<String> {
    let (tenant, import_id) = {
        let ledger = world.ledger();
        let deed = &ledger.deeds[deed];
        (deed.tenant, deed.file.as_ref()?.import_id.clone()?)
    };
    let request = world.build("GET", &format!("/data/imports/{import_id}"), &[], &Value::Null);
    let Reply::Answer(answer) = world.request(tenant, None, request).await else { return None };
    if answer.status >= 500 {
        return None;
    }
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let (Some(status), 200) = (said["status"].as_str(), answer.status) else {
        world.ledger().violation(format!("I3: import {import_id} is gone: {} {said}", answer.status));
        return None;
    };
    let ending =
        said["completed_at"].as_str().map(|at| Ending { status: status.to_owned(), completed_at: at.to_owned() });
    let mut ledger = world.ledger();
    let seen = ledger.deeds[deed].file.as_ref().and_then(|file| file.seen.clone());
    if seen.is_some() && seen != ending {
        ledger.violation(format!("I3: import {import_id} had ended as {seen:?}, now it is {ending:?}"));
    }
    if let Some(file) = &mut ledger.deeds[deed].file {
        file.seen = ending;
    }
    if status == "Completed" {
        ledger.acknowledged(deed);
    }
    Some(status.to_owned())
}
