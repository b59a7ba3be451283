//! The uploads port: the import's own item, replaced as a whole under a condition, and who owns which uploads.

use super::item::{Item, due_at, due_shard, from_item, key, number, text, to_item};
use super::{DynamoBook, IMPORT, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{ImportRecord, PortError, PortResult, UploadRefused, Uploads};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

/// The one item of a tenant's hash: an upload's key holds the hash, and its importer needs the name.
const OWNER: &str = "OWNER";

fn owner_pk(tenant_hash: &str) -> String {
    format!("H#{tenant_hash}")
}

impl DynamoBook {
    pub(super) fn import_item(&self, tenant: &Tenant, import: &ImportRecord, due: Option<Instant>) -> PortResult<Item> {
        let sk = format!("{IMPORT}{}", import.import_id);
        let mut item = to_item(tenant_pk(tenant), &sk, import)?;
        if let Some(due) = due {
            item.insert("due_at".to_owned(), due_at(due));
            item.insert("due_shard".to_owned(), due_shard(&sk));
        }
        Ok(item)
    }

    /// Puts a record in the place of the one with this claim and number of saves, if that has not ended. A write whose
    /// answer was lost stands there already, just as it was sent.
    async fn replace_import(
        &self,
        tenant: &Tenant,
        (claims, saves): (u32, u64),
        import: &ImportRecord,
        due: Option<Instant>,
    ) -> PortResult<bool> {
        let item = self.import_item(tenant, import, due)?;
        let put = self.client.put_item().table_name(&self.control);
        let put = put
            .set_item(Some(item.clone()))
            .condition_expression("claims = :claims AND saves = :saves AND #status = :processing")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":claims", number(claims))
            .expression_attribute_values(":saves", number(saves))
            .expression_attribute_values(":processing", text("Processing"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Ok(true) };
        let Some(PutItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(port_error("DynamoDB PutItem (import)", error));
        };
        Ok(refused.item() == Some(&item))
    }
}

#[async_trait]
impl Uploads for DynamoBook {
    async fn open(&self, tenant: &Tenant, import: &ImportRecord, due_at: Instant) -> PortResult<()> {
        let mut owner = key(owner_pk(&name_hash(tenant.as_str())), OWNER);
        owner.insert("tenant".to_owned(), text(tenant.as_str()));
        let put = |item| self.client.put_item().table_name(&self.control).set_item(Some(item));
        put(owner).send().await.map_err(|error| port_error("DynamoDB PutItem (owner)", error))?;
        let import = self.import_item(tenant, import, Some(due_at))?;
        super::put_unless_there(put(import), "DynamoDB PutItem (upload)").await
    }

    async fn tenant_of(&self, tenant_hash: &str) -> PortResult<Option<Tenant>> {
        let get = self.client.get_item().table_name(&self.control).consistent_read(true);
        let got = get.set_key(Some(key(owner_pk(tenant_hash), OWNER))).send().await;
        let item = got.map_err(|error| port_error("DynamoDB GetItem (owner)", error))?.item;
        let tenant = |item: Item| item.get("tenant")?.as_s().ok()?.parse().ok();
        let damaged = || PortError::Damaged(format!("the owner of {tenant_hash}"));
        item.map(|item| tenant(item).ok_or_else(damaged)).transpose()
    }

    async fn take(
        &self,
        tenant: &Tenant,
        import_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<ImportRecord, UploadRefused>> {
        let sk = format!("{IMPORT}{import_id}");
        loop {
            let get = self.client.get_item().table_name(&self.control).consistent_read(true);
            let got = get.set_key(Some(key(tenant_pk(tenant), &sk))).send().await;
            let item = got.map_err(|error| port_error("DynamoDB GetItem (import)", error))?.item;
            let Some(item) = item else { return Ok(Err(UploadRefused::Unknown)) };
            let stored: ImportRecord = from_item(item)?;
            let before = (stored.claims, stored.saves);
            let taken = match stored.taken(now, lease_until) {
                Ok(taken) => taken,
                Err(refused) => return Ok(Err(refused)),
            };
            if self.replace_import(tenant, before, &taken, Some(lease_until)).await? {
                return Ok(Ok(taken));
            }
            // Somebody wrote in between: look again, and meet their lease.
        }
    }

    async fn save(&self, tenant: &Tenant, import: &mut ImportRecord, due_at: Option<Instant>) -> PortResult<bool> {
        let before = (import.claims, import.saves);
        let next = ImportRecord { saves: import.saves + 1, ..import.clone() };
        let saved = self.replace_import(tenant, before, &next, due_at).await?;
        if saved {
            *import = next;
        }
        Ok(saved)
    }
}
