//! `affinsy mine`: itemsets and rules from a file, without any server. Reads, mines, writes; says what it did on stderr.

mod args;
mod bounds;
mod clock;
mod fimi;
mod items;
mod memory;
mod orders;
mod output;
mod read;
mod stats;
mod watch;

use std::path::{Path, PathBuf};

use affinsy_mining::{Itemsets, MineError, MineOptions, RuleSet};

use crate::failure::Failure;
use crate::input;
use crate::layout::thousands;
use crate::terminal;
pub use args::MineArgs;
use bounds::Bounds;
use clock::Began;
use read::Read;
use stats::Stats;
use watch::{Reading, Run, Step};

/// One mining, from its options to its results.
struct Mining<'a> {
    args: &'a MineArgs,
    bounds: Bounds,
    run: Run,
    read: Read,
}

/// Reads, mines and writes.
pub fn run(args: &MineArgs) -> Result<(), Failure> {
    let bounds = Bounds::of(args)?;
    check_outputs(args)?;
    let run = Run::start(bounds.deadline);
    run.begin(Step::Reading);
    let began = Began::now();
    let read = read::read(args, &Reading { threads: args.threads, watch: &run })?;
    let stats = Stats::of(&read, began.took());
    let threshold = bounds.threshold(read.baskets.len())?;
    let mining = Mining { args, bounds, run, read };
    if args.count_only { mining.count(threshold, stats) } else { mining.list(threshold, stats) }
}

/// Refuses outputs that can never be written, or would overwrite what is read or each other.
fn check_outputs(args: &MineArgs) -> Result<(), Failure> {
    let outputs: Vec<&PathBuf> = args.itemsets.iter().chain(&args.rules).collect();
    for &output in &outputs {
        terminal::check_target(output)?;
        if !input::is_stdin(&args.file) && same_file(output, &args.file) {
            return Err(Failure::input(format!("{} would overwrite the file that is read", output.display())));
        }
    }
    match outputs[..] {
        [one, other] if one == other || same_file(one, other) => {
            Err(Failure::input(format!("--itemsets and --rules cannot both be written to {}", one.display())))
        }
        _ => Ok(()),
    }
}

/// Whether both names mean one regular file.
fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok().filter(|path| path.is_file());
    real(one).is_some_and(|one| real(other) == Some(one))
}

