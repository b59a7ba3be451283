//! What the tests stand on: the suite over memory twins, and services and SDK clients on this machine.

mod aws;
mod project;
mod receiver;
mod shop;

pub use aws::{Aws, receive, sdk};
pub use project::{project, read, template};
pub use receiver::{Delivery, Receiver};
pub use shop::{BASE, MOST_REPORTS_AT_ONCE, NOW, Shop, caller, json};
