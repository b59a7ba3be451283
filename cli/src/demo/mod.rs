//! `affinsy demo`: the whole loop on real orders. Starts the suite in a temporary place, pushes a year of a shop's
//! orders, runs every template, verifies every webhook, shows the results; fails by name if anything is missing.

mod cpu;
mod receiver;
mod reports;
mod show;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;

use crate::failure::Failure;
use crate::layout::{seconds, thousands};
use crate::local::checkout::Checkout;
use crate::local::session::{Session, Settings};
use crate::local::{signals, to_files_only};
use crate::progress::LineBar;
use crate::push::read::{self, ReadOptions, ReadOrders};
use crate::push::send::{self, Destination, Pushed};
use crate::terminal::print;
use cpu::CpuTimes;
use reports::Outcome;

/// Run the whole loop on real orders: push, report, webhook, a readable result
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Keep the suite running afterwards, to try it
    #[arg(long)]
    keep: bool,
    /// Folder of the functions' binaries [default: this project's, built if need be]
    #[arg(long, value_name = "DIR")]
    functions: Option<PathBuf>,
    /// Orders to push [default: the project's demo/online_retail.parquet]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

const DATASET: &str = "online-retail";
/// What the project's file holds, whoever counts.
const LINES: u64 = 541_909;
const BASKETS: u64 = 20_728;
/// Far above what seven reports and 55 pushes need: the demo measures the suite, not its brake.
const RATE_LIMIT: u32 = 1_000_000;
const PARALLEL: usize = 2;
const START_TIMEOUT: Duration = Duration::from_secs(60);
const PUSH_TIMEOUT: Duration = Duration::from_secs(600);
const REPORTS_TIMEOUT: Duration = Duration::from_secs(300);

pub async fn run(args: &DemoArgs) -> Result<(), Failure> {
    let started = Instant::now();
    let file = args.file.clone().map_or_else(the_projects_file, Ok)?;
    let functions = functions(args).await?;
    print("\nAffinsy: a year of a shop's orders through the whole suite, on this machine.\n\n")?;
    let place = tempfile::Builder::new()
        .prefix("affinsy-demo-")
        .tempdir()
        .map_err(|error| Failure::run(format!("cannot make a temporary folder: {error}")))?;
    let settings = Settings {
        port: 0,
        data: place.path().to_owned(),
        functions,
        template: None,
        rate_limit: Some(RATE_LIMIT),
        log: to_files_only(),
    };
    let starting = Instant::now();
    let session = within("the start", START_TIMEOUT, Session::start(settings)).await?;
    step("suite started", starting.elapsed(), &session.file.base_url)?;
    let outcome = tokio::select! {
        outcome = the_loop(args, &file, &session, started) => outcome,
        () = signals::stop_asked() => Err(Failure::run("stopped")),
    };
    if outcome.is_err() {
        eprintln!("\n{}", last_errors(&session, place.path()));
        eprintln!("the functions' logs are in {}", place.keep().join("logs").display());
    } else if args.keep {
        print(&format!(
            "\nStill running until Ctrl-C:\n  base URL  {}\n  API key   {}\n",
            session.file.base_url, session.file.api_key
        ))?;
        signals::stop_asked().await;
    }
    session.shutdown().await?;
    outcome
}

/// Push, reports, results.
async fn the_loop(args: &DemoArgs, file: &std::path::Path, session: &Session, started: Instant) -> Result<(), Failure> {
    let reading = Instant::now();
    let read = read::read(file, &ReadOptions::usual())?;
    step(
        "file read",
        reading.elapsed(),
        &format!("{} rows, {} orders", thousands(read.rows), thousands(read.orders.len() as u64)),
    )?;

    let before = cpu_times(session);
    let pushed = within("the push", PUSH_TIMEOUT, async { Ok(push(session, &read).await) }).await?;
    let used = cpu_times(session).since(&before);
    complete(&pushed, &read, args)?;
    step(
        "orders pushed",
        pushed.elapsed,
        &format!("{} lines in {} orders", thousands(pushed.lines), thousands(pushed.orders)),
    )?;
    print(&show::push_times(&pushed, &used))?;

    let reporting = Instant::now();
    let outcome = reports::run(&session.client, DATASET, &session.file.webhook_secret, REPORTS_TIMEOUT).await?;
    let count =
        format!("{} of {}, each announced by a signed webhook", outcome.finished.len(), reports::TEMPLATES.len());
    step("templates run", reporting.elapsed(), &count)?;
    print(&show::report_times(&outcome.finished))?;
    print(&show::findings(&outcome.finished))?;
    verdict(args, outcome)?;
    print(&format!("\nEverything is there: {} in all.\n", seconds(started.elapsed())))
}

