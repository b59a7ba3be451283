//! How a report turns observations into scores and scores into segments: the built-in tables with their texts,
//! or the caller's own boxes and cut-offs. Knows no customer.

use crate::decimal::Amount;
use crate::report::ReportFailure;
use crate::report::spec::{CustomSegment, RfmParams, SegmentModel, Thresholds};
use affinsy_mining::rfm::{BuiltinSegment, Cutoffs, Observation, Score, ScoreBox, SegmentMap, score};

/// Scores and segments as asked for.
#[derive(Debug, Clone)]
pub struct Model {
    pub bins: u8,
    /// The segments in the order of the report; a customer's `segment` is a place in this list.
    pub segments: Vec<SegmentText>,
    pub map: SegmentMap,
    cutoffs: Cutoffs,
}

/// What a report says of a segment whoever is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentText {
    pub id: String,
    pub label: String,
    pub description: String,
    /// `None` for a caller's own segment: what to do with it is the caller's to say.
    pub action: Option<&'static str>,
    pub kpi: Option<&'static str>,
    pub builtin: Option<BuiltinSegment>,
}

impl Model {
    pub fn new(params: &RfmParams) -> Result<Self, ReportFailure> {
        let bins = params.bins as u8;
        let (map, segments) = match &params.segment_model {
            SegmentModel::Rfm10 => (SegmentMap::rfm10(bins), builtin_texts()),
            SegmentModel::Rf10 => (SegmentMap::rf10(bins), builtin_texts()),
            SegmentModel::Custom(custom) => (custom_map(custom, bins)?, custom.iter().map(custom_text).collect()),
        };
        let cutoffs = params.thresholds.as_ref().map(cutoffs).unwrap_or_default();
        Ok(Self { bins, segments, map, cutoffs })
    }

    pub fn score(&self, observations: &[Observation]) -> Vec<Score> {
        score(observations, self.bins, &self.cutoffs)
    }
}

fn cutoffs(thresholds: &Thresholds) -> Cutoffs {
    let days = |days: &Vec<u32>| days.iter().map(|day| i64::from(*day)).collect();
    let money = |amounts: &Vec<Amount>| amounts.iter().map(|amount| amount.billionths()).collect();
    Cutoffs {
        recency_days: thresholds.recency_days.as_ref().map(days),
        frequency: thresholds.frequency.clone(),
        monetary: thresholds.monetary.as_ref().map(money),
    }
}

fn custom_map(custom: &[CustomSegment], bins: u8) -> Result<SegmentMap, ReportFailure> {
    let side = |[low, high]: [u32; 2]| [low as u8, high as u8];
    let boxes: Vec<ScoreBox> =
        custom.iter().map(|segment| ScoreBox { r: side(segment.r), f: side(segment.f), m: side(segment.m) }).collect();
    SegmentMap::custom(bins, &boxes)
        .map_err(|coverage| ReportFailure { code: "invalid_segments", message: coverage.to_string() })
}

fn custom_text(segment: &CustomSegment) -> SegmentText {
    let side = |[low, high]: [u32; 2]| if low == high { low.to_string() } else { format!("{low}–{high}") };
    SegmentText {
        id: segment.id.clone(),
        label: segment.label.clone(),
        description: format!("R {}, F {}, M {}", side(segment.r), side(segment.f), side(segment.m)),
        action: None,
        kpi: None,
        builtin: None,
    }
}

fn builtin_texts() -> Vec<SegmentText> {
    BuiltinSegment::ALL.into_iter().map(builtin_text).collect()
}

fn builtin_text(segment: BuiltinSegment) -> SegmentText {
    let [label, description, action, kpi] = texts(segment);
    SegmentText {
        id: segment.id().to_owned(),
        label: label.to_owned(),
        description: description.to_owned(),
        action: Some(action),
        kpi: Some(kpi),
        builtin: Some(segment),
    }
}

/// Label, description, recommended action, the KPI to watch.
const fn texts(segment: BuiltinSegment) -> [&'static str; 4] {
    match segment {
        BuiltinSegment::Champions => [
            "Champions",
            "Bought most recently, most often and for the most money",
            "Give early access and ask for reviews and referrals; a discount is not needed here",
            "Share of revenue and number who stay champions",
        ],
        BuiltinSegment::LoyalCustomers => [
            "Loyal customers",
            "Buy often or spend much, and did so not long ago",
            "Offer a loyalty programme and products that go with what they buy",
            "Orders per customer and average order value",
        ],
        BuiltinSegment::PotentialLoyalists => [
            "Potential loyalists",
            "Recent buyers with a few orders or a good first basket",
            "Lead them to the next order with recommendations or membership soon after a purchase",
            "Share who become loyal customers or champions",
        ],
        BuiltinSegment::NewCustomers => [
            "New customers",
            "Bought very recently, once or little",
            "Welcome them, help with the first product and suggest a second order",
            "Share with a second order",
        ],
        BuiltinSegment::Promising => [
            "Promising",
            "Bought fairly recently, once or little",
            "Stay in their mind with content and a small reason to come back",
            "Share with a second order",
        ],
        BuiltinSegment::NeedAttention => [
            "Need attention",
            "Medium in everything, and not seen for a while",
            "Send an offer limited in time, based on what they bought",
            "Reactivation rate",
        ],
        BuiltinSegment::AboutToSleep => [
            "About to sleep",
            "Few orders and little spend, and not seen for a while",
            "Remind them with popular products before they are gone",
            "Reactivation rate",
        ],
        BuiltinSegment::AtRisk => [
            "At risk",
            "Bought repeatedly or for good money, but long ago",
            "Win them back with a personal message and a reason to return",
            "Win-back rate and revenue won back",
        ],
        BuiltinSegment::CantLoseThem => [
            "Can't lose them",
            "Among the best by orders and spend, but have not bought for long",
            "Contact them in person and find out what went wrong",
            "Win-back rate and revenue won back",
        ],
        BuiltinSegment::Hibernating => [
            "Hibernating",
            "Bought long ago, little and seldom",
            "Spend little: one cheap campaign, then leave them out of paid channels",
            "Cost per reactivated customer",
        ],
    }
}
