//! `affinsy push`: a shop's file into a dataset. Reads, gathers whole orders, packs, sends, and says what happened; a
//! large file is uploaded as it is.

pub mod orders;
pub mod pack;
pub mod read;
pub mod send;
mod source;
pub mod upload;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use affinsy_core::import::{DecimalMark, Kind, Settings};
use affinsy_core::time::Instant;
use clap::Args;

use crate::failure::Failure;
use crate::input::columns::Mapping;
use crate::layout::{seconds, thousands};
use crate::progress::LineBar;
use crate::target::Target;
use crate::terminal;
use read::{ReadOptions, ReadOrders, Reject};
use send::{Destination, Pushed};

/// Push a file of orders: CSV, NDJSON (one order of the API a line) or Parquet; plain, gzip, zstd or xz
#[derive(Debug, Args)]
pub struct PushArgs {
    pub file: PathBuf,
    /// Dataset to push into
    #[arg(long, short)]
    pub dataset: String,
    #[command(flatten)]
    pub mapping: Mapping,
    /// What wrote the file (shopify, woocommerce_items, woocommerce_advanced, woocommerce_analytics, bigcommerce, plain);
    /// known by the header as a rule
    #[arg(long, value_name = "EXPORT", value_parser = export)]
    pub source: Option<Kind>,
    /// How the file writes dates, as strptime has it (%m/%d/%Y %H:%M); known by the whole file as a rule
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Option<String>,
    /// Time zone of dates without an offset; UTC where it is not said
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Numbers are written 1.234,56; known by the whole file as a rule
    #[arg(long, conflicts_with = "decimal_point")]
    pub decimal_comma: bool,
    /// Numbers are written 1,234.56; known by the whole file as a rule
    #[arg(long)]
    pub decimal_point: bool,
    /// Currency of the prices (ISO 4217), fixed by a dataset's first push
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// Requests in flight at once
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub parallel: usize,
    /// Write the rows left out to this CSV file
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Send the file as it is and let the server read it; large files are sent so anyway
    #[arg(long, conflicts_with = "no_upload")]
    pub upload: bool,
    /// Read the file here and push it in requests, however large it is
    #[arg(long)]
    pub no_upload: bool,
    #[command(flatten)]
    pub target: Target,
}

pub async fn run(args: &PushArgs) -> Result<(), Failure> {
    let client = args.target.client()?;
    let options = args.read_options()?;
    if args.upload || !args.no_upload && upload::is_large(&args.file) {
        let (file, rejects) = (args.file.as_path(), args.rejects.as_deref());
        let upload = upload::Upload { file, dataset_id: &args.dataset, settings: &options.settings, rejects };
        return upload::run(&client, &upload).await;
    }
    let mut read = read::read(&args.file, &options)?;
    eprintln!("{}: {} rows, {}", args.file.display(), thousands(read.rows), read.taken_for);
    let misfits = take_misfits(&mut read);
    // First of all: they are wanted all the more should the push fail.
    if let Some(path) = &args.rejects {
        write_rejects(path, &read)?;
    }
    if read.orders.is_empty() {
        return Err(nothing_to_push(&read, &misfits));
    }
    let currency = args.currency.as_deref().or(read.currency.as_deref());
    let destination = Destination { dataset_id: &args.dataset, currency, parallel: args.parallel };
    let bar = LineBar::start(read.line_count());
    let pushed = send::send(&client, &read.orders, &destination, &bar).await;
    bar.finish();
    terminal::print(&report(args, &read, &pushed))?;
    verdict(&read, &misfits, &pushed)
}

impl PushArgs {
    fn read_options(&self) -> Result<ReadOptions, Failure> {
        let decimal = match (self.decimal_comma, self.decimal_point) {
            (true, _) => Some(DecimalMark::Comma),
            (_, true) => Some(DecimalMark::Point),
            _ => None,
        };
        let settings = Settings {
            source: self.source,
            mapping: self.mapping.as_the_api_has_it(),
            time_zone: self.time_zone.clone(),
            date_format: self.date_format.clone(),
            decimal,
            currency: self.currency.clone(),
            ..Settings::default()
        };
        settings.check().map_err(|problem| Failure::input(problem.to_string()))?;
        Ok(ReadOptions { settings, ..ReadOptions::usual() })
    }
}

