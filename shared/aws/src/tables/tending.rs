//! The tending port: conditional updates of a dataset's head, and the items of runs in the manifest.

use super::item::{due_at, due_shard, from_item, key, number, text, to_value};
use super::manifest::push_sk;
use super::orders::despite_pushes;
use super::{DATASET, DynamoBook, IMPORT, tenant_pk};
use affinsy_app::ports::{
    DatasetRecord, FoundOut, LogId, OrderLog, PortError, PortResult, Publication, SegmentRecord, Settlement, Tending,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::{Retired, RunId};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;

impl DynamoBook {
    fn update_head(&self, tenant: &Tenant, dataset_id: &str) -> UpdateItemFluentBuilder {
        let key = key(tenant_pk(tenant), format!("{DATASET}{dataset_id}"));
        self.client.update_item().table_name(&self.control).set_key(Some(key))
    }

    /// An update that a void claim cannot make, and none on a dataset that took the name; `more` as `" AND …"`.
    fn update_claimed_head(&self, tenant: &Tenant, head: &DatasetRecord, more: &str) -> UpdateItemFluentBuilder {
        self.update_head(tenant, &head.dataset_id)
            .condition_expression(format!("incarnation = :incarnation AND tending.#token = :token{more}"))
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":incarnation", text(&head.incarnation))
            .expression_attribute_values(":token", number(head.tending.token))
    }

    /// Whether a publication that was refused stands: its answer may have got lost.
    async fn is_published(&self, tenant: &Tenant, head: &DatasetRecord, publication: &Publication) -> PortResult<bool> {
        let stored = self.head(tenant, &head.dataset_id).await?;
        Ok(stored.is_some_and(|stored| {
            stored.incarnation == head.incarnation
                && stored.generation == head.generation + 1
                && stored.tending.token == head.tending.token
                && stored.runs == publication.runs
        }))
    }
}

/// The end of a claim; `due` says what becomes of the dataset's place in the due list.
fn settled(
    update: UpdateItemFluentBuilder,
    settlement: &Settlement,
    due: (&str, &str),
) -> PortResult<UpdateItemFluentBuilder> {
    let mut set = format!("SET tending.attempts = :zero{}", due.0);
    let mut update = update.expression_attribute_values(":zero", number(0));
    if let Some(counts) = &settlement.counts {
        set.push_str(", counts = :counts");
        update = update.expression_attribute_values(":counts", to_value(counts)?);
    }
    if let Some(swept) = settlement.swept_at {
        set.push_str(", tending.swept_at = :swept");
        update = update.expression_attribute_values(":swept", number(swept.0));
    }
    if let Some(table) = &settlement.table {
        set.push_str(", tending.#table = :table");
        update = update.expression_attribute_names("#table", "table");
        update = update.expression_attribute_values(":table", to_value(table)?);
    }
    Ok(update.update_expression(format!("{set} REMOVE tending.lease_until{}", due.1)))
}

