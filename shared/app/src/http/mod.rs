//! The HTTP contract, without a server: a request in, an answer out. Knows neither Lambda nor API Gateway.

mod answer;
mod body;
mod cursor;
mod data;
mod datasets;
mod erase;
mod export;
mod keys;
mod once;
pub mod openapi;
mod parts;
mod recommendations;
mod refusal;
mod reports;
mod request;
mod routes;
mod schedules;
mod serve;
mod uploads;
mod view;
mod views;
mod webhooks;

pub use answer::Answer;
pub use cursor::Cursors;
pub use data::{DataPorts, data};
pub use keys::{KeyPorts, keys};
pub use refusal::Refusal;
pub use reports::{ReportPorts, reports};
pub use request::{Caller, Request, Verdict};
pub use routes::{ROUTES, Route, Serves};
