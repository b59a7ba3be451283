//! `cargo run --release -p affinsy-simulation -- --seeds 200 [--from N]` plays seeds; with `SEED=n` in the environment
//! it plays one and prints what happens. `mutants` instead of nothing shows that the simulation finds what it should.

use affinsy_simulation::mutants::Mutant;
use affinsy_simulation::run::{Outcome, run};
use std::collections::BTreeMap;
use std::process::ExitCode;

const USAGE: &str = "usage: affinsy-simulation [mutants] [--seeds COUNT] [--from SEED]     (SEED=n replays one seed)";

struct Options {
    mutants: bool,
    seeds: u64,
    from: u64,
}

fn options(arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options { mutants: false, seeds: 200, from: 0 };
    let mut arguments = arguments.peekable();
    options.mutants = arguments.next_if(|first| first == "mutants").is_some();
    while let Some(name) = arguments.next() {
        let number = arguments.next()?.parse().ok()?;
        match name.as_str() {
            "--seeds" => options.seeds = number,
            "--from" => options.from = number,
            _ => return None,
        }
    }
    Some(options)
}

#[expect(clippy::disallowed_methods, reason = "a developer's tool: there is no Config here")]
fn replayed() -> Option<u64> {
    std::env::var("SEED").ok()?.parse().ok()
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let played = match (replayed(), options.mutants) {
        (Some(seed), false) => replay(seed),
        (None, false) => all(&options),
        (_, true) => mutants(&options),
    };
    match played {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("no thread for computations: {error}");
            ExitCode::FAILURE
        }
    }
}

fn replay(seed: u64) -> std::io::Result<bool> {
    let outcome = run(seed, None, true)?;
    report(&[&outcome]);
    Ok(outcome.violations.is_empty())
}

fn all(options: &Options) -> std::io::Result<bool> {
    let mut outcomes = Vec::new();
    for seed in options.from..options.from + options.seeds {
        let outcome = run(seed, None, false)?;
        if let Some(first) = outcome.violations.first() {
            eprintln!("SEED={seed} {first}");
        }
        outcomes.push(outcome);
    }
    report(&outcomes.iter().collect::<Vec<_>>());
    Ok(outcomes.iter().all(|outcome| outcome.violations.is_empty()))
}

fn report(outcomes: &[&Outcome]) {
    let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(|outcome| of(outcome)).sum::<u64>();
    let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in outcomes.iter().flat_map(|outcome| &outcome.faults) {
        *faults.entry(name).or_default() += count;
    }
    println!("seeds              {}", outcomes.len());
    println!("events             {}", sum(|o| o.events));
    println!("virtual hours      {}", outcomes.iter().map(|o| o.virtual_s).sum::<i64>() / 3_600);
    for (name, count) in &faults {
        println!("{name:<18} {count}");
    }
    println!("changes asked for  {} ({} without an answer)", sum(|o| o.deeds), sum(|o| o.deeds_unknown));
    println!("lines acknowledged {}", sum(|o| o.lines_acknowledged));
    println!("reports            {}", sum(|o| o.checked.reports));
    println!("results compared   {}", sum(|o| o.checked.results));
    println!("results skipped    {} (dataset deleted, or workers died)", sum(|o| o.checked.skipped));
    println!("lines refused      {} (by a plan's cap)", sum(|o| o.checked.refused));
    println!("lines left out     {} (erased while their file was on its way)", sum(|o| o.checked.left_out));
    println!("files imported     {} ({} could not be)", sum(|o| o.checked.files), sum(|o| o.checked.files_failed));
    println!("deliveries         {} ({} attempts seen)", sum(|o| o.checked.deliveries), sum(|o| o.posts));
    let lost = outcomes.iter().flat_map(|o| &o.violations).filter(|what| what.starts_with("I1")).count();
    println!("lost               {lost}");
    let broken: Vec<_> = outcomes.iter().filter(|outcome| !outcome.violations.is_empty()).collect();
    println!("promises broken    {}", broken.iter().map(|o| o.violations.len()).sum::<usize>());
    for outcome in broken {
        println!("SEED={}", outcome.seed);
        outcome.violations.iter().take(5).for_each(|what| println!("    {what}"));
    }
}

fn mutants(options: &Options) -> std::io::Result<bool> {
    let mut all_found = true;
    for mutant in Mutant::ALL {
        let found = first_that_finds(mutant, options)?;
        let said = match &found {
            Some(outcome) => format!("SEED={} {}", outcome.seed, outcome.violations[0]),
            None => format!("NOT FOUND in {} seeds", options.seeds),
        };
        println!("{mutant:?}: {}\n    {}", mutant.what(), said.chars().take(200).collect::<String>());
        all_found &= found.is_some();
    }
    Ok(all_found)
}

fn first_that_finds(mutant: Mutant, options: &Options) -> std::io::Result<Option<Outcome>> {
    for seed in options.from..options.from + options.seeds {
        let outcome = run(seed, Some(mutant), false)?;
        if !outcome.violations.is_empty() {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}
