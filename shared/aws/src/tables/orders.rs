//! The order log port: dataset heads and imports in the control table, segments in the manifest.

use super::item::{Item, due_at, due_shard, from_item, key, number, page_of, text, to_item, to_value};
use super::{DATASET, DynamoBook, IMPORT, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{
    Commit, CountsRecord, DatasetRecord, ImportRecord, OrderLog, Page, PortError, PortResult, SegmentRecord,
    dataset_key_hash,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

fn manifest_pk(tenant: &Tenant, dataset_id: &str) -> String {
    format!("{}#D#{}", tenant_pk(tenant), dataset_key_hash(dataset_id))
}

/// Zero-padded, so that sort keys stand in the order of sequences.
fn segment_sk(sequence: u64) -> String {
    format!("S#{sequence:020}")
}

impl DynamoBook {
    /// One item of the control table, read consistently.
    pub(super) async fn get<T: serde::de::DeserializeOwned>(
        &self,
        tenant: &Tenant,
        sk: String,
    ) -> PortResult<Option<T>> {
        let get = self.client.get_item().table_name(&self.control).consistent_read(true);
        let got = get.set_key(Some(key(tenant_pk(tenant), sk))).send().await;
        got.map_err(|error| port_error("DynamoDB GetItem", error))?.item.map(from_item).transpose()
    }

    /// Up to `most` items of a tenant whose sort keys begin with `prefix`, from after `after` on.
    pub(super) async fn query(
        &self,
        tenant: &Tenant,
        prefix: &str,
        after: Option<&str>,
        newest_first: bool,
        most: usize,
    ) -> PortResult<Vec<Item>> {
        let pk = tenant_pk(tenant);
        let mut start = after.map(|after| key(&pk, format!("{prefix}{after}")));
        let mut items = Vec::new();
        loop {
            let query = self.client.query().table_name(&self.control).scan_index_forward(!newest_first);
            let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)").consistent_read(true);
            let query = query
                .expression_attribute_values(":pk", text(&pk))
                .expression_attribute_values(":sk", text(prefix))
                .limit(i32::try_from(most - items.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start);
            let found = query.send().await.map_err(|error| port_error("DynamoDB Query", error))?;
            items.extend(found.items.unwrap_or_default());
            start = found.last_evaluated_key;
            if start.is_none() || items.len() >= most {
                return Ok(items);
            }
        }
    }

    /// The head moves on by one push; the counts beside it stay as they are.
    fn head_update(&self, tenant: &Tenant, head: &DatasetRecord, count_at: Instant) -> PortResult<Update> {
        let sk = format!("{DATASET}{}", head.dataset_id);
        let mut update = Update::builder()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), &sk)))
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":id", text(&head.dataset_id))
            .expression_attribute_values(":sequence", number(head.sequence))
            .expression_attribute_values(":generation", number(head.generation))
            .expression_attribute_values(":bytes", number(head.bytes))
            .expression_attribute_values(":rows", number(head.rows_pushed))
            .expression_attribute_values(":created", number(head.created_at.0))
            .expression_attribute_values(":updated", number(head.updated_at.0))
            .expression_attribute_values(":shard", due_shard(&sk))
            .expression_attribute_values(":due", due_at(count_at));
        let mut set = "SET dataset_id = :id, #sequence = :sequence, generation = :generation, #bytes = :bytes, \
             rows_pushed = :rows, created_at = :created, updated_at = :updated, \
             due_shard = if_not_exists(due_shard, :shard), due_at = if_not_exists(due_at, :due)"
            .to_owned();
        if let Some(currency) = &head.currency {
            set.push_str(", currency = :currency");
            update = update.expression_attribute_values(":currency", text(currency));
        }
        update = match head.sequence {
            1 => update.condition_expression("attribute_not_exists(pk)"),
            sequence => update
                .condition_expression("#sequence = :before")
                .expression_attribute_values(":before", number(sequence - 1)),
        };
        update.update_expression(set).build().map_err(|error| PortError::Damaged(error.to_string()))
    }

    fn put_new(&self, table: &str, item: Item) -> PortResult<TransactWriteItem> {
        let put = Put::builder().table_name(table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)").build();
        let put = put.map_err(|error| PortError::Damaged(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Whether the segment stands in the manifest at its sequence: tells a commit whose answer was lost from
    /// one that never came to be.
    async fn is_committed(&self, tenant: &Tenant, dataset_id: &str, segment: &SegmentRecord) -> PortResult<bool> {
        let own = key(manifest_pk(tenant, dataset_id), segment_sk(segment.sequence));
        let get = self.client.get_item().table_name(&self.segments).set_key(Some(own)).consistent_read(true);
        let got = get.send().await.map_err(|error| port_error("DynamoDB GetItem (segment)", error))?;
        let stored: Option<SegmentRecord> = got.item.map(from_item).transpose()?;
        Ok(stored.is_some_and(|stored| stored.key == segment.key))
    }
}

/// Another writer was there first: its commit stands, or runs this moment.
fn is_conflict(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.into_iter().any(|code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict"))
}

#[async_trait]
impl OrderLog for DynamoBook {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        if dataset_id.len() > 256 {
            return Ok(None);
        }
        self.get(tenant, format!("{DATASET}{dataset_id}")).await
    }

    async fn commit(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        segment: &SegmentRecord,
        import: &ImportRecord,
        count_at: Instant,
    ) -> PortResult<Commit> {
        let dataset_id = &head.dataset_id;
        let segment_item = to_item(manifest_pk(tenant, dataset_id), segment_sk(segment.sequence), segment)?;
        let import_item = to_item(tenant_pk(tenant), format!("{IMPORT}{}", import.import_id), import)?;
        let head = TransactWriteItem::builder().update(self.head_update(tenant, head, count_at)?).build();
        let write = self
            .client
            .transact_write_items()
            .transact_items(head)
            .transact_items(self.put_new(&self.segments, segment_item)?)
            .transact_items(self.put_new(&self.control, import_item)?);
        let Err(error) = write.send().await else { return Ok(Commit::Done) };
        // A lost answer may hide a commit that stands: read before deciding.
        if self.is_committed(tenant, dataset_id, segment).await? {
            return Ok(Commit::Done);
        }
        if is_conflict(&error) {
            Ok(Commit::Conflict)
        } else {
            Err(port_error("DynamoDB TransactWriteItems (push)", error))
        }
    }

    async fn segments(&self, tenant: &Tenant, dataset_id: &str, up_to: u64) -> PortResult<Vec<SegmentRecord>> {
        let query = self.client.query().table_name(&self.segments).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last");
        let query = query
            .expression_attribute_values(":pk", text(manifest_pk(tenant, dataset_id)))
            .expression_attribute_values(":first", text(segment_sk(0)))
            .expression_attribute_values(":last", text(segment_sk(up_to)));
        let items = query.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(|error| port_error("DynamoDB Query (segments)", error))?;
        items.into_iter().map(from_item).collect()
    }

    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        let items = self.query(tenant, DATASET, after, false, limit + 1).await?;
        let datasets: Vec<DatasetRecord> = items.into_iter().map(from_item).collect::<PortResult<_>>()?;
        Ok(page_of(datasets, limit, |dataset| &dataset.dataset_id))
    }

    async fn claim_count(&self, tenant: &Tenant, dataset_id: &str, now: Instant, until: Instant) -> PortResult<bool> {
        let sk = format!("{DATASET}{dataset_id}");
        let claim = || {
            self.client
                .update_item()
                .table_name(&self.control)
                .set_key(Some(key(tenant_pk(tenant), &sk)))
                .update_expression(
                    "SET count_lease_until = :until, due_at = :due, due_shard = :shard, \
                     count_attempts = if_not_exists(count_attempts, :zero) + :one",
                )
                .condition_expression(
                    "attribute_exists(pk) AND (attribute_not_exists(count_lease_until) OR count_lease_until <= :now)",
                )
                .expression_attribute_values(":until", number(until.0))
                .expression_attribute_values(":due", due_at(until))
                .expression_attribute_values(":shard", due_shard(&sk))
                .expression_attribute_values(":zero", number(0))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":now", number(now.0))
        };
        Ok(despite_pushes(claim).await?.is_some())
    }

    async fn save_counts(&self, tenant: &Tenant, dataset_id: &str, counts: &CountsRecord) -> PortResult<()> {
        let sk = format!("{DATASET}{dataset_id}");
        let update = || self.client.update_item().table_name(&self.control).set_key(Some(key(tenant_pk(tenant), &sk)));
        let counted = to_value(counts)?;
        let store = || {
            update()
                .update_expression("SET counts = :counts")
                .condition_expression(
                    "attribute_exists(pk) AND (attribute_not_exists(counts) OR counts.#sequence <= :sequence)",
                )
                .expression_attribute_names("#sequence", "sequence")
                .expression_attribute_values(":counts", counted.clone())
                .expression_attribute_values(":sequence", number(counts.sequence))
        };
        if despite_pushes(store).await?.is_none() {
            // Newer counts are there; whoever made them has settled the rest.
            return Ok(());
        }
        let settle = || {
            update()
                .update_expression("REMOVE due_at, due_shard, count_lease_until, count_attempts")
                .condition_expression("#sequence = :sequence")
                .expression_attribute_names("#sequence", "sequence")
                .expression_attribute_values(":sequence", number(counts.sequence))
        };
        if despite_pushes(settle).await?.is_some() {
            return Ok(());
        }
        let again = || {
            update()
                .update_expression("SET due_at = :due, due_shard = :shard REMOVE count_lease_until, count_attempts")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_values(":due", due_at(counts.counted_at))
                .expression_attribute_values(":shard", due_shard(&sk))
        };
        despite_pushes(again).await.map(|_| ())
    }

    async fn import(&self, tenant: &Tenant, import_id: &str) -> PortResult<Option<ImportRecord>> {
        self.get(tenant, format!("{IMPORT}{import_id}")).await
    }

    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        let items = self.query(tenant, IMPORT, after, true, limit + 1).await?;
        let imports: Vec<ImportRecord> = items.into_iter().map(from_item).collect::<PortResult<_>>()?;
        Ok(page_of(imports, limit, |import| &import.import_id))
    }
}

type Updated = aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
type UpdateFailed = SdkError<aws_sdk_dynamodb::operation::update_item::UpdateItemError>;

/// An update of a dataset's head, which pushes update in transactions: DynamoDB refuses the one that comes second,
/// and it is tried again.
async fn despite_pushes(update: impl Fn() -> UpdateItemFluentBuilder) -> PortResult<Option<Updated>> {
    const ATTEMPTS: u32 = 6;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let updated = update().send().await;
        let conflict = updated.as_ref().err().is_some_and(|error| error.code() == Some("TransactionConflictException"));
        if !conflict || attempt == ATTEMPTS {
            return unless_refused(updated);
        }
        tokio::time::sleep(std::time::Duration::from_millis(20 << attempt)).await;
    }
}

/// The update's answer, or `None` when its condition did not hold.
pub(super) fn unless_refused(updated: Result<Updated, UpdateFailed>) -> PortResult<Option<Updated>> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
    match updated {
        Ok(updated) => Ok(Some(updated)),
        Err(error) => match error.as_service_error() {
            Some(ConditionalCheckFailedException(_)) => Ok(None),
            _ => Err(port_error("DynamoDB UpdateItem", error)),
        },
    }
}
