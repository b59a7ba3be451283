//! Rows of text into cells by what they hold, and those into lines. The one place that knows both a file's layout and
//! what may be wrong with a row as a whole.

use super::flat::FlatRow;
use super::interpret::{Interpreter, Refusal};
use super::rejects::refuse;
use super::row::{CellSplitter, Row};
use super::splitter::{Flaw, Record};
use super::{Field, FileFormat, MAX_ROW_BYTES, Plan, Reject, Sink, field::Cells, flat, ndjson, rejects};
use crate::cells::unguarded;
use crate::import::Kind;

/// Where the fields stand in a file's rows.
#[derive(Debug)]
pub(super) struct Layout {
    format: FileFormat,
    wanted: Vec<(Field, usize)>,
    /// How many columns the header has, and the last that is read.
    columns: usize,
    last: usize,
    is_mended: bool,
    splitter: CellSplitter,
    flat: FlatRow,
}

impl Layout {
    pub fn new(plan: &Plan) -> Self {
        Self {
            format: plan.format,
            wanted: plan.wanted.clone(),
            columns: plan.columns.len(),
            last: plan.wanted.iter().map(|(_, at)| *at).max().unwrap_or(0),
            is_mended: plan.is_mended,
            splitter: CellSplitter::new(plan.delimiter),
            flat: FlatRow::new(plan),
        }
    }

    fn cells<'a>(wanted: &[(Field, usize)], is_mended: bool, row: &Row<'a>) -> Cells<'a> {
        let mut cells = [""; Field::COUNT];
        for (field, at) in wanted {
            let cell = row.get(*at).unwrap_or_default();
            cells[*field as usize] = if is_mended { unguarded(cell) } else { cell };
        }
        cells
    }
}

/// The cells of a row that can be read at all, whatever they say; `None` where it cannot, or holds nothing.
pub(super) fn columns_of<T>(layout: &mut Layout, record: &Record<'_>, read: impl FnOnce(&Cells<'_>) -> T) -> Option<T> {
    if layout.format == FileFormat::Ndjson {
        return layout.flat.read(&record.text).ok().map(|cells| read(&cells));
    }
    let Layout { wanted, is_mended, splitter, .. } = layout;
    let row = splitter.split(&record.text, record.quoted);
    Some(read(&Layout::cells(wanted, *is_mended, &row)))
}

/// Reads the rows of a text.
#[derive(Debug)]
pub(super) struct Rows {
    pub plan: Plan,
    layout: Layout,
    pub interpreter: Interpreter,
}

impl Rows {
    pub fn new(plan: &Plan, interpreter: Interpreter) -> Self {
        Self { plan: plan.clone(), layout: Layout::new(plan), interpreter }
    }

    pub fn record(&mut self, record: &Record<'_>, sink: &mut dyn Sink) {
        if record.is_blank(self.plan.quotes()) {
            return;
        }
        if let Some(flaw) = record.flaw {
            self.interpreter.summary.rows += 1;
            let refusal = Refusal { field: None, value: cut(&record.text), reason: flaw.reason() };
            let row = if record.text.is_empty() { Vec::new() } else { self.original(record) };
            return refuse(&self.plan, &mut self.interpreter, (record.line, &refusal), row, sink);
        }
        let result = match (self.plan.format, self.plan.kind) {
            (FileFormat::Ndjson, Kind::Orders) => ndjson::order(record, &mut self.interpreter, sink),
            (FileFormat::Ndjson, _) => match self.layout.flat.read(&record.text) {
                Ok(cells) => self.interpreter.row(record.line, &cells, sink),
                Err(reason) => flat::refused(&mut self.interpreter, &record.text, reason),
            },
            _ => self.table_row(record, sink),
        };
        if let Err(refusal) = result {
            let row = self.original(record);
            refuse(&self.plan, &mut self.interpreter, (record.line, &refusal), row, sink);
        }
    }

    fn table_row(&mut self, record: &Record<'_>, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Layout { wanted, columns, last, is_mended, splitter, .. } = &mut self.layout;
        let row = splitter.split(&record.text, record.quoted);
        // A delimiter too many moves every cell behind it; a row cut short has lost some.
        let is_ragged = row.len() <= *last || row.len() > *columns && row.width() > *columns;
        if is_ragged {
            self.interpreter.summary.rows += 1;
            let reason = format!("the row has {} cells, but the header has {columns}", row.len());
            return Err(Refusal { field: None, value: cut(&record.text), reason });
        }
        let cells = Layout::cells(wanted, *is_mended, &row);
        self.interpreter.row(record.line, &cells, sink)
    }

    /// The row as the file has it, for whoever mends it.
    fn original(&mut self, record: &Record<'_>) -> Vec<String> {
        if self.plan.format == FileFormat::Ndjson {
            return vec![record.text.trim().to_owned()];
        }
        let own = if self.plan.is_mended { rejects::OWN_COLUMNS.len() } else { 0 };
        let row = self.layout.splitter.split(&record.text, record.quoted);
        let unguard = |cell| if own > 0 { unguarded(cell) } else { cell };
        row.iter().skip(own).map(|cell| unguard(cell).to_owned()).collect()
    }
}

impl Flaw {
    fn reason(self) -> String {
        match self {
            Self::TooLong => format!("the row is longer than {} kB", MAX_ROW_BYTES >> 10),
            Self::OpenQuote => "a quote opens here that is never closed".to_owned(),
            Self::NotUtf8 => "the row is not UTF-8, as the rest of the file is".to_owned(),
            Self::ZeroByte => "the row has a zero byte".to_owned(),
        }
    }
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(Reject::VALUE_CHARS).collect()
}
