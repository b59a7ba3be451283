//! Clients of the tenants while the weather is bad. They do what clients do: push, send again what may not have
//! arrived, ask for reports, look, erase, and try what is not theirs. Each owns its orders, so that of two values the
//! later is known; all of a tenant share its datasets.

use crate::ledger::{Ask, Ending, Kind};
use crate::reference::{Change, SentOrder};
use crate::world::{DATASETS, Reply, TENANTS, World};
use affinsy_app::http::Answer;
use futures::future::{join, join_all};
use serde_json::{Value, json};
use std::sync::Arc;

/// The day of the first order, and how many follow.
const FIRST_DAY: i64 = 20_200;
const DAYS: i64 = 40;
const ORDERS: i64 = 9;
const PRODUCTS: i64 = 7;

#[derive(Debug)]
pub struct Client {
    pub world: Arc<World>,
    pub tenant: usize,
    /// Among the tenant's.
    pub number: usize,
}

impl Client {
    /// So many things, one after the other.
    pub async fn live(self, things: u32) {
        let mut files = Vec::new();
        for _ in 0..things {
            let pause_ms = self.world.sim.roll(|dice| match dice.below(12) {
                0 => dice.between(120_000, 900_000),
                // At the same time as the others.
                1..=4 => dice.between(0, 40),
                5..=8 => dice.between(0, 2_000),
                _ => dice.between(1_000, 30_000),
            });
            self.world.sim.sleep_ms(pause_ms).await;
            let dataset = self.world.sim.roll(|dice| dice.pick(&[DATASETS[0], DATASETS[0], DATASETS[1]]));
            match self.world.sim.roll(|dice| dice.below(28)) {
                0..=9 => self.push(dataset).await,
                // Each takes the other's sequence away.
                10..=11 => drop(join(self.push(dataset), self.push(dataset)).await),
                12..=15 => self.ask(dataset).await,
                16..=17 => self.look().await,
                18 => self.list().await,
                19 => self.trespass().await,
                20..=21 => self.erase_order(dataset).await,
                22 => self.erase_customer(dataset).await,
                23 => self.dismiss().await,
                24..=26 => files.push(self.upload(dataset)),
                _ if self.world.sim.roll(|dice| dice.one_in(3)) => self.delete(dataset).await,
                _ => {}
            }
        }
        join_all(files).await;
    }

    /// One to so many orders, each once.
    pub(crate) fn orders(&self, most: i64) -> Vec<SentOrder> {
        let count = self.world.sim.roll(|dice| dice.between(1, most));
        let mut orders: Vec<SentOrder> = (0..count).map(|_| self.order()).collect();
        orders.sort_by(|a, b| a.id.cmp(&b.id));
        orders.dedup_by(|a, b| a.id == b.id);
        orders
    }

    fn order(&self) -> SentOrder {
        let (tenant, client) = (TENANTS[self.tenant], self.number);
        self.world.sim.roll(|dice| {
            let at = dice.between(0, ORDERS - 1);
            let mut products: Vec<i64> = (0..PRODUCTS).collect();
            let lines = (0..dice.between(1, 4)).map(|_| {
                let product = products.swap_remove(dice.below(products.len() as u64) as usize);
                let quantity = dice.pick(&[1, 1, 1, 2, 3, 0, -1]);
                (format!("{tenant} cup {product}"), quantity, dice.between(100, 9_999))
            });
            let lines = lines.collect();
            // Ids are the same in every tenant: only whose they are tells them apart.
            let customer = (at % 4 != 0).then(|| format!("c-{client}-{}", at % 3));
            SentOrder { id: format!("o-{client}-{at}"), customer, day: FIRST_DAY + at * 7 % DAYS, lines }
        })
    }

    async fn push(&self, dataset: &'static str) {
        let orders = self.orders(4);
        let body = json!({"dataset_id": dataset, "orders": orders.iter().map(sent).collect::<Vec<_>>()});
        self.do_until_told(dataset, Change::Push(orders), "POST", "/data/orders", &body).await;
    }

    async fn erase_order(&self, dataset: &'static str) {
        let id = self.order().id;
        let path = format!("/datasets/{dataset}/orders/{id}");
        self.do_until_told(dataset, Change::EraseOrder(id), "DELETE", &path, &Value::Null).await;
    }

