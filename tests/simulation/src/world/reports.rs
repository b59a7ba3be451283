//! The report book behind the weather.

use super::{TENANTS, World};
use crate::mutants::Mutant;
use crate::sim::lock;
use affinsy_app::memory::MemoryBook;
use affinsy_app::ports::*;
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;

/// Of a mutant: for good.
const YEAR_MS: i64 = 365 * 24 * 3_600_000;

impl World {
    fn reports(&self) -> &dyn ReportBook {
        let book: &MemoryBook = &self.book;
        book
    }

    async fn found(&self, tenant: &Tenant, report_id: &str) -> PortResult<Option<ReportRecord>> {
        let mut found = self.reports().get(tenant, report_id).await?.map(|report| self.as_overwritten(report));
        if self.is(Mutant::ForeignReports) {
            for other in 0..TENANTS.len() {
                found = found.or(self.reports().get(&self.tenant(other), report_id).await?);
            }
        }
        Ok(found)
    }

    fn as_overwritten(&self, report: ReportRecord) -> ReportRecord {
        lock(&self.overwritten).get(&report.report_id).cloned().unwrap_or(report)
    }

    async fn claimed(
        &self,
        tenant: &Tenant,
        report_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<Claim, ClaimRefused>> {
        let mut claimed = self.reports().claim(tenant, report_id, now, lease_until).await?;
        if matches!(claimed, Err(ClaimRefused::Held { .. }))
            && self.is(Mutant::LeaseIgnored)
            && let Some(report) = self.reports().get(tenant, report_id).await?
        {
            self.reports().release(tenant, &Claim { report }, now, false).await?;
            claimed = self.reports().claim(tenant, report_id, now, lease_until).await?;
        }
        let Ok(claim) = &mut claimed else { return Ok(claimed) };
        if let Err(wrong) = self.leases.taken("report", report_id, claim.token().into(), self.sim.now(), lease_until) {
            self.ledger().violation(wrong);
        }
        if self.is(Mutant::NewestSnapshot)
            && let Some(head) = self.book.head(tenant, &claim.report.dataset_id).await?
            && head.incarnation == claim.report.incarnation
        {
            claim.report.sequence = head.sequence;
        }
        Ok(claimed)
    }

    async fn finished(&self, tenant: &Tenant, claim: &Claim, finish: &Finish, now: Instant) -> PortResult<bool> {
        let report_id = &claim.report.report_id;
        let done = self.reports().finish(tenant, claim, finish, now).await?;
        if done {
            lock(&self.overwritten).remove(report_id);
            self.leases.ended("report", report_id, claim.token().into(), self.sim.now());
        }
        if !done && self.is(Mutant::VoidClaimFinishes) {
            return self.overwritten(tenant, report_id, finish, now).await;
        }
        if done && self.is(Mutant::WebhookNotDue) {
            let due = Due { kind: DueKind::Report, tenant: tenant.clone(), id: report_id.clone() };
            self.book.postpone(&due, now, now.plus_ms(YEAR_MS)).await?;
        }
        Ok(done)
    }

    /// What an unconditional write would do.
    async fn overwritten(&self, tenant: &Tenant, id: &str, finish: &Finish, now: Instant) -> PortResult<bool> {
        let Some(mut report) = self.found(tenant, id).await? else { return Ok(false) };
        report.completed_at = Some(now);
        match finish.clone() {
            Finish::Completed { result_key, result_sha256, parts } => {
                report.status = ReportStatus::Completed;
                (report.result_key, report.result_sha256, report.parts) =
                    (Some(result_key), Some(result_sha256), parts);
            }
            Finish::Failed(failure) => {
                report.status = ReportStatus::Failed;
                report.failure = Some(failure);
            }
        }
        lock(&self.overwritten).insert(id.to_owned(), report);
        Ok(true)
    }
}

#[async_trait]
impl ReportBook for World {
    async fn submit(&self, tenant: &Tenant, report: &ReportRecord, due_at: Instant) -> PortResult<()> {
        self.sim.step("reports.submit", self.reports().submit(tenant, report, due_at)).await
    }
    async fn get(&self, tenant: &Tenant, report_id: &str) -> PortResult<Option<ReportRecord>> {
        self.sim.step("reports.get", self.found(tenant, report_id)).await
    }
    async fn list(
        &self,
        tenant: &Tenant,
        filter: &ReportFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<ReportRecord>> {
        let list = async {
            let mut page = self.reports().list(tenant, filter, after, limit).await?;
            page.items = page.items.into_iter().map(|report| self.as_overwritten(report)).collect();
            Ok(page)
        };
        self.sim.step("reports.list", list).await
    }
    async fn claim(
        &self,
        tenant: &Tenant,
        report_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<Claim, ClaimRefused>> {
        self.sim.step("reports.claim", self.claimed(tenant, report_id, now, lease_until)).await
    }
    async fn progress(&self, tenant: &Tenant, claim: &Claim, stage: &str, done_permille: u32) -> PortResult<bool> {
        self.sim.step("reports.progress", self.reports().progress(tenant, claim, stage, done_permille)).await
    }
    async fn release(&self, tenant: &Tenant, claim: &Claim, due_at: Instant, spent: bool) -> PortResult<()> {
        let release = async {
            self.reports().release(tenant, claim, due_at, spent).await?;
            self.leases.ended("report", &claim.report.report_id, claim.token().into(), self.sim.now());
            Ok(())
        };
        self.sim.step("reports.release", release).await
    }
    async fn finish(&self, tenant: &Tenant, claim: &Claim, finish: &Finish, now: Instant) -> PortResult<bool> {
        self.sim.step("reports.finish", self.finished(tenant, claim, finish, now)).await
    }
    async fn cancel(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<bool> {
        self.sim.step("reports.cancel", self.reports().cancel(tenant, report, failure, now)).await
    }
    async fn delete_report(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        purge: &PurgeRecord,
        now: Instant,
    ) -> PortResult<bool> {
        let delete = async {
            let deleted = self.reports().delete_report(tenant, report, purge, now).await?;
            if deleted && self.is(Mutant::DeletedUntold) {
                let due = Due { kind: DueKind::Report, tenant: tenant.clone(), id: report.report_id.clone() };
                self.book.done(&due).await?;
                self.reports().remove(tenant, &report.report_id).await?;
            }
            Ok(deleted)
        };
        self.sim.step("reports.delete", delete).await
    }
    async fn remove(&self, tenant: &Tenant, report_id: &str) -> PortResult<bool> {
        self.sim.step("reports.remove", self.reports().remove(tenant, report_id)).await
    }
    async fn erase(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<()> {
        self.sim.step("reports.erase", self.reports().erase(tenant, report, failure, now)).await
    }
    async fn restate(&self, tenant: &Tenant, report: &ReportRecord, finish: &Finish) -> PortResult<bool> {
        self.sim.step("reports.restate", self.reports().restate(tenant, report, finish)).await
    }
}
