//! How fast a CSV of order lines is surveyed and read: rows from a seeded generator, in CPU time of one thread (Linux).
//!
//! `cargo run --release -p affinsy-core --example import_speed [ROWS]`

use affinsy_core::import::{HEAD_BYTES, Line, Reader, Reject, Settings, Sink, Survey, detect};
use affinsy_core::time::Instant;
use std::fmt::Write;
use std::time::Duration;

const CHUNK_BYTES: usize = 256 << 10;

/// Looks at every value and keeps none.
#[derive(Default)]
struct Seen {
    lines: u64,
    bytes: usize,
    rejects: u64,
}

impl Sink for Seen {
    fn line(&mut self, line: &Line<'_>) {
        self.lines += 1;
        self.bytes += line.order_id.len() + line.product_name.len() + line.customer_id.map_or(0, str::len);
    }
    fn reject(&mut self, _: &Reject<'_>) {
        self.rejects += 1;
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    for (name, text) in [("plain", table(rows, false)), ("quoted", table(rows, true)), ("Shopify", shopify(rows))] {
        let bytes = text.as_bytes();
        let plan = detect(&bytes[..bytes.len().min(HEAD_BYTES)], &Settings::default())?;
        let start = cpu_time();
        let mut survey = Survey::new(&plan);
        bytes.chunks(CHUNK_BYTES).for_each(|chunk| survey.feed(chunk));
        let findings = survey.finish()?;
        let surveyed = cpu_time();
        let (mut seen, now) = (Seen::default(), Instant::from_unix_ms(1_750_000_000_000));
        let mut reader = Reader::new(&plan, &findings, now);
        bytes.chunks(CHUNK_BYTES).for_each(|chunk| reader.feed(chunk, &mut seen));
        let summary = reader.finish(&mut seen);
        let read = cpu_time();
        assert_eq!((seen.lines, summary.lines, seen.rejects), (rows as u64, rows as u64, 0));
        let speed = |time: Duration| {
            let seconds = time.as_secs_f64();
            format!("{:>5.2} M rows/s {:>4.0} MB/s", rows as f64 / seconds / 1e6, bytes.len() as f64 / seconds / 1e6)
        };
        println!(
            "{name:8} survey {}   read {}   both {}",
            speed(surveyed - start),
            speed(read - surveyed),
            speed(read - start)
        );
    }
    Ok(())
}

/// What this thread has used of the CPU, by Linux: other work on the machine does not count.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let nanos = stat.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanos.expect("it begins with nanoseconds on the CPU"))
}

/// A table like Online Retail's.
fn table(rows: usize, quoted: bool) -> String {
    let mut text = String::from("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n");
    for row in 0..rows {
        let (order, product) = (536_365 + row / 12, row * 7_919 % 4_000);
        let name =
            if quoted { format!("\"PRODUCT NO {product}, LARGE\"") } else { format!("PRODUCT NO {product} LARGE") };
        let (day, minute) = (1 + order % 28, order % 60);
        writeln!(
            text,
            "{order},{product},{name},{},2024-05-{day:02} 10:{minute:02}:00,{}.{:02},{},United Kingdom",
            1 + row % 9,
            1 + product % 30,
            product % 100,
            12_000 + order % 4_000
        )
        .expect("a string takes every text");
    }
    text
}

/// Orders of three rows, whose fields stand on the first.
fn shopify(rows: usize) -> String {
    let mut text = String::from(
        "Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
         Lineitem sku,Cancelled at,Billing Name,Billing Street,Notes,Vendor\n",
    );
    for row in 0..rows {
        let (order, product) = (row / 3, row * 7_919 % 4_000);
        let header = match row % 3 {
            0 => format!("c{}@example.com,paid,,EUR,44.45,2024-05-{:02} 09:50:26 +0200", order % 5_000, 1 + order % 28),
            _ => ",,,,,".to_owned(),
        };
        writeln!(
            text,
            "#{order},{header},{},Product {product},{}.50,SKU-{product},,,,,Shop",
            1 + row % 5,
            1 + product % 40
        )
        .expect("a string takes every text");
    }
    text
}
