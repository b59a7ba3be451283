//! Files that shops have: which form one is in, and its rows as text. Knows no order, no basket and no server.

pub mod columns;
pub mod csv;
pub mod open;
pub mod parquet;
pub mod table;

use std::path::Path;

use crate::failure::Failure;
use open::Source;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// FIMI baskets: item numbers separated by spaces, one basket a line.
    Fimi,
    /// A table with a header, one order line a row.
    Csv,
    /// One order of the API's form a line.
    Ndjson,
}

/// A file that was recognised and opened.
#[derive(Debug)]
pub enum Opened {
    Parquet(std::fs::File),
    Text(Form, Source),
}

const PARQUET_MAGIC: &[u8] = b"PAR1";

/// Opens a file: Parquet and NDJSON by their first bytes, FIMI by its name (`.dat`), anything else is a table.
pub fn open(path: &Path) -> Result<Opened, Failure> {
    let (file, first) = open::file(path)?;
    if first.starts_with(PARQUET_MAGIC) {
        return Ok(Opened::Parquet(file));
    }
    let source = open::text(path, file, &first)?;
    let form = if named_fimi(path) {
        Form::Fimi
    } else if source.begins_with(b'{') {
        Form::Ndjson
    } else {
        Form::Csv
    };
    Ok(Opened::Text(form, source))
}

/// `retail.dat`, `retail.dat.xz`, `retail.fimi.gz`.
fn named_fimi(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let plain = [".xz", ".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    plain.ends_with(".dat") || plain.ends_with(".fimi")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baskets_are_known_by_their_name() {
        let check = |name: &str, expected| assert_eq!(named_fimi(Path::new(name)), expected, "{name}");
        check("a/retail.dat", true);
        check("RETAIL.DAT.XZ", true);
        check("retail.dat.csv", false);
        check("orders.csv.gz", false);
    }
}
