//! `customer_scope`: a scope by its name, or `segment:` and the id of an RFM segment. Knows no customer.

use super::fields::{Fields, listed};
use super::rfm::RfmParams;
use crate::json::Node;
use crate::report::{CustomerScope, ReportType, SEGMENT_PREFIX};

/// What was asked for, before it is known which segments there are.
#[derive(Debug)]
pub(super) enum Asked {
    Named(CustomerScope),
    /// By its id.
    Segment(String),
}

pub(super) fn read(params: &mut Fields<'_>) -> Option<Asked> {
    let text = match params.node("customer_scope")? {
        Node::String(text) => text.as_str(),
        _ => "",
    };
    if let Some(id) = text.strip_prefix(SEGMENT_PREFIX) {
        return Some(Asked::Segment(id.to_owned()));
    }
    let found = CustomerScope::NAMES.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        let names = listed(&CustomerScope::NAMES);
        params.problem("customer_scope", &format!("must be one of {names}, or the like of segment:champions"));
    }
    found.map(|(_, scope)| Asked::Named(*scope))
}

impl Asked {
    /// A segment must be one of those that the report's parameters make. `None` only where a problem was noted.
    pub fn resolve(self, params: &Fields<'_>, report_type: ReportType, rfm: &RfmParams) -> Option<CustomerScope> {
        let id = match self {
            Self::Named(scope) => return Some(scope),
            Self::Segment(id) => id,
        };
        if report_type == ReportType::Rfm {
            let words = "a segment is a scope of MBA reports; an RFM report lists each segment's customers";
            params.problem("customer_scope", words);
            return None;
        }
        let ids = rfm.segment_ids();
        let place = ids.iter().position(|known| *known == id);
        if place.is_none() {
            let shown = ids.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
            params.problem("customer_scope", &format!("must name one of the segments: {shown}"));
        }
        place.map(CustomerScope::Segment)
    }
}

/// The most segments named in one sentence.
const SHOWN: usize = 20;
