//! The report book port. Every change is one conditional update of the report's item.

use super::item::{due_at, due_shard, from_item, key, number, page_of, text, to_item, to_value};
use super::orders::unless_refused;
use super::{DynamoBook, REPORT, tenant_pk};
use crate::failure::port_error;
use affinsy_app::ports::{
    Claim, ClaimRefused, FORGOTTEN_REQUEST, Finish, Page, PortError, PortResult, PurgeRecord, ReportBook, ReportFilter,
    ReportRecord, ReportStatus, StoredFailure,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem, Update};

fn sk(report_id: &str) -> String {
    format!("{REPORT}{report_id}")
}

impl DynamoBook {
    fn update_report(&self, tenant: &Tenant, report_id: &str) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.control).set_key(Some(key(tenant_pk(tenant), sk(report_id))))
    }

    /// An update that a void claim cannot make.
    fn update_claimed(&self, tenant: &Tenant, claim: &Claim) -> UpdateItemFluentBuilder {
        self.update_report(tenant, &claim.report.report_id)
            .condition_expression("#status = :processing AND claims = :token")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":processing", text(ReportStatus::Processing.name()))
            .expression_attribute_values(":token", number(claim.token()))
    }
}

fn finish_update(
    update: UpdateItemFluentBuilder,
    claim: &Claim,
    finish: &Finish,
    now: Instant,
) -> PortResult<UpdateItemFluentBuilder> {
    let mut set = "SET #status = :status, completed_at = :now".to_owned();
    let mut update = update.expression_attribute_values(":now", number(now.0));
    match finish {
        Finish::Completed { result_key, result_sha256, parts } => {
            set.push_str(", result_key = :key, result_sha256 = :sha256, parts = :parts");
            update = update
                .expression_attribute_values(":status", text(ReportStatus::Completed.name()))
                .expression_attribute_values(":key", text(result_key))
                .expression_attribute_values(":sha256", text(result_sha256))
                .expression_attribute_values(":parts", to_value(parts)?);
        }
        Finish::Failed(failure) => {
            set.push_str(", failure = :failure");
            update = update
                .expression_attribute_values(":status", text(ReportStatus::Failed.name()))
                .expression_attribute_values(":failure", to_value(failure)?);
        }
    }
    set.push_str(", due_at = :due, due_shard = :shard");
    update = update
        .expression_attribute_values(":due", due_at(now))
        .expression_attribute_values(":shard", due_shard(&sk(&claim.report.report_id)));
    Ok(update.update_expression(set + " REMOVE lease_until"))
}

/// Ends a report as erased: one that is processing, with the time that makes its event due, or one that has ended.
fn erase_update(
    update: UpdateItemFluentBuilder,
    report: &ReportRecord,
    failure: &StoredFailure,
    ends_at: Option<Instant>,
) -> PortResult<UpdateItemFluentBuilder> {
    let mut set = "SET #status = :failed, failure = :failure, #request = :request".to_owned();
    let remove = " REMOVE lease_until, result_key, result_sha256, parts";
    let mut update = update
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#request", "request")
        .expression_attribute_values(":processing", text(ReportStatus::Processing.name()))
        .expression_attribute_values(":failed", text(ReportStatus::Failed.name()))
        .expression_attribute_values(":failure", to_value(failure)?)
        .expression_attribute_values(":request", text(FORGOTTEN_REQUEST));
    let Some(now) = ends_at else {
        let update = update.condition_expression("attribute_exists(pk) AND #status <> :processing");
        return Ok(update.update_expression(set + remove));
    };
    set.push_str(", completed_at = :now");
    update = update.expression_attribute_values(":now", number(now.0));
    set.push_str(", due_at = :due, due_shard = :shard");
    update = update
        .expression_attribute_values(":due", due_at(now))
        .expression_attribute_values(":shard", due_shard(&sk(&report.report_id)));
    Ok(update.condition_expression("#status = :processing").update_expression(set + remove))
}

#[async_trait]
impl ReportBook for DynamoBook {
    async fn submit(&self, tenant: &Tenant, report: &ReportRecord, due: Instant) -> PortResult<()> {
        let sk = sk(&report.report_id);
        let mut item = to_item(tenant_pk(tenant), &sk, report)?;
        item.insert("due_shard".to_owned(), due_shard(&sk));
        item.insert("due_at".to_owned(), due_at(due));
        let put = self.client.put_item().table_name(&self.control).set_item(Some(item));
        super::put_unless_there(put, "DynamoDB PutItem (report)").await
    }

