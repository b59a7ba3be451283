//! Everything that knows AWS: configuration, clients, tables, objects, queues, HTTP out, and the Lambda glue.

pub mod bus;
pub mod clients;
pub mod config;
pub mod lambda;
pub mod model;
pub mod objects;
pub mod queue;
pub mod sender;
pub mod tables;
pub mod uploads;
pub mod world;

mod failure;
