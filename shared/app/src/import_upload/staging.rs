//! Lines on their way: read from a file, apart by partition, not yet orders. A partition holds the orders of one range
//! of hashes, so that its orders can be put together in bounded memory wherever their rows stand in the file.

use affinsy_core::decimal::{Price, Quantity};
use affinsy_core::import::Line;
use affinsy_core::order::{BatchBuilder, LineDraft, Notes, OrderBatch};
use affinsy_core::time::Instant;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// The lines of all partitions that no object holds yet, and the rows that were rejected.
#[derive(Debug)]
pub struct Staging {
    partitions: Vec<Vec<u8>>,
    rejects: Vec<u8>,
    bytes: usize,
}

/// Fast, and a third of the size: what is staged is read once, soon.
const ZSTD_LEVEL: i32 = 1;
const OFFSET_BYTES: usize = 8;

impl Staging {
    pub fn new(partitions: u32) -> Self {
        Self { partitions: vec![Vec::new(); partitions.max(1) as usize], rejects: Vec::new(), bytes: 0 }
    }

    pub fn add(&mut self, line: &Line<'_>) {
        let at = partition_of(line.order_id, self.partitions.len());
        let block = &mut self.partitions[at];
        let before = block.len();
        write_line(block, line);
        self.bytes += block.len() - before;
    }

    /// Adds rows of the list of rejects, as they will stand there.
    pub fn add_rejects(&mut self, rows: &[u8]) {
        self.rejects.extend_from_slice(rows);
        self.bytes += rows.len();
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// One object of all blocks, each packed on its own, and where each ends; afterwards nothing is held.
    pub fn take(&mut self) -> std::io::Result<Vec<u8>> {
        let (mut object, mut ends) = (Vec::new(), Vec::new());
        for block in self.partitions.iter_mut().chain([&mut self.rejects]) {
            if !block.is_empty() {
                object.append(&mut zstd::bulk::compress(block, ZSTD_LEVEL)?);
                *block = Vec::new();
            }
            ends.push(object.len() as u64);
        }
        ends.iter().for_each(|end| object.extend_from_slice(&end.to_le_bytes()));
        self.bytes = 0;
        Ok(object)
    }
}

/// Which block of a staged object holds what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    Partition(u32),
    Rejects,
}

/// Where the blocks of one staged object lie.
#[derive(Debug, Clone)]
pub struct Blocks(Vec<u64>);

impl Blocks {
    /// How many bytes at an object's end tell where its blocks lie.
    pub fn index_bytes(partitions: u32) -> u64 {
        (u64::from(partitions) + 1) * OFFSET_BYTES as u64
    }

    pub fn read(index: &[u8]) -> Self {
        let end = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes each"));
        Self(index.chunks_exact(OFFSET_BYTES).map(end).collect())
    }

    /// Start and length; `None` where nothing was staged.
    pub fn range(&self, block: Block) -> Option<(u64, u64)> {
        let at = match block {
            Block::Partition(at) => at as usize,
            Block::Rejects => self.0.len().checked_sub(1)?,
        };
        let start = if at == 0 { 0 } else { *self.0.get(at - 1)? };
        let end = *self.0.get(at)?;
        (end > start).then(|| (start, end - start))
    }
}

/// A block's own bytes, if they are no more than `most`.
pub fn unpacked(block: &[u8], most: usize) -> std::io::Result<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(block).ok().flatten().unwrap_or(u64::MAX);
    let size = usize::try_from(size).ok().filter(|size| *size <= most);
    let size = size.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::OutOfMemory))?;
    zstd::bulk::decompress(block, size)
}

/// The partitions divide the hashes evenly, in their order.
fn partition_of(order_id: &str, partitions: usize) -> usize {
    ((u128::from(xxh3_64(order_id.as_bytes())) * partitions as u128) >> 64) as usize
}

/// The first and the last hash of a partition.
pub fn hashes_of(partition: u32, partitions: u32) -> (u64, u64) {
    let first = |partition: u32| (u128::from(partition) << 64).div_ceil(u128::from(partitions.max(1)));
    (first(partition) as u64, (first(partition + 1) - 1) as u64)
}

const HAS_CUSTOMER: u8 = 1;
const HAS_DATE: u8 = 2;
const HAS_PRICE: u8 = 4;

fn write_line(out: &mut Vec<u8>, line: &Line<'_>) {
    let has = |flag: u8, it: bool| if it { flag } else { 0 };
    out.push(
        has(HAS_CUSTOMER, line.customer_id.is_some())
            | has(HAS_DATE, line.order_date.is_some())
            | has(HAS_PRICE, line.unit_price.is_some()),
    );
    write_text(out, line.order_id);
    write_text(out, line.product_name);
    out.extend_from_slice(&line.quantity.thousandths().to_le_bytes());
    line.customer_id.into_iter().for_each(|id| write_text(out, id));
    line.order_date.into_iter().for_each(|date| out.extend_from_slice(&date.0.to_le_bytes()));
    line.unit_price.into_iter().for_each(|price| out.extend_from_slice(&price.millionths().to_le_bytes()));
}

/// Ids and names are far shorter than 64 kB.
fn write_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Hands out what [`write_line`] wrote.
struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
    fn text(&mut self) -> Option<&'a str> {
        let length = u16::from_le_bytes(self.bytes(2)?.try_into().ok()?);
        std::str::from_utf8(self.bytes(length.into())?).ok()
    }
    fn integer(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }
    /// `None` where the bytes are none of ours.
    fn line(&mut self) -> Option<Line<'a>> {
        let flags = self.bytes(1)?[0];
        let (order_id, product_name) = (self.text()?, self.text()?);
        let quantity = Quantity::from_thousandths(self.integer()?);
        let customer_id = if flags & HAS_CUSTOMER == 0 { None } else { Some(self.text()?) };
        let order_date = if flags & HAS_DATE == 0 { None } else { Some(Instant(self.integer()?)) };
        let unit_price = if flags & HAS_PRICE == 0 { None } else { Price::from_millionths(self.integer()?).ok() };
        Some(Line { number: 0, order_id, customer_id, order_date, product_name, unit_price, quantity })
    }
}

