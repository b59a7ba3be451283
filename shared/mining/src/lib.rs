//! Exact market-basket mining: frequent itemsets, association rules, and the statistics that say which rules
//! are findings. Pure: no files, clocks, randomness or async; the same input gives the same output on any
//! number of threads.
//!
//! Who knows mlxtend finds the same three steps here:
//!
//! | mlxtend | here |
//! |---|---|
//! | `TransactionEncoder().fit_transform(rows)` | [`Baskets`], filled with [`Baskets::push`] or collected; items are numbers |
//! | `fpgrowth(df, min_support=0.5)`, or `apriori` | [`mine`] with [`MineOptions`]; an absolute count, see [`Ratio::ceil_of`] |
//! | `max_len=3` | [`MineOptions::max_itemset_size`] |
//! | `len(fpgrowth(…))` | [`count_itemsets`], which holds none of them |
//! | guessing `min_support` until few are left | [`mine_at_most`]: the most frequent, so many at most; [`top_rules`] |
//! | `association_rules(sets, metric="confidence", min_threshold=0.6)` | [`rules`] with [`RuleOptions::everything`] |
//! | `rules[rules.lift > 1]`, `rules[rules.consequents.apply(len) == 1]` | [`RuleOptions::min_lift`], [`RuleOptions::max_consequent_size`] |
//! | `rules.sort_values("lift").tail(10)` | [`RuleOptions::sort_by`], [`RuleOptions::max_rules`] |
//! | a `MemoryError`, or no end | [`MineOptions::max_itemsets`], [`MineOptions::max_memory_bytes`], [`MineOptions::stop`] |
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
//! # Without a threshold, and only what is a finding
//!
//! [`mine_at_most`] takes the itemsets that most baskets hold, and never cuts through those of one support. The best
//! rules come from a generous number of them ([`top_rules`] is both steps); [`RuleOptions`] says which count and in
//! which order.
//!
//! ```
//! use affinsy_mining::{Baskets, MineOptions, Ratio, RuleOptions, RuleSort, mine_at_most, rules};
//!
//! // 40 baskets with items 1 and 2, 10 with item 1 alone, 50 with item 3.
//! let rows = (0..100).map(|row| match row { 0..40 => vec![1, 2], 40..50 => vec![1], _ => vec![3] });
//! let baskets: Baskets = rows.collect();
//! let options = MineOptions { max_itemset_size: Some(3), ..MineOptions::with_support_count(1) };
//!
//! let (support, most_frequent) = mine_at_most(&baskets, 5, 3, &options)?;
//! assert_eq!((support, most_frequent.len()), (41, 2)); // {2} and {1, 2} tie at 40, and both would be one too many
//!
//! let (_, itemsets) = mine_at_most(&baskets, 5, 1_000_000, &options)?; // as many as fit, in at least 5 baskets
//! let options = RuleOptions {
//!     min_lift: Ratio::ONE,                                   // more often than by chance …
//!     max_q_value: Ratio::parse_decimal("0.05").unwrap(),     // … and hardly by luck: 5 % false discoveries
//!     include_redundant: false,                               // none that a simpler rule makes superfluous
//!     max_consequent_size: Some(1),
//!     sort_by: RuleSort::Lift,
//!     max_rules: Some(500),
//!     ..RuleOptions::everything(Ratio::ZERO)
//! };
//! let found = rules(&itemsets, baskets.len() as u64, &options)?;
//! assert_eq!((found.rules.len(), found.tested, found.dropped.redundant), (2, 2, 0));
//! assert!(found.rules[0].q_value < 0.001 && found.rules[0].metrics(100).lift == 2.0);
//! # Ok::<(), affinsy_mining::MineError>(())
//! ```
//!
//! # Metrics
//!
//! | column in mlxtend | here |
//! |---|---|
//! | `antecedents`, `consequents` | [`Rule::antecedent`], [`Rule::consequent`] |
//! | `antecedent support`, `consequent support` | [`Metrics::antecedent_support`], [`Metrics::consequent_support`] |
//! | `support`, `confidence`, `lift`, `leverage`, `jaccard`, `certainty`, `kulczynski` | the same in [`Metrics`], from [`Rule::metrics`] |
//! | `conviction` | [`Metrics::conviction`]; `None` for `inf` |
//! | `zhangs_metric` | [`Metrics::zhang`]; `None` where it is undefined, not 0 |
//! | `representativity` | none: it is 1 where no value is missing |
//! | | [`Metrics::cosine`], [`Metrics::imbalance_ratio`], [`Metrics::confidence_low`] to [`Metrics::confidence_high`] (Wilson, 95 %) |
//! | | [`Rule::p_value`] (Fisher), [`Rule::q_value`] (Benjamini-Hochberg), [`Rule::redundant`], and the counts |
//!
//! # What is exact
//!
//! Itemsets and their counts: nothing is sampled. Every bound on a rule but the q-value is compared in integers, so
//! that a confidence of 84 / 280 reaches 0.3. Metrics are off by rounding alone; q-values correct for all rules
//! tested, however few are returned. Estimates are only [`Progress`] and what [`MineError::Stopped`] says.
//!
//! # Time and memory
//!
//! The search chooses between rows of items and bit sets by what each part of the data shows ([`mine`] says how);
//! [`Strategy`] forces one, for tests and measurements. All processors are used unless `threads` says otherwise.
//! Time grows with what is found: where that is too much, bound [`MineOptions::max_itemset_size`] first, and use
//! [`count_itemsets`] where numbers will do. [`mine`] and [`rules`] state their memory. A run that meets
//! [`MineOptions::max_itemsets`] or [`MineOptions::max_memory_bytes`], or is ended by [`MineOptions::stop`], gives no
//! part of a result but a [`MineError`] with a support count that would do, where one can be told. Rules are bounded
//! by [`RuleOptions::max_rules`] and [`RuleOptions::stop`].
//!
//! Limits: fewer than 2³² baskets, and fewer than 2³² occurrences of frequent items in them.

pub mod rfm;
pub mod stats;

mod baskets;
mod error;
mod itemsets;
mod miner;
mod ratio;
mod rules;
mod top;
mod workers;

pub use baskets::Baskets;
pub use error::MineError;
pub use itemsets::Itemsets;
pub use miner::{MineOptions, Progress, Strategy, count_itemsets, mine, mine_at_most};
pub use ratio::Ratio;
pub use rules::{Dropped, Metrics, Rule, RuleOptions, RuleSet, RuleSort, rules};
pub use top::top_rules;
