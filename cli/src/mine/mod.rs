//! `affinsy mine`: itemsets and rules from a file, without any server. Reads, mines, writes; says what it did on stderr.

mod fimi;
mod items;
mod orders;
mod output;
mod stats;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use affinsy_mining::{Baskets, Itemsets, MineError, MineOptions, Ratio, RuleOptions, RuleSet, RuleSort};
use clap::Args;

use crate::failure::Failure;
use crate::input::columns::Mapping;
use crate::input::table::Table;
use crate::input::{self, Form, Opened};
use crate::layout::thousands;
use crate::terminal;
use items::Names;
use stats::Stats;

/// Mine itemsets and rules from a file: FIMI baskets (.dat), CSV, NDJSON (orders of the API) or Parquet
///
/// Without --rules, --itemsets or --count-only the best rules are shown. Blank lines of a FIMI file are empty
/// baskets. In a table, a basket is the products of an order with positive net quantity.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("threshold").required(true).multiple(true)
    .args(["min_support", "min_support_count", "top_k"])))]
pub struct MineArgs {
    file: PathBuf,
    /// Smallest share of the baskets that hold an itemset (0 to 1)
    #[arg(long, value_name = "SHARE", conflicts_with = "min_support_count")]
    min_support: Option<String>,
    /// Smallest number of baskets that hold an itemset
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    min_support_count: Option<u32>,
    /// No threshold: at most so many itemsets (those most baskets hold), and the so many best rules by lift
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    top_k: Option<u64>,
    /// Longest itemset wanted [default: any]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_itemset_size: Option<u32>,
    /// Give up above so many itemsets rather than fill the memory
    #[arg(long, value_name = "N", default_value_t = 100_000_000)]
    max_itemsets: u64,
    /// Worker threads [default: one a processor]
    #[arg(long, value_name = "N", default_value_t = 0)]
    threads: usize,
    /// Write the canonical list of itemsets here (- is stdout): items, a tab, the support count
    #[arg(long, value_name = "FILE")]
    itemsets: Option<PathBuf>,
    /// Write the rules here as CSV (- is stdout)
    #[arg(long, value_name = "FILE", conflicts_with = "count_only")]
    rules: Option<PathBuf>,
    /// Count the itemsets, list none
    #[arg(long, conflicts_with = "itemsets")]
    count_only: bool,
    /// Write counts, times and memory as JSON on stderr
    #[arg(long)]
    stats: bool,
    /// Smallest confidence of a rule (0 to 1)
    #[arg(long, value_name = "SHARE", default_value = "0.1")]
    min_confidence: String,
    /// Rules must have a lift above this; 0 is off
    #[arg(long, value_name = "LIFT", default_value = "0")]
    min_lift: String,
    /// Largest q-value of a rule (Fisher's exact test, Benjamini-Hochberg); 1 is off
    #[arg(long, value_name = "Q", default_value = "1")]
    max_q_value: String,
    /// Most items on a rule's right side; 0 is any number
    #[arg(long, value_name = "N", default_value_t = 1)]
    max_consequent_size: u32,
    /// Keep rules that say no more than a simpler one, marked
    #[arg(long)]
    include_redundant: bool,
    /// Every rule of the confidence: consequents of any size, redundant ones too
    #[arg(long, conflicts_with_all = ["min_lift", "max_q_value", "max_consequent_size", "include_redundant"])]
    everything: bool,
    #[command(flatten)]
    mapping: Mapping,
}

/// What a file holds for the miner.
#[derive(Debug)]
struct Read {
    baskets: Baskets,
    names: Names,
    orders_left_out: usize,
    rows_left_out: u64,
}

pub fn run(args: &MineArgs) -> Result<(), Failure> {
    let bounds = Bounds::of(args)?;
    let started = Instant::now();
    let read = read(&args.file, &args.mapping)?;
    let mut stats = Stats::of(&read, started.elapsed());
    let threshold = bounds.threshold(read.baskets.len())?;
    if args.count_only {
        return count(args, &read, threshold, stats);
    }
    let mining = Instant::now();
    let (threshold, itemsets) = itemsets(args, &read, threshold)?;
    stats.mined(threshold, itemsets.by_length(), mining.elapsed());
    if let Some(path) = &args.itemsets {
        terminal::write_to(Some(path), |out| output::itemsets(&itemsets, &read.names, out))?;
    }
    if args.rules.is_some() || args.itemsets.is_none() {
        rules(args, &bounds, &read, itemsets, &mut stats)?;
    }
    stats.say(args.stats);
    Ok(())
}

fn count(args: &MineArgs, read: &Read, threshold: Option<u32>, mut stats: Stats) -> Result<(), Failure> {
    let Some(threshold) = threshold else {
        return Err(Failure::input("--count-only needs --min-support or --min-support-count"));
    };
    let started = Instant::now();
    let options = MineOptions { max_itemsets: u64::MAX, ..args.options(threshold) };
    let by_length = affinsy_mining::count_itemsets(&read.baskets, &options).map_err(mining_failure)?;
    stats.mined(threshold, by_length, started.elapsed());
    if !args.stats {
        terminal::print(&format!("{}\n", stats.itemset_count()))?;
    }
    stats.say(args.stats);
    Ok(())
}

/// The itemsets that are asked for, and the threshold they have.
fn itemsets(args: &MineArgs, read: &Read, threshold: Option<u32>) -> Result<(u32, Itemsets), Failure> {
    let (baskets, floor) = (&read.baskets, threshold.unwrap_or(1));
    match args.top_k {
        Some(most) if args.itemsets.is_some() => {
            affinsy_mining::mine_at_most(baskets, floor, most, &args.options(floor))
        }
        Some(_) => for_best_rules(args, read, threshold),
        None => affinsy_mining::mine(baskets, &args.options(floor)).map(|itemsets| (floor, itemsets)),
    }
    .map_err(mining_failure)
}

