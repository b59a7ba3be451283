//! How fast a dataset is compacted and read back from a disk, how large it is there, and the memory that takes: the
//! demo's orders, or any number of the generator's in the same shape. Pushes of 10,000 lines become runs of a million,
//! and these one settled run in buckets. Linux only; lines a second are of processor time, over all threads.
//!
//! `cargo run --release -p affinsy-core --example scan_speed [-- --lines 10000000 --rounds 5 --threads 2 --folder DIR]`

#[path = "../common/generator.rs"]
mod generator;
#[path = "../report_speed/orders.rs"]
mod orders;
#[path = "../common/process.rs"]
mod process;
mod pushes;
mod store;

use affinsy_core::history::{History, HistoryJoin};
use affinsy_core::segment::{self, Compacted, EncodedSegment, Hashes, Merge, Removals, bucket_hashes, scan_ranges};
use rayon::prelude::*;
use std::error::Error;
use std::time::{Duration, Instant};
use store::{Store, Stored};

type Failure = Box<dyn Error + Send + Sync>;

/// Pushes that are compacted together first.
const PUSHES_A_RUN: usize = 100;
/// Rows of a bucket at most.
const BUCKET_ROWS: u64 = 500_000;

struct Asked {
    /// `None`: the demo's orders.
    lines: Option<usize>,
    seed: u64,
    rounds: usize,
    threads: usize,
    folder: std::path::PathBuf,
}

fn main() -> Result<(), Failure> {
    let asked = asked()?;
    rayon::ThreadPoolBuilder::new().num_threads(asked.threads).build_global()?;
    let store = Store::new(&asked.folder)?;
    let (settled, lines) = settled(&store, &asked)?;
    let bytes: u64 = settled.iter().map(|each| each.meta.bytes).sum();
    println!("settled: {} segments, {:.2} bytes a line at rest", settled.len(), bytes as f64 / lines as f64);
    let mut rounds = Vec::new();
    for _ in 0..asked.rounds {
        process::reset_peak();
        let spent = Spent::begin();
        let history = scan(&store, &settled)?;
        rounds.push((spent.end(), process::peak_kb()));
        if rounds.len() == 1 {
            print_history(&history);
        }
    }
    rounds.sort_by_key(|(spent, _)| spent.cpu);
    let (spent, peak_kb) = &rounds[rounds.len() / 2];
    let held = *peak_kb as f64 * 1_024.0;
    println!("scan, the median of {} rounds on {} threads: {}", asked.rounds, asked.threads, spent.rate(lines));
    println!("peak memory of a scan: {:.0} MB, {:.1} bytes a line", held / 1e6, held / lines as f64);
    Ok(())
}

fn print_history(history: &History) {
    let lines = || history.orders().iter().flat_map(|order| history.lines(order));
    let (amount, quantity) = lines().fold((0, 0), |(amount, quantity), line| {
        (amount + line.amount.map_or(0, |amount| amount.billionths()), quantity + line.quantity.thousandths())
    });
    println!(
        "read: {} lines of {} orders, {} customers, {} products; quantities add up to {}, amounts to {:.2}",
        history.line_count(),
        history.orders().len(),
        history.customer_count(),
        history.product_count(),
        quantity / 1_000,
        amount as f64 / 1e9
    );
}

