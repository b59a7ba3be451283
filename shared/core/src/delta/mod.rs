//! The settled state of a dataset as a Delta Lake table, which others read where it lies: from its files to the text
//! of the next commit of the table's log. Knows the protocol, not where log and files are kept.
//!
//! Protocol: <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>, reader version 1, writer version 2.
//!
//! A settled run is written anew as a whole, so every commit adds all files that the table then has, and removes those
//! that the commit before it added. What stands in the table is therefore told by its newest commit alone: who
//! publishes reads that one, and needs no other record. A commit is written only where none of its number stands
//! (`Objects::create`). When its number is taken, another publisher was there: read the newest commit again, ask
//! again; the answer may be that nothing is left to do.
//!
//! A reader starts from the newest [`checkpoint`], and reads the commits after it one by one.

mod actions;
mod checkpoint;
mod columns;
mod published;

pub use checkpoint::{Checkpoint, checkpoint, is_checkpoint_due, version_of as checkpoint_version_of};
pub use published::{NotOurs, Published};

use crate::time::Instant;
use actions::{Action, Add, CommitInfo, Remove};

/// Where the log lies below the table's root, with the slash.
pub const LOG: &str = "_delta_log/";

/// What never changes of a table.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// Which dataset, and which of those that bear its name one after another.
    pub incarnation: &'a str,
    pub dataset_id: &'a str,
    pub created_at: Instant,
}

/// A file of a settled run: live lines only, in the columns of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Relative to the table's root.
    pub path: String,
    pub bytes: u64,
    pub modified_at: Instant,
    pub rows: u64,
    /// The earliest and latest order date; none where no line carries one.
    pub dates: Option<(Instant, Instant)>,
}

/// A settled run: everything that a dataset holds up to a sequence.
#[derive(Debug, Clone)]
pub struct Settled {
    pub generation: u64,
    /// All pushes up to this one are in it.
    pub sequence: u64,
    pub files: Vec<DataFile>,
}

/// A commit to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub version: u64,
    /// Its place below the table's root.
    pub path: String,
    /// One action a line.
    pub text: String,
}

/// The path below a table's root of the object of this key; `None` where it is not there, or hidden from readers.
pub fn path_below(root: &str, key: &str) -> Option<String> {
    let path = key.strip_prefix(root)?.trim_start_matches('/');
    (!path.is_empty() && !path.starts_with('_')).then(|| path.to_owned())
}

/// The commit that makes the table show this run; `None` where it shows this or a later one already.
pub fn next_commit(table: &Table<'_>, newest: Option<&Published>, run: &Settled, at: Instant) -> Option<Commit> {
    if newest.is_some_and(|newest| newest.generation >= run.generation) {
        return None;
    }
    let version = newest.map_or(0, |newest| newest.version + 1);
    let adds: Vec<Add> = run.files.iter().map(Add::new).collect();
    let old = newest.map(|newest| newest.adds.as_slice()).unwrap_or_default();
    let gone = old.iter().filter(|old| adds.iter().all(|new| new.path != old.path));
    let removes: Vec<Remove> = gone.map(|old| Remove::new(old, at)).collect();
    let mut actions = vec![Action::CommitInfo(CommitInfo::new(run, at))];
    if newest.is_none() {
        actions.push(Action::Protocol(actions::PROTOCOL));
    }
    if newest.is_none_or(|newest| newest.columns_version != columns::VERSION) {
        actions.push(Action::MetaData(actions::meta_data(table)));
    }
    actions.extend(removes.iter().map(Action::Remove));
    actions.extend(adds.iter().map(Action::Add));
    Some(Commit { version, path: commit_path(version), text: lines(&actions) })
}

/// Where the commit of a version stands below the table's root.
pub fn commit_path(version: u64) -> String {
    format!("{LOG}{version:020}.json")
}

/// The version that a commit's path or object key ends in; `None` for everything else that stands in the log.
pub fn version_of(path: &str) -> Option<u64> {
    version_before(path, ".json")
}

/// The version that a path or key ends in before a suffix.
fn version_before(path: &str, suffix: &str) -> Option<u64> {
    let name = path.rsplit('/').next()?.strip_suffix(suffix)?;
    let is_number = name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit());
    name.parse().ok().filter(|_| is_number)
}

/// So many versions of the log are kept behind its newest checkpoint: a reader may stand at one while others are written.
const KEPT_VERSIONS: u64 = 100;

/// Which of the paths or keys in a log no reader needs any more: a checkpoint stands far beyond their versions.
pub fn outdated<'p>(log: impl Iterator<Item = &'p str> + Clone) -> impl Iterator<Item = &'p str> {
    let newest = log.clone().filter_map(checkpoint::version_of).max().unwrap_or(0);
    log.filter(move |path| {
        let version = version_of(path).or_else(|| checkpoint::version_of(path));
        version.is_some_and(|version| version + KEPT_VERSIONS < newest)
    })
}

fn lines(actions: &[Action<'_>]) -> String {
    let line = |action: &Action<'_>| serde_json::to_string(action).expect("texts, numbers and maps of texts") + "\n";
    actions.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
