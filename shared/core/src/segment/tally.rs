//! What each of the newest pushes brought: how many of its lines were new, and how many are of lines that were there.

use super::merge::{Ranked, Source, hash_ranges};
use super::part::{Row, each_order};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What one push brought. A removal of what is not there is neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Brought {
    pub inserted: u64,
    /// Removals among them.
    pub updated: u64,
}

/// By sequence.
pub type Tally = BTreeMap<u64, Brought>;

pub(super) fn of(ranked: &Ranked, from: u64) -> Tally {
    let of_range = |hashes| of_range(&ranked.sources, hashes, ranked.erasure, from);
    hash_ranges(&ranked.sources).into_par_iter().map(of_range).reduce(Tally::new, joined)
}

fn of_range(sources: &[Source], hashes: (u64, u64), erasure: Option<u32>, from: u64) -> Tally {
    let mut tally = Tally::new();
    each_order(sources, hashes, erasure, |_, _, rows| {
        if rows.iter().any(|row| row.sequence >= from) {
            rows.retain(|row| Some(row.line.product) != erasure);
            add(&mut tally, rows, from);
        }
    });
    tally
}

/// One order: product by product, from push to push.
fn add(tally: &mut Tally, rows: &mut [Row<'_>], from: u64) {
    rows.sort_by_key(|row| (row.line.product, row.sequence));
    for line in rows.chunk_by(|a, b| a.line.product == b.line.product) {
        let mut is_there = false;
        for row in line {
            let stays = !row.line.quantity.is_zero();
            if row.sequence >= from {
                let brought = tally.entry(row.sequence).or_default();
                brought.updated += u64::from(is_there);
                brought.inserted += u64::from(stays && !is_there);
            }
            is_there = stays;
        }
    }
}

/// Of several ranges of hashes, or of pushes.
pub fn joined(mut one: Tally, other: Tally) -> Tally {
    for (sequence, Brought { inserted, updated }) in other {
        let brought = one.entry(sequence).or_default();
        brought.inserted += inserted;
        brought.updated += updated;
    }
    one
}