async fn push(session: &Session, read: &ReadOrders) -> Pushed {
    let bar = LineBar::start(read.line_count());
    let destination = Destination { dataset_id: DATASET, currency: Some("GBP"), parallel: PARALLEL };
    let pushed = send::send(&session.client, &read.orders, &destination, &bar).await;
    bar.finish();
    pushed
}

/// Every line of the file must have been acknowledged.
fn complete(pushed: &Pushed, read: &ReadOrders, args: &DemoArgs) -> Result<(), Failure> {
    if let Some(first) = pushed.failures.first() {
        return Err(Failure::run(format!("{} pushes failed: {first}", pushed.failures.len())));
    }
    let expected = if args.file.is_none() { LINES } else { read.line_count() as u64 };
    if pushed.lines != expected || read.rejected > 0 {
        return Err(Failure::run(format!("{} of {} lines were pushed", thousands(pushed.lines), thousands(expected))));
    }
    Ok(())
}

fn verdict(args: &DemoArgs, outcome: Outcome) -> Result<(), Failure> {
    let mut missing = outcome.missing;
    let all_orders = outcome.finished.iter().find(|report| report.template == "standard_mba");
    let baskets = all_orders.map(|report| &report.result["data"]["baskets"]);
    if let Some(baskets) = baskets.filter(|baskets| args.file.is_none() && **baskets != BASKETS) {
        missing.push(format!("{} baskets: the report counts {baskets}", thousands(BASKETS)));
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::run(format!("the demo is not complete:\n  - {}", missing.join("\n  - "))))
}

async fn functions(args: &DemoArgs) -> Result<Option<PathBuf>, Failure> {
    match (&args.functions, Checkout::find()) {
        // Built before anything is timed.
        (None, Some(checkout)) => checkout.functions().await.map(Some),
        (given, _) => Ok(given.clone()),
    }
}

fn the_projects_file() -> Result<PathBuf, Failure> {
    let file = Checkout::find().map(|checkout| checkout.root.join("demo/online_retail.parquet"));
    file.filter(|file| file.is_file()).ok_or_else(|| {
        Failure::input("demo/online_retail.parquet was not found; run this in the project's folder, or give --file")
    })
}

fn cpu_times(session: &Session) -> CpuTimes {
    let mut pids = BTreeMap::from([("client and local services".to_owned(), vec![std::process::id()])]);
    pids.extend(session.stack.pids());
    CpuTimes::of(&pids)
}

async fn within<T>(
    what: &str,
    timeout: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let late = |_| Failure::run(format!("{what} did not end within {} s", timeout.as_secs()));
    tokio::time::timeout(timeout, work).await.map_err(late)?
}

fn step(what: &str, took: Duration, said: &str) -> Result<(), Failure> {
    let mark = if std::io::stdout().is_terminal() { "\u{1b}[32m✓\u{1b}[0m" } else { "✓" };
    print(&format!("{mark} {what:<16} {:>9}   {said}\n", seconds(took)))
}

/// The last lines of the functions' logs that speak of errors: the temporary folder goes with the demo.
fn last_errors(session: &Session, place: &std::path::Path) -> String {
    const SHOWN: usize = 8;
    let of_function = |function: &String| {
        let text = std::fs::read_to_string(place.join("logs").join(format!("{function}.log"))).unwrap_or_default();
        let errors: Vec<String> = text
            .lines()
            .filter(|line| line.contains("ERROR") || line.contains("panicked"))
            .map(|line| format!("{function}: {line}\n"))
            .collect();
        errors[errors.len().saturating_sub(SHOWN)..].concat()
    };
    session.stack.pids().keys().map(of_function).collect()
}
