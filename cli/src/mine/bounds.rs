//! The options that are numbers, checked before anything is read.

use std::time::Duration;

use affinsy_core::report::spec::SORTS;
use affinsy_mining::{MineOptions, Ratio, RuleOptions, RuleSort, Strategy};

use super::args::MineArgs;
use super::memory;
use crate::failure::Failure;

/// How far a run goes.
#[derive(Debug)]
pub struct Bounds {
    min_support: Option<Ratio>,
    min_support_count: Option<u32>,
    max_memory_bytes: Option<u64>,
    pub deadline: Option<Duration>,
    rules: RuleOptions<'static>,
    mining: MineOptions<'static>,
}

impl Bounds {
    pub fn of(args: &MineArgs) -> Result<Self, Failure> {
        Ok(Self {
            min_support: args.min_support.as_deref().map(min_support).transpose()?,
            min_support_count: args.min_support_count,
            max_memory_bytes: args.max_memory.as_deref().map(size).transpose()?,
            deadline: args.deadline.as_deref().map(seconds).transpose()?,
            rules: rules(args)?,
            mining: mining(args),
        })
    }

    /// The absolute threshold; `None` when the caller leaves it to --top-k.
    pub fn threshold(&self, baskets: usize) -> Result<Option<u32>, Failure> {
        let Some(share) = self.min_support else { return Ok(self.min_support_count) };
        let count = share.ceil_of(baskets as u64).max(1);
        u32::try_from(count).map(Some).map_err(|_| Failure::input("there are more baskets than can be counted"))
    }

    /// What to mine. The memory that the system has left is asked for now, when the baskets are in it.
    pub fn mining<'a>(&self, min_support_count: u32, stop: &'a (dyn Fn() -> bool + Sync)) -> MineOptions<'a> {
        let max_memory_bytes = self.max_memory_bytes.or_else(memory::left_to_use);
        MineOptions { min_support_count, max_memory_bytes, stop, ..self.mining }
    }

    pub fn rules<'a>(&self, stop: &'a (dyn Fn() -> bool + Sync)) -> RuleOptions<'a> {
        RuleOptions { stop, ..self.rules }
    }
}

fn mining(args: &MineArgs) -> MineOptions<'static> {
    MineOptions {
        max_itemset_size: args.max_itemset_size,
        max_itemsets: args.max_itemsets,
        threads: args.threads,
        strategy: match args.strategy.as_str() {
            "rows" => Strategy::Rows,
            "bits" => Strategy::Bits,
            _ => Strategy::Auto,
        },
        ..MineOptions::with_support_count(1)
    }
}

fn rules(args: &MineArgs) -> Result<RuleOptions<'static>, Failure> {
    let min_confidence = share("--min-confidence", &args.min_confidence)?;
    let wanted = RuleOptions {
        max_rules: args.max_rules.or(args.top_k),
        threads: args.threads,
        sort_by: SORTS.iter().find(|(name, _)| *name == args.sort_by).map_or(RuleSort::Lift, |(_, sort)| *sort),
        ..RuleOptions::everything(min_confidence)
    };
    if args.everything {
        return Ok(wanted);
    }
    Ok(RuleOptions {
        min_lift: decimal("--min-lift", &args.min_lift)?,
        max_consequent_size: Some(args.max_consequent_size).filter(|&size| size > 0),
        max_q_value: share("--max-q-value", &args.max_q_value)?,
        include_redundant: args.include_redundant,
        ..wanted
    })
}

fn min_support(text: &str) -> Result<Ratio, Failure> {
    let share = share("--min-support", text)?;
    if share == Ratio::ZERO {
        return Err(Failure::input(
            "--min-support 0 would make every set of items frequent: give a share above 0, or --min-support-count 1",
        ));
    }
    Ok(share)
}

fn decimal(option: &str, text: &str) -> Result<Ratio, Failure> {
    Ratio::parse_decimal(text)
        .ok_or_else(|| Failure::input(format!("{option} {text:?} is not a number like 0.05 (at most 19 digits)")))
}

fn share(option: &str, text: &str) -> Result<Ratio, Failure> {
    let share = decimal(option, text)?;
    if share > Ratio::ONE {
        return Err(Failure::input(format!("{option} {text} is more than 1: it is a share, 0.05 for 5 %")));
    }
    Ok(share)
}

fn size(text: &str) -> Result<u64, Failure> {
    memory::parse_size(text)
        .ok_or_else(|| Failure::input(format!("--max-memory {text:?} is not a size like 500MB, 2GB or 1.5GiB")))
}

fn seconds(text: &str) -> Result<Duration, Failure> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| Failure::input(format!("--deadline {text:?} is not a number of seconds above 0")))
}
