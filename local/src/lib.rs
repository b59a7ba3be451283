//! The whole suite on one machine: the functions' own binaries against a local Lambda runtime API, with the wiring
//! read from the SAM template and the AWS services on loopback ports. It refuses to know what any function does.

mod config;
mod events;
pub mod gateway;
pub mod lambda;
mod ports;
pub mod rights;
mod serve;
pub mod services;
mod stack;
pub mod template;
mod time;

pub use config::{LocalConfig, StartError, TemplateSource};
pub use stack::{RunningStack, start};
