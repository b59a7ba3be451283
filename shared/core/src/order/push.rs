//! One push: the body of `POST /data/orders`, read, checked and made ready for storage.
//! Knows no plan, no quota and no dataset's past.

use super::{Currency, OrderBatch, body};
use crate::problem::BodyProblem;
use crate::time::Instant;

/// An accepted push.
#[derive(Debug, Clone)]
pub struct Push {
    pub dataset_id: String,
    pub currency: Option<Currency>,
    /// Distinct orders.
    pub order_count: usize,
    /// Distinct (order_id, product_name), removals among them.
    pub line_count: usize,
    /// Line items as sent, before those of one product were added up.
    pub received_line_items: usize,
    pub warnings: Vec<String>,
    pub batch: OrderBatch,
}

/// Reads a body. `now` bounds the dates of orders.
pub fn parse(body: &[u8], now: Instant) -> Result<Push, BodyProblem> {
    let read = body::read(body, now)?;
    let received_line_items = read.builder.line_count();
    let (batch, mut warnings) = read.builder.build();
    warnings.extend(read.warnings);
    Ok(Push {
        dataset_id: read.dataset_id,
        currency: read.currency,
        order_count: batch.order_count(),
        line_count: batch.line_count(),
        received_line_items,
        warnings,
        batch,
    })
}

#[cfg(test)]
mod tests;
