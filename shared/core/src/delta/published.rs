//! What the newest commit of a table's log says. Trusts nothing: a log can be written to by others.

use super::actions::{Add, CommitInfo, ENGINE, Remove};
use super::commit_path;
use serde::Deserialize;

/// The table as a commit left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub version: u64,
    /// Of the run that the table shows.
    pub generation: u64,
    pub sequence: u64,
    pub(super) columns_version: u32,
    /// All files of the table.
    pub(super) adds: Vec<Add>,
    /// What the commit took out of it.
    pub(super) removes: Vec<Remove>,
}

/// A commit that no publisher of ours wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} of the table was not written by Affinsy ({detail}); nothing else may write to the table. \
     Move its folder _delta_log away, and the next compaction begins a new log",
    commit_path(*.version)
)]
pub struct NotOurs {
    pub version: u64,
    pub detail: String,
}

/// One line: one of these is there, or an action that is not needed here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Line {
    commit_info: Option<CommitInfo>,
    add: Option<Add>,
    remove: Option<Remove>,
}

impl Published {
    /// From the text of a commit of this version.
    pub fn read(version: u64, text: &str) -> Result<Self, NotOurs> {
        let not_ours = |detail: String| NotOurs { version, detail };
        let (mut info, mut adds, mut removes) = (None, Vec::new(), Vec::new());
        for (at, line) in text.lines().enumerate() {
            let line: Line =
                serde_json::from_str(line).map_err(|error| not_ours(format!("line {}: {error}", at + 1)))?;
            info = info.or(line.commit_info);
            adds.extend(line.add);
            removes.extend(line.remove);
        }
        let info = info.ok_or_else(|| not_ours("it does not say by whom".to_owned()))?;
        if !info.engine_info.starts_with(ENGINE) {
            return Err(not_ours(format!("it says {:?}", info.engine_info)));
        }
        let said = &info.operation_parameters;
        let number = |name: &str, text: &str| {
            text.parse::<u64>().map_err(|_| not_ours(format!("{name} {text:?} is not a number")))
        };
        let columns_version = number("columnsVersion", &said.columns_version)?;
        Ok(Self {
            version,
            generation: number("generation", &said.generation)?,
            sequence: number("sequence", &said.sequence)?,
            columns_version: u32::try_from(columns_version).unwrap_or(u32::MAX),
            adds,
            removes,
        })
    }
}
