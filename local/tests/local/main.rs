//! The local run from outside: functions, HTTP API, queues and whole stacks, with a function that does what its event
//! says.

mod functions;
mod http;
mod queues;
mod stack;
mod support;
