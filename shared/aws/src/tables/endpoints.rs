//! The endpoints port: one item a URL under the hash of its text, one a place of a pool.

use super::deliveries::put_if;
use super::item::{Item, from_item, key, number, text, to_item};
use super::orders::unless_refused;
use super::{DynamoBook, ENDPOINT, PLACE, REPORT_PLACE, tenant_pk};
use affinsy_app::ports::{EndpointRecord, Endpoints, Pool, PortResult};
use affinsy_core::ids::{Tenant, name_hash};
use affinsy_core::time::Instant;
use async_trait::async_trait;

/// A URL that is not disabled and has not failed for so long is forgotten.
const KEPT_S: i64 = 30 * 86_400;
/// The most URLs of a tenant that are looked at.
const MOST_URLS: usize = 1_000;
/// How often a place is looked for when others take those that were free.
const TRIES: usize = 4;

fn sk(url: &str) -> String {
    format!("{ENDPOINT}{}", name_hash(url))
}

fn prefix(pool: Pool) -> &'static str {
    match pool {
        Pool::Attempts => PLACE,
        Pool::Reports => REPORT_PLACE,
    }
}

fn place_sk(pool: Pool, place: u32) -> String {
    format!("{}{place:04}", prefix(pool))
}

/// The place of an item that is taken at `now`.
fn taken(pool: Pool, item: &Item, now: Instant) -> Option<u32> {
    let until: i64 = item.get("lease_until")?.as_n().ok()?.parse().ok()?;
    let place = item.get("sk")?.as_s().ok()?.strip_prefix(prefix(pool))?.parse().ok()?;
    (until > now.0).then_some(place)
}

impl DynamoBook {
    async fn take_place(
        &self,
        tenant: &Tenant,
        holder: &str,
        (pool, place): (Pool, u32),
        now: Instant,
        until: Instant,
    ) -> PortResult<bool> {
        let mut item = key(tenant_pk(tenant), place_sk(pool, place));
        item.insert("holder".to_owned(), text(holder));
        item.insert("lease_until".to_owned(), number(until.0));
        item.insert("ttl".to_owned(), number(until.unix_s() + KEPT_S));
        let put = self.client.put_item().table_name(&self.control).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk) OR lease_until <= :now");
        put_if(put.expression_attribute_values(":now", number(now.0))).await
    }
}

#[async_trait]
impl Endpoints for DynamoBook {
    async fn endpoint(&self, tenant: &Tenant, url: &str) -> PortResult<Option<EndpointRecord>> {
        DynamoBook::get(self, tenant, sk(url)).await
    }

    async fn put_endpoint(&self, tenant: &Tenant, record: &EndpointRecord, now: Instant) -> PortResult<bool> {
        let mut item = to_item(tenant_pk(tenant), sk(&record.url), record)?;
        if record.health.disabled.is_none() {
            item.insert("ttl".to_owned(), number(now.unix_s() + KEPT_S));
        }
        let put = self.client.put_item().table_name(&self.control).set_item(Some(item));
        let put = match record.version {
            0 | 1 => put.condition_expression("attribute_not_exists(pk)"),
            version => put
                .condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", number(version - 1)),
        };
        put_if(put).await
    }

    async fn disabled_endpoints(&self, tenant: &Tenant) -> PortResult<Vec<EndpointRecord>> {
        let items = self.query(tenant, ENDPOINT, None, false, MOST_URLS).await?;
        let all = items.into_iter().map(from_item::<EndpointRecord>).collect::<PortResult<Vec<_>>>()?;
        Ok(all.into_iter().filter(|record| record.health.disabled.is_some()).collect())
    }

    async fn enter(
        &self,
        tenant: &Tenant,
        pool: Pool,
        holder: &str,
        places: u32,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<u32>> {
        // Usually one of them is free at once. By lot, so that dispatchers do not all try the same.
        let lot = holder.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let first = lot % places.max(1);
        if places > 0 && self.take_place(tenant, holder, (pool, first), now, until).await? {
            return Ok(Some(first));
        }
        for _ in 0..TRIES {
            let items = self.query(tenant, prefix(pool), None, false, 10_000).await?;
            let held: Vec<u32> = items.iter().filter_map(|item| taken(pool, item, now)).collect();
            let free: Vec<u32> = (0..places).filter(|place| !held.contains(place)).collect();
            if free.is_empty() {
                return Ok(None);
            }
            let place = free[lot as usize % free.len()];
            if self.take_place(tenant, holder, (pool, place), now, until).await? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    async fn leave(&self, tenant: &Tenant, pool: Pool, holder: &str, place: u32) -> PortResult<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), place_sk(pool, place))))
            .update_expression("SET lease_until = :never")
            .condition_expression("#holder = :holder")
            .expression_attribute_names("#holder", "holder")
            .expression_attribute_values(":never", number(0))
            .expression_attribute_values(":holder", text(holder));
        unless_refused(update.send().await).map(|_| ())
    }
}
