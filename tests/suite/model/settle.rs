//! How a history ends: time passes until all that is due was done. Then counts are exact, the bucket holds what the
//! manifest names and nothing else, and no name that was erased.

use super::deeds::{Deed, Place};
use super::ledger::Change;
use super::play::{Broken, HOUR_MS, MINUTE_MS, Play, lock};
use affinsy_app::ports::{DatasetRecord, LogId, Objects};
use affinsy_core::runs::RunId;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::collections::BTreeSet;

impl Play {
    pub(super) async fn settle(&mut self) -> Result<(), Broken> {
        for wait_ms in [0, 11 * MINUTE_MS, 61 * MINUTE_MS, 25 * HOUR_MS, 50 * HOUR_MS, 50 * HOUR_MS] {
            self.wait(wait_ms).await;
            for place in self.places.clone() {
                self.calmly(Deed::Tend(place)).await?;
            }
            self.calmly(Deed::Purge).await?;
            self.newest_are_right().await?;
        }
        let mut named = BTreeSet::new();
        for place in self.places.clone() {
            named.extend(self.settled(&place).await?);
        }
        if self.stage.objects_age {
            self.only_these_are_left(&named).await?;
            self.nothing_erased_is_left().await?;
        }
        Ok(())
    }

    async fn newest_are_right(&mut self) -> Result<(), Broken> {
        for place in self.places.clone() {
            let current = lock(&self.ledger).current(&place.tenant, place.dataset_id).map(newest);
            let head = self.head(&place).await;
            let stored = head.map(|head| (head.log(&place.tenant), head.sequence as usize));
            if stored != current {
                return self.broken(&format!("the head says {stored:?}, the ledger {current:?}"));
            }
            if let Some((log, sequence)) = current {
                self.calmly(Deed::Read(log, sequence)).await?;
            }
        }
        Ok(())
    }

    async fn head(&self, place: &Place) -> Option<DatasetRecord> {
        self.stage.book.head(&place.tenant, place.dataset_id).await.expect("the head can be read")
    }

    /// A dataset that was left alone is one settled run, and counted; the keys of its segments.
    async fn settled(&self, place: &Place) -> Result<Vec<String>, Broken> {
        let Some(head) = self.head(place).await else { return Ok(Vec::new()) };
        let [run] = &head.runs[..] else { return self.broken(&format!("{place:?} is not settled: {head:#?}")) };
        if !run.settled || run.last != head.sequence || !head.retired.is_empty() {
            return self.broken(&format!("{place:?} is not settled: {head:#?}"));
        }
        let log = head.log(&place.tenant);
        self.counts_are_exact(&head, &log)?;
        self.manifest_is_one_run(&log, run.id, head.sequence).await
    }

    fn counts_are_exact(&self, head: &DatasetRecord, log: &LogId) -> Result<(), Broken> {
        let orders = lock(&self.ledger).logs[log].orders_at(head.sequence as usize);
        let lines: usize = orders.values().map(|order| order.lines.len()).sum();
        let customers: BTreeSet<_> = orders.values().filter_map(|order| order.customer.as_ref()).collect();
        let products: BTreeSet<_> = orders.values().flat_map(|order| order.lines.keys()).collect();
        let expected =
            (head.sequence, orders.len() as u64, lines as u64, customers.len() as u64, products.len() as u64);
        let counted = head.counts.as_ref().map(|c| (c.sequence, c.orders, c.line_items, c.customers, c.products));
        if counted == Some(expected) {
            Ok(())
        } else {
            self.broken(&format!("counted {counted:?}, there are {expected:?}"))
        }
    }

