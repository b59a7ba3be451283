//! What `affinsy mine` may be told.

use std::path::PathBuf;

use affinsy_core::report::spec::SORTS;
use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::input::Form;
use crate::input::columns::Mapping;

/// Mine itemsets and rules from a file: FIMI baskets (.dat), CSV, NDJSON (orders of the API) or Parquet
///
/// Without --rules, --itemsets or --count-only the best rules are shown. Blank lines of a FIMI file are empty
/// baskets. In a table, a basket is the products of an order with positive net quantity. The form is known by the
/// file's first bytes and its name; files may be packed with gzip, zstd or xz.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("threshold").required(true).multiple(true)
    .args(["min_support", "min_support_count", "top_k"])))]
pub struct MineArgs {
    /// File to read; - is standard input
    pub file: PathBuf,
    /// What a text holds [default: by its name and first bytes]
    #[arg(long, value_enum)]
    pub format: Option<Form>,
    /// Smallest share of the baskets that hold an itemset (0 to 1)
    #[arg(long, value_name = "SHARE", conflicts_with = "min_support_count", allow_hyphen_values = true)]
    pub min_support: Option<String>,
    /// Smallest number of baskets that hold an itemset
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub min_support_count: Option<u32>,
    /// No threshold: at most so many itemsets (those most baskets hold), and the so many best rules by --sort-by
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..))]
    pub top_k: Option<u64>,
    /// Longest itemset wanted [default: any]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_itemset_size: Option<u32>,
    /// Give up above so many itemsets rather than fill the memory
    #[arg(long, value_name = "N", default_value_t = 100_000_000)]
    pub max_itemsets: u64,
    /// Give up rather than use so much memory to mine, such as 500MB or 2GB; the baskets are not counted [default: four
    /// fifths of what the system has left]
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<String>,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    pub deadline: Option<String>,
    /// How to search: for tests and measurements, the result is the same
    #[arg(long, value_name = "STRATEGY", default_value = "auto", value_parser = ["auto", "rows", "bits"])]
    pub strategy: String,
    /// Worker threads, at most 1024; 0 is one a processor
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(..=1024))]
    pub threads: usize,
    /// Write the canonical list of itemsets here (- is stdout): items, a tab, the support count
    #[arg(long, value_name = "FILE")]
    pub itemsets: Option<PathBuf>,
    /// Write the rules here as CSV (- is stdout)
    #[arg(long, value_name = "FILE", conflicts_with = "count_only")]
    pub rules: Option<PathBuf>,
    /// Count the itemsets, list none
    #[arg(long, conflicts_with = "itemsets")]
    pub count_only: bool,
    /// Write counts, times and memory as JSON on stderr
    #[arg(long)]
    pub stats: bool,
    /// Keep the best so many rules by --sort-by
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_rules: Option<u64>,
    /// What makes a rule better: it decides which come first and which are kept
    #[arg(long, value_name = "METRIC", default_value = "lift", value_parser = SORTS.map(|(name, _)| name))]
    pub sort_by: String,
    /// Smallest confidence of a rule (0 to 1)
    #[arg(long, value_name = "SHARE", default_value = "0.1", allow_hyphen_values = true)]
    pub min_confidence: String,
    /// Rules must have a lift above this; 0 is off
    #[arg(long, value_name = "LIFT", default_value = "0", allow_hyphen_values = true)]
    pub min_lift: String,
    /// Largest q-value of a rule (Fisher's exact test, Benjamini-Hochberg); 1 is off
    #[arg(long, value_name = "Q", default_value = "1", allow_hyphen_values = true)]
    pub max_q_value: String,
    /// Most items on a rule's right side; 0 is any number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub max_consequent_size: u32,
    /// Keep rules that say no more than a simpler one, marked
    #[arg(long)]
    pub include_redundant: bool,
    /// Every rule of the confidence: consequents of any size, redundant ones too
    #[arg(long, conflicts_with_all = ["min_lift", "max_q_value", "max_consequent_size", "include_redundant"])]
    pub everything: bool,
    #[command(flatten)]
    pub mapping: Mapping,
}
