//! The scored customers on the grid of scores: what each score means, every cell, and the two heat maps.

use super::model::Model;
use super::population::{Customer, Population};
use crate::decimal::Amount;
use affinsy_mining::rfm::Score;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// What the values of each score are.
#[derive(Debug, Serialize)]
pub struct ScoreRanges {
    pub r: Vec<ScoreRange<i64>>,
    pub f: Vec<ScoreRange<i64>>,
    pub m: Vec<ScoreRange<Amount>>,
}

/// One score of one dimension. Ties can leave a score without customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ScoreRange<T> {
    pub score: u8,
    pub min: Option<T>,
    pub max: Option<T>,
    pub count: u64,
}

/// One cell of all three scores.
#[derive(Debug, Serialize)]
pub struct CellRow<'m> {
    pub r: u8,
    pub f: u8,
    pub m: u8,
    pub segment: &'m str,
    pub customers: u64,
    pub revenue: Amount,
}

/// Recency against frequency, and against FM.
#[derive(Debug, Serialize)]
pub struct Heatmap {
    pub rf: Vec<HeatCell>,
    pub rfm: Vec<HeatCell>,
}

/// One cell of a heat map; the column's name says which score it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeatCell {
    pub r: u8,
    pub column: (&'static str, u8),
    pub customers: u64,
    pub revenue: Amount,
}

impl Serialize for HeatCell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("r", &self.r)?;
        map.serialize_entry(self.column.0, &self.column.1)?;
        map.serialize_entry("customers", &self.customers)?;
        map.serialize_entry("revenue", &self.revenue)?;
        map.end()
    }
}

pub fn score_ranges(population: &Population<'_>, model: &Model) -> ScoreRanges {
    let (all, bins) = (&population.customers, model.bins);
    ScoreRanges {
        r: ranges(all, bins, |c| (c.score.r, c.recency_days)),
        f: ranges(all, bins, |c| (c.score.f, i64::from(c.frequency))),
        m: ranges(all, bins, |c| (c.score.m, c.monetary)),
    }
}

pub fn cells<'m>(population: &Population<'_>, model: &'m Model) -> Vec<CellRow<'m>> {
    let totals = totals(&population.customers, |score| score);
    let row = |(cell, place): (Score, usize)| {
        let (customers, revenue) = totals.get(&cell).copied().unwrap_or_default();
        CellRow { r: cell.r, f: cell.f, m: cell.m, segment: &model.segments[place].id, customers, revenue }
    };
    model.map.cells().map(row).collect()
}

pub fn heatmap(population: &Population<'_>, model: &Model) -> Heatmap {
    Heatmap {
        rf: heat(population, model.bins, "f", |score| score.f),
        rfm: heat(population, model.bins, "fm", Score::fm),
    }
}

fn ranges<T: Ord + Copy>(all: &[Customer], bins: u8, of: impl Fn(&Customer) -> (u8, T)) -> Vec<ScoreRange<T>> {
    let mut ranges: Vec<_> = (1..=bins).map(|score| ScoreRange { score, min: None, max: None, count: 0 }).collect();
    for customer in all {
        let (score, value) = of(customer);
        let range = &mut ranges[usize::from(score) - 1];
        range.min = Some(range.min.map_or(value, |min: T| min.min(value)));
        range.max = Some(range.max.map_or(value, |max: T| max.max(value)));
        range.count += 1;
    }
    ranges
}

fn heat(population: &Population<'_>, bins: u8, name: &'static str, column: fn(Score) -> u8) -> Vec<HeatCell> {
    let totals = totals(&population.customers, |score| (score.r, column(score)));
    let scores = (1..=bins).flat_map(|r| (1..=bins).map(move |column| (r, column)));
    let cell = |(r, column)| {
        let (customers, revenue) = totals.get(&(r, column)).copied().unwrap_or_default();
        HeatCell { r, column: (name, column), customers, revenue }
    };
    scores.map(cell).collect()
}

fn totals<K: Ord>(all: &[Customer], key: impl Fn(Score) -> K) -> BTreeMap<K, (u64, Amount)> {
    let mut totals = BTreeMap::<K, (u64, Amount)>::new();
    for customer in all {
        let (customers, revenue) = totals.entry(key(customer.score)).or_default();
        *customers += 1;
        *revenue = revenue.plus(customer.monetary);
    }
    totals
}
