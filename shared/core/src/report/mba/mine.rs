//! From what was asked about support to a threshold and the itemsets that reach it. Of rules it knows only that
//! they can be too many; of money nothing.

use super::splits;
use crate::report::spec::{MbaParams, Support};
use crate::report::{Budget, ReportFailure, RunEnd};
use affinsy_mining::{Baskets, Itemsets, MineError, MineOptions, mine, mine_at_most};

/// The most itemsets a report works out for a threshold that its caller set: what fits the worker's memory.
pub const MAX_ITEMSETS: u64 = 2_000_000;
/// The most itemsets where the report chooses the threshold.
pub const AUTO_ITEMSETS: u64 = 1_000_000;
/// The least threshold that a report chooses by itself.
const AUTO_FLOOR: u64 = 5;
/// … and the least share of the baskets, as its inverse.
const AUTO_SHARE: u64 = 1_000;

/// Itemsets and the threshold they reach.
#[derive(Debug)]
pub struct Mined {
    pub itemsets: Itemsets,
    pub min_support_count: u32,
    /// Set where the report chose the threshold, and its least one gave too much to work out.
    pub raised: Option<Raised>,
}

/// Why a threshold is not the least one.
#[derive(Debug)]
pub struct Raised {
    /// The threshold that was too low.
    pub from: u32,
    /// `1000000 product sets`: what it gave more of.
    pub too_many: String,
}

pub fn itemsets(baskets: &Baskets, params: &MbaParams, budget: &Budget<'_>) -> Result<Mined, RunEnd> {
    let count = baskets.len() as u64;
    match params.support {
        Support::Count(threshold) | Support::Resolved { count: threshold, .. } => {
            at(baskets, threshold, params, budget)
        }
        Support::Share(share) => at(baskets, threshold(share.ceil_of(count)), params, budget),
        Support::Auto => chosen(baskets, threshold(auto_floor(count)), params, budget),
    }
}

/// The least threshold that a report chooses for so many baskets.
pub fn auto_floor(baskets: u64) -> u64 {
    baskets.div_ceil(AUTO_SHARE).max(AUTO_FLOOR)
}

fn at(baskets: &Baskets, threshold: u32, params: &MbaParams, budget: &Budget<'_>) -> Result<Mined, RunEnd> {
    let itemsets = mine(baskets, &options(threshold, ceiling(MAX_ITEMSETS, budget), params, budget))
        .map_err(|error| run_end(error, threshold, baskets.len() as u64))?;
    Ok(Mined { itemsets, min_support_count: threshold, raised: None })
}

fn chosen(baskets: &Baskets, floor: u32, params: &MbaParams, budget: &Budget<'_>) -> Result<Mined, RunEnd> {
    let ceiling = ceiling(AUTO_ITEMSETS, budget);
    let options = options(floor, ceiling, params, budget);
    let (threshold, itemsets) =
        mine_at_most(baskets, floor, ceiling, &options).map_err(|error| run_end(error, floor, baskets.len() as u64))?;
    let most = splits::most(budget);
    if splits::count(&itemsets.by_length(), params.max_consequent_size) > most {
        let fits = splits::fitting_threshold(&itemsets, params.max_consequent_size, most);
        drop(itemsets);
        // Where no threshold leaves a rule, one that no set reaches.
        let threshold = fits.unwrap_or(self::threshold(baskets.len() as u64 + 1));
        let raised = Raised { from: floor, too_many: format!("{most} possible rules") };
        return Ok(Mined { raised: Some(raised), ..at(baskets, threshold, params, budget)? });
    }
    let raised = || Raised { from: floor, too_many: too_many(ceiling, baskets, budget) };
    Ok(Mined { itemsets, min_support_count: threshold, raised: (threshold > floor).then(raised) })
}

fn options<'a>(threshold: u32, ceiling: u64, params: &MbaParams, budget: &Budget<'a>) -> MineOptions<'a> {
    MineOptions {
        max_itemset_size: params.max_itemset_size,
        max_itemsets: ceiling,
        max_memory_bytes: memory(budget),
        threads: budget.threads,
        stop: budget.stop,
        ..MineOptions::with_support_count(threshold)
    }
}

/// What an itemset takes where it is written down: mostly its products' names.
const ROW_BYTES: u64 = 256;

/// The miner's share of the memory that is left. The rest is for rules and for what is written.
pub fn memory(budget: &Budget<'_>) -> Option<u64> {
    budget.memory_bytes.map(|left| left / 2)
}