/// What the rows of one order say together: of customer and date the first that one of them names.
#[derive(Default)]
struct Gathered<'a> {
    customer: Option<&'a str>,
    date: Option<Instant>,
    lines: Vec<LineDraft>,
}

/// The orders of one partition, from its blocks in the file's order, without those that `is_gone` takes by id and
/// customer, and how many lines these had; `None` where a block is none of ours.
pub fn orders(blocks: &[Vec<u8>], is_gone: impl Fn(&str, Option<&str>) -> bool) -> Option<(OrderBatch, Notes, u64)> {
    let mut builder = BatchBuilder::default();
    let (mut orders, mut at): (Vec<(&str, Gathered<'_>)>, HashMap<&str, usize>) = Default::default();
    for block in blocks {
        let mut lines = Lines(block);
        while !lines.0.is_empty() {
            let line = lines.line()?;
            let at = *at.entry(line.order_id).or_insert_with(|| {
                orders.push((line.order_id, Gathered::default()));
                orders.len() - 1
            });
            let order = &mut orders[at].1;
            order.customer = order.customer.or(line.customer_id);
            order.date = order.date.or(line.order_date);
            let product = builder.product(line.product_name);
            order.lines.push(LineDraft { product, quantity: line.quantity, price: line.unit_price });
        }
    }
    let mut left_out = 0;
    for (id, order) in &orders {
        if is_gone(id, order.customer) {
            left_out += order.lines.len() as u64;
            continue;
        }
        builder.order(id, order.customer, order.date, &order.lines);
    }
    let (batch, notes) = builder.build_noted();
    Some((batch, notes, left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(order_id: &'a str, product_name: &'a str, customer_id: Option<&'a str>) -> Line<'a> {
        Line {
            number: 1,
            order_id,
            customer_id,
            order_date: customer_id.map(|_| Instant(7)),
            product_name,
            unit_price: Some(Price::parse("1.5").expect("valid")),
            quantity: Quantity::parse("2").expect("valid"),
        }
    }

    /// All blocks of a partition of staged objects.
    fn blocks(objects: &[Vec<u8>], partitions: u32, block: Block) -> Vec<Vec<u8>> {
        let found = objects.iter().filter_map(|object| {
            let index = object.len() - Blocks::index_bytes(partitions) as usize;
            let (start, length) = Blocks::read(&object[index..]).range(block)?;
            let packed = &object[start as usize..][..length as usize];
            Some(unpacked(packed, 1 << 20).expect("what was packed"))
        });
        found.collect()
    }

    #[test]
    fn a_partition_has_the_hashes_that_fall_to_it() {
        for partitions in [1, 2, 3, 7, 1_000] {
            let all: Vec<_> = (0..partitions).map(|at| hashes_of(at, partitions)).collect();
            assert_eq!((all[0].0, all[all.len() - 1].1), (0, u64::MAX));
            assert!(all.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{partitions}: {all:?}");
            for id in (0..200).map(|id| id.to_string()) {
                let (first, last) = all[partition_of(&id, partitions as usize)];
                assert!((first..=last).contains(&xxh3_64(id.as_bytes())), "{id} of {partitions}");
            }
        }
    }

    #[test]
    fn what_is_staged_comes_back_as_orders_wherever_its_rows_stood() {
        for partitions in [1, 2, 7] {
            let mut staging = Staging::new(partitions);
            let ids: Vec<String> = (0..50).map(|at| format!("o{at}")).collect();
            ids.iter().for_each(|id| staging.add(&line(id, "tea", None)));
            let first = staging.take().expect("packs");
            assert_eq!(staging.bytes(), 0);
            ids.iter().for_each(|id| staging.add(&line(id, "tea", Some("ann"))));
            ids.iter().for_each(|id| staging.add(&line(id, "jam", Some("bob"))));
            staging.add_rejects(b"1,a,b\n");
            let objects = [first, staging.take().expect("packs")];
            let mut seen = 0;
            for at in 0..partitions {
                let partition = blocks(&objects, partitions, Block::Partition(at));
                let (batch, ..) = orders(&partition, |_, _| false).expect("ours");
                seen += batch.order_count();
                for order in batch.orders() {
                    assert_eq!(
                        (order.customer.map(|code| batch.customer(code)), order.date),
                        (Some("ann"), Some(Instant(7)))
                    );
                    let lines: Vec<_> = order
                        .lines
                        .iter()
                        .map(|line| (batch.product(line.product), line.quantity.thousandths()))
                        .collect();
                    assert_eq!(lines, [("jam", 2_000), ("tea", 4_000)], "{}", order.id);
                }
            }
            assert_eq!(seen, 50, "every order lies in one of {partitions} partitions");
            assert_eq!(blocks(&objects, partitions, Block::Rejects), [b"1,a,b\n"]);
        }
    }

    #[test]
    fn foreign_bytes_are_refused_and_a_bomb_is_not_unpacked() {
        assert!(orders(&[b"not a line".to_vec()], |_, _| false).is_none());
        let bomb = zstd::bulk::compress(&vec![0; 1 << 20], 1).expect("packs");
        assert!(unpacked(&bomb, 1 << 19).is_err());
        assert!(unpacked(b"rubbish", 1 << 19).is_err());
    }
}
