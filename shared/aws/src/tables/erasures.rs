//! The erasures port: a head that goes in the transaction that leaves its purge behind.

use super::item::{due_at, due_shard, from_item, key, text};
use super::orders::{is_conflict, unless_refused};
use super::{DATASET, DynamoBook, IMPORT, PURGE, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{DatasetRecord, Erasures, LogId, PortError, PortResult, PurgeRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use std::time::Duration;

/// A push in the same moment comes first; the deletion is tried again.
const ATTEMPTS: u32 = 6;

impl DynamoBook {
    /// What takes something out, with the purge that it leaves behind. False where it cannot be: `still` says whether
    /// the condition of `deletion` holds.
    pub(super) async fn leave_purge<S: Future<Output = PortResult<bool>> + Send>(
        &self,
        tenant: &Tenant,
        deletion: TransactWriteItem,
        purge: &PurgeRecord,
        due: Instant,
        still: impl Fn() -> S + Send + Sync,
    ) -> PortResult<bool> {
        let purge_item = self.put_purge(tenant, purge, due)?;
        for attempt in 1.. {
            let write = self.client.transact_write_items().transact_items(deletion.clone());
            let Err(error) = write.transact_items(purge_item.clone()).send().await else { return Ok(true) };
            // A lost answer may hide a deletion that stands: read before deciding.
            if self.purge(tenant, &purge.purge_id).await?.is_some() {
                return Ok(true);
            }
            if !still().await? {
                return Ok(false);
            }
            if !is_conflict(&error) || attempt == ATTEMPTS {
                return Err(port_error("DynamoDB TransactWriteItems (deletion)", error));
            }
            tokio::time::sleep(Duration::from_millis(20 << attempt)).await;
        }
        unreachable!("the last attempt returns")
    }
}

#[async_trait]
impl Erasures for DynamoBook {
    async fn delete_dataset(
        &self,
        tenant: &Tenant,
        head: &DatasetRecord,
        purge: &PurgeRecord,
        due: Instant,
    ) -> PortResult<bool> {
        let delete = Delete::builder()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), format!("{DATASET}{}", head.dataset_id))))
            .condition_expression("incarnation = :incarnation")
            .expression_attribute_values(":incarnation", text(&head.incarnation))
            .build()
            .map_err(|error| PortError::Damaged(error.to_string()))?;
        let delete = TransactWriteItem::builder().delete(delete).build();
        let still = || async {
            let stored: Option<DatasetRecord> = self.get(tenant, format!("{DATASET}{}", head.dataset_id)).await?;
            Ok(stored.is_some_and(|stored| stored.incarnation == head.incarnation))
        };
        self.leave_purge(tenant, delete, purge, due, still).await
    }

    async fn drop_log(&self, log: &LogId) -> PortResult<()> {
        self.delete_all(log).await
    }

    async fn purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<Option<PurgeRecord>> {
        self.get(tenant, format!("{PURGE}{purge_id}")).await
    }

    async fn purges(&self, tenant: &Tenant) -> PortResult<Vec<PurgeRecord>> {
        let items = self.query(tenant, PURGE, None, false, usize::MAX).await?;
        items.into_iter().map(from_item).collect()
    }

    async fn put_off_purge(&self, tenant: &Tenant, purge_id: &str, due: Instant) -> PortResult<()> {
        let sk = format!("{PURGE}{purge_id}");
        let update = self
            .client
            .update_item()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), &sk)))
            .update_expression("SET due_at = :due, due_shard = :shard")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":due", due_at(due))
            .expression_attribute_values(":shard", due_shard(&sk));
        unless_refused(update.send().await).map(|_| ())
    }

    async fn redact_import(&self, tenant: &Tenant, import_id: &str) -> PortResult<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), format!("{IMPORT}{import_id}"))))
            .update_expression("REMOVE warnings")
            .condition_expression("attribute_exists(pk)");
        unless_refused(update.send().await).map(|_| ())
    }

    async fn finish_purge(&self, tenant: &Tenant, purge_id: &str) -> PortResult<()> {
        let delete = self.client.delete_item().table_name(&self.control);
        let delete = delete.set_key(Some(key(tenant_pk(tenant), format!("{PURGE}{purge_id}"))));
        delete.send().await.map_err(|error| port_error("DynamoDB DeleteItem (purge)", error))?;
        Ok(())
    }
}
