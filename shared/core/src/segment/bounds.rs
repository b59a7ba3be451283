//! Ranges of orders' hashes, and where each row group of a file stands among them: a note in the file's metadata, so
//! that a reader of one range looks at the row groups of that range alone.

use super::compact::{MAX_BUCKET_BITS, bucket_hashes};
use super::schema::{CUSTOMER_ERASURES_KEY, HASHES_KEY, ROW_GROUP_ROWS};
use super::{SegmentMeta, SegmentProblem, erase};
use parquet::file::metadata::{FileMetaData, KeyValue};

/// The least and the greatest `xxh3_64(order_id)` of a range.
pub type Hashes = (u64, u64);

pub const ALL_HASHES: Hashes = (0, u64::MAX);

pub(super) fn contains((first, last): Hashes, hash: u64) -> bool {
    (first..=last).contains(&hash)
}

fn overlap(a: Hashes, b: Hashes) -> bool {
    a.0 <= b.1 && b.0 <= a.1
}

impl SegmentMeta {
    /// Whether the segment may say something of the orders of a range: a reader of the range can leave others out.
    /// An erasure of a customer concerns all orders, wherever it stands.
    pub fn may_concern(&self, hashes: Hashes) -> bool {
        self.erases || overlap((self.min_hash, self.max_hash), hashes)
    }
}

/// The ranges in which to read segments, of each its hashes and its rows, so that a range's rows are no more than a good million: each can be merged on
/// its own (`history::HistoryJoin`). A segment that reaches into several ranges is read for each of them, a row group at
/// least; where that would add a quarter to the work, the ranges stay wider.
pub fn scan_ranges(segments: impl Iterator<Item = (Hashes, u64)> + Clone) -> Vec<Hashes> {
    const ROWS: u64 = 1_000_000;
    let rows: u64 = segments.clone().map(|(_, rows)| rows).sum();
    let again = |bits| segments.clone().map(|segment| rows_read_again(segment, bits)).sum::<u64>();
    let finer = |bits: &u32| rows >> (bits - 1) > ROWS && again(*bits) <= rows / 4;
    let bits = (1..=MAX_BUCKET_BITS).take_while(finer).last().unwrap_or(0);
    (0..1 << bits).map(|at| bucket_hashes(at, bits)).collect()
}

fn rows_read_again(((min_hash, max_hash), rows): (Hashes, u64), bits: u32) -> u64 {
    let bucket = |hash: u64| hash >> (u64::BITS - bits);
    let times = bucket(max_hash).saturating_sub(bucket(min_hash));
    times * rows.min(ROW_GROUP_ROWS as u64)
}

/// Where the row groups of a file stand.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// In the order of the row groups; `None` where the file does not say.
    groups: Option<Vec<Hashes>>,
    erases_customers: bool,
}

impl Bounds {
    pub fn push(&mut self, hashes: Hashes) {
        self.groups.get_or_insert_default().push(hashes);
    }

    pub fn erases_customers(&mut self) {
        self.erases_customers = true;
    }

    /// As a file's metadata.
    pub fn pairs(&self) -> impl Iterator<Item = KeyValue> {
        let text = |(first, last): &Hashes| format!("{first:016x}-{last:016x}");
        let groups = self.groups.iter().map(move |groups| groups.iter().map(text).collect::<Vec<_>>().join(","));
        let erases = self.erases_customers.then(|| KeyValue::new(CUSTOMER_ERASURES_KEY.to_owned(), "1".to_owned()));
        groups.map(|text| KeyValue::new(HASHES_KEY.to_owned(), text)).chain(erases)
    }

    pub fn of(file: &FileMetaData, row_groups: usize) -> Result<Self, SegmentProblem> {
        let pairs = file.key_value_metadata().map(Vec::as_slice).unwrap_or_default();
        let value =
            |key| pairs.iter().find(|pair| pair.key == key).map(|pair| pair.value.as_deref().unwrap_or_default());
        let erases_customers = value(CUSTOMER_ERASURES_KEY).is_some();
        let Some(text) = value(HASHES_KEY) else { return Ok(Self { groups: None, erases_customers }) };
        let groups: Option<Vec<Hashes>> = text.split(',').map(parsed).collect();
        match groups.filter(|groups| groups.len() == row_groups) {
            Some(groups) => Ok(Self { groups: Some(groups), erases_customers }),
            None => Err(SegmentProblem::Corrupt(format!("its {HASHES_KEY} do not name each of its row groups"))),
        }
    }

    pub fn of_group(&self, at: usize) -> Hashes {
        self.groups.as_ref().map_or(ALL_HASHES, |groups| groups[at])
    }

    pub fn may_concern(&self, at: usize, hashes: Hashes) -> bool {
        let group = self.of_group(at);
        overlap(group, hashes) || self.erases_customers && contains(group, erase::customers_hash())
    }
}

fn parsed(text: &str) -> Option<Hashes> {
    let (first, last) = text.split_once('-')?;
    Some((u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(last, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(segments: &[(Hashes, u64)], expected: usize) {
        assert_eq!(scan_ranges(segments.iter().copied()).len(), expected);
    }

    #[test]
    fn ranges_are_as_fine_as_pays() {
        let buckets = |bits: u32, rows| (0..1u64 << bits).map(|at| (bucket_hashes(at, bits), rows)).collect::<Vec<_>>();
        let pushes = |count| vec![(ALL_HASHES, 10_000); count];
        check(&[], 1);
        check(&buckets(1, 400_000), 1);
        check(&buckets(4, 400_000), 8);
        check(&[buckets(4, 400_000), pushes(10)].concat(), 8);
        check(&[buckets(4, 400_000), pushes(100)].concat(), 2);
        check(&pushes(1_000), 1);
        check(&buckets(MAX_BUCKET_BITS, 4_000_000), 1 << MAX_BUCKET_BITS);
    }
}
