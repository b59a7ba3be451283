//! The obvious model of the order store: what was committed, in its order, kept for ever, and read with a loop over
//! a map. Knows the law of the store, and nothing of segments, runs or compaction.

use super::sent::{DAY_MICROS, FIRST_DAY, Push, SentOrder};
use affinsy_app::ports::LogId;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use std::collections::BTreeMap;

/// What one sequence did to a dataset.
#[derive(Debug, Clone)]
pub enum Change {
    /// A push, received at this time (microseconds).
    Push(Push, i64),
    EraseOrder(String),
    EraseCustomer(String),
}

/// Orders by id, as a reader sees them.
pub type Orders = BTreeMap<String, Order>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub customer: Option<String>,
    /// Microseconds.
    pub date: i64,
    /// Quantity in thousandths and amount in billionths, by product.
    pub lines: BTreeMap<String, (i64, Option<i128>)>,
}

/// One row that somebody sent: never changed but by the erasure of its customer.
#[derive(Debug, Clone)]
struct Row {
    product: String,
    quantity: i64,
    amount: Option<i128>,
    customer: Option<String>,
    date: Option<i64>,
    received: Option<i64>,
}

/// What is read after these changes.
pub fn orders_after<'c>(changes: impl IntoIterator<Item = &'c Change>) -> Orders {
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Push(push, received) => pushed_rows(push, *received).into_iter().for_each(|(order, sent)| {
                rows.entry(order).or_default().extend(sent);
            }),
            Change::EraseOrder(order) => drop(rows.remove(order)),
            Change::EraseCustomer(customer) => rows
                .values_mut()
                .flatten()
                .filter(|row| row.customer.as_ref() == Some(customer))
                .for_each(|row| *row = removed(row)),
        }
    }
    rows.into_iter().filter_map(|(id, rows)| Some((id, order(&rows)?))).collect()
}

/// A row whose customer was erased: it takes its line away, as it took older values away, and says nothing else.
fn removed(row: &Row) -> Row {
    Row { product: row.product.clone(), quantity: 0, amount: None, customer: None, date: None, received: None }
}

/// From all rows of an order, oldest first: of each product the last, and none where that one is a removal.
fn order(rows: &[Row]) -> Option<Order> {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    rows.iter().enumerate().for_each(|(at, row)| {
        last.insert(&row.product, at);
    });
    last.retain(|_, at| rows[*at].quantity != 0);
    let newest = last.values().max()?;
    let date = rows.iter().rev().find_map(|row| row.date);
    let received = rows.iter().filter_map(|row| row.received).min();
    let lines = last.iter().map(|(name, at)| ((*name).to_owned(), (rows[*at].quantity, rows[*at].amount)));
    Some(Order { customer: rows[*newest].customer.clone(), date: date.or(received)?, lines: lines.collect() })
}

/// The rows of a push: an order that stands in it twice is one, with its last customer and its last date; the same
/// product twice adds up.
fn pushed_rows(push: &Push, received: i64) -> Vec<(String, Vec<Row>)> {
    let mut ids: Vec<&str> = push.orders.iter().map(|order| order.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(|id| (id.to_owned(), order_rows(push, id, received))).collect()
}

fn order_rows(push: &Push, id: &str, received: i64) -> Vec<Row> {
    let parts: Vec<&SentOrder> = push.orders.iter().filter(|order| order.id == id).collect();
    let customer = parts.last().and_then(|order| order.customer).map(str::to_owned);
    let day = parts.iter().rev().find_map(|order| order.day);
    let mut sums: BTreeMap<&str, (i64, Vec<Part>)> = BTreeMap::new();
    for line in parts.iter().flat_map(|order| &order.lines) {
        let (sum, lines) = sums.entry(line.product).or_default();
        *sum += line.quantity;
        lines.push((line.quantity, line.price));
    }
    let row = |(product, (quantity, lines)): (&str, (i64, Vec<Part>))| Row {
        product: product.to_owned(),
        quantity,
        amount: amount(&lines),
        customer: customer.clone(),
        date: day.map(|day| FIRST_DAY + i64::from(day) * DAY_MICROS),
        received: Some(received),
    };
    sums.into_iter().map(row).collect()
}

/// Quantity and price of one line as it was sent.
type Part = (i64, Option<i64>);

/// Unknown where nothing has a price, or a purchase has none.
fn amount(lines: &[Part]) -> Option<i128> {
    let unpriced_purchase = lines.iter().any(|(quantity, price)| price.is_none() && *quantity > 0);
    let priced = lines.iter().filter_map(|(quantity, price)| Some(i128::from(*quantity) * i128::from((*price)?)));
    (lines.iter().any(|(_, price)| price.is_some()) && !unpriced_purchase).then(|| priced.sum())
}

/// One change with what the harness knows of it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub change: Change,
    pub import_id: Option<String>,
    pub at: Instant,
}

