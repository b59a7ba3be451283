//! Whether the document is whole and says what the code does: its structure, its examples, and real answers of
//! every operation held against it.

mod answers;
mod contract;
mod shop;
mod structure;
