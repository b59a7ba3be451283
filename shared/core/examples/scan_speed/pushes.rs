//! Orders as segments of pushes, packed as `affinsy push` packs them: whole orders, at most 10,000 lines a push.

use super::{Failure, generator, orders};
use affinsy_core::order::{BatchBuilder, LineDraft, MAX_LINE_ITEMS};
use affinsy_core::segment::{self, EncodedSegment};
use affinsy_core::time::Instant;

/// The generator's, so many lines, or the demo's.
pub fn pushes(lines: Option<usize>, seed: u64) -> Result<Box<dyn Iterator<Item = EncodedSegment>>, Failure> {
    if let Some(lines) = lines {
        let mut orders = generator::orders(seed, lines);
        let names = orders.products().to_vec();
        let mut waiting = orders.next();
        return Ok(Box::new(std::iter::from_fn(move || next(&mut waiting, &mut orders, &names))));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/online_retail.parquet");
    let segments = orders::segments(file, 1).map_err(|error| format!("{file}: {error}"))?;
    Ok(Box::new(segments.into_iter()))
}

fn next(
    waiting: &mut Option<generator::Order>,
    orders: &mut generator::Orders,
    names: &[String],
) -> Option<EncodedSegment> {
    let mut batch = BatchBuilder::default();
    while let Some(order) = waiting.take_if(|order| batch.line_count() + order.lines.len() <= MAX_LINE_ITEMS) {
        let draft = |line: &generator::Line| LineDraft {
            product: batch.product(&names[line.product]),
            quantity: line.quantity,
            price: Some(line.price),
        };
        let lines: Vec<LineDraft> = order.lines.iter().map(draft).collect();
        batch.order(&order.id, order.customer.as_deref(), Some(order.date), &lines);
        *waiting = orders.next();
    }
    let has_lines = batch.line_count() > 0;
    has_lines.then(|| segment::encode_batch(&batch.build().0, Instant::from_unix_ms(1_750_000_000_000)))
}