/// The settled run of all pushes, and how many lines were pushed.
fn settled(store: &Store, asked: &Asked) -> Result<(Vec<Stored>, u64), Failure> {
    let mut pushes = pushes::pushes(asked.lines, asked.seed)?;
    let bits = asked.lines.map_or(1, |lines| bucket_bits(lines as u64));
    let (mut runs, mut sequence, mut lines, mut bytes) = (Vec::new(), 0, 0, 0);
    let mut spent = Spent::default();
    loop {
        let some: Vec<EncodedSegment> = pushes.by_ref().take(PUSHES_A_RUN).collect();
        if some.is_empty() {
            break;
        }
        lines += some.iter().map(|push| push.meta.rows).sum::<u64>();
        bytes += some.iter().map(|push| push.meta.bytes).sum::<u64>();
        let began = Spent::begin();
        let mut merge = Merge::default();
        let decoded: Result<Vec<_>, _> =
            some.into_par_iter().map(|push| segment::decode(push.bytes.into(), Some(&push.meta.sha256))).collect();
        for rows in decoded? {
            sequence += 1;
            merge.add(sequence, rows);
        }
        store.put(merge.compact(bits, Removals::Keep), &mut runs)?;
        spent.add(&began.end());
    }
    println!("{sequence} pushes: {lines} lines, {:.2} bytes a line", bytes as f64 / lines as f64);
    println!("compacted, runs of {PUSHES_A_RUN} pushes: {}", spent.rate(lines));
    process::reset_peak();
    let (began, mut settled) = (Spent::begin(), Vec::new());
    for at in 0..1 << bits {
        let Compacted { live, gone } = range(store, &runs, bucket_hashes(at, bits))?.compact(bits, Removals::Drop);
        store.put(Compacted { live, gone }, &mut settled)?;
    }
    println!("compacted, all runs: {}; peak memory {} MB", began.end().rate(lines), process::peak_kb() / 1_000);
    runs.iter().try_for_each(|run| store.remove(run))?;
    Ok((settled, lines))
}

fn bucket_bits(lines: u64) -> u32 {
    lines.div_ceil(BUCKET_ROWS).next_power_of_two().trailing_zeros()
}

/// What these segments say of a range of orders.
fn range(store: &Store, segments: &[Stored], hashes: Hashes) -> Result<Merge, Failure> {
    let mut merge = Merge::default();
    for each in segments.iter().filter(|each| each.meta.may_concern(hashes)) {
        merge.add(0, segment::decode_range(store.read(each)?, &each.meta.sha256, hashes)?);
    }
    Ok(merge)
}

/// As a report reads a dataset: a range on each thread at a time.
fn scan(store: &Store, segments: &[Stored]) -> Result<History, Failure> {
    let metas = || segments.iter().map(|each| &each.meta);
    let ranges = scan_ranges(metas().map(|meta| ((meta.min_hash, meta.max_hash), meta.rows)));
    let mut whole = HistoryJoin::with_capacity(metas().map(|meta| meta.rows as usize).sum());
    for some in ranges.chunks(rayon::current_num_threads()) {
        let parts: Result<Vec<History>, Failure> =
            some.par_iter().map(|hashes| Ok(range(store, segments, *hashes)?.finish())).collect();
        parts?.into_iter().for_each(|part| whole.append(part));
    }
    Ok(whole.finish())
}

/// Time of the clock and of the processors.
#[derive(Default)]
struct Spent {
    wall: Duration,
    cpu: Duration,
}

struct Began(Instant, Duration);

impl Spent {
    fn begin() -> Began {
        Began(Instant::now(), process::cpu_time_of_threads())
    }
    fn add(&mut self, other: &Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
    fn rate(&self, lines: u64) -> String {
        let million = |time: Duration| lines as f64 / time.as_secs_f64().max(0.01) / 1e6;
        format!(
            "{:.2} million lines a CPU second, {:.2} million a second of the clock",
            million(self.cpu),
            million(self.wall)
        )
    }
}

impl Began {
    fn end(&self) -> Spent {
        Spent { wall: self.0.elapsed(), cpu: process::cpu_time_of_threads() - self.1 }
    }
}

fn asked() -> Result<Asked, Failure> {
    let threads = std::thread::available_parallelism()?.get();
    let folder = std::env::temp_dir().join(format!("affinsy-scan-{}", std::process::id()));
    let mut asked = Asked { lines: None, seed: 1, rounds: 5, threads, folder };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} takes a value"))?;
        match &*name {
            "--lines" => asked.lines = Some(value.parse()?),
            "--seed" => asked.seed = value.parse()?,
            "--rounds" => asked.rounds = value.parse::<usize>()?.max(1),
            "--threads" => asked.threads = value.parse()?,
            "--folder" => asked.folder = value.into(),
            _ => {
                return Err(format!("unknown: {name}; there are --lines, --seed, --rounds, --threads, --folder").into());
            }
        }
    }
    Ok(asked)
}
