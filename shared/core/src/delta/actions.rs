//! The actions of a commit, field by field as the protocol has them.

use super::columns;
use super::{DataFile, Settled, Table};
use crate::time::Instant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One line of a commit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Action<'a> {
    CommitInfo(CommitInfo),
    Protocol(Protocol),
    MetaData(MetaData<'a>),
    Add(&'a Add),
    Remove(&'a Remove),
}

/// By whom and why. Readers show it; only a publisher of ours reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommitInfo {
    pub timestamp: i64,
    pub operation: String,
    pub operation_parameters: OperationParameters,
    pub engine_info: String,
    pub is_blind_append: bool,
}

/// Numbers as texts, which is what readers expect here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationParameters {
    pub mode: String,
    pub generation: String,
    pub sequence: String,
    pub columns_version: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Protocol {
    pub min_reader_version: i32,
    pub min_writer_version: i32,
}

/// Nothing of the later versions is used, and every reader knows these.
pub(super) const PROTOCOL: Protocol = Protocol { min_reader_version: 1, min_writer_version: 2 };

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetaData<'a> {
    pub id: String,
    pub name: &'a str,
    pub format: Format,
    pub schema_string: String,
    pub partition_columns: [String; 0],
    pub configuration: BTreeMap<String, String>,
    pub created_time: i64,
}

#[derive(Debug, Serialize)]
pub(super) struct Format {
    pub provider: String,
    pub options: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Add {
    /// A URI, as in every path of the log.
    pub path: String,
    pub partition_values: BTreeMap<String, String>,
    pub size: u64,
    pub modification_time: i64,
    pub data_change: bool,
    /// JSON as a text.
    pub stats: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Remove {
    pub path: String,
    pub deletion_timestamp: i64,
    pub data_change: bool,
    /// The two fields below are there.
    pub extended_file_metadata: bool,
    pub partition_values: BTreeMap<String, String>,
    pub size: u64,
}

pub(super) const ENGINE: &str = "affinsy";

impl CommitInfo {
    pub fn new(run: &Settled, at: Instant) -> Self {
        Self {
            timestamp: at.unix_ms(),
            operation: "WRITE".to_owned(),
            operation_parameters: OperationParameters {
                mode: "Overwrite".to_owned(),
                generation: run.generation.to_string(),
                sequence: run.sequence.to_string(),
                columns_version: columns::VERSION.to_string(),
            },
            engine_info: format!("{ENGINE}/{}", env!("CARGO_PKG_VERSION")),
            is_blind_append: false,
        }
    }
}

pub(super) fn meta_data<'a>(table: &Table<'a>) -> MetaData<'a> {
    // Files that left the table stay for a day: who began to read before may end.
    let retention = ("delta.deletedFileRetentionDuration".to_owned(), "interval 1 days".to_owned());
    MetaData {
        id: guid(table.incarnation),
        name: table.dataset_id,
        format: Format { provider: "parquet".to_owned(), options: BTreeMap::new() },
        schema_string: columns::schema_string(),
        partition_columns: [],
        configuration: BTreeMap::from([retention]),
        created_time: table.created_at.unix_ms(),
    }
}

/// A GUID that says the same as the incarnation's own id (RFC 9562, version 8).
fn guid(incarnation: &str) -> String {
    let digest = Sha256::digest(incarnation.as_bytes());
    let mut bytes: Vec<u8> = digest.iter().copied().take(16).collect();
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = hex::encode(bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

impl Add {
    pub fn new(file: &DataFile) -> Self {
        Self {
            path: encoded(&file.path),
            partition_values: BTreeMap::new(),
            size: file.bytes,
            modification_time: file.modified_at.unix_ms(),
            data_change: true,
            stats: stats(file),
        }
    }
}

impl Remove {
    pub fn new(added: &Add, at: Instant) -> Self {
        Self {
            path: added.path.clone(),
            deletion_timestamp: at.unix_ms(),
            data_change: true,
            extended_file_metadata: true,
            partition_values: BTreeMap::new(),
            size: added.size,
        }
    }
}

/// No text of an order stands here: what is erased from the files would stay in the log.
fn stats(file: &DataFile) -> String {
    let mut stats = Map::from_iter([("numRecords".to_owned(), json!(file.rows))]);
    if let Some((least, greatest)) = file.dates {
        stats.insert("minValues".to_owned(), json!({ "order_date": least }));
        stats.insert("maxValues".to_owned(), json!({ "order_date": greatest }));
    }
    serde_json::Value::Object(stats).to_string()
}

/// A path as a URI.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let text = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(text).collect()
}