fn export(name: &str) -> Result<Kind, String> {
    serde_json::from_value(name.into()).map_err(|_| "there is no such export; --help lists them".to_owned())
}

impl ReadOptions {
    /// Everything is found out.
    #[expect(clippy::disallowed_methods, reason = "a command reads the clock where it begins")]
    pub fn usual() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Instant::from_unix_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 1_000));
        Self { settings: Settings::default(), now }
    }
}

/// Takes out the orders that no request can hold, and says why.
fn take_misfits(read: &mut ReadOrders) -> Vec<String> {
    let mut misfits = Vec::new();
    read.orders.retain(|order| match pack::misfit(order) {
        Some(reason) => {
            misfits.push(reason);
            false
        }
        None => true,
    });
    misfits
}

/// A file without a single order that could be sent is bad input, and its first row says why.
fn nothing_to_push(read: &ReadOrders, misfits: &[String]) -> Failure {
    let first = read.rejects.first().map(Reject::said).or(misfits.first().cloned());
    Failure::input(match first {
        Some(first) => format!("none of {} rows can be pushed; the first: {first}", thousands(read.rows)),
        None => "the file holds no orders".to_owned(),
    })
}

const SHOWN: usize = 10;

/// What was pushed, what the API warns of, what was left out.
fn report(args: &PushArgs, read: &ReadOrders, pushed: &Pushed) -> String {
    let mut said = vec![format!(
        "pushed {} lines in {} orders to {:?}: {} requests, {}, {} lines/s",
        thousands(pushed.lines),
        thousands(pushed.orders),
        args.dataset,
        thousands(pushed.requests),
        seconds(pushed.elapsed),
        thousands(pushed.lines_per_second() as u64)
    )];
    let warnings = pushed.warnings.values().take(SHOWN);
    said.extend(warnings.map(|(text, n)| format!("  warning in {n} of {} requests: {text}", pushed.requests)));
    said.extend(read.warnings.iter().map(|warning| format!("  {warning}")));
    if read.rejected > 0 {
        said.push(format!("  {} rows left out:", thousands(read.rejected)));
    }
    said.extend(read.rejects.iter().take(SHOWN).map(|reject| format!("    {}", reject.said())));
    if read.rejected > SHOWN as u64 && args.rejects.is_none() {
        said.push(format!("    … (--rejects FILE writes {})", kept(read)));
    } else if args.rejects.is_some() && read.rejected > read.rejects.len() as u64 {
        said.push(format!("    … (the list of rejects holds {})", kept(read)));
    }
    said.join("\n") + "\n"
}

/// How many of the rows left out are at hand.
fn kept(read: &ReadOrders) -> String {
    if read.rejected > read.rejects.len() as u64 {
        format!("the first {} of them", thousands(read.rejects.len() as u64))
    } else {
        "them all".to_owned()
    }
}

fn write_rejects(path: &Path, read: &ReadOrders) -> Result<(), Failure> {
    let rows = read.rejects.iter().map(|reject| reject.csv.as_str());
    let list: String = std::iter::once(read.rejects_header.as_str()).chain(rows).collect();
    std::fs::write(path, list).map_err(|error| Failure::run(format!("cannot write {}: {error}", path.display())))
}

fn verdict(read: &ReadOrders, misfits: &[String], pushed: &Pushed) -> Result<(), Failure> {
    if let Some(first) = pushed.failures.first() {
        let more = pushed.failures.len() - 1;
        let more = if more > 0 { format!("\n({more} more requests failed)") } else { String::new() };
        return Err(Failure::run(format!("{first}{more}")));
    }
    if !misfits.is_empty() {
        let shown: Vec<&str> = misfits.iter().take(SHOWN).map(String::as_str).collect();
        return Err(Failure::some_rejected(format!("{} orders were left out:\n{}", misfits.len(), shown.join("\n"))));
    }
    if read.rejected > 0 {
        return Err(Failure::some_rejected(format!("{} rows were left out", thousands(read.rejected))));
    }
    Ok(())
}