    async fn manifest_is_one_run(&self, log: &LogId, run: RunId, sequence: u64) -> Result<Vec<String>, Broken> {
        let book = &self.stage.book;
        let pushes = book.segments(log, 1, sequence).await.expect("the manifest can be read");
        let runs = book.stored_runs(log).await.expect("the manifest can be read");
        if !pushes.is_empty() || runs != [run] {
            return self.broken(&format!("{} pushes and the runs {runs:?} are left", pushes.len()));
        }
        let segments = book.run_segments(log, run).await.expect("the manifest can be read");
        Ok(segments.into_iter().map(|segment| segment.key).collect())
    }

    async fn only_these_are_left(&self, named: &BTreeSet<String>) -> Result<(), Broken> {
        let keys = keys(&*self.stage.objects).await;
        // Of a first push that died nobody knows the dataset, so nobody looks for its segment.
        let was = |key: &String| lock(&self.ledger).logs.keys().any(|log| key.contains(&log.incarnation));
        let segments: BTreeSet<String> = keys.into_iter().filter(|key| key.ends_with(".parquet") && was(key)).collect();
        if segments == *named {
            return Ok(());
        }
        let (over, missing): (Vec<_>, Vec<_>) =
            (segments.difference(named).collect(), named.difference(&segments).collect());
        self.broken(&format!("orphans {over:?}, missing {missing:?}"))
    }

    /// No segment of a dataset names an order or customer that was erased and never came again.
    async fn nothing_erased_is_left(&self) -> Result<(), Broken> {
        let logs: Vec<(LogId, Vec<String>)> = {
            let ledger = lock(&self.ledger);
            let alive = ledger.logs.iter().filter(|(_, log)| log.deleted_at.is_none());
            alive.map(|(id, log)| (id.clone(), erased(log.entries.iter().map(|entry| &entry.change)))).collect()
        };
        for (log, erased) in logs {
            for prefix in [log.segments_prefix(), log.table_prefix()] {
                for key in keys(&*self.stage.objects).await.iter().filter(|key| key.starts_with(&prefix)) {
                    let bytes = self.stage.objects.read(key).await.expect("objects can be read").expect("is listed");
                    let texts = if key.ends_with(".parquet") { texts(bytes) } else { BTreeSet::new() };
                    if let Some(name) = erased.iter().find(|name| texts.contains(*name)) {
                        return self.broken(&format!("{key} still names {name:?}"));
                    }
                }
            }
        }
        Ok(())
    }
}

fn newest((log, own): (&LogId, &super::ledger::LogLedger)) -> (LogId, usize) {
    (log.clone(), own.entries.len())
}

/// Names that were erased and that no later push names.
fn erased<'c>(changes: impl DoubleEndedIterator<Item = &'c Change>) -> Vec<String> {
    let (mut came_later, mut erased) = (BTreeSet::new(), Vec::new());
    for change in changes.rev() {
        match change {
            Change::Push(push, _) => came_later.extend(
                push.orders.iter().flat_map(|order| std::iter::once(order.id).chain(order.customer)).map(str::to_owned),
            ),
            Change::EraseOrder(name) | Change::EraseCustomer(name) if !came_later.contains(name) => {
                erased.push(name.clone());
            }
            Change::EraseOrder(_) | Change::EraseCustomer(_) => {}
        }
    }
    erased
}

async fn keys(objects: &dyn Objects) -> Vec<String> {
    let (mut keys, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = objects.list("", after.as_deref()).await.expect("the bucket can be listed");
        keys.extend(page.items.into_iter().map(|object| object.key));
        match page.next_after {
            Some(next) => after = Some(next),
            None => return keys,
        }
    }
}

/// Every text in a segment, read by Parquet's own reader.
fn texts(segment: Bytes) -> BTreeSet<String> {
    let file = SerializedFileReader::new(segment).expect("a Parquet file");
    let mut texts = BTreeSet::new();
    for row in file.get_row_iter(None).expect("rows") {
        let row = row.expect("a row");
        texts.extend(row.get_column_iter().filter_map(|(_, field)| match field {
            Field::Str(text) => Some(text.clone()),
            _ => None,
        }));
    }
    texts
}
