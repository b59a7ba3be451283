//! `affinsy local`: the whole suite on this machine until it is told to stop.

pub mod checkout;
mod log;
pub mod session;
pub mod signals;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::failure::Failure;
use crate::target::LocalFile;
use crate::terminal;
use session::{Session, Settings};

pub use log::to_files_only;

/// Run the whole suite on this machine; Ctrl-C stops it
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// Port of the HTTP API; 0 takes a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Folder that holds everything the services store
    #[arg(long, value_name = "DIR", default_value = ".affinsy")]
    data: PathBuf,
    /// Folder of the functions' binaries: cargo's, or sam build's [default: this project's, built if need be]
    #[arg(long, value_name = "DIR")]
    functions: Option<PathBuf>,
    /// SAM template [default: infra/template.yaml]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Show no log lines; DATA/logs has them
    #[arg(long, short)]
    quiet: bool,
}

/// How often new processes are looked for, to be written to `local.json`.
const PIDS_EVERY: Duration = Duration::from_secs(1);

pub async fn run(args: &LocalArgs) -> Result<(), Failure> {
    let settings = Settings {
        port: args.port,
        data: args.data.clone(),
        functions: args.functions.clone(),
        template: args.template.clone(),
        rate_limit: None,
        log: if args.quiet { log::to_files_only() } else { log::to_terminal() },
    };
    let mut session = tokio::select! {
        started = Session::start(settings) => started?,
        () = signals::stop_asked() => return Err(Failure::run("stopped before it had started")),
    };
    session.file.write(&args.data)?;
    terminal::print(&ready(&session.file, args))?;
    keep(&mut session, args).await?;
    eprintln!("stopping");
    LocalFile::remove(&args.data);
    session.shutdown().await
}

fn ready(file: &LocalFile, args: &LocalArgs) -> String {
    format!(
        "\n  base URL  {}\n  API key   {}\n  also in   {}\n  logs in   {}\n\n  Ctrl-C stops it; what is stored stays.\n\n",
        file.base_url,
        file.api_key,
        LocalFile::path(&args.data).display(),
        args.data.join("logs").display()
    )
}

/// Until it is told to stop; `local.json` follows the processes that come and go.
async fn keep(session: &mut Session, args: &LocalArgs) -> Result<(), Failure> {
    let mut ticks = tokio::time::interval(PIDS_EVERY);
    let stop = signals::stop_asked();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            _ = ticks.tick() => {
                if session.refresh_pids() {
                    session.file.write(&args.data)?;
                }
            }
        }
    }
}