    async fn erase_customer(&self, dataset: &'static str) {
        let Some(customer) = self.order().customer else { return };
        let path = format!("/datasets/{dataset}/customers/{customer}");
        self.do_until_told(dataset, Change::EraseCustomer(customer), "DELETE", &path, &Value::Null).await;
    }

    async fn delete(&self, dataset: &'static str) {
        self.do_until_told(dataset, Change::DeleteDataset, "DELETE", &format!("/datasets/{dataset}"), &Value::Null)
            .await;
    }

    /// Does something, and mostly again where nobody said what became of it. Each try is a deed of its own.
    async fn do_until_told(&self, dataset: &'static str, change: Change, method: &str, path: &str, body: &Value) {
        for _ in 0..4 {
            let deed = self.world.ledger().begin(self.tenant, dataset, change.clone());
            let request = self.world.build(method, path, &[], body);
            match self.world.request(self.tenant, Some(deed), request).await {
                Reply::Answer(answer) if answer.status == 202 => {
                    self.world.ledger().acknowledged(deed);
                    return told_of_cap(&self.world, deed, &answer);
                }
                // Without the dataset there is nothing to erase.
                Reply::Answer(answer) if answer.status == 404 && method == "DELETE" => return,
                Reply::Answer(answer) if answer.status < 500 => {
                    let said = String::from_utf8_lossy(&answer.body).into_owned();
                    return self.world.ledger().violation(format!("{method} {path}: {} {said}", answer.status));
                }
                Reply::Answer(_) | Reply::Lost => {}
            }
            if self.world.sim.roll(|dice| dice.one_in(3)) {
                return;
            }
        }
    }

    async fn ask(&self, dataset: &'static str) {
        let kind = self.world.sim.roll(|dice| match dice.below(3) {
            0 => Kind::Rfm,
            _ => Kind::Mba { min_support_count: dice.pick(&[1, 1, 2]) },
        });
        let webhook_url =
            if self.world.sim.roll(|dice| dice.one_in(4)) { None } else { Some(self.world.webhook_url(self.tenant)) };
        ask(&self.world, self.tenant, dataset, kind, webhook_url).await;
    }

    /// One of the tenant's reports.
    fn some_ask(&self) -> Option<usize> {
        let own: Vec<usize> = {
            let ledger = self.world.ledger();
            let own = |(_, ask): &(usize, &Ask)| ask.tenant == self.tenant && ask.report_id.is_some();
            ledger.asks.iter().enumerate().filter(own).map(|(at, _)| at).collect()
        };
        (!own.is_empty()).then(|| self.world.sim.roll(|dice| dice.pick(&own)))
    }

    /// Reads a report; its end, once seen, stays.
    async fn look(&self) {
        if let Some(at) = self.some_ask() {
            look(&self.world, at).await;
        }
    }

    /// Cancels a report that runs, or deletes one that has ended: the newest or any, once or twice.
    async fn dismiss(&self) {
        let Some(any) = self.some_ask() else { return };
        let at = if self.world.sim.roll(|dice| dice.one_in(2)) { self.newest_ask().unwrap_or(any) } else { any };
        for _ in 0..self.world.sim.roll(|dice| dice.between(1, 2)) {
            dismiss(&self.world, at).await;
        }
    }

    fn newest_ask(&self) -> Option<usize> {
        let ledger = self.world.ledger();
        ledger.asks.iter().rposition(|ask| ask.tenant == self.tenant && ask.report_id.is_some())
    }

    async fn list(&self) {
        let paths = ["/reports", "/datasets", "/data/imports", "/webhooks/deliveries"];
        let path = self.world.sim.roll(|dice| dice.pick(&paths));
        let mut cursor = None;
        for _ in 0..3 {
            let mut query = vec![("limit", "2")];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let request = self.world.build("GET", path, &query, &Value::Null);
            let Reply::Answer(answer) = self.world.request(self.tenant, None, request).await else { return };
            let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if answer.status < 500 && answer.status != 200 {
                self.world.ledger().violation(format!("GET {path}: {} {page}", answer.status));
            }
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return;
            }
        }
    }

    /// Asks for what belongs to another tenant.
    async fn trespass(&self) {
        let others: Vec<String> = {
            let ledger = self.world.ledger();
            let reports = ledger.asks.iter().filter(|ask| ask.tenant != self.tenant);
            let files = ledger.deeds.iter().filter(|deed| deed.tenant != self.tenant);
            let imports = files.filter_map(|deed| deed.file.as_ref()?.import_id.clone());
            reports.filter_map(|ask| ask.report_id.clone()).chain(imports).collect()
        };
        if others.is_empty() {
            return;
        }
        let at = self.world.sim.roll(|dice| dice.below(others.len() as u64)) as usize;
        trespass(&self.world, self.tenant, &others[at]).await;
    }
}

