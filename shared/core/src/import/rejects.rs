//! Rejected rows as CSV (RFC 4180): line, column, value, reason, then the row itself, so that a mended list can be
//! sent again as it is. A cell that a spreadsheet would take for a formula begins with an apostrophe.

use crate::cells::guarded;
use std::borrow::Cow;

use super::interpret::{Interpreter, Refusal};
use super::{FileFormat, Plan, Reject, Sink};

/// The columns that a list of rejects puts before the file's own.
pub(super) const OWN_COLUMNS: [&str; 4] = ["line", "column", "value", "reason"];

/// The first line of a list of rejects.
pub fn rejects_header(plan: &Plan) -> String {
    csv_row(OWN_COLUMNS.into_iter().chain(plan.reject_columns()))
}

/// One line of a list of rejects.
pub fn rejects_row(reject: &Reject<'_>) -> String {
    let line = reject.line.to_string();
    let own = [line.as_str(), reject.column, reject.value, reject.reason];
    csv_row(own.into_iter().chain(reject.row.iter().map(String::as_str)))
}

fn csv_row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<Cow<'_, str>> = cells.map(|cell| quoted(guarded(Cow::Borrowed(cell)))).collect();
    cells.join(",") + "\r\n"
}

fn quoted(cell: Cow<'_, str>) -> Cow<'_, str> {
    if cell.contains(['"', ',', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
        return Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")));
    }
    cell
}

pub(super) fn is_list_of_rejects(columns: &[String]) -> bool {
    columns.len() > OWN_COLUMNS.len() && columns.iter().zip(OWN_COLUMNS).all(|(column, own)| column == own)
}

/// Counts a row that is not used, and hands it over in the file's own columns.
pub(super) fn refuse(
    plan: &Plan,
    rows: &mut Interpreter,
    (line, refusal): (u64, &Refusal),
    mut row: Vec<String>,
    sink: &mut dyn Sink,
) {
    rows.summary.rejected += 1;
    if plan.format != FileFormat::Ndjson && !row.is_empty() {
        row.resize(plan.reject_columns().len().max(row.len()), String::new());
        rows.fill(plan, &mut row);
    }
    let column = refusal.field.map_or("", |field| plan.column(field));
    sink.reject(&Reject { line, column, value: &refusal.value, reason: &refusal.reason, row: &row });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::unguarded;
    use crate::import::row::{CellSplitter, End, row_end};

    #[test]
    fn a_list_of_rejects_reads_back_as_it_was() {
        let check = |row: &[&str], written: &str| {
            let cells: Vec<String> = row.iter().map(|cell| (*cell).to_owned()).collect();
            let reject = Reject { line: 7, column: "Price", value: "one", reason: "is not a number", row: &cells };
            let text = rejects_row(&reject);
            assert_eq!(text, format!("7,Price,one,is not a number,{written}\r\n"));
            let End::At(end) = row_end(text.as_bytes(), Some(b','), b'\n', true) else { panic!("{text}") };
            let text = text[..end].trim_end_matches('\r');
            let mut splitter = CellSplitter::new(b',');
            let read: Vec<&str> = splitter.split(text, text.contains('"')).iter().skip(4).map(unguarded).collect();
            assert_eq!(read, row, "{text}");
        };
        check(&["#1001", "Tea"], "#1001,Tea");
        check(&["a,b", "say \"x\"", "two\nlines"], "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"");
        check(&["=1+1", "+4", "-4", "@x", "'=1"], "'=1+1,'+4,'-4,'@x,''=1");
        check(&["\tx", "\rx", "'x", "", " y"], "'\tx,\"'\rx\",'x,,\" y\"");
    }
}
