//! The columns of one row group, read side by side.

use super::SegmentProblem;
use super::pages::{NO_CODE, NO_NUMBER, Pages};
use super::rows::Head;
use super::schema::ROW_GROUP_ROWS;
use crate::history::LineColumns;
use crate::names::{Names, TextList};
use crate::time::Instant;
use parquet::file::reader::RowGroupReader;

/// A decoded row group: every column has the same length.
pub(super) struct RowGroup {
    /// Texts of order ids, and for each row the place of its own; a text may stand there twice.
    pub order_ids: TextList,
    pub orders: Vec<u32>,
    pub lines: LineColumns,
    heads: Heads,
}

/// What rows of one order and push have in common. Nulls are [`NO_CODE`] and [`NO_NUMBER`].
struct Heads {
    customers: Vec<u32>,
    dates: Vec<i64>,
    received: Vec<i64>,
    sequences: Vec<i64>,
}

impl RowGroup {
    /// The columns stand in the order of the schema.
    pub fn read(
        group: &dyn RowGroupReader,
        customers: &mut Names,
        products: &mut Names,
    ) -> Result<Self, SegmentProblem> {
        let rows = usize::try_from(group.metadata().num_rows()).ok().filter(|rows| *rows <= ROW_GROUP_ROWS);
        // Bounds the memory whatever a corrupt file claims to hold.
        let rows = rows.ok_or_else(|| SegmentProblem::Corrupt("it has a row group that is too large".to_owned()))?;
        let column = |at| Pages::open(group, at, rows);
        let mut order_ids = TextList::default();
        let orders = column(0)?.texts(|id| {
            order_ids.push(id);
            order_ids.len() as u32 - 1
        })?;
        let heads = Heads {
            customers: column(1)?.texts(|id| customers.code(id))?,
            dates: column(2)?.numbers()?,
            received: column(3)?.numbers()?,
            sequences: column(7)?.numbers()?,
        };
        if heads.sequences.iter().any(|sequence| *sequence < 0 && *sequence != NO_NUMBER) {
            return Err(SegmentProblem::Corrupt("it has a negative sequence".to_owned()));
        }
        let products = column(4)?.texts(|name| products.code(name))?;
        let quantities = column(5)?.numbers()?;
        let (amounts, large) = column(6)?.amounts()?;
        let lines = LineColumns::from_columns(products, quantities, amounts, large);
        let lines = lines.ok_or_else(|| SegmentProblem::Corrupt("its columns differ in length".to_owned()))?;
        Ok(Self { order_ids, orders, lines, heads })
    }

    pub fn len(&self) -> usize {
        self.orders.len()
    }

    pub fn head(&self, at: usize) -> Head {
        let Heads { customers, dates, received, sequences } = &self.heads;
        Head {
            customer: Some(customers[at]).filter(|code| *code != NO_CODE),
            date: Some(dates[at]).filter(|micros| *micros != NO_NUMBER).map(Instant),
            received_at: Instant(received[at]),
            sequence: u64::try_from(sequences[at]).ok(),
        }
    }

    /// Where the rows end that have the order and the head of this one.
    pub fn stretch_end(&self, at: usize) -> usize {
        let Heads { customers, dates, received, sequences } = &self.heads;
        let mut end = at + 1;
        while end < self.len()
            && self.orders[end] == self.orders[at]
            && customers[end] == customers[at]
            && dates[end] == dates[at]
            && received[end] == received[at]
            && sequences[end] == sequences[at]
        {
            end += 1;
        }
        end
    }
}
