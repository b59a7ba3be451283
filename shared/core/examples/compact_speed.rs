//! How fast generated orders become a settled run: pushes of 10,000 lines, then one compaction, on all processors or
//! on some. Prints one line of JSON: sizes, processor time, time on the clock, and the most memory that the process
//! held. Linux only.
//!
//! `cargo run --release -p affinsy-core --example compact_speed -- [--lines N] [--threads N]`

#[path = "common/generator.rs"]
mod generator;

use affinsy_core::order::{BatchBuilder, LineDraft, MAX_LINE_ITEMS};
use affinsy_core::segment::{self, EncodedSegment, Merge, Removals};
use affinsy_core::time::Instant;
use bytes::Bytes;
use std::error::Error;
use std::fs;

/// A bucket of so many rows is what the compactor aims at.
const ROWS_A_BUCKET: usize = 500_000;
const SEED: u64 = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut lines, mut threads) = (1_000_000, std::thread::available_parallelism()?.get());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} takes a number"))?.parse()?;
        match &*name {
            "--lines" => lines = value,
            "--threads" => threads = value,
            _ => return Err(format!("unknown: {name}").into()),
        }
    }
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let pushes = pushes(lines);
    let pushed_bytes: u64 = pushes.iter().map(|push| push.meta.bytes).sum();
    let pushed = pushes.len();
    let (before, cpu, wall) = (memory("VmRSS:")?, cpu_s()?, std::time::Instant::now());
    let bits = lines.div_ceil(ROWS_A_BUCKET).next_power_of_two().ilog2();
    let run = compacted(pushes, bits)?;
    let (cpu_s, wall_s) = (cpu_s()? - cpu, wall.elapsed().as_secs_f64());
    let (rows, bytes) = run.iter().fold((0, 0), |sum, one| (sum.0 + one.meta.rows, sum.1 + one.meta.bytes));
    println!(
        "{}",
        serde_json::json!({
            "lines": lines, "pushes": pushed, "pushed_bytes": pushed_bytes, "threads": threads, "segments": run.len(),
            "rows": rows, "bytes": bytes, "cpu_s": cpu_s, "wall_s": wall_s, "rss_before_mb": before,
            "peak_rss_mb": memory("VmHWM:")?,
        })
    );
    Ok(())
}

/// Whole orders, up to 10,000 lines each, as a client packs them.
fn pushes(lines: usize) -> Vec<EncodedSegment> {
    let mut orders = generator::orders(SEED, lines);
    let names = orders.products().to_vec();
    let (mut pushes, mut batch) = (Vec::new(), BatchBuilder::default());
    for order in &mut orders {
        if batch.line_count() + order.lines.len() > MAX_LINE_ITEMS {
            pushes.push(encoded(std::mem::take(&mut batch)));
        }
        let draft = |line: &generator::Line| LineDraft {
            product: batch.product(&names[line.product]),
            quantity: line.quantity,
            price: Some(line.price),
        };
        let drafts: Vec<LineDraft> = order.lines.iter().map(draft).collect();
        batch.order(&order.id, order.customer.as_deref(), Some(order.date), &drafts);
    }
    pushes.push(encoded(batch));
    pushes
}

fn encoded(batch: BatchBuilder) -> EncodedSegment {
    segment::encode_batch(&batch.build().0, Instant::from_unix_ms(1_750_000_000_000))
}

/// The bytes of a push go as soon as they are read, as those fetched from S3 do.
fn compacted(pushes: Vec<EncodedSegment>, bits: u32) -> Result<Vec<EncodedSegment>, Box<dyn Error>> {
    const AT_ONCE: usize = 16;
    let (mut merge, mut pushes) = (Merge::default(), (1..).zip(pushes).peekable());
    while pushes.peek().is_some() {
        let fetched = pushes.by_ref().take(AT_ONCE);
        let fetched = fetched.map(|(at, push)| (at, Bytes::from(push.bytes), push.meta.sha256)).collect();
        let decoded = segment::decode_all(fetched).map_err(|(at, problem)| format!("segment {at}: {problem}"))?;
        decoded.into_iter().for_each(|(sequence, rows)| merge.add(sequence, rows));
    }
    Ok(merge.compact(bits, Removals::Drop))
}

/// What this process has used of the processors, ended threads too.
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace().skip(11).take(2);
    let ticks: u32 = fields.filter_map(|field| field.parse::<u32>().ok()).sum();
    Ok(f64::from(ticks) / 100.0)
}

/// A line of the process's own status, in MB.
fn memory(name: &str) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("Linux tells it")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