/// The best rules without a threshold come from as many itemsets as a report would hold: from five baskets or a
/// thousandth of them up, at most a million itemsets, three items long unless another length is given.
fn for_best_rules(args: &MineArgs, read: &Read, threshold: Option<u32>) -> Result<(u32, Itemsets), MineError> {
    const MOST_ITEMSETS: u64 = 1_000_000;
    let thousandth = u32::try_from(read.baskets.len().div_ceil(1_000)).unwrap_or(u32::MAX);
    let floor = threshold.unwrap_or(thousandth.max(5));
    let options = MineOptions { max_itemset_size: args.max_itemset_size.or(Some(3)), ..args.options(floor) };
    affinsy_mining::mine_at_most(&read.baskets, floor, MOST_ITEMSETS, &options)
}

fn rules(args: &MineArgs, bounds: &Bounds, read: &Read, mined: Itemsets, stats: &mut Stats) -> Result<(), Failure> {
    let started = Instant::now();
    // A short list of itemsets was asked for beside the rules: those need more than the list.
    let itemsets = match args.top_k {
        Some(_) if args.itemsets.is_some() => for_best_rules(args, read, None).map_err(mining_failure)?.1,
        _ => mined,
    };
    let basket_count = read.baskets.len() as u64;
    let found = affinsy_mining::rules(&itemsets, basket_count, &bounds.rules).map_err(mining_failure)?;
    stats.ruled(&found, started.elapsed());
    match &args.rules {
        Some(path) => terminal::write_to(Some(path), |out| output::rules(&found, basket_count, &read.names, out))?,
        None => terminal::print(&output::best_rules(&found, basket_count, &read.names))?,
    }
    say_dropped(&found);
    Ok(())
}

fn say_dropped(found: &RuleSet) {
    let dropped = &found.dropped;
    let bounds = [
        (dropped.below_lift, "below --min-lift"),
        (dropped.above_q, "above --max-q-value"),
        (dropped.redundant, "redundant (--include-redundant keeps them)"),
    ];
    let said: Vec<String> = bounds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{} {why}", thousands(*count)))
        .collect();
    let left_out = if said.is_empty() { String::new() } else { format!("; left out: {}", said.join(", ")) };
    eprintln!("{} rules of {} tested{left_out}", thousands(found.found), thousands(found.tested));
}

fn read(path: &Path, mapping: &Mapping) -> Result<Read, Failure> {
    let of_orders = |read: orders::OrderBaskets| Read {
        baskets: read.baskets,
        names: read.names,
        orders_left_out: read.orders_left_out,
        rows_left_out: read.rows_left_out,
    };
    match input::open(path)? {
        Opened::Text(Form::Fimi, source) => {
            let baskets = fimi::read(path, source.into_reader())?;
            Ok(Read { baskets, names: Names::Numbers, orders_left_out: 0, rows_left_out: 0 })
        }
        Opened::Text(Form::Ndjson, source) => orders::read_ndjson(path, source.into_reader()).map(of_orders),
        opened => match Table::of(path, opened)? {
            Some(table) => orders::read_table(path, table, mapping).map(of_orders),
            None => Err(Failure::input(format!("{} holds no table", path.display()))),
        },
    }
}

/// The options that are numbers, checked before anything is read.
#[derive(Debug)]
struct Bounds {
    min_support: Option<Ratio>,
    min_support_count: Option<u32>,
    rules: RuleOptions<'static>,
}

impl Bounds {
    fn of(args: &MineArgs) -> Result<Self, Failure> {
        let min_support = args.min_support.as_deref().map(|text| share("--min-support", text)).transpose()?;
        let min_confidence = share("--min-confidence", &args.min_confidence)?;
        let rules = if args.everything {
            RuleOptions { max_rules: args.top_k, ..RuleOptions::everything(min_confidence) }
        } else {
            RuleOptions {
                min_confidence,
                min_lift: decimal("--min-lift", &args.min_lift)?,
                max_consequent_size: Some(args.max_consequent_size).filter(|&size| size > 0),
                max_q_value: share("--max-q-value", &args.max_q_value)?,
                include_redundant: args.include_redundant,
                max_rules: args.top_k,
                sort_by: RuleSort::Lift,
                stop: &|| false,
            }
        };
        Ok(Self { min_support, min_support_count: args.min_support_count, rules })
    }

    /// The absolute threshold; `None` when the caller leaves it to --top-k.
    fn threshold(&self, baskets: usize) -> Result<Option<u32>, Failure> {
        let Some(share) = self.min_support else { return Ok(self.min_support_count) };
        let count = share.ceil_of(baskets as u64).max(1);
        u32::try_from(count).map(Some).map_err(|_| Failure::input("there are more baskets than can be counted"))
    }
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

impl MineArgs {
    fn options(&self, min_support_count: u32) -> MineOptions<'static> {
        MineOptions {
            max_itemset_size: self.max_itemset_size,
            max_itemsets: self.max_itemsets,
            threads: self.threads,
            ..MineOptions::with_support_count(min_support_count)
        }
    }
}

fn mining_failure(error: MineError) -> Failure {
    match error {
        MineError::TooManyItemsets { ceiling, suggested_min_support_count } => {
            let hint = suggested_min_support_count
                .map_or(String::new(), |count| format!("; --min-support-count {count} would fit"));
            Failure::run(format!(
                "more than {} itemsets{hint}; a higher threshold, --max-itemset-size or --max-itemsets changes that",
                thousands(ceiling)
            ))
        }
        other => Failure::run(other.to_string()),
    }
}

/// Time as the statistics show it.
fn rounded_seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e6
}
