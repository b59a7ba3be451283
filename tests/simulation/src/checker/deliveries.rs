//! I4 and I5 on a tenant's reports and files: each that ended and has a URL was delivered, or its delivery ended
//! otherwise; all attempts have one id and one body, and are signed.

use super::read;
use crate::ledger::Received;
use crate::world::{Manner, TENANTS, World};
use affinsy_app::memory::MemoryBook;
use affinsy_app::ports::{OrderLog, ReportBook};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many deliveries there are.
pub async fn check(world: &Arc<World>, tenant: usize) -> u64 {
    let secret = read::get(world, tenant, "/webhooks/secret").await.unwrap_or_default();
    let key = secret["secret"].as_str().and_then(|text| STANDARD.decode(text.strip_prefix("whsec_")?).ok());
    let mut deliveries: BTreeMap<String, Value> = BTreeMap::new();
    for delivery in read::all(world, tenant, "/webhooks/deliveries").await {
        let id = id_of(&delivery).to_owned();
        if deliveries.insert(id.clone(), delivery).is_some() {
            world.ledger().violation(format!("I5: {id} has two events"));
        }
    }
    let posts = posts(world, tenant);
    let gone = |post: &&Received| post.answered == Some(410);
    let gone: BTreeSet<String> = posts.values().flatten().filter(gone).map(|post| post.url.clone()).collect();
    let mut sources = Vec::new();
    for report in read::all(world, tenant, "/reports").await {
        let has_url = report["links"]["deliveries"].is_string();
        sources.push((report, has_url));
    }
    for import in
        read::all(world, tenant, "/data/imports").await.into_iter().filter(|import| import["source"] == "upload")
    {
        let has_url = asked_for(world, tenant, id_of(&import)).await;
        sources.push((import, has_url));
    }
    for (source, has_url) in sources {
        let id = id_of(&source);
        let got = posts.get(id).map_or(&[][..], Vec::as_slice);
        match deliveries.get(id) {
            Some(delivery) => {
                ended(world, &source, delivery, got, &gone);
                got.iter().for_each(|post| genuine(world, &source, delivery, post, key.as_deref().unwrap_or_default()));
            }
            None if has_url => world.ledger().violation(format!("I4: the end of {id} was never told")),
            None if !got.is_empty() => world.ledger().violation(format!("I2: {id} was told to nobody's URL")),
            None => {}
        }
        announced(world, tenant, &source);
    }
    deleted(world, tenant, &deliveries, &posts, &gone).await;
    deliveries.len() as u64
}

/// Of a report or an import, and of what tells of one.
fn id_of(told: &Value) -> &str {
    told["report_id"].as_str().or_else(|| told["import_id"].as_str()).unwrap_or_default()
}

/// Whether an import was asked for with a URL.
async fn asked_for(world: &World, tenant: usize, import_id: &str) -> bool {
    let book: &MemoryBook = &world.book;
    let import = book.import(&world.tenant(tenant), import_id).await.ok().flatten();
    import.is_some_and(|import| import.webhook_url.is_some())
}

/// Also who deleted a report was told that it had ended.
async fn deleted(
    world: &Arc<World>,
    tenant: usize,
    deliveries: &BTreeMap<String, Value>,
    posts: &BTreeMap<String, Vec<Received>>,
    gone: &BTreeSet<String>,
) {
    let dismissed: Vec<(String, bool)> = {
        let ledger = world.ledger();
        let own = ledger.asks.iter().filter(|ask| ask.tenant == tenant && ask.dismissed);
        own.filter_map(|ask| Some((ask.report_id.clone()?, ask.webhook_url.is_some()))).collect()
    };
    for (id, has_url) in dismissed {
        if is_there(world, tenant, &id).await {
            continue;
        }
        // What it had ended as is known to nobody any more.
        let report = json!({"report_id": id, "failure": {"code": "erased"}});
        match deliveries.get(&id) {
            Some(delivery) => ended(world, &report, delivery, posts.get(&id).map_or(&[][..], Vec::as_slice), gone),
            None if has_url => world.ledger().violation(format!("I4: the end of report {id} was never told")),
            None => {}
        }
        announced(world, tenant, &report);
    }
}

/// Whether a report is shown to its owner.
async fn is_there(world: &World, tenant: usize, id: &str) -> bool {
    let book: &MemoryBook = &world.book;
    let record = ReportBook::get(book, &world.tenant(tenant), id).await.ok().flatten();
    record.is_some_and(|record| record.deleted_at.is_none())
}

