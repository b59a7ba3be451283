//! Use cases and the ports they need. Async, but without AWS: nothing here names an SDK type.
//!
//! Modules stand in the order in which a request meets them: who calls ([`authorize`], [`admit`]), what is
//! pushed or comes as a file ([`push_orders`], [`import_upload`]), what is asked for ([`submit_report`]), what is computed ([`run_report`]),
//! what is fetched besides the report ([`export_report`], [`recommend`]), what keeps reading fast ([`tend`]), who is told ([`dispatch_webhook`], [`test_webhook`], [`redeliver`]), and what is picked up again ([`sweep`]).

pub mod admit;
pub mod authorize;
pub mod conformance;
pub mod delete_report;
pub mod dispatch_webhook;
pub mod endpoint_health;
pub mod erase;
pub mod export_report;
pub mod http;
pub mod import_upload;
pub mod manage_keys;
pub mod memory;
pub mod ports;
pub mod purge;
mod purge_results;
pub mod push_orders;
pub mod recommend;
pub mod redeliver;
mod row_cap;
pub mod run_report;
pub mod schedule;
pub mod snapshot;
pub mod submit_report;
pub mod sweep;
pub mod tend;
pub mod test_webhook;
