//! The manifest: one item a segment, below its dataset's incarnation. Pushes stand by their sequence, the segments of
//! runs by generation, token and place.

use super::item::{Item, from_item, text, to_item};
use super::{DynamoBook, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{LogId, PortError, PortResult, SegmentRecord, dataset_key_hash};
use affinsy_core::runs::RunId;
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use futures::{StreamExt, TryStreamExt};
use std::collections::HashMap;
use std::time::Duration;

/// Neither a digit nor a letter of ours comes behind it.
const LAST: char = '~';
/// What `BatchWriteItem` takes.
const BATCH: usize = 25;
const BATCHES_AT_ONCE: usize = 4;
/// Attempts to write what a batch left over, each after twice the wait.
const BATCH_ATTEMPTS: u32 = 8;

pub(super) fn manifest_pk(log: &LogId) -> String {
    format!("{}#D#{}#{}", tenant_pk(&log.tenant), dataset_key_hash(&log.dataset_id), log.incarnation)
}

/// Zero-padded, so that sort keys stand in the order of sequences.
pub(super) fn push_sk(sequence: u64) -> String {
    format!("S#{sequence:020}")
}

fn run_prefix(run: RunId) -> String {
    format!("C#{:020}#{:020}#", run.generation, run.token)
}

fn run_of(sk: &str) -> Option<RunId> {
    let mut parts = sk.strip_prefix("C#")?.split('#');
    Some(RunId { generation: parts.next()?.parse().ok()?, token: parts.next()?.parse().ok()? })
}

impl DynamoBook {
    /// The manifest items of an incarnation from one sort key to another, read consistently.
    async fn manifest(&self, log: &LogId, first: String, last: String, only_keys: bool) -> PortResult<Vec<Item>> {
        let query = self.client.query().table_name(&self.segments).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last");
        let query = query
            .expression_attribute_values(":pk", text(manifest_pk(log)))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", text(last));
        let query = if only_keys { query.projection_expression("pk, sk") } else { query };
        let items = query.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        items.map_err(|error| port_error("DynamoDB Query (segments)", error))
    }

    pub(super) async fn pushes(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        if from > to {
            return Ok(Vec::new());
        }
        let items = self.manifest(log, push_sk(from), push_sk(to), false).await?;
        items.into_iter().map(from_item).collect()
    }

    pub(super) async fn run_items(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        let prefix = run_prefix(run);
        let items = self.manifest(log, prefix.clone(), format!("{prefix}{LAST}"), false).await?;
        items.into_iter().map(from_item).collect()
    }

    pub(super) async fn run_ids(&self, log: &LogId) -> PortResult<Vec<RunId>> {
        let items = self.manifest(log, "C#".to_owned(), format!("C#{LAST}"), true).await?;
        let mut runs: Vec<RunId> = items.iter().filter_map(|item| run_of(item.get("sk")?.as_s().ok()?)).collect();
        runs.dedup();
        Ok(runs)
    }

    pub(super) async fn write_run(&self, log: &LogId, run: RunId, segments: &[SegmentRecord]) -> PortResult<()> {
        let (pk, prefix) = (manifest_pk(log), run_prefix(run));
        let item = |(at, segment)| to_item(&pk, format!("{prefix}{at:05}"), segment);
        let items = segments.iter().enumerate().map(item).collect::<PortResult<Vec<Item>>>()?;
        let put = |item| {
            PutRequest::builder()
                .set_item(Some(item))
                .build()
                .map(|put| WriteRequest::builder().put_request(put).build())
        };
        self.write_all(items.into_iter().map(put).collect::<Result<_, _>>().map_err(unbuilt)?).await
    }

    pub(super) async fn delete_run(&self, log: &LogId, run: RunId) -> PortResult<()> {
        let prefix = run_prefix(run);
        self.delete_between(log, prefix.clone(), format!("{prefix}{LAST}")).await
    }

    /// Removes the items from one sort key to another.
    pub(super) async fn delete_between(&self, log: &LogId, first: String, last: String) -> PortResult<()> {
        let keys = self.manifest(log, first, last, true).await?;
        let delete = |key| {
            DeleteRequest::builder()
                .set_key(Some(key))
                .build()
                .map(|delete| WriteRequest::builder().delete_request(delete).build())
        };
        self.write_all(keys.into_iter().map(delete).collect::<Result<_, _>>().map_err(unbuilt)?).await
    }

    /// Removes every item of an incarnation.
    pub(super) async fn delete_all(&self, log: &LogId) -> PortResult<()> {
        self.delete_between(log, "A".to_owned(), LAST.to_string()).await
    }

    async fn write_all(&self, requests: Vec<WriteRequest>) -> PortResult<()> {
        let batches: Vec<Vec<WriteRequest>> = requests.chunks(BATCH).map(<[WriteRequest]>::to_vec).collect();
        let written = futures::stream::iter(batches).map(|batch| self.write_batch(batch));
        written.buffer_unordered(BATCHES_AT_ONCE).try_collect().await
    }

    /// Writes a batch, and what it leaves over again and again: DynamoDB may take only a part of it.
    async fn write_batch(&self, mut batch: Vec<WriteRequest>) -> PortResult<()> {
        for attempt in 0..BATCH_ATTEMPTS {
            let request = HashMap::from([(self.segments.clone(), batch)]);
            let written = self.client.batch_write_item().set_request_items(Some(request)).send().await;
            let written = written.map_err(|error| port_error("DynamoDB BatchWriteItem", error))?;
            batch = written.unprocessed_items.and_then(|mut left| left.remove(&self.segments)).unwrap_or_default();
            if batch.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
        }
        Err(PortError::Unavailable(format!("DynamoDB BatchWriteItem: {} items left over", batch.len())))
    }
}

fn unbuilt(error: aws_sdk_dynamodb::error::BuildError) -> PortError {
    PortError::Damaged(error.to_string())
}
