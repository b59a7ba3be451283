//! Files that shops have: which form one is in, and its rows as text. Knows no order, no basket and no server.

pub mod blocks;
pub mod columns;
pub mod csv;
pub mod guard;
pub mod open;
pub mod parquet;
pub mod rows;
pub mod table;

use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;
use open::Source;
use parquet::Stored;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// FIMI baskets: item numbers separated by spaces, one basket a line
    Fimi,
    /// A table with a header, one order line a row
    Csv,
    /// One order of the API's form a line
    Ndjson,
}

/// A file that was recognised and opened.
#[derive(Debug)]
pub enum Opened {
    Parquet(Stored),
    Text(Form, Source),
}

/// Is told how far a file was read: so many of its bytes (or rows) of so many, 0 where nobody knows. Its failure ends
/// the reading.
pub trait Watch: Sync {
    fn read(&self, done: u64, total: u64) -> Result<(), Failure>;
}

/// Nobody watches.
impl Watch for () {
    fn read(&self, _: u64, _: u64) -> Result<(), Failure> {
        Ok(())
    }
}

pub const PARQUET_MAGIC: &[u8] = b"PAR1";

/// Opens a file (`-` is standard input): Parquet and NDJSON are known by their first bytes, FIMI by its name (`.dat`,
/// `.fimi`), anything else is a table; the caller may know the form of a text.
pub fn open_as(path: &Path, form: Option<Form>) -> Result<Opened, Failure> {
    let refuse = |error: io::Error| open::unreadable(path, &error);
    if is_stdin(path) {
        let mut stdin = io::stdin();
        let first = open::first_bytes(&mut stdin).map_err(refuse)?;
        return recognised(path, form, &first, Box::new(stdin), 0).map_err(refuse);
    }
    let (file, first, size) = open::file(path)?;
    if first.starts_with(PARQUET_MAGIC) && size > 0 {
        return Ok(Opened::Parquet(Stored::File(path.to_owned())));
    }
    recognised(path, form, &first, Box::new(file), size).map_err(refuse)
}

pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn recognised(
    path: &Path,
    form: Option<Form>,
    first: &[u8],
    mut rest: Box<dyn Read + Send>,
    size: u64,
) -> io::Result<Opened> {
    if first.starts_with(PARQUET_MAGIC) {
        let mut bytes = first.to_vec();
        rest.read_to_end(&mut bytes)?;
        return Ok(Opened::Parquet(Stored::Memory(bytes.into())));
    }
    let source = Source::unpacked(first, rest, size)?;
    let form = form.unwrap_or_else(|| form_of(path, source.head()));
    Ok(Opened::Text(form, source))
}

fn form_of(path: &Path, head: &[u8]) -> Form {
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    if named_fimi(path) || is_stdin(path) && looks_fimi(head) {
        Form::Fimi
    } else if first == Some(&b'{') {
        Form::Ndjson
    } else {
        Form::Csv
    }
}

/// Whether the first line that is not blank holds numbers and nothing else: no table has such a header.
pub fn looks_fimi(head: &[u8]) -> bool {
    let line = head.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    line.is_some_and(|line| line.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_whitespace()))
}

/// `retail.dat`, `retail.dat.xz`, `retail.fimi.gz`.
pub fn named_fimi(path: &Path) -> bool {
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

    #[test]
    fn baskets_on_standard_input_are_known_by_their_first_line() {
        let check = |head: &str, expected| assert_eq!(form_of(Path::new("-"), head.as_bytes()), expected, "{head:?}");
        check("1 2 3\n", Form::Fimi);
        check("\n17\r\n", Form::Fimi);
        check(" {\"order_id\":\"1\"}\n", Form::Ndjson);
        check("order;product\n1;2\n", Form::Csv);
        check("", Form::Csv);
    }
}