    async fn get(&self, tenant: &Tenant, report_id: &str) -> PortResult<Option<ReportRecord>> {
        DynamoBook::get(self, tenant, sk(report_id)).await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        filter: &ReportFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<ReportRecord>> {
        const READ_AT_ONCE: usize = 100;
        /// A filter that hardly anything passes ends with a short page and a cursor, not with a time-out.
        const MAX_READS: usize = 10;
        let mut found = Vec::new();
        let mut after = after.map(str::to_owned);
        for _ in 0..MAX_READS {
            let items = self.query(tenant, REPORT, after.as_deref(), true, READ_AT_ONCE).await?;
            let last_page = items.len() < READ_AT_ONCE;
            let read: Vec<ReportRecord> = items.into_iter().map(from_item).collect::<PortResult<_>>()?;
            after = read.last().map(|report| report.report_id.clone());
            found.extend(read.into_iter().filter(|report| filter.admits(report)));
            if last_page || found.len() > limit {
                return Ok(page_of(found, limit, |report| &report.report_id));
            }
        }
        Ok(Page { items: found, next_after: after })
    }

    async fn claim(
        &self,
        tenant: &Tenant,
        report_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<Claim, ClaimRefused>> {
        let update = |more: &str, lease: &str| {
            self.update_report(tenant, report_id)
                .update_expression(format!(
                    "SET claims = claims + :one, lease_until = :lease, started_at = if_not_exists(started_at, :now), \
                 due_at = :due, due_shard = :shard{more}",
                ))
                .condition_expression(format!("#status = :processing AND {lease}"))
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":processing", text(ReportStatus::Processing.name()))
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":now", number(now.0))
                .expression_attribute_values(":lease", number(lease_until.0))
                .expression_attribute_values(":due", due_at(lease_until))
                .expression_attribute_values(":shard", due_shard(&sk(report_id)))
                .return_values(ReturnValue::AllNew)
        };
        // A free report first, else one whose lease ran out, which is counted.
        let mut updated = unless_refused(update("", "attribute_not_exists(lease_until)").send().await)?;
        if updated.is_none() {
            let expired = ", expired_leases = expired_leases + :one";
            updated = unless_refused(update(expired, "lease_until <= :now").send().await)?;
        }
        if let Some(updated) = updated {
            let item = updated.attributes.ok_or_else(|| PortError::Damaged("a claim without its report".to_owned()))?;
            return Ok(Ok(Claim { report: from_item(item)? }));
        }
        let held = ReportBook::get(self, tenant, report_id).await?;
        let held = held.filter(|report| report.status == ReportStatus::Processing);
        Ok(Err(match held.and_then(|report| report.lease_until) {
            Some(until) => ClaimRefused::Held { until },
            None => ClaimRefused::Ended,
        }))
    }

    async fn progress(&self, tenant: &Tenant, claim: &Claim, stage: &str, done_permille: u32) -> PortResult<bool> {
        let update = self
            .update_claimed(tenant, claim)
            .update_expression("SET stage = :stage, done_permille = :done")
            .expression_attribute_values(":stage", text(stage))
            .expression_attribute_values(":done", number(done_permille));
        Ok(unless_refused(update.send().await)?.is_some())
    }

    async fn release(&self, tenant: &Tenant, claim: &Claim, due: Instant, spent: bool) -> PortResult<()> {
        let update = self
            .update_claimed(tenant, claim)
            .update_expression(
                "SET due_at = :due, due_shard = :shard, expired_leases = expired_leases + :spent REMOVE lease_until",
            )
            .expression_attribute_values(":spent", number(u32::from(spent)))
            .expression_attribute_values(":due", due_at(due))
            .expression_attribute_values(":shard", due_shard(&sk(&claim.report.report_id)));
        unless_refused(update.send().await).map(|_| ())
    }

    async fn finish(&self, tenant: &Tenant, claim: &Claim, finish: &Finish, now: Instant) -> PortResult<bool> {
        let update = finish_update(self.update_claimed(tenant, claim), claim, finish, now)?;
        Ok(unless_refused(update.send().await)?.is_some())
    }

    async fn cancel(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<bool> {
        let running = erase_update(self.update_report(tenant, &report.report_id), report, failure, Some(now))?;
        Ok(unless_refused(running.send().await)?.is_some())
    }

    async fn erase(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<()> {
        if !self.cancel(tenant, report, failure, now).await? {
            let ended = erase_update(self.update_report(tenant, &report.report_id), report, failure, None)?;
            unless_refused(ended.send().await)?;
        }
        Ok(())
    }

    async fn restate(&self, tenant: &Tenant, report: &ReportRecord, finish: &Finish) -> PortResult<bool> {
        let (Finish::Completed { result_key, result_sha256, parts }, Some(old_key)) = (finish, &report.result_key)
        else {
            return Ok(false);
        };
        let update = self
            .update_report(tenant, &report.report_id)
            .update_expression("SET result_key = :key, result_sha256 = :sha256, parts = :parts")
            .condition_expression("#status = :completed AND result_key = :old_key AND parts = :old_parts")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":completed", text(ReportStatus::Completed.name()))
            .expression_attribute_values(":old_key", text(old_key))
            .expression_attribute_values(":old_parts", to_value(&report.parts)?)
            .expression_attribute_values(":key", text(result_key))
            .expression_attribute_values(":sha256", text(result_sha256))
            .expression_attribute_values(":parts", to_value(parts)?);
        Ok(unless_refused(update.send().await)?.is_some())
    }

    async fn delete_report(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        purge: &PurgeRecord,
        now: Instant,
    ) -> PortResult<bool> {
        let update = Update::builder()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), sk(&report.report_id))))
            .update_expression(
                "SET deleted_at = :now, #request = :request REMOVE lease_until, result_key, result_sha256, parts",
            )
            .condition_expression(
                "attribute_exists(pk) AND #status <> :processing AND attribute_not_exists(deleted_at)",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":processing", text(ReportStatus::Processing.name()))
            .expression_attribute_values(":request", text(FORGOTTEN_REQUEST))
            .expression_attribute_values(":now", number(now.0))
            .build()
            .map_err(|error| PortError::Damaged(error.to_string()))?;
        let update = TransactWriteItem::builder().update(update).build();
        let still = || async {
            let stored: Option<ReportRecord> = ReportBook::get(self, tenant, &report.report_id).await?;
            Ok(stored.is_some_and(|stored| stored.status != ReportStatus::Processing && stored.deleted_at.is_none()))
        };
        self.leave_purge(tenant, update, purge, now, still).await
    }

    async fn remove(&self, tenant: &Tenant, report_id: &str) -> PortResult<bool> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.control)
            .set_key(Some(key(tenant_pk(tenant), sk(report_id))))
            .condition_expression(
                "attribute_not_exists(pk) OR (attribute_exists(deleted_at) AND attribute_not_exists(due_at))",
            );
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(port_error("DynamoDB DeleteItem (report)", error)),
        }
    }
}
