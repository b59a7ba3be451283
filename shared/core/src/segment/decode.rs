//! Reads segments. Trusts nothing: whatever the bytes are, the answer is rows or a problem, never a panic.

use super::SegmentProblem;
use super::columns::RowGroup;
use super::rows::{Head, Run, SegmentRows};
use super::schema::{SCHEMA, VERSION, VERSION_KEY};
use crate::history::Line;
use bytes::Bytes;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use xxhash_rust::xxh3::xxh3_64;

/// Reads a segment; where the manifest's checksum is given, only bytes that have it.
pub fn decode(bytes: Bytes, expected_sha256: Option<&str>) -> Result<SegmentRows, SegmentProblem> {
    if let Some(expected) = expected_sha256 {
        let found = hex::encode(Sha256::digest(&bytes));
        if found != expected {
            return Err(SegmentProblem::Checksum { expected: expected.to_owned(), found });
        }
    }
    // The Parquet reader asserts some of its format's rules. A foreign file is our caller's problem, not a bug.
    catch_unwind(AssertUnwindSafe(|| read(bytes)))
        .unwrap_or_else(|_| Err(SegmentProblem::Corrupt("it breaks the rules of Parquet".to_owned())))
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

fn read(bytes: Bytes) -> Result<SegmentRows, SegmentProblem> {
    let file = SerializedFileReader::new(bytes)?;
    check_schema(file.metadata().file_metadata())?;
    let mut reading = Reading::default();
    for at in 0..file.num_row_groups() {
        let SegmentRows { customers, products, .. } = &mut reading.rows;
        let group = RowGroup::read(file.get_row_group(at)?.as_ref(), customers, products)?;
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

#[derive(Default)]
struct Reading {
    rows: SegmentRows,
}

impl Reading {
    fn row_group(&mut self, group: &RowGroup) -> Result<(), SegmentProblem> {
        self.rows.lines.reserve(group.len());
        let mut order = None;
        for at in 0..group.len() {
            let is_new =
                order != Some(group.orders[at]) && self.start_order(group.order_ids.get(group.orders[at] as usize))?;
            order = Some(group.orders[at]);
            self.row(group, at, is_new);
        }
        let too_many = |_| SegmentProblem::Corrupt("it has too many rows".to_owned());
        u32::try_from(self.rows.lines.len()).map(|_| ()).map_err(too_many)
    }

    fn row(&mut self, group: &RowGroup, at: usize, is_new_order: bool) {
        let rows = &mut self.rows;
        let head = Head {
            customer: group.customers[at],
            date: group.dates[at],
            received_at: group.received[at],
            sequence: group.sequences[at],
        };
        if is_new_order || rows.heads.last() != Some(&head) {
            rows.heads.push(head);
            rows.head_ends.push(0);
        }
        rows.lines.push(Line {
            product: group.products[at],
            quantity: group.quantities[at],
            amount: group.amounts[at],
        });
        *rows.head_ends.last_mut().expect("a head was begun") = rows.lines.len() as u32;
        rows.runs.last_mut().expect("an order was begun").heads_end = rows.heads.len() as u32;
    }

    /// Begins a run where the id is another one than before; whether it did.
    fn start_order(&mut self, id: &str) -> Result<bool, SegmentProblem> {
        let rows = &mut self.rows;
        let last = rows.runs.last().map(|run| (run.hash, rows.order_ids.get(rows.runs.len() - 1)));
        if last.is_some_and(|(_, last_id)| last_id == id) {
            return Ok(false);
        }
        let hash = xxh3_64(id.as_bytes());
        if last.is_some_and(|last| last > (hash, id)) {
            return Err(SegmentProblem::Corrupt("its rows are not sorted".to_owned()));
        }
        rows.order_ids.push(id);
        rows.runs.push(Run { hash, heads_end: rows.heads.len() as u32 });
        Ok(true)
    }
}
