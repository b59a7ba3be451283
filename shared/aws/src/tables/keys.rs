//! The key table port. A key is stored twice: by its hash for the authorizer, under its tenant for lists.

use super::item::{from_item, key, text, to_item};
use super::orders::{is_conflict, unless_refused};
use super::{KEY, USER, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{KeyRecord, KeyTable, PortError, PortResult, UserRecord};
use affinsy_core::ids::{Tenant, User};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

#[derive(Debug, Clone)]
pub struct DynamoKeys {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

fn hash_pk(hash: &str) -> String {
    format!("{KEY}{hash}")
}

const BY_HASH: &str = "KEY";
const FIRST_REVOCATION: &str = "revoked_at = if_not_exists(revoked_at, :now)";

impl DynamoKeys {
    pub fn new(client: aws_sdk_dynamodb::Client, control_table: &str) -> Self {
        Self { client, table: control_table.to_owned() }
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, pk: String, sk: String) -> PortResult<Option<T>> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(pk, sk))).consistent_read(true);
        let got = get.send().await.map_err(|error| port_error("DynamoDB GetItem (key)", error))?;
        got.item.map(from_item).transpose()
    }

    fn put(&self, item: super::item::Item, condition: Option<&str>) -> PortResult<TransactWriteItem> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = put.set_condition_expression(condition.map(str::to_owned)).build();
        let put = put.map_err(|error| PortError::Damaged(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Sets one attribute of a key that is there to a time.
    fn setting(&self, what: &str, pk: String, sk: String, now: Instant) -> PortResult<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(pk, sk)))
            .update_expression(format!("SET {what}"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", super::item::number(now.0))
            .build();
        let update = update.map_err(|error| PortError::Damaged(error.to_string()))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

#[async_trait]
impl KeyTable for DynamoKeys {
    async fn find(&self, hash: &str) -> PortResult<Option<(KeyRecord, UserRecord)>> {
        let Some(found) = self.get::<KeyRecord>(hash_pk(hash), BY_HASH.to_owned()).await? else { return Ok(None) };
        let user = self.get::<UserRecord>(tenant_pk(&found.tenant), format!("{USER}{}", found.user)).await?;
        Ok(user.map(|user| (found, user)))
    }

    async fn user(&self, tenant: &Tenant, user: &User) -> PortResult<Option<UserRecord>> {
        self.get(tenant_pk(tenant), format!("{USER}{user}")).await
    }

    async fn create(&self, new: &KeyRecord, user: &UserRecord) -> PortResult<()> {
        let pk = tenant_pk(&new.tenant);
        let by_hash = self.put(to_item(hash_pk(&new.hash), BY_HASH, new)?, None)?;
        let by_tenant = self.put(to_item(&pk, format!("{KEY}{}", new.key_id), new)?, None)?;
        let owner = self.put(to_item(&pk, format!("{USER}{}", user.user), user)?, None)?;
        let write = self.client.transact_write_items().transact_items(by_hash).transact_items(by_tenant);
        let written = write.transact_items(owner).send().await;
        written.map_err(|error| port_error("DynamoDB TransactWriteItems (new key)", error))?;
        Ok(())
    }

    async fn add(&self, new: &KeyRecord) -> PortResult<KeyRecord> {
        let (pk, sk) = (tenant_pk(&new.tenant), format!("{KEY}{}", new.key_id));
        let by_hash = self.put(to_item(hash_pk(&new.hash), BY_HASH, new)?, None)?;
        let by_tenant = self.put(to_item(&pk, &sk, new)?, Some("attribute_not_exists(pk)"))?;
        let write = self.client.transact_write_items().transact_items(by_hash).transact_items(by_tenant);
        let Err(error) = write.send().await else { return Ok(new.clone()) };
        if !is_conflict(&error) {
            return Err(port_error("DynamoDB TransactWriteItems (key)", error));
        }
        let lost = || PortError::Unavailable("a key is being made".to_owned());
        self.get(pk, sk).await?.ok_or_else(lost)
    }

    async fn expire(&self, tenant: &Tenant, key_id: &str, at: Instant) -> PortResult<bool> {
        let (pk, sk) = (tenant_pk(tenant), format!("{KEY}{key_id}"));
        let Some(found) = self.get::<KeyRecord>(pk.clone(), sk.clone()).await? else { return Ok(false) };
        if found.expires_at.is_some_and(|before| before <= at) {
            return Ok(true);
        }
        let write = self.client.transact_write_items();
        let write = write
            .transact_items(self.setting("expires_at = :now", hash_pk(&found.hash), BY_HASH.to_owned(), at)?)
            .transact_items(self.setting("expires_at = :now", pk, sk, at)?);
        write.send().await.map_err(|error| port_error("DynamoDB TransactWriteItems (expire key)", error))?;
        Ok(true)
    }

    async fn used(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<()> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .set_key(Some(key(tenant_pk(tenant), format!("{KEY}{key_id}"))))
            .update_expression("SET last_used_at = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", super::item::number(now.0));
        unless_refused(update.send().await).map(|_| ())
    }

    async fn list(&self, tenant: &Tenant) -> PortResult<Vec<KeyRecord>> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
        let query = query
            .expression_attribute_values(":pk", text(tenant_pk(tenant)))
            .expression_attribute_values(":sk", text(KEY));
        let items = query.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let items = items.map_err(|error| port_error("DynamoDB Query (keys)", error))?;
        items.into_iter().map(from_item).collect()
    }

    async fn revoke(&self, tenant: &Tenant, key_id: &str, now: Instant) -> PortResult<bool> {
        let (pk, sk) = (tenant_pk(tenant), format!("{KEY}{key_id}"));
        let Some(found) = self.get::<KeyRecord>(pk.clone(), sk.clone()).await? else { return Ok(false) };
        let by_hash = self.setting(FIRST_REVOCATION, hash_pk(&found.hash), BY_HASH.to_owned(), now)?;
        let by_tenant = self.setting(FIRST_REVOCATION, pk, sk, now)?;
        let write = self.client.transact_write_items().transact_items(by_hash).transact_items(by_tenant);
        write.send().await.map_err(|error| port_error("DynamoDB TransactWriteItems (revoke key)", error))?;
        Ok(true)
    }
}
