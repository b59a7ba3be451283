//! The order log port: dataset heads and imports in the control table, segments in the manifest.

use super::item::{Item, due_at, due_shard, from_item, key, number, page_of, text, to_item, to_value};
use super::manifest::{manifest_pk, push_sk};
use super::{DATASET, DynamoBook, IMPORT, PURGE, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{
    Commit, DatasetRecord, ImportRecord, ImportStatus, LogId, NewSegments, OrderLog, Page, PortError, PortResult,
    PurgeRecord, SegmentRecord, TendingRecord,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::RunId;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem, Update};

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

    /// The head moves on by new segments; runs, counts and tending beside it stay as they are.
    fn head_update(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<TransactWriteItem> {
        let head = new.head;
        let sk = format!("{DATASET}{}", head.dataset_id);
        let before = head.sequence - new.segments.len() as u64;
        let added: u64 = new.segments.iter().map(|segment| segment.bytes).sum();
        let mut set = "SET #sequence = :sequence, rows_pushed = :rows, updated_at = :updated, due_shard = :shard, \
             due_at = :due, "
            .to_owned();
        let mut update = Update::builder()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), &sk)))
            .expression_attribute_names("#bytes", "bytes")
            .expression_attribute_names("#sequence", "sequence")
            .expression_attribute_values(":sequence", number(head.sequence))
            .expression_attribute_values(":added", number(added))
            .expression_attribute_values(":rows", number(head.rows_pushed))
            .expression_attribute_values(":incarnation", text(&head.incarnation))
            .expression_attribute_values(":updated", number(head.updated_at.0))
            .expression_attribute_values(":shard", due_shard(&sk))
            .expression_attribute_values(":due", due_at(new.due_at));
        if let Some(currency) = &head.currency {
            set.push_str("currency = :currency, ");
            update = update.expression_attribute_values(":currency", text(currency));
        }
        if let Some(erased_at) = head.erased_at {
            set.push_str("erased_at = :erased, ");
            update = update.expression_attribute_values(":erased", number(erased_at.0));
        }
        if before == 0 {
            set.push_str(
                "#bytes = :added, dataset_id = :id, incarnation = :incarnation, created_at = :created, \
                 generation = :zero, runs = :none, retired = :none, tending = :tending",
            );
            update = update
                .condition_expression("attribute_not_exists(pk)")
                .expression_attribute_values(":id", text(&head.dataset_id))
                .expression_attribute_values(":created", number(head.created_at.0))
                .expression_attribute_values(":zero", number(0))
                .expression_attribute_values(":none", to_value(&[0u8; 0])?)
                .expression_attribute_values(":tending", to_value(&TendingRecord::default())?);
        } else {
            set.push_str("#bytes = #bytes + :added");
            update = update
                .condition_expression("#sequence = :before AND incarnation = :incarnation")
                .expression_attribute_values(":before", number(before));
        }
        let update = update.update_expression(set).build().map_err(|error| PortError::Damaged(error.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    fn put_new(&self, table: &str, item: Item) -> PortResult<TransactWriteItem> {
        let put = Put::builder().table_name(table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)").build();
        let put = put.map_err(|error| PortError::Damaged(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// The import, new or at the end of the claim that it has; due where somebody is to be told.
    fn put_import(&self, tenant: &Tenant, import: &ImportRecord) -> PortResult<TransactWriteItem> {
        let item = self.import_item(tenant, import, import.outbox_due_at())?;
        let put = Put::builder()
            .table_name(&self.control)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR (#status = :open AND claims = :claims)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":open", to_value(&ImportStatus::Processing)?)
            .expression_attribute_values(":claims", number(import.claims))
            .build();
        Ok(TransactWriteItem::builder().put(put.map_err(|error| PortError::Damaged(error.to_string()))?).build())
    }

    /// A purge, due at a time.
    pub(super) fn put_purge(
        &self,
        tenant: &Tenant,
        purge: &PurgeRecord,
        due: Instant,
    ) -> PortResult<TransactWriteItem> {
        let sk = format!("{PURGE}{}", purge.purge_id);
        let mut item = to_item(tenant_pk(tenant), &sk, purge)?;
        item.insert("due_shard".to_owned(), due_shard(&sk));
        item.insert("due_at".to_owned(), due_at(due));
        self.put_new(&self.control, item)
    }

    /// Whether the segment stands in the manifest at its sequence: tells a commit whose answer was lost from
    /// one that never came to be.
    async fn is_committed(&self, log: &LogId, segment: &SegmentRecord) -> PortResult<bool> {
        let own = key(manifest_pk(log), push_sk(segment.sequence));
        let get = self.client.get_item().table_name(&self.segments).set_key(Some(own)).consistent_read(true);
        let got = get.send().await.map_err(|error| port_error("DynamoDB GetItem (segment)", error))?;
        let stored: Option<SegmentRecord> = got.item.map(from_item).transpose()?;
        Ok(stored.is_some_and(|stored| stored.key == segment.key))
    }
}

/// Why a transaction was cancelled, action by action; empty where it was not.
fn cancelled(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}

/// Another writer was there first: its commit stands, or runs this moment.
pub(super) fn is_conflict(error: &SdkError<TransactWriteItemsError>) -> bool {
    let mut codes = cancelled(error).iter().filter_map(|reason| reason.code());
    codes.any(|code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict"))
}

/// The condition of one action did not hold.
fn is_refused(error: &SdkError<TransactWriteItemsError>, action: usize) -> bool {
    cancelled(error).get(action).and_then(CancellationReason::code) == Some("ConditionalCheckFailed")
}

#[async_trait]
impl OrderLog for DynamoBook {
    async fn head(&self, tenant: &Tenant, dataset_id: &str) -> PortResult<Option<DatasetRecord>> {
        if dataset_id.len() > 256 {
            return Ok(None);
        }
        self.get(tenant, format!("{DATASET}{dataset_id}")).await
    }

    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        let log = new.head.log(tenant);
        let mut actions = vec![self.head_update(tenant, new)?];
        for segment in new.segments {
            let item = to_item(manifest_pk(&log), push_sk(segment.sequence), segment)?;
            actions.push(self.put_new(&self.segments, item)?);
        }
        actions.extend(new.purge.map(|purge| self.put_purge(tenant, purge, new.due_at)).transpose()?);
        let import = actions.len();
        actions.extend(new.import.map(|import| self.put_import(tenant, import)).transpose()?);
        let write = self.client.transact_write_items().set_transact_items(Some(actions));
        let Err(error) = write.send().await else { return Ok(Commit::Done) };
        // A lost answer may hide a commit that stands: read before deciding.
        if let Some(first) = new.segments.first()
            && self.is_committed(&log, first).await?
        {
            return Ok(Commit::Done);
        }
        if is_refused(&error, import) {
            Ok(Commit::Void)
        } else if is_conflict(&error) {
            Ok(Commit::Conflict)
        } else {
            Err(port_error("DynamoDB TransactWriteItems (segments)", error))
        }
    }

    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        self.pushes(log, from, to).await
    }

    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        self.run_items(log, run).await
    }

    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        let items = self.query(tenant, DATASET, after, false, limit + 1).await?;
        let datasets: Vec<DatasetRecord> = items.into_iter().map(from_item).collect::<PortResult<_>>()?;
        Ok(page_of(datasets, limit, |dataset| &dataset.dataset_id))
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
pub(super) async fn despite_pushes(update: impl Fn() -> UpdateItemFluentBuilder) -> PortResult<Option<Updated>> {
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