/// All that was committed to one incarnation of a dataset; entry 0 has sequence 1.
#[derive(Debug, Default)]
pub struct LogLedger {
    pub entries: Vec<Entry>,
    pub deleted_at: Option<Instant>,
}

/// All that was ever committed, and what of it broke the rules.
#[derive(Debug, Default)]
pub struct Ledger {
    pub logs: BTreeMap<LogId, LogLedger>,
    pub problems: Vec<String>,
}

impl Ledger {
    pub fn committed(&mut self, log: &LogId, sequence: u64, change: Option<Change>, import: Option<&str>, at: Instant) {
        let own = self.logs.entry(log.clone()).or_default();
        if own.deleted_at.is_some() {
            self.problems.push(format!("{log:?} took sequence {sequence} after it was deleted"));
        }
        if sequence != own.entries.len() as u64 + 1 {
            let next = own.entries.len() + 1;
            self.problems.push(format!("{log:?} gave sequence {sequence} where {next} is next"));
        }
        match change {
            Some(change) => own.entries.push(Entry { change, import_id: import.map(str::to_owned), at }),
            None => self.problems.push(format!("{log:?} took sequence {sequence} from who commits nothing")),
        }
    }

    pub fn deleted(&mut self, log: &LogId, at: Instant) {
        let own = self.logs.entry(log.clone()).or_default();
        if own.deleted_at.replace(at).is_some() {
            self.problems.push(format!("{log:?} was deleted twice"));
        }
    }

    /// The incarnation that a dataset's name stands for now.
    pub fn current(&self, tenant: &Tenant, dataset_id: &str) -> Option<(&LogId, &LogLedger)> {
        let named = |log: &LogId| log.tenant == *tenant && log.dataset_id == dataset_id;
        self.logs.iter().find(|(log, own)| named(log) && own.deleted_at.is_none())
    }

    /// How often an import was committed, in all.
    pub fn commits_of(&self, import_id: &str) -> usize {
        let entries = self.logs.values().flat_map(|log| &log.entries);
        entries.filter(|entry| entry.import_id.as_deref() == Some(import_id)).count()
    }
}

impl LogLedger {
    /// What a reader of the snapshot at a sequence sees.
    pub fn orders_at(&self, sequence: usize) -> Orders {
        orders_after(self.entries[..sequence].iter().map(|entry| &entry.change))
    }

    /// The sequences that a report may still need: the newest, and each that was the newest within the last
    /// `kept_ms`.
    pub fn readable(&self, now: Instant, kept_ms: i64) -> std::ops::RangeInclusive<usize> {
        let newest = self.entries.len();
        let replaced_long_ago = |entry: &&Entry| entry.at.plus_ms(kept_ms) <= now;
        // Sequence s stopped being the newest when entry s (of sequence s + 1) came.
        let first = self.entries.iter().take_while(replaced_long_ago).count();
        first.min(newest)..=newest
    }
}