#[async_trait]
impl Tending for DynamoBook {
    async fn claim_tending(
        &self,
        tenant: &Tenant,
        dataset_id: &str,
        now: Instant,
        until: Instant,
    ) -> PortResult<Option<DatasetRecord>> {
        let claim = || {
            self.update_head(tenant, dataset_id)
                .update_expression(
                    "SET tending.#token = tending.#token + :one, tending.attempts = tending.attempts + :one, \
                     tending.lease_until = :until, due_at = :due, due_shard = :shard",
                )
                .condition_expression(
                    "attribute_exists(pk) AND \
                     (attribute_not_exists(tending.lease_until) OR tending.lease_until <= :now)",
                )
                .expression_attribute_names("#token", "token")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":until", number(until.0))
                .expression_attribute_values(":now", number(now.0))
                .expression_attribute_values(":due", due_at(until))
                .expression_attribute_values(":shard", due_shard(&format!("{DATASET}{dataset_id}")))
                .return_values(ReturnValue::AllNew)
        };
        let Some(updated) = despite_pushes(claim).await? else { return Ok(None) };
        let item = updated.attributes.ok_or_else(|| PortError::Damaged("a claim without its dataset".to_owned()))?;
        Ok(Some(from_item(item)?))
    }

    async fn put_run(&self, log: &LogId, run: RunId, segments: &[SegmentRecord]) -> PortResult<()> {
        self.write_run(log, run, segments).await
    }

    async fn publish(&self, tenant: &Tenant, head: &DatasetRecord, publication: &Publication) -> PortResult<bool> {
        let (runs, retired) = (to_value(&publication.runs)?, to_value(&publication.retired)?);
        let publish = || {
            let mut set =
                "SET generation = :next, runs = :runs, retired = :retired, #bytes = #bytes + :change".to_owned();
            let mut update = self
                .update_claimed_head(tenant, head, " AND generation = :generation")
                .expression_attribute_names("#bytes", "bytes")
                .expression_attribute_values(":generation", number(head.generation))
                .expression_attribute_values(":next", number(head.generation + 1))
                .expression_attribute_values(":runs", runs.clone())
                .expression_attribute_values(":retired", retired.clone())
                .expression_attribute_values(":change", number(publication.bytes_change));
            if let Some(settled) = publication.settled_at {
                set.push_str(", tending.settled_at = :settled");
                update = update.expression_attribute_values(":settled", number(settled.0));
            }
            update.update_expression(set)
        };
        match despite_pushes(publish).await? {
            Some(_) => Ok(true),
            None => self.is_published(tenant, head, publication).await,
        }
    }

    async fn stored_runs(&self, log: &LogId) -> PortResult<Vec<RunId>> {
        self.run_ids(log).await
    }

    async fn drop_run(&self, log: &LogId, run: RunId) -> PortResult<()> {
        self.delete_run(log, run).await
    }

    async fn drop_segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<()> {
        self.delete_between(log, push_sk(from), push_sk(to)).await
    }

    async fn tell_import(&self, tenant: &Tenant, found: &FoundOut) -> PortResult<()> {
        let tell = || {
            self.client
                .update_item()
                .table_name(&self.control)
                .set_key(Some(key(tenant_pk(tenant), format!("{IMPORT}{}", found.import_id))))
                .update_expression("SET inserted = :inserted, updated = :updated")
                .condition_expression("attribute_exists(pk) AND attribute_not_exists(inserted)")
                .expression_attribute_values(":inserted", number(found.inserted))
                .expression_attribute_values(":updated", number(found.updated))
        };
        despite_pushes(tell).await.map(drop)
    }

    async fn keep_retired(&self, tenant: &Tenant, head: &DatasetRecord, left: &[Retired]) -> PortResult<bool> {
        let left = to_value(&left)?;
        let keep = || {
            self.update_claimed_head(tenant, head, "")
                .update_expression("SET retired = :left")
                .expression_attribute_values(":left", left.clone())
        };
        Ok(despite_pushes(keep).await?.is_some())
    }

    async fn settle(&self, tenant: &Tenant, head: &DatasetRecord, settlement: &Settlement) -> PortResult<bool> {
        // Only while no push came meanwhile: it made the dataset due again, and due it stays.
        let unmoved = || {
            self.update_claimed_head(tenant, head, " AND #sequence = :sequence")
                .expression_attribute_names("#sequence", "sequence")
                .expression_attribute_values(":sequence", number(head.sequence))
        };
        let quiet = match settlement.next_due {
            None => settled(unmoved(), settlement, ("", ", due_at, due_shard"))?,
            Some(at) => settled(unmoved(), settlement, (", due_at = :due, due_shard = :shard", ""))?
                .expression_attribute_values(":due", due_at(at))
                .expression_attribute_values(":shard", due_shard(&format!("{DATASET}{}", head.dataset_id))),
        };
        if despite_pushes(|| quiet.clone()).await?.is_some() {
            return Ok(true);
        }
        let moved = settled(self.update_claimed_head(tenant, head, ""), settlement, ("", ""))?;
        Ok(despite_pushes(|| moved.clone()).await?.is_some())
    }

    async fn give_back(&self, tenant: &Tenant, head: &DatasetRecord, due: Instant) -> PortResult<()> {
        let give_back = || {
            self.update_claimed_head(tenant, head, "")
                .update_expression("SET due_at = :due, due_shard = :shard REMOVE tending.lease_until")
                .expression_attribute_values(":due", due_at(due))
                .expression_attribute_values(":shard", due_shard(&format!("{DATASET}{}", head.dataset_id)))
        };
        despite_pushes(give_back).await.map(|_| ())
    }
}
