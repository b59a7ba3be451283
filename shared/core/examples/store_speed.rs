//! How fast generated orders become a settled run, and how fast a report reads that run: pushes of 10,000 lines, one
//! compaction, then one scan from bytes to a history. Prints one line of JSON: sizes, processor time, time on the clock,
//! and the most memory that the process held. Linux only.
//!
//! `cargo run --release -p affinsy-core --example store_speed -- [--lines N] [--threads N]`

#[path = "common/generator.rs"]
mod generator;

use affinsy_core::history::{History, HistoryJoin};
use affinsy_core::order::{BatchBuilder, LineDraft, MAX_LINE_ITEMS};
use affinsy_core::segment::{self, EncodedSegment, Merge, Removals, SegmentMeta, scan_ranges};
use affinsy_core::time::Instant;
use bytes::Bytes;
use serde_json::{Value, json};
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
    let (pushed, pushed_bytes) = (pushes.len(), bytes(&pushes));
    let bits = lines.div_ceil(ROWS_A_BUCKET).next_power_of_two().ilog2();
    let (run, compacting) = spent(|| Ok(merged(pushes)?.compact(bits, Removals::Drop)))?;
    let rows: u64 = run.live.iter().map(|segment| segment.meta.rows).sum();
    let run: Vec<EncodedSegment> = run.live.into_iter().chain(run.gone).collect();
    let (segments, run_bytes) = (run.len(), bytes(&run));
    let (history, scanning): (History, Value) = spent(|| scanned(run))?;
    if history.line_count() as u64 != rows {
        return Err(format!("{rows} rows were compacted, {} read", history.line_count()).into());
    }
    println!(
        "{}",
        json!({
            "lines": lines, "threads": threads, "pushes": pushed, "pushed_bytes": pushed_bytes, "segments": segments,
            "rows": rows, "bytes": run_bytes, "history_bytes": history.memory_bytes(), "compact": compacting,
            "scan": scanning,
        })
    );
    Ok(())
}

fn bytes(segments: &[EncodedSegment]) -> u64 {
    segments.iter().map(|segment| segment.meta.bytes).sum()
}

/// What the work returned, and what it took.
fn spent<T>(work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<(T, Value), Box<dyn Error>> {
    // Lets the peak begin again from what is held now.
    fs::write("/proc/self/clear_refs", "5")?;
    let (held, cpu, wall) = (memory("VmRSS:")?, cpu_s()?, std::time::Instant::now());
    let done = work()?;
    let (cpu, wall) = (cpu_s()? - cpu, wall.elapsed().as_secs_f64());
    Ok((done, json!({ "cpu_s": cpu, "wall_s": wall, "held_before_mb": held, "peak_mb": memory("VmHWM:")? })))
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

/// The bytes of a segment go as soon as they are read, as those fetched from S3 do.
fn merged(segments: Vec<EncodedSegment>) -> Result<Merge, Box<dyn Error>> {
    const AT_ONCE: usize = 16;
    let (mut merge, mut segments) = (Merge::default(), (1..).zip(segments).peekable());
    while segments.peek().is_some() {
        let fetched = segments.by_ref().take(AT_ONCE);
        let fetched = fetched.map(|(at, push)| (at, Bytes::from(push.bytes), push.meta.sha256)).collect();
        let decoded = segment::decode_all(fetched).map_err(|(at, problem)| format!("segment {at}: {problem}"))?;
        decoded.into_iter().for_each(|(sequence, rows)| merge.add(sequence, rows));
    }
    Ok(merge)
}

/// As a report reads a dataset: range by range of its orders' hashes, joined as they come.
fn scanned(segments: Vec<EncodedSegment>) -> Result<History, Box<dyn Error>> {
    let each = segments.iter().map(|segment| ((segment.meta.min_hash, segment.meta.max_hash), segment.meta.rows));
    let (ranges, rows) = (scan_ranges(each.clone()), each.map(|(_, rows)| rows).sum::<u64>());
    let stored = (1..).zip(segments).map(|(at, segment)| (at, Bytes::from(segment.bytes), segment.meta));
    let mut left: Vec<(u64, Bytes, SegmentMeta)> = stored.collect();
    let mut whole = HistoryJoin::with_capacity(usize::try_from(rows)?);
    for hashes in ranges {
        let mut merge = Merge::default();
        for (at, bytes, meta) in left.iter().filter(|(_, _, meta)| meta.may_concern(hashes)) {
            merge.add(*at, segment::decode_range(bytes.clone(), &meta.sha256, hashes)?);
        }
        whole.append(merge.finish());
        left.retain(|(_, _, meta)| meta.max_hash > hashes.1);
    }
    Ok(whole.finish())
}

/// What the threads of this process have used of the processors; none of them has ended.
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let mut nanos = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += stat.split(' ').next().ok_or("schedstat begins with nanoseconds")?.parse::<u64>()?;
    }
    Ok(nanos as f64 / 1e9)
}

/// A line of the process's own status, in MB.
fn memory(name: &str) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("Linux tells it")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
