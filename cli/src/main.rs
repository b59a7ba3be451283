//! The command `affinsy`: the suite on one machine, and the API's client. Each subcommand is a module; this file
//! only chooses one and turns its failure into an exit code.

mod client;
mod demo;
mod failure;
mod input;
mod interrupt;
mod keys;
mod layout;
mod local;
mod mine;
mod progress;
mod push;
mod report;
mod target;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

/// Market baskets and customer segments: run the suite, push orders, get reports
#[derive(Debug, Parser)]
#[command(name = "affinsy", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Local(local::LocalArgs),
    Demo(demo::DemoArgs),
    Push(Box<push::PushArgs>),
    Report(Box<report::ReportArgs>),
    Keys(Box<keys::KeysArgs>),
    Mine(Box<mine::MineArgs>),
    /// Print the API's OpenAPI document
    Openapi,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::say(&format!("affinsy: {failure}"));
            ExitCode::from(failure.exit_code)
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::run(format!("cannot start the asynchronous runtime: {error}")))?;
    runtime.block_on(async {
        match &command {
            Command::Local(args) => local::run(args).await,
            Command::Demo(args) => demo::run(args).await,
            Command::Push(args) => push::run(args).await,
            Command::Report(args) => report::run(args).await,
            Command::Keys(args) => keys::run(args).await,
            Command::Mine(args) => {
                interrupt::listen();
                mine::run(args)
            }
            Command::Openapi => openapi(),
        }
    })
}

fn openapi() -> Result<(), Failure> {
    let document = affinsy_app::http::openapi::document();
    let text = serde_json::to_string_pretty(document).map_err(|error| Failure::run(error.to_string()))?;
    terminal::print(&format!("{text}\n"))
}