/// At most so many itemsets, and no more than can be written down.
fn ceiling(most: u64, budget: &Budget<'_>) -> u64 {
    memory(budget).map_or(most, |bytes| most.min(bytes / ROW_BYTES).max(1))
}

/// What a threshold of the report's own choice gave more of.
fn too_many(ceiling: u64, baskets: &Baskets, budget: &Budget<'_>) -> String {
    const OCCURRENCE_BYTES: u64 = 64;
    let amply = ceiling * ROW_BYTES + baskets.occurrence_count() as u64 * OCCURRENCE_BYTES;
    let memory_may_bind = memory(budget).is_some_and(|bytes| bytes < amply);
    let or = if memory_may_bind { ", or more than fit the worker's memory" } else { "" };
    format!("{ceiling} product sets{or}")
}

fn threshold(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).max(1)
}

/// How a report ends that the miner did not finish at a threshold.
pub fn run_end(error: MineError, threshold: u32, baskets: u64) -> RunEnd {
    match error {
        MineError::Stopped { suggested_min_support_count, .. } => RunEnd::Stopped {
            advice: suggested_min_support_count.map(|_| advice(suggested_min_support_count, baskets)),
        },
        MineError::TooManyItemsets { ceiling, suggested_min_support_count } => {
            let advice = advice(suggested_min_support_count, baskets);
            let message = format!(
                "More than {ceiling} product sets are in at least {threshold} of the {baskets} baskets. {advice}"
            );
            RunEnd::Failed(ReportFailure { code: "too_many_itemsets", message })
        }
        MineError::TooMuchMemory { budget_bytes, suggested_min_support_count } => {
            let advice = advice(suggested_min_support_count, baskets);
            let megabytes = budget_bytes / 1_000_000;
            let message = format!(
                "The product sets in at least {threshold} of the {baskets} baskets need more than the {megabytes} MB \
                 that the worker has for them. {advice} Or give the worker more memory."
            );
            RunEnd::Failed(ReportFailure { code: "too_many_itemsets", message })
        }
        MineError::ZeroSupport => {
            let message = "min_support_count must be at least 1.".to_owned();
            RunEnd::Failed(ReportFailure { code: "invalid_parameters", message })
        }
    }
}

/// What would fit, in the parameters of a report.
fn advice(suggested_min_support_count: Option<u32>, baskets: u64) -> String {
    match suggested_min_support_count {
        Some(fits) if u64::from(fits) > baskets => {
            "No threshold leaves fewer: ask for a smaller max_itemset_size, or leave great baskets out with \
             filters.max_basket_size."
                .to_owned()
        }
        Some(fits) => format!("Ask for {} or more, {OTHERWISE}", support_text(fits, baskets)),
        None => format!("Ask for a greater min_support, {OTHERWISE}"),
    }
}

const OTHERWISE: &str = "or for a smaller max_itemset_size, or leave the threshold out to have one chosen that fits.";

/// `min_support_count 123 (min_support 0.0123)`
pub fn support_text(count: u32, baskets: u64) -> String {
    format!("min_support_count {count} ({})", share_text(count, baskets))
}

/// `min_support 0.0123`: rounded up, so that asking for it gives at least the count.
fn share_text(count: u32, baskets: u64) -> String {
    let millionths = (u64::from(count) * 1_000_000).div_ceil(baskets.max(1)).min(1_000_000);
    let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    format!("min_support {}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_threshold_has_a_floor() {
        let check = |baskets, expected| assert_eq!(auto_floor(baskets), expected);
        check(0, 5);
        check(5_000, 5);
        check(5_001, 6);
        check(19_960, 20);
    }

    #[test]
    fn advice_names_a_support_that_fits() {
        assert_eq!(share_text(13, 1_000), "min_support 0.013");
        assert_eq!(share_text(1, 3), "min_support 0.333334");
        let end = run_end(MineError::TooManyItemsets { ceiling: 9, suggested_min_support_count: Some(3) }, 1, 6);
        assert!(end.to_string().contains("min_support_count 3 (min_support 0.5)"), "{end}");
        let end = run_end(MineError::TooManyItemsets { ceiling: 9, suggested_min_support_count: Some(7) }, 1, 6);
        assert!(!end.to_string().contains("min_support") && end.to_string().contains("max_itemset_size"), "{end}");
    }
}
