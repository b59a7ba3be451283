//! Ranges of orders' hashes, and where each row group of a file stands among them: a note in the file's metadata, so
//! that a reader of one range looks at the row groups of that range alone.

use super::schema::{CUSTOMER_ERASURES_KEY, HASHES_KEY};
use super::{SegmentMeta, SegmentProblem, erase};
use parquet::file::metadata::{FileMetaData, KeyValue};

/// The least and the greatest `xxh3_64(order_id)` of a range.
pub type Hashes = (u64, u64);

pub(super) const ALL_HASHES: Hashes = (0, u64::MAX);

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
