//! Where a history is played: the ports of the store, a clock that the play moves, and random names.

use super::faults::Faults;
use super::faulty::{Book, FaultyBook, FaultyObjects};
use super::ledger::{Change, Ledger, Order, Orders};
use super::sabotage::Sabotage;
use crate::kit::NOW;
use affinsy_app::memory::{MemoryBook, MemoryClock, MemoryObjects, SeededRandom};
use affinsy_app::ports::{Clock, DueIndex, LogId, Objects, OrderLog, ReportBook};
use affinsy_app::snapshot::{self, SnapshotError};
use affinsy_core::history::History;
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub struct Stage {
    pub book: Arc<dyn Book>,
    pub reports: Arc<dyn ReportBook>,
    pub due: Arc<dyn DueIndex>,
    pub objects: Arc<dyn Objects>,
    pub clock: Arc<MemoryClock>,
    pub random: Arc<SeededRandom>,
    /// Objects grow old as the clock goes, so that orphans can be waited for.
    pub objects_age: bool,
    pub sabotage: Sabotage,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stage")
    }
}

impl Stage {
    pub fn memory(seed: u64) -> Self {
        let (book, clock) = (Arc::new(MemoryBook::default()), Arc::new(MemoryClock::at(NOW)));
        Self {
            book: book.clone(),
            reports: book.clone(),
            due: book,
            objects: Arc::new(MemoryObjects::with_clock(clock.clone())),
            clock,
            random: Arc::new(SeededRandom::new(seed)),
            objects_age: true,
            sabotage: Sabotage::Nothing,
        }
    }

    pub fn now(&self) -> affinsy_core::time::Instant {
        self.clock.now()
    }

    /// The ports as one process sees them; what it commits is `change`.
    pub fn seen_by(&self, faults: Faults, ledger: &Arc<Mutex<Ledger>>, change: Option<Change>) -> Seen {
        let objects = FaultyObjects { objects: Arc::clone(&self.objects), faults: faults.clone() };
        let (book, clock) = (Arc::clone(&self.book), Arc::clone(&self.clock));
        let (ledger, sabotage) = (Arc::clone(ledger), self.sabotage);
        let book = FaultyBook { book, faults, ledger, clock, change, sabotage };
        Seen { book: Arc::new(book), objects: Arc::new(objects) }
    }
}

/// The faulty ports of one process.
#[derive(Clone)]
pub struct Seen {
    pub book: Arc<FaultyBook>,
    pub objects: Arc<dyn Objects>,
}

/// What a report would see of a snapshot.
pub async fn read(
    log: &LogId,
    sequence: u64,
    book: &dyn OrderLog,
    objects: &Arc<dyn Objects>,
) -> Result<Orders, SnapshotError> {
    Ok(orders(&snapshot::load(log, sequence, book, objects).await?))
}

fn orders(history: &History) -> Orders {
    let order = |(at, order): (usize, &affinsy_core::history::OrderHeader)| {
        let line = |line: affinsy_core::history::Line| {
            let amount = line.amount.map(affinsy_core::decimal::Amount::billionths);
            (history.product(line.product).to_owned(), (line.quantity.thousandths(), amount))
        };
        let customer = order.customer.map(|code| history.customer(code).to_owned());
        let lines = history.lines(order).map(line).collect();
        (history.order_id(at).to_owned(), Order { customer, date: order.date.0, lines })
    };
    history.orders().iter().enumerate().map(order).collect()
}
