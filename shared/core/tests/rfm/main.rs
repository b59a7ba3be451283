//! RFM reports against answers worked out by other programs, and at their edges.

mod cdnow;
mod clv;
mod edges;
mod golden_edges;
mod scopes;
mod support;
