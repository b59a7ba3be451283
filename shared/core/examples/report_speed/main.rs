//! Where the time of a report goes: the demo's orders (or others of its columns) as segments of pushes of 10,000
//! lines, then everything that a worker computes, phase by phase, with wall time, processor time and memory.
//! Linux only.
//!
//! `cargo run --release -p affinsy-core --example report_speed [-- --copies 4 --rounds 5 --threads 2 --params JSON]`
//! (`--params ''` only loads the orders).

mod measure;
mod orders;
#[path = "../common/process.rs"]
mod process;

use affinsy_core::history::History;
use affinsy_core::report::spec::ReportSpec;
use affinsy_core::report::{self, Budget, ReportOutput, RunEnd};
use affinsy_core::segment::{self, EncodedSegment, Merge};
use bytes::Bytes;
use measure::{Phase, Phases};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::sync::Mutex;

/// As the standard template, and one that finds some hundred thousand sets.
const DEFAULT: &str = r#"{"template": "standard_mba"}"#;
const HEAVY: &str = r#"{"report_type": "MBA", "params": {"min_support": 0.002, "max_itemset_size": 4}}"#;

struct Asked {
    file: String,
    copies: usize,
    rounds: usize,
    threads: usize,
    bodies: Vec<String>,
    out: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = asked()?;
    let segments = orders::segments(&asked.file, asked.copies)?;
    let (rows, bytes) = segments.iter().fold((0, 0), |sum, one| (sum.0 + one.meta.rows, sum.1 + one.meta.bytes));
    println!(
        "{} segments, {rows} rows, {bytes} bytes; {} threads, {} rounds",
        segments.len(),
        asked.threads,
        asked.rounds
    );
    for body in &asked.bodies {
        if body.is_empty() {
            only_load(&segments, &asked)?;
            continue;
        }
        let spec = ReportSpec::parse(body.as_bytes()).map_err(|problem| problem.to_string())?;
        let mut rounds = Vec::new();
        let mut output = None;
        for _ in 0..asked.rounds {
            drop(output.take());
            let phases = Mutex::new(Phases::begin());
            output = Some(round(&segments, &spec, asked.threads, &phases)?);
            rounds.push(phases.into_inner().map_err(|_| "a phase panicked")?);
        }
        let output = output.ok_or("no round")?;
        println!("\n{body}: {} bytes of result, sha256 {}", sizes(&output), sum(&output));
        measure::print(&rounds, rows);
        if let Some(folder) = &asked.out {
            write(folder, &output)?;
        }
    }
    Ok(())
}

fn only_load(segments: &[EncodedSegment], asked: &Asked) -> Result<(), Box<dyn Error>> {
    let mut rounds = Vec::new();
    for _ in 0..asked.rounds {
        let phases = Mutex::new(Phases::begin());
        drop(loaded(segments, &phases)?);
        end(&phases, Phase::Drop);
        rounds.push(phases.into_inner().map_err(|_| "a phase panicked")?);
    }
    println!("\nloading alone");
    measure::print(&rounds, segments.iter().map(|one| one.meta.rows).sum());
    Ok(())
}

/// One report from its segments' bytes to its result's.
fn round(
    segments: &[EncodedSegment],
    spec: &ReportSpec,
    threads: usize,
    phases: &Mutex<Phases>,
) -> Result<ReportOutput, Box<dyn Error>> {
    let history = loaded(segments, phases)?;
    let progress = |stage: &'static str, done: f64| end(phases, Phase::before(stage, done));
    let budget = Budget { threads, memory_bytes: None, stop: &|| false, progress: &progress };
    let output = match report::run(&history, spec, &budget) {
        Ok(output) => output,
        Err(RunEnd::Failed(failure)) => return Err(failure.to_string().into()),
        Err(RunEnd::Stopped { .. }) => return Err("stopped".into()),
    };
    drop(history);
    end(phases, Phase::Drop);
    Ok(output)
}

/// As the worker does it: so many segments fetched and decoded at once, their names shared as they arrive.
fn loaded(segments: &[EncodedSegment], phases: &Mutex<Phases>) -> Result<History, Box<dyn Error>> {
    const AT_ONCE: usize = 16;
    let mut merge = Merge::default();
    for (nth, segments) in segments.chunks(AT_ONCE).enumerate() {
        let bytes = |(segment, at): (&EncodedSegment, usize)| {
            (at as u64, Bytes::copy_from_slice(&segment.bytes), segment.meta.sha256.clone())
        };
        let fetched = segments.iter().zip(nth * AT_ONCE + 1..).map(bytes).collect();
        end(phases, Phase::Fetch);
        let decoded = segment::decode_all(fetched).map_err(|(at, problem)| format!("segment {at}: {problem}"))?;
        end(phases, Phase::Decode);
        decoded.into_iter().for_each(|(sequence, rows)| merge.add(sequence, rows));
        end(phases, Phase::Merge);
    }
    let history = merge.finish();
    end(phases, Phase::Merge);
    Ok(history)
}

fn end(phases: &Mutex<Phases>, phase: Phase) {
    phases.lock().unwrap_or_else(std::sync::PoisonError::into_inner).end(phase);
}

fn sizes(output: &ReportOutput) -> String {
    let parts = output.parts.iter().map(|part| format!("{} {} ({} rows)", part.name, part.ndjson.len(), part.rows));
    std::iter::once(output.result.get().len().to_string()).chain(parts).collect::<Vec<_>>().join(", ")
}

fn sum(output: &ReportOutput) -> String {
    let mut sum = Sha256::new();
    sum.update(output.result.get());
    output.parts.iter().for_each(|part| sum.update(&part.ndjson));
    hex::encode(sum.finalize())
}

fn write(folder: &str, output: &ReportOutput) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let at = |name: &str| std::path::Path::new(folder).join(name);
    std::fs::write(at("report.json"), output.result.get())?;
    output.parts.iter().try_for_each(|part| std::fs::write(at(&format!("{}.ndjson", part.name)), &part.ndjson))
}

fn asked() -> Result<Asked, Box<dyn Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/online_retail.parquet").to_owned();
    let threads = std::thread::available_parallelism()?.get();
    let mut asked = Asked { file, copies: 1, rounds: 5, threads, bodies: Vec::new(), out: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} takes a value"))?;
        match &*name {
            "--file" => asked.file = value,
            "--copies" => asked.copies = value.parse()?,
            "--rounds" => asked.rounds = value.parse()?,
            "--threads" => asked.threads = value.parse()?,
            "--params" => asked.bodies.push(value),
            "--out" => asked.out = Some(value),
            _ => return Err(format!("unknown: {name}").into()),
        }
    }
    if asked.bodies.is_empty() {
        asked.bodies = vec![DEFAULT.to_owned(), HEAVY.to_owned()];
    }
    if rayon::ThreadPoolBuilder::new().num_threads(asked.threads).build_global().is_err() {
        return Err("the threads were made before".into());
    }
    Ok(asked)
}