/// A push that was not stored whole is answered so, with the number of lines that were not.
fn told_of_cap(world: &World, deed: usize, answer: &Answer) {
    let mut ledger = world.ledger();
    let Some(brought) = ledger.brought(&ledger.deeds[deed]) else { return };
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let says = said["warning"].as_str().unwrap_or_default();
    let is_right = match brought.refused {
        0 => says.is_empty(),
        refused => says.contains(&format!(" {refused} new line")),
    };
    if !is_right {
        ledger.violation(format!("I8: of a push {} lines have no room, and it is answered {said}", brought.refused));
    }
}

pub(crate) fn sent(order: &SentOrder) -> Value {
    let line = |(product, quantity, cents): &(String, i64, i64)| json!({"product_name": product, "quantity": quantity, "unit_price": *cents as f64 / 100.0});
    let date = affinsy_core::time::Instant::from_unix_ms(order.day * 86_400_000 + 36_000_000);
    let mut sent = json!({
        "order_id": order.id,
        "order_date": date.to_rfc3339(),
        "line_items": order.lines.iter().map(line).collect::<Vec<_>>(),
    });
    if let Some(customer) = &order.customer {
        sent["customer_id"] = json!(customer);
    }
    sent
}

/// Asks for a report once; the place of what was asked for in the ledger.
pub async fn ask(
    world: &Arc<World>,
    tenant: usize,
    dataset: &'static str,
    kind: Kind,
    webhook_url: Option<String>,
) -> usize {
    let params = match kind {
        Kind::Rfm => json!({"insights": false}),
        Kind::Mba { min_support_count } => json!({
            "min_support_count": min_support_count, "max_itemset_size": 2, "min_confidence": 0, "min_lift": 0,
            "max_q_value": 1, "include_redundant": true, "max_rules": null, "insights": false,
        }),
    };
    let report_type = if kind == Kind::Rfm { "RFM" } else { "MBA" };
    let mut body = json!({
        "report_type": report_type, "dataset_id": dataset, "params": params,
    });
    if let Some(url) = &webhook_url {
        body["webhook_url"] = json!(url);
    }
    let at = {
        let mut ledger = world.ledger();
        let began = ledger.moment();
        ledger.asks.push(Ask {
            tenant,
            dataset,
            kind,
            webhook_url,
            began,
            report_id: None,
            seen: None,
            dismissed: false,
        });
        ledger.asks.len() - 1
    };
    body["name"] = json!(format!("of {} {at}", TENANTS[tenant]));
    // Sometimes twice at the same time, and again while nobody says what became of it.
    for _ in 0..3 {
        let calls = if world.sim.roll(|dice| dice.one_in(4)) { 2 } else { 1 };
        let replies = join_all((0..calls).map(|_| submit(world, tenant, &body, at))).await;
        replies.into_iter().flatten().for_each(|answer| heard(world, at, &answer));
        let is_over = world.ledger().asks[at].report_id.is_some() || world.sim.roll(|dice| dice.one_in(3));
        if is_over {
            break;
        }
        let pause_ms = world.sim.roll(|dice| dice.between(100, 60_000));
        world.sim.sleep_ms(pause_ms).await;
    }
    at
}

/// One call under the `Idempotency-Key` of what was asked for.
async fn submit(world: &Arc<World>, tenant: usize, body: &Value, at: usize) -> Option<Answer> {
    let mut request = world.build("POST", "/reports", &[], body);
    request.headers.push(("idempotency-key".to_owned(), format!("ask {at}")));
    match world.request(tenant, None, request).await {
        Reply::Answer(answer) => Some(answer),
        Reply::Lost => None,
    }
}

