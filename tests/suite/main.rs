//! What holds across crates: the adapters' promises, the whole loop over memory twins and over the real local
//! stack, the HTTP contract, and the template against the code. Knows the project from outside only.

mod conformance;
mod faults;
mod flow;
mod http;
mod insights;
mod kit;
mod model;
mod stack;
mod template;
mod tidy;
mod webhooks;
