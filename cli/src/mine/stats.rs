//! What a run read, found and used: one JSON object for programs, one sentence for people. Both on stderr.

use std::collections::BTreeMap;

use affinsy_mining::{Baskets, RuleSet};
use rustc_hash::FxHashSet;
use serde::Serialize;

use super::clock::Took;
use super::read::Read;
use crate::layout::thousands;
use crate::terminal::say;

#[derive(Debug, Serialize)]
pub struct Stats {
    baskets: usize,
    items: usize,
    #[serde(skip_serializing_if = "is_zero")]
    orders_left_out: u64,
    #[serde(skip_serializing_if = "is_zero")]
    rows_left_out: u64,
    min_support_count: u32,
    itemsets: u64,
    /// Length, then how many itemsets have it.
    by_length: BTreeMap<usize, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<u64>,
    read_s: f64,
    /// Processor time, user and system, of all threads.
    read_cpu_s: f64,
    mine_s: f64,
    mine_cpu_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules_cpu_s: Option<f64>,
    /// What the process held when the file was read.
    rss_before_mine_mb: Option<f64>,
    peak_rss_mb: Option<f64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Stats {
    pub(super) fn of(read: &Read, took: Took) -> Self {
        Self {
            baskets: read.baskets.len(),
            items: distinct_items(&read.baskets),
            orders_left_out: read.orders_left_out as u64,
            rows_left_out: read.rows_left_out,
            min_support_count: 0,
            itemsets: 0,
            by_length: BTreeMap::new(),
            rules: None,
            read_s: took.wall_s,
            read_cpu_s: took.cpu_s,
            mine_s: 0.0,
            mine_cpu_s: 0.0,
            rules_s: None,
            rules_cpu_s: None,
            rss_before_mine_mb: memory_mb("VmRSS:"),
            peak_rss_mb: None,
        }
    }

    pub fn mined(&mut self, min_support_count: u32, by_length: Vec<u64>, took: Took) {
        self.min_support_count = min_support_count;
        self.itemsets = by_length.iter().sum();
        self.by_length = by_length.into_iter().enumerate().map(|(at, count)| (at + 1, count)).collect();
        self.mine_s = took.wall_s;
        self.mine_cpu_s = took.cpu_s;
    }

    pub fn ruled(&mut self, found: &RuleSet, took: Took) {
        self.rules = Some(found.rules.len() as u64);
        self.rules_s = Some(took.wall_s);
        self.rules_cpu_s = Some(took.cpu_s);
    }

    pub fn itemset_count(&self) -> u64 {
        self.itemsets
    }

    pub fn say(mut self, as_json: bool) {
        if as_json {
            self.peak_rss_mb = memory_mb("VmHWM:");
            say(&serde_json::to_string(&self).expect("plain fields always serialize"));
            return;
        }
        say(&format!(
            "{} baskets of {} items; {} itemsets in at least {} baskets; read {:.3} s, mined {:.3} s",
            thousands(self.baskets as u64),
            thousands(self.items as u64),
            thousands(self.itemsets),
            thousands(u64::from(self.min_support_count)),
            self.read_s,
            self.mine_s
        ));
        if self.orders_left_out > 0 {
            say(&format!("{} orders keep no product (refunds) and are no baskets", thousands(self.orders_left_out)));
        }
        if self.rows_left_out > 0 {
            say(&format!("{} rows name no order or no product", thousands(self.rows_left_out)));
        }
    }
}

/// Marks where numbers are dense, as those of products are; a set where they are not.
fn distinct_items(baskets: &Baskets) -> usize {
    if baskets.item_count() as usize > baskets.occurrence_count().saturating_mul(8).max(1 << 16) {
        return baskets.iter().flatten().collect::<FxHashSet<&u32>>().len();
    }
    let mut seen = vec![false; baskets.item_count() as usize];
    for basket in baskets.iter() {
        for &item in basket {
            seen[item as usize] = true;
        }
    }
    seen.iter().filter(|seen| **seen).count()
}

/// This process's memory now (`VmRSS:`) or at most (`VmHWM:`), where the system says (Linux).
fn memory_mb(field: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kib / 1024.0 * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_once_however_large() {
        let check = |rows: &[&[u32]], expected| assert_eq!(distinct_items(&rows.iter().collect()), expected);
        check(&[&[1, 2], &[2], &[]], 2);
        check(&[&[u32::MAX, 0], &[u32::MAX]], 2);
        check(&[&[]], 0);
    }
}
