//! Reads segments. Trusts nothing: whatever the bytes are, the answer is rows or a problem, never a panic.

use super::bounds::{ALL_HASHES, Bounds, Hashes, contains};
use super::columns::RowGroup;
use super::rows::{CustomerErasure, Head, Run, SegmentRows};
use super::schema::{SCHEMA, VERSION, VERSION_KEY};
use super::{SegmentProblem, erase};
use bytes::Bytes;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use xxhash_rust::xxh3::xxh3_64;

/// Reads a segment; where the manifest's checksum is given, only bytes that have it.
pub fn decode(bytes: Bytes, expected_sha256: Option<&str>) -> Result<SegmentRows, SegmentProblem> {
    if let Some(expected) = expected_sha256 {
        check_sum(&bytes, expected)?;
    }
    guarded(bytes, ALL_HASHES)
}

/// Reads the rows of the orders whose `xxh3_64(order_id)` lies in a range, both ends included, and every erasure of a
/// customer, which concerns all orders. Row groups outside the range are not looked at: the checksum vouches that the
/// file says truly where they stand.
pub fn decode_range(bytes: Bytes, sha256: &str, hashes: Hashes) -> Result<SegmentRows, SegmentProblem> {
    check_sum(&bytes, sha256)?;
    guarded(bytes, hashes)
}

/// Reads many segments at once, each with its sequence and checksum. On a problem, also where it stands.
pub fn decode_all(segments: Vec<(u64, Bytes, String)>) -> Result<Vec<(u64, SegmentRows)>, (usize, SegmentProblem)> {
    segments
        .into_par_iter()
        .enumerate()
        .map(|(at, (sequence, bytes, sha256))| match decode(bytes, Some(&sha256)) {
            Ok(rows) => Ok((sequence, rows)),
            Err(problem) => Err((at, problem)),
        })
        .collect()
}

fn check_sum(bytes: &Bytes, expected: &str) -> Result<(), SegmentProblem> {
    let found = hex::encode(Sha256::digest(bytes));
    if found == expected { Ok(()) } else { Err(SegmentProblem::Checksum { expected: expected.to_owned(), found }) }
}

/// The Parquet reader asserts some of its format's rules. A foreign file is our caller's problem, not a bug.
fn guarded(bytes: Bytes, hashes: Hashes) -> Result<SegmentRows, SegmentProblem> {
    catch_unwind(AssertUnwindSafe(|| read(bytes, hashes)))
        .unwrap_or_else(|_| Err(SegmentProblem::Corrupt("it breaks the rules of Parquet".to_owned())))
}

fn read(bytes: Bytes, hashes: Hashes) -> Result<SegmentRows, SegmentProblem> {
    let file = SerializedFileReader::new(bytes)?;
    let described = file.metadata().file_metadata();
    check_schema(described)?;
    let bounds = Bounds::of(described, file.num_row_groups())?;
    let mut reading = Reading { hashes, within: ALL_HASHES, rows: SegmentRows::default(), last_hash: 0 };
    for at in (0..file.num_row_groups()).filter(|at| bounds.may_concern(*at, hashes)) {
        let SegmentRows { customers, products, .. } = &mut reading.rows;
        let group = RowGroup::read(file.get_row_group(at)?.as_ref(), customers, products)?;
        reading.within = bounds.of_group(at);
        reading.row_group(&group)?;
    }
    Ok(reading.rows)
}

fn check_schema(file: &FileMetaData) -> Result<(), SegmentProblem> {
    let pairs = file.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
    let version = pairs.iter().find(|pair| pair.key == VERSION_KEY).and_then(|pair| pair.value.clone());
    if version.as_deref() != Some(VERSION.to_string().as_str()) {
        return Err(SegmentProblem::SchemaVersion(version));
    }
    if file.schema() != &**SCHEMA {
        return Err(SegmentProblem::Corrupt("its columns are not those of a segment".to_owned()));
    }
    Ok(())
}

