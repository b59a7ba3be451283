//! The parameters of a customer segmentation: defaults, bounds, custom segments and cut-offs. Scores nobody.

use super::fields::{Fields, whole};
use super::grid;
use crate::decimal::{Amount, Price, Quantity, all_decimals};
use crate::json::Node;
use crate::time::Day;
use affinsy_mining::rfm::BuiltinSegment;
use serde::{Serialize, Serializer};

/// Every parameter of an RFM report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RfmParams {
    /// How many scores each dimension has.
    pub bins: u32,
    #[serde(flatten)]
    pub segment_model: SegmentModel,
    /// Explicit cut-offs in place of quantiles.
    pub thresholds: Option<Thresholds>,
    /// The earlier date that migration is measured from.
    pub compare_to: Option<Day>,
}

impl Default for RfmParams {
    fn default() -> Self {
        Self { bins: 5, segment_model: SegmentModel::Rfm10, thresholds: None, compare_to: None }
    }
}

impl RfmParams {
    /// The ids of the segments in the order of the report.
    pub fn segment_ids(&self) -> Vec<&str> {
        match &self.segment_model {
            SegmentModel::Rfm10 | SegmentModel::Rf10 => {
                BuiltinSegment::ALL.iter().map(|segment| segment.id()).collect()
            }
            SegmentModel::Custom(segments) => segments.iter().map(|segment| segment.id.as_str()).collect(),
        }
    }
}

/// How scores become segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentModel {
    /// R against the mean of F and M.
    Rfm10,
    /// R against F alone.
    Rf10,
    /// The caller's own boxes; together they hold every cell exactly once.
    Custom(Vec<CustomSegment>),
}

/// One of the caller's segments: a box of scores, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomSegment {
    pub id: String,
    pub label: String,
    pub r: [u32; 2],
    pub f: [u32; 2],
    pub m: [u32; 2],
}

/// Ascending cut-offs between neighbouring scores, `bins` − 1 of each; `None` leaves a dimension to quantiles.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Thresholds {
    /// The greatest recency, in days, of the scores `bins`, `bins` − 1 … 2.
    pub recency_days: Option<Vec<u32>>,
    /// The least number of orders of the scores 2, 3 … `bins`.
    pub frequency: Option<Vec<u32>>,
    /// The least spend of the scores 2, 3 … `bins`.
    #[serde(serialize_with = "all_decimals")]
    pub monetary: Option<Vec<Amount>>,
}

/// Parameters of this report type alone; the other type warns that it ignores them.
pub(super) const NAMES: [&str; 5] = ["bins", "segment_model", "segments", "thresholds", "compare_to"];

const MAX_SEGMENTS: usize = 1_000;

impl Serialize for SegmentModel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Rfm10 => map.serialize_entry("segment_model", "rfm10")?,
            Self::Rf10 => map.serialize_entry("segment_model", "rf10")?,
            Self::Custom(segments) => {
                map.serialize_entry("segment_model", "custom")?;
                map.serialize_entry("segments", segments)?;
            }
        }
        map.end()
    }
}

pub(super) fn read(params: &mut Fields<'_>) -> RfmParams {
    RfmParams { compare_to: params.day("compare_to"), ..read_segmentation(params) }
}

/// What decides on a customer's segment: all that a basket analysis of a segment takes.
pub(super) fn read_segmentation(params: &mut Fields<'_>) -> RfmParams {
    let bins = params.integer("bins", 2..=10).unwrap_or(5);
    RfmParams {
        bins,
        segment_model: read_model(params, bins),
        thresholds: read_thresholds(params, bins),
        compare_to: None,
    }
}

#[derive(Clone, Copy)]
enum ModelName {
    Rfm10,
    Rf10,
    Custom,
}

const MODELS: [(&str, ModelName); 3] =
    [("rfm10", ModelName::Rfm10), ("rf10", ModelName::Rf10), ("custom", ModelName::Custom)];

