//! Writes the demo's orders as an open table into an empty folder, as compaction publishes them: version 0 is all
//! pushes of the file, compacted; version 1 comes after updates, removals and erasures, compacted again. `tests/delta`
//! reads it as others do.
//!
//! What came after version 0, by the orders' ids: of those that end in 7 the first product was sent again, 7 pieces at
//! 1.25, on a later date, and where they end in 27 under another customer; of those that end in 3 the last product was
//! removed; those that end in 99 were erased, and so were two customers; two new orders came.
//!
//! `cargo run --release -p affinsy-core --example open_table -- FOLDER [--no-checkpoint]`

#[path = "report_speed/orders.rs"]
mod orders;

use affinsy_core::decimal::{Price, Quantity};
use affinsy_core::delta::{self, DataFile, Published, Settled, Table};
use affinsy_core::history::History;
use affinsy_core::order::{BatchBuilder, LineDraft};
use affinsy_core::segment::{self, Compacted, EncodedSegment, Merge, Removals};
use affinsy_core::time::Instant;
use bytes::Bytes;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

const ERASED_CUSTOMERS: [&str; 2] = ["17850", "14911"];
const LATER: Instant = Instant::from_unix_ms(1_760_000_000_000);
const TABLE: Table<'_> = Table { incarnation: "inc_open", dataset_id: "online-retail", created_at: LATER };

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let checkpoints = arguments.next().is_none();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/online_retail.parquet");
    let pushes = orders::segments(file, 1)?;
    let first = settled(&Compacted::default(), &pushes, 0, 2)?;
    let mut table = Writer { folder: Path::new(&folder), newest: None, checkpoints };
    table.publish(1, pushes.len(), &first.live)?;
    let later = later(&of_run(&first)?.finish());
    let second = settled(&first, &later, pushes.len(), 3)?;
    table.publish(2, pushes.len() + later.len(), &second.live)
}

/// A settled run and the pushes after it, compacted into the next.
fn settled(
    run: &Compacted,
    pushes: &[EncodedSegment],
    before: usize,
    bucket_bits: u32,
) -> Result<Compacted, Box<dyn Error>> {
    let mut merge = of_run(run)?;
    for (push, sequence) in pushes.iter().zip(before as u64 + 1..) {
        merge.add(sequence, segment::decode(Bytes::from(push.bytes.clone()), None)?);
    }
    Ok(merge.compact(bucket_bits, Removals::Drop))
}

/// Rows of a run carry their own sequences.
fn of_run(run: &Compacted) -> Result<Merge, Box<dyn Error>> {
    let mut merge = Merge::default();
    for segment in run.live.iter().chain(&run.gone) {
        merge.add(0, segment::decode(Bytes::from(segment.bytes.clone()), None)?);
    }
    Ok(merge)
}

/// Four pushes: updates and new orders, removals, erased orders, erased customers.
fn later(history: &History) -> Vec<EncodedSegment> {
    let (mut sent, mut removed, mut erased) = (BatchBuilder::default(), BatchBuilder::default(), Vec::new());
    for (at, order) in history.orders().iter().enumerate() {
        let (id, own) = (history.order_id(at), order.customer.map(|code| history.customer(code)));
        let products = || history.lines(order).map(|line| history.product(line.product));
        match id.as_bytes() {
            [.., b'2', b'7'] => send(&mut sent, id, Some("moved"), products().min(), "7"),
            [.., b'7'] => send(&mut sent, id, own, products().min(), "7"),
            [.., b'3'] => send(&mut removed, id, own, products().max(), "0"),
            [.., b'9', b'9'] => erased.push(id),
            _ => {}
        }
    }
    let product = sent.product("NEW \u{201c}ÄÖ\u{201d}, 0.125 kg; null");
    let line =
        |quantity: &str, price| LineDraft { product, quantity: Quantity::parse(quantity).expect("a number"), price };
    sent.order("new-dated", None, Some(Instant(LATER.0 + 1)), &[line("0.125", None)]);
    sent.order("new-undated", Some("new"), None, &[line("-1.5", Some(price("0.000001")))]);
    let encode = |batch: BatchBuilder| segment::encode_batch(&batch.build().0, LATER);
    let erasures = [segment::encode_erasure(erased, LATER), segment::encode_customer_erasure(ERASED_CUSTOMERS, LATER)];
    [encode(sent), encode(removed)].into_iter().chain(erasures).collect()
}

fn send(batch: &mut BatchBuilder, id: &str, customer: Option<&str>, product: Option<&str>, quantity: &str) {
    let Some(product) = product else { return };
    let line = LineDraft {
        product: batch.product(product),
        quantity: Quantity::parse(quantity).expect("a number"),
        price: Some(price("1.25")),
    };
    batch.order(id, customer, Some(LATER), &[line]);
}

fn price(text: &str) -> Price {
    Price::parse(text).expect("a price")
}

/// Writes as the object store does: nothing is written over.
struct Writer<'a> {
    folder: &'a Path,
    newest: Option<Published>,
    checkpoints: bool,
}

impl Writer<'_> {
    fn publish(&mut self, generation: u64, sequence: usize, run: &[EncodedSegment]) -> Result<(), Box<dyn Error>> {
        let mut files = Vec::new();
        for (bucket, segment) in run.iter().enumerate() {
            let key = format!("{generation:06}-{generation:06}-{bucket:04}.parquet");
            self.create(&key, &segment.bytes)?;
            let dates = segment.meta.min_date.map(Instant).zip(segment.meta.max_date.map(Instant));
            let (bytes, rows) = (segment.meta.bytes, segment.meta.rows);
            files.push(DataFile { path: key, bytes, modified_at: LATER, rows, dates });
        }
        let settled = Settled { generation, sequence: sequence as u64, files };
        let commit = delta::next_commit(&TABLE, self.newest.as_ref(), &settled, LATER).ok_or("nothing new")?;
        self.create(&commit.path, commit.text.as_bytes())?;
        let published = Published::read(commit.version, &commit.text)?;
        if self.checkpoints {
            let checkpoint = delta::checkpoint(&TABLE, &published);
            self.create(&checkpoint.path, &checkpoint.bytes)?;
            fs::write(self.folder.join(delta::Checkpoint::POINTER), checkpoint.pointer)?;
        }
        let rows: u64 = run.iter().map(|segment| segment.meta.rows).sum();
        println!("version {}: {} files, {rows} rows", commit.version, run.len());
        self.newest = Some(published);
        Ok(())
    }

    fn create(&self, path: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().ok_or("a file stands in a folder")?)?;
        Ok(File::create_new(&path)?.write_all(bytes)?)
    }
}
