//! Files that shops really have, read as order lines: what a file is, how it writes numbers and dates, and its rows
//! one by one. Knows no dataset, no storage and no network; whoever reads a file feeds its bytes in.
//!
//! A file is read in three steps, each over its unpacked bytes in chunks of any size:
//!
//! 1. [`detect`] takes the first bytes and says what the file is ([`Plan`]), or what the caller must say first.
//! 2. [`Survey`] walks over the whole file: encoding, number and date form and currency are questions to all of it,
//!    never to a row. What nothing in the file decides is asked about.
//! 3. [`Reader`] walks again and hands lines and rejects to a [`Sink`]. Between two chunks it gives a [`Checkpoint`]
//!    from which another reader goes on.
//!
//! Parquet wants random access instead: [`parquet::ParquetRows`] has the same three steps.

mod encoding;
mod field;
mod findings;
mod flat;
mod interpret;
mod kind;
mod line;
mod ndjson;
mod number;
mod order_date;
mod packed;
pub mod parquet;
mod plan;
pub mod problem;
mod reader;
mod rejects;
mod row;
mod rows;
mod settings;
mod splitter;
mod summary;
mod survey;

pub use encoding::Encoding;
pub use field::Field;
pub use findings::{DateStyle, Findings};
pub use kind::{Kind, order_columns};
pub use line::{Line, Reject, Sink};
pub use plan::{HEAD_BYTES, Plan, detect};
pub use problem::ImportProblem;
pub use reader::{Checkpoint, Reader};
pub use rejects::{rejects_header, rejects_row};
pub use settings::{DecimalMark, FileFormat, Mapping, Settings};
pub use summary::Summary;
pub use survey::Survey;

/// The longest row that is read, in bytes; a longer one is rejected without being held.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// The most columns of a table. A rejected row is told with a cell for each of them, however short it is.
pub const MAX_COLUMNS: usize = 2_000;

#[cfg(test)]
mod tests;
