//! How fast pushes are read and encoded: bodies of 10,000 line items from a seeded generator, in CPU time
//! of one thread (Linux).
//!
//! `cargo run --release -p affinsy-core --example push_speed [ROUNDS]`

use affinsy_core::order::push;
use affinsy_core::segment;
use affinsy_core::time::Instant;
use bytes::Bytes;
use std::fmt::Write;
use std::time::Duration;

const LINES: usize = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = std::env::args().nth(1).map_or(Ok(50), |text| text.parse())?;
    let mut segments = Vec::new();
    let mut times = [Duration::ZERO; 3];
    let (mut body_bytes, mut segment_bytes) = (0, 0);
    for round in 0..rounds {
        let body = body(round as u64 + 1);
        let start = cpu_time();
        let push = push::parse(body.as_bytes(), Instant::from_unix_ms(1_750_000_000_000))?;
        let parsed = cpu_time();
        let segment = segment::encode(&push, Instant::from_unix_ms(1_750_000_000_000));
        let encoded = cpu_time();
        (body_bytes, segment_bytes) = (body_bytes + body.len(), segment_bytes + segment.bytes.len());
        let rows = segment::decode(Bytes::from(segment.bytes), Some(&segment.meta.sha256))?;
        times[0] += parsed - start;
        times[1] += encoded - parsed;
        times[2] += cpu_time() - encoded;
        assert_eq!(rows.row_count(), push.line_count);
        segments.push((round as u64, rows));
    }
    println!("body {} kB, segment {} kB", body_bytes / rounds / 1_000, segment_bytes / rounds / 1_000);
    for (name, time) in ["parse", "encode", "decode"].iter().zip(times) {
        let (each, lines) = (time.as_secs_f64() * 1e3 / rounds as f64, (LINES * rounds) as f64 / time.as_secs_f64());
        println!("{name:7} {each:6.2} ms CPU a push  {lines:10.0} lines/s");
    }
    let total = (times[0] + times[1]).as_secs_f64() * 1e3 / rounds as f64;
    println!("parse and encode {total:.2} ms CPU a push");
    let start = std::time::Instant::now();
    let history = segment::merge(segments);
    let (lines, seconds) = (history.line_count(), start.elapsed().as_secs_f64());
    println!(
        "merge {rounds} segments, {lines} lines: {seconds:.3} s, {:.0} lines/s on all cores",
        lines as f64 / seconds
    );
    Ok(())
}

/// What this thread has used of the CPU, by Linux: other work on the machine does not count.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let nanos = stat.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanos.expect("it begins with nanoseconds on the CPU"))
}

/// Orders of some three lines each: 5,000 products, of which few sell often; a fifth of the orders are guests'.
fn body(seed: u64) -> String {
    let mut random = Random(seed * 0x9E37_79B9_7F4A_7C15);
    let mut body = String::from(r#"{"dataset_id":"speed","orders":["#);
    let (mut lines, mut order) = (0, 0);
    while lines < LINES {
        let customer = random.below(20_000);
        let guest = if random.below(5) == 0 { String::new() } else { format!(r#""customer_id":"CUST-{customer}","#) };
        let comma = if order == 0 { "" } else { "," };
        let (month, day, hour) = (1 + random.below(5), 1 + random.below(28), random.below(24));
        let date = format!("2025-{month:02}-{day:02}T{hour:02}:30:00Z");
        write!(body, r#"{comma}{{"order_id":"ORD-{seed}-{order:06}",{guest}"order_date":"{date}","line_items":["#)
            .expect("a string takes every text");
        let count = (1 + random.below(5) as usize).min(LINES - lines);
        for line in 0..count {
            let product = random.below(5_000) * random.below(5_000) / 5_000;
            let (quantity, comma) = (1 + random.below(9), if line == 0 { "" } else { "," });
            let price = format!("{}.{:02}", 1 + product % 90, product % 100);
            let name = format!("Product number {product}, colour {line}");
            write!(body, r#"{comma}{{"product_name":"{name}","unit_price":{price},"quantity":{quantity}}}"#)
                .expect("a string takes every text");
        }
        body.push_str("]}");
        lines += count;
        order += 1;
    }
    body + "]}"
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }
}
