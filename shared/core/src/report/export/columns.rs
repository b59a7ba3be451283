//! The columns of each list, in the order of its rows' fields. Their types do not depend on what the rows hold: a
//! warehouse that loads one export loads the next.

/// What a column holds. Any cell may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Several names.
    Names,
    Whole,
    Real,
    /// At most four decimals.
    Money,
    Flag,
    /// A date without a time.
    Day,
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    /// The row's field, and the field in it where it is an object.
    pub field: &'static str,
    pub inner: Option<&'static str>,
    pub kind: Kind,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, field: name, inner: None, kind }
}

const fn inside(name: &'static str, field: &'static str, inner: &'static str, kind: Kind) -> Column {
    Column { name, field, inner: Some(inner), kind }
}

pub const RULES: &[Column] = &[
    column("antecedents", Kind::Names),
    column("consequents", Kind::Names),
    column("support", Kind::Real),
    column("support_count", Kind::Whole),
    column("confidence", Kind::Real),
    column("lift", Kind::Real),
    column("leverage", Kind::Real),
    column("conviction", Kind::Real),
    column("zhang", Kind::Real),
    column("jaccard", Kind::Real),
    column("certainty", Kind::Real),
    column("kulczynski", Kind::Real),
    column("cosine", Kind::Real),
    column("imbalance_ratio", Kind::Real),
    column("confidence_low", Kind::Real),
    column("confidence_high", Kind::Real),
    column("p_value", Kind::Real),
    column("q_value", Kind::Real),
    column("antecedent_support", Kind::Real),
    column("consequent_support", Kind::Real),
    column("antecedent_count", Kind::Whole),
    column("consequent_count", Kind::Whole),
    column("redundant", Kind::Flag),
    column("revenue", Kind::Money),
];

pub const ITEMSETS: &[Column] = &[
    column("products", Kind::Names),
    column("size", Kind::Whole),
    column("support", Kind::Real),
    column("support_count", Kind::Whole),
];

pub const CUSTOMERS: &[Column] = &[
    column("customer_id", Kind::Text),
    column("segment", Kind::Text),
    column("recency_days", Kind::Whole),
    column("frequency", Kind::Whole),
    column("monetary", Kind::Money),
    column("r", Kind::Whole),
    column("f", Kind::Whole),
    column("m", Kind::Whole),
    column("fm", Kind::Whole),
    column("first_order", Kind::Day),
    column("last_order", Kind::Day),
    column("aov", Kind::Money),
    column("lapsed", Kind::Flag),
    column("p_alive", Kind::Real),
    column("expected_orders_90d", Kind::Real),
    column("expected_orders_365d", Kind::Real),
    column("expected_value_90d", Kind::Money),
    column("expected_value_365d", Kind::Money),
];

pub const SEGMENTS: &[Column] = &[
    column("id", Kind::Text),
    column("label", Kind::Text),
    column("description", Kind::Text),
    column("customers", Kind::Whole),
    column("share", Kind::Real),
    column("orders", Kind::Whole),
    column("revenue", Kind::Money),
    column("revenue_share", Kind::Real),
    inside("recency_days_mean", "recency_days", "mean", Kind::Real),
    inside("recency_days_median", "recency_days", "median", Kind::Real),
    inside("frequency_mean", "frequency", "mean", Kind::Real),
    inside("frequency_median", "frequency", "median", Kind::Real),
    inside("monetary_mean", "monetary", "mean", Kind::Money),
    inside("monetary_median", "monetary", "median", Kind::Money),
    column("aov", Kind::Money),
    column("median_repurchase_days", Kind::Real),
    column("action", Kind::Text),
    column("kpi", Kind::Text),
];