fn read_model(params: &mut Fields<'_>, bins: u32) -> SegmentModel {
    let model = params.one_of("segment_model", &MODELS).unwrap_or(ModelName::Rfm10);
    if !matches!(model, ModelName::Custom) {
        params.ignore(&["segments"], "it belongs to segment_model custom");
    }
    match model {
        ModelName::Rfm10 => SegmentModel::Rfm10,
        ModelName::Rf10 => SegmentModel::Rf10,
        ModelName::Custom => SegmentModel::Custom(read_segments(params, bins)),
    }
}

fn read_segments(params: &mut Fields<'_>, bins: u32) -> Vec<CustomSegment> {
    let Some(objects) = params.objects("segments", MAX_SEGMENTS) else {
        if !params.has("segments") {
            params.problem("segments", "segment_model custom needs its segments: [{id, r, f, m}]");
        }
        return Vec::new();
    };
    let asked = objects.len();
    let mut segments: Vec<CustomSegment> = Vec::with_capacity(asked);
    for mut object in objects {
        let read = read_segment(&mut object, bins);
        if let Some(segment) = &read
            && segments.iter().any(|known| known.id == segment.id)
        {
            object.problem("id", "stands twice");
        }
        segments.extend(read);
        object.finish();
    }
    if segments.len() == asked
        && let Some(problem) = grid::coverage_problem(&segments, bins)
    {
        params.problem("segments", &problem);
    }
    segments
}

fn read_segment(object: &mut Fields<'_>, bins: u32) -> Option<CustomSegment> {
    let id = object.text("id", 64);
    let label = object.text("label", 80).or_else(|| id.clone());
    let sides = ["r", "f", "m"].map(|name| read_side(object, name, bins));
    if id.is_none() && !object.has("id") {
        object.problem("id", "is missing");
    }
    let [Some(r), Some(f), Some(m)] = sides else { return None };
    Some(CustomSegment { id: id?, label: label?, r, f, m })
}

/// `[low, high]`, or one score; all scores where it is missing.
fn read_side(object: &mut Fields<'_>, name: &'static str, bins: u32) -> Option<[u32; 2]> {
    let scores: Option<Vec<u32>> = match object.node(name) {
        None => return Some([1, bins]),
        Some(Node::Array(ends)) => ends.iter().map(score).collect(),
        Some(one) => score(one).map(|score| vec![score, score]),
    };
    match scores.as_deref() {
        Some([low, high]) if 1 <= *low && low <= high && *high <= bins => Some([*low, *high]),
        _ => {
            object.problem(name, &format!("must be a score or [low, high], with 1 ≤ low ≤ high ≤ {bins}"));
            None
        }
    }
}

fn score(node: &Node) -> Option<u32> {
    match node {
        Node::Number(text) => whole(text),
        _ => None,
    }
}

fn read_thresholds(params: &mut Fields<'_>, bins: u32) -> Option<Thresholds> {
    if !params.has("thresholds") {
        params.node("thresholds");
        return None;
    }
    let mut fields = params.object("thresholds");
    let thresholds = Thresholds {
        recency_days: cut_offs(&mut fields, "recency_days", bins, score),
        frequency: cut_offs(&mut fields, "frequency", bins, score),
        monetary: cut_offs(&mut fields, "monetary", bins, amount),
    };
    fields.finish();
    Some(thresholds)
}

fn cut_offs<T: PartialOrd>(
    fields: &mut Fields<'_>,
    name: &'static str,
    bins: u32,
    read: impl Fn(&Node) -> Option<T>,
) -> Option<Vec<T>> {
    let nodes = fields.array(name, 9)?;
    let values: Option<Vec<T>> = nodes.iter().map(read).collect();
    let fits = |values: &Vec<T>| values.len() as u32 == bins - 1 && values.windows(2).all(|pair| pair[0] < pair[1]);
    if !values.as_ref().is_some_and(fits) {
        fields.problem(name, &format!("must be {} ascending numbers, one between each two scores", bins - 1));
    }
    values
}

fn amount(node: &Node) -> Option<Amount> {
    match node {
        Node::Number(text) => Price::parse(text).ok().map(|price| price.times(Quantity::ONE)),
        _ => None,
    }
}