struct Reading {
    /// The orders that are asked for.
    hashes: Hashes,
    /// Where the file says that the orders of the row group lie.
    within: Hashes,
    rows: SegmentRows,
    last_hash: u64,
}

/// What becomes of the rows of an order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Begins,
    /// It began before.
    GoesOn,
    /// It was not asked for.
    IsLeft,
}

impl Reading {
    fn row_group(&mut self, group: &RowGroup) -> Result<(), SegmentProblem> {
        self.rows.lines.reserve(group.len());
        let (mut at, mut last, mut order) = (0, None, Order::IsLeft);
        // Lines that were taken and not yet copied.
        let mut taken = 0..0;
        while at < group.len() {
            let stretch = at..group.stretch_end(at);
            at = stretch.end;
            let id = group.order_ids.get(group.orders[stretch.start] as usize);
            if id.is_empty() && self.erasures(group, &stretch) {
                continue;
            }
            let code = Some(group.orders[stretch.start]);
            order = match order {
                _ if last != code => self.order(id)?,
                Order::Begins => Order::GoesOn,
                same => same,
            };
            last = code;
            if order == Order::IsLeft {
                continue;
            }
            if taken.end != stretch.start {
                self.rows.lines.append(&group.lines, taken);
                taken = stretch.clone();
            }
            taken.end = stretch.end;
            self.head(group.head(stretch.start), order == Order::Begins, taken.len());
        }
        self.rows.lines.append(&group.lines, taken);
        let too_many = |_| SegmentProblem::Corrupt("it has too many rows".to_owned());
        u32::try_from(self.rows.lines.len()).map(|_| ()).map_err(too_many)
    }

    /// So many lines that are not copied yet end with this head's.
    fn head(&mut self, head: Head, is_new_order: bool, waiting: usize) {
        let rows = &mut self.rows;
        if is_new_order || rows.heads.last() != Some(&head) {
            rows.heads.push(head);
            rows.head_ends.push(0);
        }
        *rows.head_ends.last_mut().expect("a head was begun") = (rows.lines.len() + waiting) as u32;
        rows.runs.last_mut().expect("an order was begun").heads_end = rows.heads.len() as u32;
    }

    /// Begins a run where the id is another one than before.
    fn order(&mut self, id: &str) -> Result<Order, SegmentProblem> {
        let (rows, hash) = (&mut self.rows, xxh3_64(id.as_bytes()));
        if !contains(self.within, hash) {
            return Err(SegmentProblem::Corrupt("its row groups are not where it says".to_owned()));
        }
        let is_sorted = self.last_hash <= hash;
        self.last_hash = hash;
        let is_asked = contains(self.hashes, hash);
        let last = rows.runs.last().map(|run| (run.hash, rows.order_ids.get(rows.runs.len() - 1)));
        if !is_sorted || is_asked && last > Some((hash, id)) {
            return Err(SegmentProblem::Corrupt("its rows are not sorted".to_owned()));
        }
        if !is_asked {
            return Ok(Order::IsLeft);
        }
        if last == Some((hash, id)) {
            return Ok(Order::GoesOn);
        }
        rows.order_ids.push(id);
        rows.runs.push(Run { hash, heads_end: rows.heads.len() as u32 });
        Ok(Order::Begins)
    }

    /// Takes rows of the empty order id that erase a customer; whether they do.
    fn erasures(&mut self, group: &RowGroup, stretch: &Range<usize>) -> bool {
        let head = group.head(stretch.start);
        let Some((customer, erasure)) = head.customer.zip(self.rows.products.find(erase::PRODUCT)) else {
            return false;
        };
        if group.lines.products(stretch.clone()).iter().any(|product| *product != erasure) {
            return false;
        }
        let is_within = contains(self.hashes, erase::customers_hash());
        let Head { sequence, received_at, .. } = head;
        self.rows.erasures.push(CustomerErasure { customer, sequence, received_at, is_within });
        true
    }
}