/// Each end is on the bus, once or more, always the same.
fn announced(world: &World, tenant: usize, source: &Value) {
    let id = id_of(source);
    let mut ledger = world.ledger();
    let of_source = |detail: &&String| detail.contains(&format!(r#"_id": "{id}""#));
    let events: BTreeSet<&String> = ledger.announced.iter().filter(of_source).collect();
    let bare = |id: &str| id.split_once('_').map(|(_, bare)| bare.to_owned());
    let is_own = |event: &Value| {
        event["tenant"] == TENANTS[tenant] && id_of(event) == id && event["id"].as_str().and_then(bare) == bare(id)
    };
    let all_own = events.iter().filter_map(|event| serde_json::from_str(event).ok()).all(|event| is_own(&event));
    // What was erased since ended otherwise when it was told.
    let most = if source["failure"]["code"] == "erased" { 2 } else { 1 };
    let (count, violation) = (events.len(), format!("the end of {id} is on the bus as {events:?}"));
    if count == 0 {
        ledger.violation(format!("I4: {violation}"));
    } else if count > most || !all_own {
        ledger.violation(format!("I5: {violation}"));
    }
}

/// What this tenant's receivers got, by report and import.
fn posts(world: &World, tenant: usize) -> BTreeMap<String, Vec<Received>> {
    let mut posts: BTreeMap<String, Vec<Received>> = BTreeMap::new();
    let mut ledger = world.ledger();
    let own: Vec<Received> =
        ledger.received.iter().filter(|post| post.url.contains(TENANTS[tenant])).cloned().collect();
    let reports = ledger.asks.iter().filter(|ask| ask.tenant != tenant).filter_map(|ask| ask.report_id.clone());
    let files = ledger.deeds.iter().filter(|deed| deed.tenant != tenant);
    let imports = files.filter_map(|deed| deed.file.as_ref()?.import_id.clone());
    let others: BTreeSet<String> = reports.chain(imports).collect();
    for post in own {
        let body: Value = serde_json::from_str(&post.body).unwrap_or_default();
        let id = id_of(&body).to_owned();
        if others.contains(&id) {
            ledger.violation(format!("I6: {} was told of {id}, which is another tenant's", post.url));
        }
        posts.entry(id).or_default().push(post);
    }
    posts
}

/// `gone`: URLs that asked for no more. What comes for one afterwards ends `disabled` without a further attempt.
fn ended(world: &World, source: &Value, delivery: &Value, got: &[Received], gone: &BTreeSet<String>) {
    let (id, state) = (id_of(source), delivery["state"].as_str().unwrap_or_default());
    let attempts = delivery["attempts"].as_array().map_or(0, Vec::len);
    let heard = |status: fn(u16) -> bool| got.iter().any(|post| post.answered.is_some_and(status));
    let url = delivery["url"].as_str().unwrap_or_default();
    if state == "disabled" && got.iter().all(|post| post.answered != Some(410)) && gone.contains(url) {
        return;
    }
    let manner = world.manner(url);
    let fits = match (manner, state) {
        (Some(Manner::Good | Manner::Moody), "delivered") => heard(|status| status / 100 == 2),
        (Some(Manner::Gone), "disabled") => heard(|status| status == 410),
        (Some(Manner::Dead), "exhausted") => !heard(|status| status / 100 == 2),
        _ => false,
    };
    if attempts == 0 || got.is_empty() || !fits {
        world.ledger().violation(format!(
            "I4: the delivery of {id} to a {manner:?} receiver is {state} after {attempts} attempts, {} of them seen",
            got.len()
        ));
    }
}

/// One id and one body over all attempts, rightly signed, and true.
fn genuine(world: &World, source: &Value, delivery: &Value, post: &Received, key: &[u8]) {
    let header = |name: &str| {
        post.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{at}.{}", post.body).as_bytes());
    let signed = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let body: Value = serde_json::from_str(&post.body).unwrap_or_default();
    let mut wrong = Vec::new();
    if Some(id) != delivery["delivery_id"].as_str() {
        wrong.push(format!("its id is {id}"));
    }
    if signed != header("webhook-signature") {
        wrong.push("its signature is wrong".to_owned());
    }
    // What was erased since ended otherwise when it was told.
    let erased = source["failure"]["code"] == "erased";
    let seconds = |text: &Value| text.as_str().and_then(|text| text.get(..19)).map(str::to_owned);
    let is_true = body["status"] == source["status"] && seconds(&body["timestamp"]) == seconds(&source["completed_at"]);
    if !erased && !is_true {
        wrong.push(format!("it says {body}"));
    }
    let of_event =
        world.ledger().received.iter().find(|first| first.body.contains(id_of(source))).map(|first| first.body.clone());
    if of_event.as_ref() != Some(&post.body) {
        wrong.push(format!("its body is {}, the first one's {of_event:?}", post.body));
    }
    if !wrong.is_empty() {
        world.ledger().violation(format!("I5: an attempt for {}: {}", id_of(source), wrong.join("; ")));
    }
}
