//! Files on their way through the importer: what becomes of them, and of an importer that dies at any step.

mod bench;
mod erased;
mod faults;
mod files;
mod kills;
