//! The port of calls under an `Idempotency-Key`: an item a key, in a partition of its own, conditional writes only.

use super::item::{Item, from_item, key, number, text, to_item, to_value};
use super::orders::unless_refused;
use super::tenant_pk;
use crate::failure::port_error;
use affinsy_app::ports::{Begun, CallRecord, Idempotency, PortError, PortResult, StoredAnswer};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

#[derive(Debug, Clone)]
pub struct DynamoIdempotency {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

const CALL: &str = "CALL";

fn call_pk(tenant: &Tenant, call: &CallRecord) -> String {
    format!("{}#Q#{}", tenant_pk(tenant), call.key_hash)
}

impl DynamoIdempotency {
    pub fn new(client: aws_sdk_dynamodb::Client, control_table: &str) -> Self {
        Self { client, table: control_table.to_owned() }
    }

    /// Stores a new call where there is none; else the item that stands there.
    async fn put(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<Option<Item>> {
        let mut item = to_item(call_pk(tenant, call), CALL, call)?;
        item.insert("ttl".to_owned(), number(call.expires_at.unix_ms() / 1_000 + 1));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        // DynamoDB deletes what is over when it comes to it: the time counts, not whether the item is still there.
        let put = put
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":now", number(now.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Ok(None) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                let lost = || PortError::Unavailable("a call that was refused without its item".to_owned());
                refused.item.clone().map(Some).ok_or_else(lost)
            }
            _ => Err(port_error("DynamoDB PutItem (idempotency)", error)),
        }
    }

    /// An update that only the holder of this token can make, while there is no answer.
    fn update_held(&self, tenant: &Tenant, call: &CallRecord) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(call_pk(tenant, call), CALL)))
            .condition_expression("seed = :seed AND #token = :token AND attribute_not_exists(answer)")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":seed", text(&call.seed))
            .expression_attribute_values(":token", number(call.token))
    }
}

#[async_trait]
impl Idempotency for DynamoIdempotency {
    async fn begin(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<Begun> {
        let Some(item) = self.put(tenant, call, now).await? else { return Ok(Begun::Go(call.clone())) };
        let stored: CallRecord = from_item(item)?;
        if let Some(found) = stored.found_by(call, now) {
            return Ok(found);
        }
        let update = self
            .update_held(tenant, &stored)
            .update_expression("SET #token = #token + :one, lease_until = :lease")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":lease", number(call.lease_until.0))
            .return_values(ReturnValue::AllNew);
        let Some(updated) = unless_refused(update.send().await)? else {
            // Somebody was faster by a moment.
            return Ok(Begun::Running { until: call.lease_until });
        };
        let lost = || PortError::Damaged("a call that was taken over without its item".to_owned());
        Ok(Begun::Go(from_item(updated.attributes.ok_or_else(lost)?)?))
    }

    async fn finish(&self, tenant: &Tenant, call: &CallRecord, answer: &StoredAnswer) -> PortResult<bool> {
        let update = self
            .update_held(tenant, call)
            .update_expression("SET answer = :answer")
            .expression_attribute_values(":answer", to_value(answer)?);
        Ok(unless_refused(update.send().await)?.is_some())
    }

    async fn release(&self, tenant: &Tenant, call: &CallRecord, now: Instant) -> PortResult<()> {
        let update = self
            .update_held(tenant, call)
            .update_expression("SET lease_until = :now")
            .expression_attribute_values(":now", number(now.0));
        unless_refused(update.send().await).map(|_| ())
    }
}