fn heard(world: &Arc<World>, at: usize, answer: &Answer) {
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let mut ledger = world.ledger();
    let (tenant, dataset) = (ledger.asks[at].tenant, ledger.asks[at].dataset);
    match answer.status {
        202 => {
            let told = said["report_id"].as_str().map(str::to_owned);
            let known = ledger.asks[at].report_id.clone();
            if known.is_some() && known != told {
                ledger.violation(format!("I7: one Idempotency-Key led to the reports {known:?} and {told:?}"));
            }
            ledger.asks[at].report_id = told;
        }
        // The first call is still running.
        409 if said["code"] == "idempotency_in_flight" => {}
        404 => {
            let began = ledger.asks[at].began;
            if let Some(lost) = ledger.missing_at(tenant, dataset, began, ("", 0)) {
                let what = format!("I1: no dataset {dataset:?}, but this was acknowledged: {lost:?}");
                ledger.violation(what);
            }
        }
        status if status < 500 => ledger.violation(format!("POST /reports: {status} {said}")),
        _ => {}
    }
}

/// Reads a report that was asked for, and notes how it ended; its status, where it was told.
pub async fn look(world: &Arc<World>, at: usize) -> Option<String> {
    let (tenant, report_id) = {
        let ledger = world.ledger();
        (ledger.asks[at].tenant, ledger.asks[at].report_id.clone()?)
    };
    let request = world.build("GET", &format!("/reports/{report_id}"), &[], &Value::Null);
    let Reply::Answer(answer) = world.request(tenant, None, request).await else { return None };
    if answer.status >= 500 {
        return None;
    }
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status == 404 && world.ledger().asks[at].dismissed {
        return Some("gone".to_owned());
    }
    let (Some(status), 200) = (said["status"].as_str(), answer.status) else {
        world.ledger().violation(format!("I3: report {report_id} is gone: {} {said}", answer.status));
        return None;
    };
    let ending =
        said["completed_at"].as_str().map(|at| Ending { status: status.to_owned(), completed_at: at.to_owned() });
    let mut ledger = world.ledger();
    let seen = ledger.asks[at].seen.clone();
    let erased = said["failure"]["code"] == "erased";
    if seen.is_some() && seen != ending && !erased {
        ledger.violation(format!("I3: report {report_id} had ended as {seen:?}, now it is {ending:?}"));
    }
    ledger.asks[at].seen = ending;
    Some(status.to_owned())
}

/// `DELETE` of a report, once; whether it arrived or not, it may be over from now on.
async fn dismiss(world: &Arc<World>, at: usize) {
    let (tenant, report_id) = {
        let mut ledger = world.ledger();
        ledger.asks[at].dismissed = true;
        (ledger.asks[at].tenant, ledger.asks[at].report_id.clone())
    };
    let Some(report_id) = report_id else { return };
    let request = world.build("DELETE", &format!("/reports/{report_id}"), &[], &Value::Null);
    let Reply::Answer(answer) = world.request(tenant, None, request).await else { return };
    let said = String::from_utf8_lossy(&answer.body).into_owned();
    if !matches!(answer.status, 200 | 204 | 404 | 500..) {
        world.ledger().violation(format!("DELETE /reports/{report_id}: {} {said}", answer.status));
    }
}

/// Asks for a report or an import of somebody else: it must be as if there were none.
pub async fn trespass(world: &Arc<World>, tenant: usize, id: &str) {
    let (what, paths) = if id.starts_with("imp_") {
        ("import", vec![format!("/data/imports/{id}")])
    } else {
        ("report", ["", "/rules", "/itemsets", "/customers"].map(|part| format!("/reports/{id}{part}")).to_vec())
    };
    for path in paths {
        let request = world.build("GET", &path, &[], &Value::Null);
        let Reply::Answer(answer) = world.request(tenant, None, request).await else { continue };
        let says = format!("no such {what}");
        let is_unknown = answer.status == 404 && String::from_utf8_lossy(&answer.body).contains(&says);
        if !is_unknown && answer.status < 500 {
            let who = TENANTS[tenant];
            world.ledger().violation(format!("I6: {who} asked for {path} of another tenant: {}", answer.status));
        }
    }
}
