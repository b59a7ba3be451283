//! RFM reports against answers worked out by other programs, and at their edges.

mod cdnow;
mod clv;
mod edges;
mod golden_edges;
mod laws;
mod scopes;
mod segment_scope;
mod support;
mod traced;
mod value;
