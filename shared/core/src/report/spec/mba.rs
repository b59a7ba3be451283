//! The parameters of a market basket analysis: their defaults, their bounds and their names. Mines nothing.

use super::fields::Fields;
use super::number::as_float;
use affinsy_mining::{Ratio, RuleSort};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// How many baskets an itemset must be in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Support {
    /// The smallest threshold that keeps the number of itemsets in bounds.
    Auto,
    /// A share of the baskets, as the exact ratio of its decimal text.
    Share(Ratio),
    Count(u32),
    /// A share and the count it came to: only in what a report states that it used.
    Resolved {
        share: Ratio,
        count: u32,
    },
}

/// What makes a basket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BasketScope {
    /// The distinct products of an order.
    Order,
    /// The distinct products of all of a customer's orders.
    Customer,
}

/// Every parameter of a market basket analysis. `None` is "no bound".
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MbaParams {
    #[serde(flatten)]
    pub support: Support,
    #[serde(serialize_with = "as_float")]
    pub min_confidence: Ratio,
    /// A rule's lift must be greater than this; 0 lets all pass.
    #[serde(serialize_with = "as_float")]
    pub min_lift: Ratio,
    /// 1 lets all pass.
    #[serde(serialize_with = "as_float")]
    pub max_q_value: Ratio,
    pub include_redundant: bool,
    pub max_itemset_size: Option<u32>,
    pub max_consequent_size: Option<u32>,
    pub max_rules: Option<u64>,
    #[serde(serialize_with = "sort_name")]
    pub sort_by: RuleSort,
    pub scope: BasketScope,
}

impl Default for MbaParams {
    fn default() -> Self {
        Self {
            support: Support::Auto,
            min_confidence: Ratio::new(1, 10),
            min_lift: Ratio::new(1, 1),
            max_q_value: Ratio::new(1, 20),
            include_redundant: false,
            max_itemset_size: Some(3),
            max_consequent_size: Some(1),
            max_rules: Some(1_000),
            sort_by: RuleSort::Lift,
            scope: BasketScope::Order,
        }
    }
}

impl Serialize for Support {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (share, count) = match self {
            Self::Auto => (None, None),
            Self::Share(share) => (Some(share.to_f64()), None),
            Self::Count(count) => (None, Some(*count)),
            Self::Resolved { share, count } => (Some(share.to_f64()), Some(*count)),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("min_support", &share)?;
        map.serialize_entry("min_support_count", &count)?;
        map.end()
    }
}

/// The orders in which rules can be listed, best first, by the name `sort_by` takes.
pub const SORTS: [(&str, RuleSort); 12] = [
    ("lift", RuleSort::Lift),
    ("confidence", RuleSort::Confidence),
    ("support", RuleSort::Support),
    ("leverage", RuleSort::Leverage),
    ("conviction", RuleSort::Conviction),
    ("zhang", RuleSort::Zhang),
    ("jaccard", RuleSort::Jaccard),
    ("certainty", RuleSort::Certainty),
    ("kulczynski", RuleSort::Kulczynski),
    ("cosine", RuleSort::Cosine),
    ("p_value", RuleSort::PValue),
    ("q_value", RuleSort::QValue),
];

const SCOPES: [(&str, BasketScope); 2] = [("order", BasketScope::Order), ("customer", BasketScope::Customer)];

/// Parameters of this report type alone; the other type warns that it ignores them.
pub(super) const NAMES: [&str; 11] = [
    "min_support",
    "min_support_count",
    "min_confidence",
    "min_lift",
    "max_q_value",
    "include_redundant",
    "max_itemset_size",
    "max_consequent_size",
    "max_rules",
    "sort_by",
    "scope",
];

pub(super) fn read(params: &mut Fields<'_>) -> MbaParams {
    let default = MbaParams::default();
    let (zero, one) = (Ratio::new(0, 1), Ratio::new(1, 1));
    MbaParams {
        support: read_support(params),
        min_confidence: params.ratio("min_confidence", zero..=one).unwrap_or(default.min_confidence),
        min_lift: params.ratio("min_lift", zero..=Ratio::new(1_000_000_000, 1)).unwrap_or(default.min_lift),
        max_q_value: params.ratio("max_q_value", zero..=one).unwrap_or(default.max_q_value),
        include_redundant: params.boolean("include_redundant").unwrap_or(default.include_redundant),
        max_itemset_size: params.bound("max_itemset_size").unwrap_or(default.max_itemset_size),
        max_consequent_size: params.bound("max_consequent_size").unwrap_or(default.max_consequent_size),
        max_rules: params.bound("max_rules").map_or(default.max_rules, |bound| bound.map(u64::from)),
        sort_by: params.one_of("sort_by", &SORTS).unwrap_or(default.sort_by),
        scope: params.one_of("scope", &SCOPES).unwrap_or(default.scope),
    }
}

fn read_support(params: &mut Fields<'_>) -> Support {
    let share = params.ratio("min_support", Ratio::new(0, 1)..=Ratio::new(1, 1));
    let count = params.integer("min_support_count", 1..=MAX_COUNT);
    match (share, count) {
        (Some(_), Some(_)) => {
            params.problem("min_support_count", "give either min_support or min_support_count, not both");
            Support::Auto
        }
        (Some(share), None) if share == Ratio::new(0, 1) => {
            params.problem("min_support", "must be greater than 0 and at most 1");
            Support::Auto
        }
        (Some(share), None) => Support::Share(share),
        (None, Some(count)) => Support::Count(count),
        (None, None) => Support::Auto,
    }
}

const MAX_COUNT: u32 = 1_000_000_000;

fn sort_name<S: Serializer>(sort: &RuleSort, serializer: S) -> Result<S::Ok, S::Error> {
    let name = SORTS.iter().find(|(_, known)| known == sort).map_or("lift", |(name, _)| name);
    serializer.serialize_str(name)
}