impl Mining<'_> {
    fn count(self, threshold: Option<u32>, mut stats: Stats) -> Result<(), Failure> {
        let Some(threshold) = threshold else {
            return Err(Failure::input("--count-only needs --min-support or --min-support-count"));
        };
        self.run.begin(Step::Mining);
        let (began, stop) = (Began::now(), || self.run.stop());
        let options = MineOptions { max_itemsets: u64::MAX, ..self.options(threshold, &stop) };
        let counted = affinsy_mining::count_itemsets(&self.read.baskets, &options);
        let by_length = counted.map_err(|error| self.failure(error))?;
        stats.mined(threshold, by_length, began.took());
        self.run.clear();
        if !self.args.stats {
            terminal::print(&format!("{}\n", stats.itemset_count()))?;
        }
        stats.say(self.args.stats);
        Ok(())
    }

    fn list(self, asked: Option<u32>, mut stats: Stats) -> Result<(), Failure> {
        self.run.begin(Step::Mining);
        let began = Began::now();
        let (threshold, itemsets) = self.itemsets(asked).map_err(|error| self.failure(error))?;
        stats.mined(threshold, itemsets.by_length(), began.took());
        if let Some(path) = &self.args.itemsets {
            self.write(path, |out| output::itemsets(&itemsets, &self.read.names, out))?;
        }
        if self.args.rules.is_some() || self.args.itemsets.is_none() {
            self.rules(asked, itemsets, &mut stats)?;
        }
        self.run.clear();
        stats.say(self.args.stats);
        Ok(())
    }

    /// The itemsets that are asked for, and the threshold they have.
    fn itemsets(&self, threshold: Option<u32>) -> Result<(u32, Itemsets), MineError> {
        let (baskets, floor, stop) = (&self.read.baskets, threshold.unwrap_or(1), || self.run.stop());
        match self.args.top_k {
            Some(most) if self.args.itemsets.is_some() => {
                affinsy_mining::mine_at_most(baskets, floor, most, &self.options(floor, &stop))
            }
            Some(_) => self.for_best_rules(threshold),
            None => affinsy_mining::mine(baskets, &self.options(floor, &stop)).map(|itemsets| (floor, itemsets)),
        }
    }

    /// The best rules without a threshold come from as many itemsets as a report would hold: from five baskets or a
    /// thousandth of them up, at most a million itemsets, three items long unless another length is given.
    fn for_best_rules(&self, threshold: Option<u32>) -> Result<(u32, Itemsets), MineError> {
        const MOST_ITEMSETS: u64 = 1_000_000;
        let thousandth = u32::try_from(self.read.baskets.len().div_ceil(1_000)).unwrap_or(u32::MAX);
        let (floor, stop) = (threshold.unwrap_or(thousandth.max(5)), || self.run.stop());
        let max_itemset_size = self.args.max_itemset_size.or(Some(3));
        let options = MineOptions { max_itemset_size, ..self.options(floor, &stop) };
        affinsy_mining::mine_at_most(&self.read.baskets, floor, MOST_ITEMSETS, &options)
    }

    fn rules(&self, asked: Option<u32>, mined: Itemsets, stats: &mut Stats) -> Result<(), Failure> {
        self.run.begin(Step::Rules);
        let (began, stop) = (Began::now(), || self.run.stop());
        // A short list of itemsets was asked for beside the rules: those need more than the list.
        let itemsets = match self.args.top_k {
            Some(_) if self.args.itemsets.is_some() => {
                self.for_best_rules(asked).map_err(|error| self.failure(error))?.1
            }
            _ => mined,
        };
        let basket_count = self.read.baskets.len() as u64;
        let found = affinsy_mining::rules(&itemsets, basket_count, &self.bounds.rules(&stop));
        let found = found.map_err(|error| self.failure(error))?;
        stats.ruled(&found, began.took());
        match &self.args.rules {
            Some(path) => self.write(path, |out| output::rules(&found, basket_count, &self.read.names, out))?,
            None => {
                self.run.clear();
                terminal::print(&output::best_rules(&found, basket_count, &self.read.names))?;
            }
        }
        self.run.clear();
        say_dropped(&found);
        Ok(())
    }

    fn options<'a>(&'a self, min_support_count: u32, stop: &'a (dyn Fn() -> bool + Sync)) -> MineOptions<'a> {
        MineOptions { progress: Some(self.run.progress()), ..self.bounds.mining(min_support_count, stop) }
    }

    /// A bar on the terminal and a list on the terminal do not go together.
    fn write(
        &self,
        path: &Path,
        write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        self.run.begin(Step::Writing);
        if terminal::is_stdout(path) {
            self.run.clear();
        }
        terminal::write_to(Some(path), write)
    }

    /// Why there is no result, and what would give one.
    fn failure(&self, error: MineError) -> Failure {
        let would_fit = |suggested: Option<u32>, sure: &str| {
            suggested.map_or(String::new(), |count| format!("; --min-support-count {count} {sure}"))
        };
        match error {
            MineError::TooManyItemsets { ceiling, suggested_min_support_count: suggested } => Failure::run(format!(
                "more than {} itemsets{}; a higher threshold, --max-itemset-size or --max-itemsets changes that",
                thousands(ceiling),
                would_fit(suggested, "would fit")
            )),
            MineError::TooMuchMemory { budget_bytes, suggested_min_support_count: suggested } => Failure::run(format!(
                "more than {} of memory are needed to mine this{}; a higher threshold, --max-itemset-size or \
                 --max-memory changes that",
                memory::shown(budget_bytes),
                would_fit(suggested, "would fit")
            )),
            MineError::Stopped { .. } if !self.run.is_mining() => {
                let advice = ": the rules were still being tested; a higher threshold, a smaller \
                              --max-consequent-size or a later --deadline changes that";
                self.run.check(advice).err().unwrap_or_else(|| Failure::run(error.to_string()))
            }
            MineError::Stopped { searched_percent, suggested_min_support_count: suggested } => {
                let advice = format!(
                    ": about {searched_percent} % was searched{}; a higher threshold, --max-itemset-size or a later \
                     --deadline changes that",
                    would_fit(suggested, "might do")
                );
                self.run.check(&advice).err().unwrap_or_else(|| Failure::run(error.to_string()))
            }
            MineError::ZeroSupport => Failure::input(error.to_string()),
        }
    }
}

fn say_dropped(found: &RuleSet) {
    let dropped = &found.dropped;
    let bounds = [
        (dropped.below_lift, "below --min-lift"),
        (dropped.above_q, "above --max-q-value"),
        (dropped.redundant, "redundant (--include-redundant keeps them)"),
    ];
    let said: Vec<String> = bounds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{} {why}", thousands(*count)))
        .collect();
    let left_out = if said.is_empty() { String::new() } else { format!("; left out: {}", said.join(", ")) };
    terminal::say(&format!("{} rules of {} tested{left_out}", thousands(found.found), thousands(found.tested)));
}
