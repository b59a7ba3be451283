//! The delivery book port, and the tenant's secrets.

use super::item::{Item, due_at, due_shard, from_item, key, number, page_of, text, to_item};
use super::orders::unless_refused;
use super::{DELIVERY, DynamoBook, SECRETS, due, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{
    DeliveryBook, DeliveryFilter, DeliveryRecord, DeliveryState, Due, Page, PortError, PortResult, TenantSecrets,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, ReturnValue, TransactWriteItem, Update};

/// The log is kept for 30 days after the event, or after it was last sent anew.
const KEPT_S: i64 = 30 * 86_400;

fn sk(delivery_id: &str) -> String {
    format!("{DELIVERY}{delivery_id}")
}

fn to_delivery_item(tenant: &Tenant, delivery: &DeliveryRecord) -> PortResult<Item> {
    let sk = sk(&delivery.delivery_id);
    let mut item = to_item(tenant_pk(tenant), &sk, delivery)?;
    let kept_from = delivery.redelivered_at.unwrap_or(delivery.created_at);
    item.insert("ttl".to_owned(), number(kept_from.unix_s() + KEPT_S));
    if let Some(at) = delivery.next_attempt_at {
        item.insert("due_at".to_owned(), due_at(at));
        item.insert("due_shard".to_owned(), due_shard(&sk));
    }
    Ok(item)
}

fn built<T>(built: Result<T, aws_sdk_dynamodb::error::BuildError>) -> PortResult<T> {
    built.map_err(|error| PortError::Damaged(error.to_string()))
}

/// Whether a conditional put was made.
pub(super) async fn put_if(put: PutItemFluentBuilder) -> PortResult<bool> {
    match put.send().await {
        Ok(_) => Ok(true),
        Err(error) => match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            _ => Err(port_error("DynamoDB PutItem", error)),
        },
    }
}

fn was_cancelled(error: &SdkError<TransactWriteItemsError>) -> bool {
    matches!(error.as_service_error(), Some(TransactWriteItemsError::TransactionCanceledException(_)))
}

impl DynamoBook {
    /// What a report or an import had to tell has become a delivery: it is due no more.
    fn settle_outbox(&self, outbox: &Due) -> PortResult<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(&outbox.tenant), due::sk(outbox))))
            .update_expression("REMOVE due_at, due_shard")
            .condition_expression("attribute_exists(pk)");
        Ok(TransactWriteItem::builder().update(built(update.build())?).build())
    }
}

#[async_trait]
impl DeliveryBook for DynamoBook {
    async fn secrets(&self, tenant: &Tenant, fresh: &TenantSecrets) -> PortResult<TenantSecrets> {
        if let Some(stored) = DynamoBook::get(self, tenant, SECRETS.to_owned()).await? {
            return Ok(stored);
        }
        let put = self.client.put_item().table_name(&self.control);
        let put = put.set_item(Some(to_item(tenant_pk(tenant), SECRETS, fresh)?));
        if put_if(put.condition_expression("attribute_not_exists(pk)")).await? {
            return Ok(fresh.clone());
        }
        let stored = DynamoBook::get(self, tenant, SECRETS.to_owned()).await?;
        stored.ok_or_else(|| PortError::Unavailable("a tenant's secrets vanished".to_owned()))
    }

    async fn rotate(&self, tenant: &Tenant, before: &str, after: &TenantSecrets) -> PortResult<bool> {
        let put = self.client.put_item().table_name(&self.control);
        let put = put
            .set_item(Some(to_item(tenant_pk(tenant), SECRETS, after)?))
            .condition_expression("webhook = :before")
            .expression_attribute_values(":before", text(before));
        put_if(put).await
    }

    async fn get(&self, tenant: &Tenant, delivery_id: &str) -> PortResult<Option<DeliveryRecord>> {
        DynamoBook::get(self, tenant, sk(delivery_id)).await
    }

    async fn open(&self, tenant: &Tenant, delivery: &DeliveryRecord, outbox: Option<&Due>) -> PortResult<()> {
        let put = Put::builder()
            .table_name(&self.control)
            .set_item(Some(to_delivery_item(tenant, delivery)?))
            .condition_expression("attribute_not_exists(pk)");
        let put = TransactWriteItem::builder().put(built(put.build())?).build();
        let write = self.client.transact_write_items().transact_items(put);
        let settled = outbox.map(|outbox| self.settle_outbox(outbox)).transpose()?;
        let write = settled.into_iter().fold(write, |write, settled| write.transact_items(settled));
        match write.send().await {
            Ok(_) => Ok(()),
            // Another dispatcher opened it, and settled the outbox in the same transaction.
            Err(error)
                if was_cancelled(&error) && DeliveryBook::get(self, tenant, &delivery.delivery_id).await?.is_some() =>
            {
                Ok(())
            }
            Err(error) => Err(port_error("DynamoDB TransactWriteItems (delivery)", error)),
        }
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        delivery_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Option<DeliveryRecord>> {
        let sk = sk(delivery_id);
        let pending = serde_dynamo::to_attribute_value(DeliveryState::Pending);
        let update = self
            .client
            .update_item()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), &sk)))
            .update_expression("SET claims = claims + :one, lease_until = :lease, due_at = :due, due_shard = :shard")
            .condition_expression(
                "#state = :pending AND next_attempt_at <= :now \
                 AND (attribute_not_exists(lease_until) OR lease_until <= :now)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", pending.map_err(|error| PortError::Damaged(error.to_string()))?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":lease", number(lease_until.0))
            .expression_attribute_values(":due", due_at(lease_until))
            .expression_attribute_values(":shard", due_shard(&sk))
            .return_values(ReturnValue::AllNew);
        let updated = unless_refused(update.send().await)?;
        updated.and_then(|updated| updated.attributes).map(from_item).transpose()
    }

    async fn record(&self, tenant: &Tenant, delivery: &DeliveryRecord) -> PortResult<bool> {
        let put = self.client.put_item().table_name(&self.control);
        let put = put
            .set_item(Some(to_delivery_item(tenant, delivery)?))
            .condition_expression("claims = :token")
            .expression_attribute_values(":token", number(delivery.claims));
        put_if(put).await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        filter: &DeliveryFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<DeliveryRecord>> {
        const READ_AT_ONCE: usize = 100;
        /// A filter that hardly anything passes ends with a short page and a cursor, not with a time-out.
        const MAX_READS: usize = 20;
        let mut found = Vec::new();
        let mut after = after.map(str::to_owned);
        for _ in 0..MAX_READS {
            let items = self.query(tenant, DELIVERY, after.as_deref(), true, READ_AT_ONCE).await?;
            let last_page = items.len() < READ_AT_ONCE;
            let read: Vec<DeliveryRecord> = items.into_iter().map(from_item).collect::<PortResult<_>>()?;
            after = read.last().map(|delivery| delivery.delivery_id.clone());
            found.extend(read.into_iter().filter(|delivery| filter.admits(delivery)));
            if last_page || found.len() > limit {
                return Ok(page_of(found, limit, |delivery| &delivery.delivery_id));
            }
        }
        Ok(Page { items: found, next_after: after })
    }
}
