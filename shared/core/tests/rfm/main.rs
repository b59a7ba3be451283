//! RFM reports against answers worked out by other programs, and at their edges.

mod cdnow;
mod clv;
mod definition;
mod edges;
mod golden_edges;
mod golden_models;
mod laws;
mod reference;
mod scopes;
mod segment_scope;
mod support;
mod traced;
mod value;
