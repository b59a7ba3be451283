//! The demo's orders as segments, packed as `affinsy push` packs them: whole orders, at most 10,000 lines a push.

use affinsy_core::decimal::{Price, Quantity};
use affinsy_core::order::{BatchBuilder, LineDraft, MAX_LINE_ITEMS};
use affinsy_core::segment::{self, EncodedSegment};
use affinsy_core::time::Instant;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use std::collections::HashMap;
use std::error::Error;

#[derive(Default)]
struct Order {
    id: String,
    customer: Option<String>,
    date: Option<Instant>,
    lines: Vec<(String, Quantity, Price)>,
}

/// The file's orders so many times over, with new ids each time.
pub fn segments(file: &str, copies: usize) -> Result<Vec<EncodedSegment>, Box<dyn Error>> {
    let orders = orders(file)?;
    let mut segments = Vec::new();
    for copy in 0..copies {
        let mut next = 0;
        while next < orders.len() {
            let mut end = next + 1;
            let mut lines = orders[next].lines.len();
            while end < orders.len() && lines + orders[end].lines.len() <= MAX_LINE_ITEMS {
                lines += orders[end].lines.len();
                end += 1;
            }
            segments.push(segment_of(&orders[next..end], copy));
            next = end;
        }
    }
    Ok(segments)
}

fn segment_of(orders: &[Order], copy: usize) -> EncodedSegment {
    let mut batch = BatchBuilder::default();
    for order in orders {
        let draft = |(name, quantity, price): &(String, Quantity, Price)| LineDraft {
            product: batch.product(name),
            quantity: *quantity,
            price: Some(*price),
        };
        let lines: Vec<LineDraft> = order.lines.iter().map(draft).collect();
        let id = if copy == 0 { order.id.clone() } else { format!("{}-{copy}", order.id) };
        batch.order(&id, order.customer.as_deref(), order.date, &lines);
    }
    segment::encode_batch(&batch.build().0, Instant::from_unix_ms(1_750_000_000_000))
}

/// In the order of their first rows.
fn orders(file: &str) -> Result<Vec<Order>, Box<dyn Error>> {
    let reader = SerializedFileReader::try_from(std::path::Path::new(file))?;
    let (mut orders, mut places) = (Vec::<Order>::new(), HashMap::<String, usize>::new());
    for row in reader.get_row_iter(None)? {
        let row = row?;
        let id = text(&row, "InvoiceNo").ok_or("a row without InvoiceNo")?;
        let at = *places.entry(id).or_insert(orders.len());
        if at == orders.len() {
            orders.push(Order { id: text(&row, "InvoiceNo").unwrap_or_default(), ..Order::default() });
        }
        let order = &mut orders[at];
        let date = match field(&row, "InvoiceDate") {
            Some(Field::TimestampMillis(ms)) => Some(Instant::from_unix_ms(*ms)),
            other => return Err(format!("InvoiceDate {other:?}").into()),
        };
        order.customer = order.customer.take().or_else(|| text(&row, "CustomerID"));
        order.date = order.date.or(date);
        let quantity = Quantity::parse(&text(&row, "Quantity").ok_or("no Quantity")?)?;
        let price = Price::parse(&text(&row, "UnitPrice").ok_or("no UnitPrice")?)?;
        order.lines.push((text(&row, "ProductName").ok_or("no ProductName")?, quantity, price));
    }
    Ok(orders)
}

fn field<'r>(row: &'r Row, name: &str) -> Option<&'r Field> {
    row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field)
}

fn text(row: &Row, name: &str) -> Option<String> {
    match field(row, name)? {
        Field::Null => None,
        Field::Str(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
