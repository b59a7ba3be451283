//! The p- and q-value of each table of counts, for one range of p-values at a time. Knows no items.

use super::crew::Crew;
use super::tally::{Table, Tally};
use crate::error::MineError;
use crate::stats::{FisherExact, StepUp};

/// The tables whose p-values lie in one range.
#[derive(Debug)]
pub(super) struct Significance {
    tally: Tally,
    p_values: Vec<f64>,
    q_values: Vec<f64>,
}

impl Significance {
    /// `steps` has met all larger p-values, and meets these.
    pub fn of(tally: Tally, fisher: &FisherExact, steps: &mut StepUp, crew: &Crew<'_>) -> Result<Self, MineError> {
        let mut p_values = Vec::new();
        crew.map_into(tally.tables(), |&table| table.p_value(fisher), &mut p_values)?;
        let mut order: Vec<u32> = (0..p_values.len() as u32).collect();
        let p_value = |place: u32| p_values[place as usize];
        crew.sort(&mut order, |&a, &b| p_value(b).total_cmp(&p_value(a)));
        let mut q_values = vec![0.0; p_values.len()];
        for equal in order.chunk_by(|&a, &b| p_value(a) == p_value(b)) {
            let rules = equal.iter().map(|&place| tally.rules()[place as usize]).sum();
            let q_value = steps.q_value(p_value(equal[0]), rules);
            equal.iter().for_each(|&place| q_values[place as usize] = q_value);
        }
        Ok(Self { tally, p_values, q_values })
    }

    /// The p- and the q-value; `None` when the p-value is outside the range.
    pub fn get(&self, table: Table) -> Option<(f64, f64)> {
        self.tally.find(table).map(|place| (self.p_values[place], self.q_values[place]))
    }
}

/// p-values from `low` up to below `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PRange {
    pub low: f64,
    pub high: f64,
}

impl PRange {
    pub fn contains(&self, p_value: f64) -> bool {
        self.low <= p_value && p_value < self.high
    }

    /// Ranges of about as many distinct tables each as fit `capacity`, the largest p-values first, cut where a
    /// sample of all tables says. A range may come out somewhat larger; tables of one p-value stay together however
    /// many they are.
    pub fn cut(sample: &Tally, fisher: &FisherExact, capacity: usize) -> Vec<PRange> {
        let mut p_values: Vec<f64> = sample.tables().iter().map(|table| table.p_value(fisher)).collect();
        p_values.sort_unstable_by(|a, b| b.total_cmp(a));
        // A quarter is left free, as a sample is not exact.
        let tables = p_values.len() as f64 * f64::from(sample.sparsity()).exp2();
        let ranges = (tables / (capacity as f64 * 0.75)).ceil().clamp(1.0, p_values.len().max(1) as f64) as usize;
        let mut lows: Vec<f64> = (1..ranges).map(|range| p_values[range * p_values.len() / ranges]).collect();
        lows.push(0.0);
        lows.dedup();
        let highs = std::iter::once(f64::INFINITY).chain(lows.iter().copied());
        highs.zip(&lows).map(|(high, &low)| PRange { low, high }).collect()
    }
}

impl Table {
    pub fn p_value(self, fisher: &FisherExact) -> f64 {
        fisher.p_value(self.both, self.rarer, self.other)
    }
}

/// p-values of tables met lately. Neighbouring itemsets split into the same tables again and again.
#[derive(Debug)]
pub(super) struct Recent<'f> {
    fisher: &'f FisherExact,
    entries: Vec<(Table, f64)>,
}

impl<'f> Recent<'f> {
    const ENTRIES: usize = 1 << 14;

    pub fn new(fisher: &'f FisherExact) -> Self {
        // No rule has the table of zeros.
        Self { fisher, entries: vec![(Table::default(), 1.0); Self::ENTRIES] }
    }

    pub fn p_value(&mut self, table: Table) -> f64 {
        let entry = &mut self.entries[table.hash() as usize % Self::ENTRIES];
        if entry.0 != table {
            *entry = (table, table.p_value(self.fisher));
        }
        entry.1
    }
}
