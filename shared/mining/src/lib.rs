//! Exact market-basket mining: frequent itemsets, association rules, and the statistics that say which rules
//! are findings. Pure: no files, clocks, randomness or async; the same input gives the same output on any
//! number of threads.
//!
//! Who knows mlxtend finds the same three steps here:
//!
//! | mlxtend | here |
//! |---|---|
//! | `TransactionEncoder().fit_transform(rows)` | [`Baskets`], filled with [`Baskets::push`] |
//! | `fpgrowth(df, min_support=0.5)` | [`mine`] with [`MineOptions`]; an absolute count, see [`Ratio::ceil_of`] |
//! | `association_rules(sets, metric="confidence", min_threshold=0.6)` | [`rules`] with [`RuleOptions`] |
//!
//! ```
//! use affinsy_mining::{Baskets, MineOptions, Ratio, RuleOptions, mine, rules};
//!
//! const BREAD: u32 = 0;
//! const BUTTER: u32 = 1;
//! const BEER: u32 = 2;
//!
//! let mut baskets = Baskets::default();
//! for basket in [&[BREAD, BUTTER][..], &[BREAD, BUTTER, BEER], &[BREAD], &[BEER], &[BUTTER, BREAD]] {
//!     baskets.push(basket);
//! }
//!
//! let min_support = Ratio::parse_decimal("0.4").unwrap().ceil_of(baskets.len() as u64) as u32; // 2 of 5
//! let itemsets = mine(&baskets, &MineOptions::with_support_count(min_support))?;
//! assert_eq!(itemsets.support_of(&[BREAD, BUTTER]), Some(3));
//!
//! let found = rules(&itemsets, baskets.len() as u64, &RuleOptions::everything(Ratio::new(3, 5)))?;
//! let best = &found.rules[0];
//! assert_eq!((&best.antecedent[..], &best.consequent[..]), (&[BREAD][..], &[BUTTER][..]));
//! let metrics = best.metrics(baskets.len() as u64);
//! assert_eq!((metrics.support, metrics.confidence, metrics.lift), (0.6, 0.75, 1.25));
//! # Ok::<(), affinsy_mining::MineError>(())
//! ```
//!
//! What mlxtend does not have: bounds that are tested in integers (a confidence equal to the bound passes), a
//! ceiling on itemsets instead of an out-of-memory ([`MineError::TooManyItemsets`]; [`mine_at_most`] raises the
//! support until they fit), p- and q-values, and a mark on rules that say no more than a simpler one
//! ([`Rule::redundant`]).

pub mod rfm;
pub mod stats;

mod baskets;
mod error;
mod itemsets;
mod miner;
mod ratio;
mod rules;
mod workers;

pub use baskets::Baskets;
pub use error::MineError;
pub use itemsets::Itemsets;
pub use miner::{MineOptions, Progress, Strategy, count_itemsets, mine, mine_at_most};
pub use ratio::Ratio;
pub use rules::{Dropped, Metrics, Rule, RuleOptions, RuleSet, RuleSort, rules};
