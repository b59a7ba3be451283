//! The first walk over a file: what all of its rows say of its encoding, numbers, dates and currency.

use super::encoding::Encoding;
use super::field::Cells;
use super::number::Evidence;
use super::order_date::DateEvidence;
use super::rows::{Layout, columns_of};
use super::splitter::{Flaw, Foreign, Record, Splitter};
use super::{Field, FileFormat, Findings, ImportProblem, Kind, Plan};
use crate::order::Currency;

/// Takes a file's bytes from the first on, in chunks of any size.
#[derive(Debug)]
pub struct Survey {
    splitter: Splitter,
    layout: Layout,
    tally: Tally,
}

impl Survey {
    pub fn new(plan: &Plan) -> Self {
        let foreign = match plan.settings.encoding {
            Some(Encoding::Utf8) => Foreign::Refuse,
            Some(Encoding::Windows1252) => Foreign::Windows1252,
            _ => Foreign::Unknown,
        };
        Self { splitter: Splitter::new(plan, foreign), layout: Layout::new(plan), tally: Tally::new(plan) }
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { splitter, layout, tally } = self;
        splitter.feed(bytes, &mut |record| tally.record(layout, &record));
    }

    /// What was found, or what the caller must say first.
    pub fn finish(mut self) -> Result<Findings, ImportProblem> {
        let Self { splitter, layout, tally } = &mut self;
        splitter.finish(&mut |record| tally.record(layout, &record));
        self.tally.decide()
    }
}

/// Everything the rows said so far.
#[derive(Debug)]
pub(super) struct Tally {
    plan: Plan,
    /// Number columns that hold text.
    numbers: Vec<Field>,
    rows: u64,
    /// Rows that are not UTF-8, and those that are and have more than ASCII.
    foreign_rows: u64,
    utf8_rows: u64,
    open_quote: Option<u64>,
    evidence: Evidence,
    dates: DateEvidence,
    /// Each with how many rows name it, in the order of first sight.
    currencies: Vec<(String, u64)>,
}

/// More than a shop ever has; a column that has is no column of currencies.
const MAX_CURRENCIES: usize = 200;

impl Tally {
    pub fn new(plan: &Plan) -> Self {
        let is_asked =
            |field: &Field| plan.settings.decimal.is_none() && plan.has(*field) && !plan.typed.contains(field);
        Self {
            numbers: Field::NUMBERS.into_iter().filter(is_asked).collect(),
            plan: plan.clone(),
            rows: 0,
            foreign_rows: 0,
            utf8_rows: 0,
            open_quote: None,
            evidence: Evidence::default(),
            dates: DateEvidence::default(),
            currencies: Vec::new(),
        }
    }

    fn record(&mut self, layout: &mut Layout, record: &Record<'_>) {
        match record.flaw {
            Some(Flaw::OpenQuote) => self.open_quote = self.open_quote.or(Some(record.line)),
            Some(Flaw::NotUtf8) => self.foreign_rows += 1,
            Some(Flaw::TooLong | Flaw::ZeroByte) => {}
            None if record.text.is_ascii() => {}
            None => self.utf8_rows += 1,
        }
        if record.is_blank(self.plan.quotes()) {
            return;
        }
        match self.plan.kind {
            Kind::Orders => self.rows += 1,
            _ if record.text.is_empty() => self.rows += 1,
            _ => columns_of(layout, record, |cells| self.row(record.line, cells)).unwrap_or_else(|| self.rows += 1),
        }
    }

    pub fn row(&mut self, line: u64, cells: &Cells<'_>) {
        self.rows += 1;
        for field in &self.numbers {
            let cell = cells[*field as usize].trim();
            if !cell.is_empty() {
                self.evidence.add(line, cell);
            }
        }
        let date = cells[Field::Date as usize].trim();
        if !date.is_empty() && self.plan.settings.date_format.is_none() {
            self.dates.add(line, date);
        }
        let currency = cells[Field::Currency as usize].trim();
        if !currency.is_empty() {
            self.currency(currency);
        }
    }

    fn currency(&mut self, code: &str) {
        if let Some((_, count)) = self.currencies.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(code)) {
            *count += 1;
        } else if self.currencies.len() < MAX_CURRENCIES {
            let code = code.to_ascii_uppercase();
            self.currencies.extend(Currency::parse(&code).is_some().then_some((code, 1)));
        }
    }

    pub fn decide(self) -> Result<Findings, ImportProblem> {
        if let Some(line) = self.open_quote {
            return Err(ImportProblem::OpenQuote { line });
        }
        let settings = &self.plan.settings;
        // Of equal counts the first that was seen.
        let most = self.currencies.into_iter().rev().max_by_key(|(_, count)| *count).map(|(code, _)| code);
        // Text in Windows-1252 is hardly ever UTF-8 by chance.
        let is_foreign = self.plan.format != FileFormat::Parquet && self.foreign_rows > self.utf8_rows;
        let encoding = match settings.encoding {
            Some(said) => said,
            None if is_foreign && !self.plan.encoding.is_utf16() => Encoding::Windows1252,
            None => self.plan.encoding,
        };
        Ok(Findings {
            encoding,
            decimal: match settings.decimal {
                Some(said) => said,
                None => self.evidence.decide(self.plan.kind.usual_decimal())?,
            },
            dates: self.dates.decide()?,
            currency: settings.currency.clone().or(most),
            rows: self.rows,
        })
    }
}
