//! Which rows of a part, in which order: the query's filters and sort key.

use super::{Refusal, Request};
use serde::Deserialize;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Which rows, in which order. Its `Debug` form binds a cursor to it.
#[derive(Debug, Default)]
pub(super) struct View {
    product: Option<String>,
    min_lift: Option<f64>,
    segment: Option<String>,
    sort: Option<Sort>,
}

#[derive(Debug)]
struct Sort {
    field: String,
    descending: bool,
}

impl View {
    pub fn from_query(name: &str, request: &Request) -> Result<Self, Refusal> {
        let only_for = |parameter: &str, part: &str| match request.query(parameter) {
            Some(_) if part != name => {
                Err(Refusal::invalid(format!("/{parameter}"), format!("filters {part}, not {name}")))
            }
            value => Ok(value.map(str::to_owned)),
        };
        let min_lift = only_for("min_lift", "rules")?.map(|text| text.parse::<f64>()).transpose();
        let min_lift = min_lift.ok().filter(|lift| lift.is_none_or(f64::is_finite));
        let product = match name {
            "customers" => only_for("product", "rules")?,
            _ => request.query("product").map(str::to_owned),
        };
        Ok(Self {
            product,
            min_lift: min_lift.ok_or_else(|| Refusal::invalid("/min_lift", "must be a number"))?,
            segment: only_for("segment", "customers")?,
            sort: request.query("sort").map(|text| sort(name, text)).transpose()?,
        })
    }

    pub fn is_whole_part(&self) -> bool {
        self.product.is_none() && self.min_lift.is_none() && self.segment.is_none() && self.sort.is_none()
    }

    /// The lines that are admitted, sorted. Only the fields that filters and keys need are read of each.
    pub fn choose<'a>(&self, ndjson: &'a [u8]) -> Result<Vec<&'a [u8]>, Refusal> {
        let mut kept = Vec::new();
        for line in ndjson.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let fields: Fields<'_> = serde_json::from_slice(line)
                .map_err(|error| Refusal::internal(format!("a stored part is not JSON: {error}")))?;
            if self.admits(&fields) {
                kept.push((self.sort.as_ref().map(|sort| sort.key(&fields)), line));
            }
        }
        if let Some(sort) = &self.sort {
            // Stable: equal rows stay in the report's own order.
            kept.sort_by(|(a, _), (b, _)| sort.compare(a.as_ref(), b.as_ref()));
        }
        Ok(kept.into_iter().map(|(_, line)| line).collect())
    }

    fn admits(&self, row: &Fields<'_>) -> bool {
        let with_product = |wanted: &String| {
            [&row.antecedents, &row.consequents, &row.products]
                .iter()
                .any(|names| names.iter().any(|name| name == wanted))
        };
        self.product.as_ref().is_none_or(with_product)
            && self.min_lift.is_none_or(|bound| row.lift.is_some_and(|lift| lift >= bound))
            && self.segment.as_ref().is_none_or(|segment| row.segment.as_deref() == Some(segment))
    }
}

/// What filters and sort keys look at; a row has those of its part.
#[derive(Debug, Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default)]
    antecedents: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    consequents: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    products: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    segment: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    customer_id: Option<Cow<'a, str>>,
    lift: Option<f64>,
    confidence: Option<f64>,
    support: Option<f64>,
    support_count: Option<f64>,
    leverage: Option<f64>,
    conviction: Option<f64>,
    zhang: Option<f64>,
    jaccard: Option<f64>,
    kulczynski: Option<f64>,
    p_value: Option<f64>,
    q_value: Option<f64>,
    revenue: Option<f64>,
    size: Option<f64>,
    monetary: Option<f64>,
    frequency: Option<f64>,
    recency_days: Option<f64>,
    r: Option<f64>,
    f: Option<f64>,
    m: Option<f64>,
}

pub const SORTABLE: [(&str, &[&str]); 3] = [
    (
        "rules",
        &[
            "lift",
            "confidence",
            "support",
            "leverage",
            "conviction",
            "zhang",
            "jaccard",
            "kulczynski",
            "p_value",
            "q_value",
            "revenue",
        ],
    ),
    ("itemsets", &["support", "support_count", "size"]),
    ("customers", &["monetary", "frequency", "recency_days", "r", "f", "m", "customer_id"]),
];

fn sort(name: &str, text: &str) -> Result<Sort, Refusal> {
    let (field, descending) = text.strip_prefix('-').map_or((text, false), |field| (field, true));
    let known = SORTABLE.iter().find(|(part, _)| *part == name).map_or(&[][..], |(_, fields)| fields);
    if !known.contains(&field) {
        return Err(Refusal::invalid(
            "/sort",
            format!("must be one of {}, with a - in front for descending", known.join(", ")),
        ));
    }
    Ok(Sort { field: field.to_owned(), descending })
}

/// A row's place by the sort key. Nulls (infinite values) count as the greatest.
#[derive(Debug)]
enum Key {
    Number(f64),
    Text(String),
}

impl Sort {
    fn key(&self, row: &Fields<'_>) -> Key {
        let number = match self.field.as_str() {
            "customer_id" => return Key::Text(row.customer_id.as_deref().unwrap_or_default().to_owned()),
            "lift" => row.lift,
            "confidence" => row.confidence,
            "support" => row.support,
            "support_count" => row.support_count,
            "leverage" => row.leverage,
            "conviction" => row.conviction,
            "zhang" => row.zhang,
            "jaccard" => row.jaccard,
            "kulczynski" => row.kulczynski,
            "p_value" => row.p_value,
            "q_value" => row.q_value,
            "revenue" => row.revenue,
            "size" => row.size,
            "monetary" => row.monetary,
            "frequency" => row.frequency,
            "recency_days" => row.recency_days,
            "r" => row.r,
            "f" => row.f,
            _ => row.m,
        };
        Key::Number(number.unwrap_or(f64::INFINITY))
    }

    fn compare(&self, a: Option<&Key>, b: Option<&Key>) -> Ordering {
        let order = match (a, b) {
            (Some(Key::Number(a)), Some(Key::Number(b))) => a.total_cmp(b),
            (Some(Key::Text(a)), Some(Key::Text(b))) => a.cmp(b),
            _ => Ordering::Equal,
        };
        if self.descending { order.reverse() } else { order }
    }
}
