//! The due index port: the sparse index `due` of the control table, read shard by shard.

use super::item::{DUE_SHARDS, Item, due_at, key, text};
use super::orders::unless_refused;
use super::{DATASET, DELIVERY, DynamoBook, IMPORT, PURGE, REPORT, SCHEDULE, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{Due, DueIndex, DueKind, PortResult};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use futures::future::try_join_all;

const INDEX: &str = "due";

const PREFIXES: [(DueKind, &str); 6] = [
    (DueKind::Report, REPORT),
    (DueKind::Delivery, DELIVERY),
    (DueKind::Dataset, DATASET),
    (DueKind::Purge, PURGE),
    (DueKind::Import, IMPORT),
    (DueKind::Schedule, SCHEDULE),
];

/// The sort key of what is due.
pub(super) fn sk(due: &Due) -> String {
    let prefix = PREFIXES.iter().find(|(kind, _)| *kind == due.kind).map_or("", |(_, prefix)| prefix);
    format!("{prefix}{}", due.id)
}

fn due(item: &Item) -> Option<Due> {
    let tenant = item.get("pk")?.as_s().ok()?.strip_prefix("T#")?.parse().ok()?;
    let sk = item.get("sk")?.as_s().ok()?;
    let (kind, id) = PREFIXES.iter().find_map(|(kind, prefix)| Some((*kind, sk.strip_prefix(prefix)?)))?;
    Some(Due { kind, tenant, id: id.to_owned() })
}

impl DynamoBook {
    async fn due_in_shard(&self, shard: u32, now: Instant, limit: usize) -> PortResult<Vec<Due>> {
        let query = self.client.query().table_name(&self.control).index_name(INDEX);
        let query = query
            .key_condition_expression("due_shard = :shard AND due_at <= :now")
            .expression_attribute_values(":shard", text(shard.to_string()))
            .expression_attribute_values(":now", due_at(now))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let found = query.send().await.map_err(|error| port_error("DynamoDB Query (due)", error))?;
        Ok(found.items().iter().filter_map(due).collect())
    }
}

#[async_trait]
impl DueIndex for DynamoBook {
    async fn due(&self, now: Instant, limit: usize) -> PortResult<Vec<Due>> {
        let each = limit.div_ceil(DUE_SHARDS as usize);
        let shards = try_join_all((0..DUE_SHARDS).map(|shard| self.due_in_shard(shard, now, each))).await?;
        Ok(shards.into_iter().flatten().collect())
    }

    async fn postpone(&self, due: &Due, now: Instant, until: Instant) -> PortResult<bool> {
        let update = self
            .client
            .update_item()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(&due.tenant), sk(due))))
            .update_expression("SET due_at = :until")
            .condition_expression("due_at <= :now")
            .expression_attribute_values(":now", due_at(now))
            .expression_attribute_values(":until", due_at(until));
        Ok(unless_refused(update.send().await)?.is_some())
    }

    async fn done(&self, due: &Due) -> PortResult<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(&due.tenant), sk(due))))
            .update_expression("REMOVE due_at, due_shard")
            // What was deleted meanwhile must not come back as an empty item.
            .condition_expression("attribute_exists(pk)");
        unless_refused(update.send().await).map(drop)
    }
}
