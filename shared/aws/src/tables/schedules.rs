//! The schedules port: an item a schedule, due at its next run.

use super::deliveries::put_if;
use super::item::{Item, due_at, due_shard, from_item, key, number, page_of, to_item};
use super::{DynamoBook, SCHEDULE, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{Page, PortResult, ScheduleBook, ScheduleRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;

fn item(tenant: &Tenant, schedule: &ScheduleRecord) -> PortResult<Item> {
    let sk = format!("{SCHEDULE}{}", schedule.schedule_id);
    let mut item = to_item(tenant_pk(tenant), &sk, schedule)?;
    item.insert("due_at".to_owned(), due_at(schedule.next_run_at));
    item.insert("due_shard".to_owned(), due_shard(&sk));
    Ok(item)
}

#[async_trait]
impl ScheduleBook for DynamoBook {
    async fn create(&self, tenant: &Tenant, schedule: &ScheduleRecord) -> PortResult<()> {
        let put = self.client.put_item().table_name(&self.control).set_item(Some(item(tenant, schedule)?));
        super::put_unless_there(put, "DynamoDB PutItem (schedule)").await
    }

    async fn get(&self, tenant: &Tenant, schedule_id: &str) -> PortResult<Option<ScheduleRecord>> {
        DynamoBook::get(self, tenant, format!("{SCHEDULE}{schedule_id}")).await
    }

    async fn list(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ScheduleRecord>> {
        let items = self.query(tenant, SCHEDULE, after, true, limit + 1).await?;
        let schedules: Vec<ScheduleRecord> = items.into_iter().map(from_item).collect::<PortResult<_>>()?;
        Ok(page_of(schedules, limit, |schedule| &schedule.schedule_id))
    }

    async fn delete(&self, tenant: &Tenant, schedule_id: &str) -> PortResult<bool> {
        let delete = self.client.delete_item().table_name(&self.control).return_values(ReturnValue::AllOld);
        let delete = delete.set_key(Some(key(tenant_pk(tenant), format!("{SCHEDULE}{schedule_id}"))));
        let deleted = delete.send().await.map_err(|error| port_error("DynamoDB DeleteItem (schedule)", error))?;
        Ok(deleted.attributes.is_some())
    }

    async fn ran(&self, tenant: &Tenant, run_at: Instant, after: &ScheduleRecord) -> PortResult<bool> {
        let put = self.client.put_item().table_name(&self.control).set_item(Some(item(tenant, after)?));
        let put =
            put.condition_expression("next_run_at = :seen").expression_attribute_values(":seen", number(run_at.0));
        put_if(put).await
    }
}
