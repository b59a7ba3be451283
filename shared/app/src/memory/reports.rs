//! The report book over [`MemoryBook`].

use super::book::{MemoryBook, State, page};
use super::lock;
use crate::ports::{
    Claim, ClaimRefused, DueKind, FORGOTTEN_REQUEST, Finish, Page, PortResult, PurgeRecord, ReportBook, ReportFilter,
    ReportRecord, ReportStatus, StoredFailure,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;

fn due_key(tenant: &Tenant, report_id: &str) -> (DueKind, Tenant, String) {
    (DueKind::Report, tenant.clone(), report_id.to_owned())
}

/// The report of a claim that is still good.
fn claimed<'a>(state: &'a mut State, tenant: &Tenant, claim: &Claim) -> Option<&'a mut ReportRecord> {
    let report = state.reports.get_mut(&(tenant.clone(), claim.report.report_id.clone()))?;
    (report.status == ReportStatus::Processing && report.claims == claim.token()).then_some(report)
}

/// What a report was asked and what it found.
fn forget(report: &mut ReportRecord) {
    report.request = FORGOTTEN_REQUEST.to_owned();
    (report.result_key, report.result_sha256, report.lease_until) = (None, None, None);
    report.parts.clear();
}

#[async_trait]
impl ReportBook for MemoryBook {
    async fn submit(&self, tenant: &Tenant, report: &ReportRecord, due_at: Instant) -> PortResult<()> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), report.report_id.clone());
        if state.reports.contains_key(&key) {
            return Ok(());
        }
        state.reports.insert(key, report.clone());
        state.due.insert(due_key(tenant, &report.report_id), due_at);
        Ok(())
    }
    async fn get(&self, tenant: &Tenant, report_id: &str) -> PortResult<Option<ReportRecord>> {
        Ok(lock(&self.state).reports.get(&(tenant.clone(), report_id.to_owned())).cloned())
    }
    async fn list(
        &self,
        tenant: &Tenant,
        filter: &ReportFilter,
        after: Option<&str>,
        limit: usize,
    ) -> PortResult<Page<ReportRecord>> {
        Ok(page(&lock(&self.state).reports, tenant, after, limit, true, |report| filter.admits(report)))
    }
    async fn claim(
        &self,
        tenant: &Tenant,
        report_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<Claim, ClaimRefused>> {
        let mut state = lock(&self.state);
        let Some(report) = state.reports.get_mut(&(tenant.clone(), report_id.to_owned())) else {
            return Ok(Err(ClaimRefused::Ended));
        };
        if report.status != ReportStatus::Processing {
            return Ok(Err(ClaimRefused::Ended));
        }
        if let Some(until) = report.lease_until.filter(|until| *until > now) {
            return Ok(Err(ClaimRefused::Held { until }));
        }
        report.claims += 1;
        report.expired_leases += u32::from(report.lease_until.is_some());
        report.lease_until = Some(lease_until);
        report.started_at.get_or_insert(now);
        let claim = Claim { report: report.clone() };
        state.due.insert(due_key(tenant, report_id), lease_until);
        Ok(Ok(claim))
    }
    async fn progress(&self, tenant: &Tenant, claim: &Claim, stage: &str, done_permille: u32) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let Some(report) = claimed(&mut state, tenant, claim) else { return Ok(false) };
        report.stage = Some(stage.to_owned());
        report.done_permille = done_permille;
        Ok(true)
    }
    async fn release(&self, tenant: &Tenant, claim: &Claim, due_at: Instant, spent: bool) -> PortResult<()> {
        let mut state = lock(&self.state);
        if let Some(report) = claimed(&mut state, tenant, claim) {
            report.lease_until = None;
            report.expired_leases += u32::from(spent);
            state.due.insert(due_key(tenant, &claim.report.report_id), due_at);
        }
        Ok(())
    }
    async fn finish(&self, tenant: &Tenant, claim: &Claim, finish: &Finish, now: Instant) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let Some(report) = claimed(&mut state, tenant, claim) else { return Ok(false) };
        report.completed_at = Some(now);
        report.lease_until = None;
        match finish.clone() {
            Finish::Completed { result_key, result_sha256, parts } => {
                report.status = ReportStatus::Completed;
                report.result_key = Some(result_key);
                report.result_sha256 = Some(result_sha256);
                report.parts = parts;
            }
            Finish::Failed(failure) => {
                report.status = ReportStatus::Failed;
                report.failure = Some(failure);
            }
        }
        state.due.insert(due_key(tenant, &claim.report.report_id), now);
        Ok(true)
    }
    async fn cancel(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let stored = state.reports.get_mut(&(tenant.clone(), report.report_id.clone()));
        let Some(stored) = stored.filter(|stored| stored.status == ReportStatus::Processing) else { return Ok(false) };
        stored.status = ReportStatus::Failed;
        stored.failure = Some(failure.clone());
        stored.completed_at = Some(now);
        forget(stored);
        state.due.insert(due_key(tenant, &report.report_id), now);
        Ok(true)
    }
    async fn erase(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        failure: &StoredFailure,
        now: Instant,
    ) -> PortResult<()> {
        if self.cancel(tenant, report, failure, now).await? {
            return Ok(());
        }
        if let Some(stored) = lock(&self.state).reports.get_mut(&(tenant.clone(), report.report_id.clone())) {
            stored.status = ReportStatus::Failed;
            stored.failure = Some(failure.clone());
            forget(stored);
        }
        Ok(())
    }
    async fn restate(&self, tenant: &Tenant, report: &ReportRecord, finish: &Finish) -> PortResult<bool> {
        let Finish::Completed { result_key, result_sha256, parts } = finish.clone() else { return Ok(false) };
        let mut state = lock(&self.state);
        let stored = state.reports.get_mut(&(tenant.clone(), report.report_id.clone()));
        let Some(stored) = stored.filter(|stored| {
            stored.status == ReportStatus::Completed
                && stored.parts == report.parts
                && stored.result_key == report.result_key
        }) else {
            return Ok(false);
        };
        stored.result_key = Some(result_key);
        stored.result_sha256 = Some(result_sha256);
        stored.parts = parts;
        Ok(true)
    }
    async fn delete_report(
        &self,
        tenant: &Tenant,
        report: &ReportRecord,
        purge: &PurgeRecord,
        now: Instant,
    ) -> PortResult<bool> {
        let mut state = lock(&self.state);
        if state.purges.contains_key(&(tenant.clone(), purge.purge_id.clone())) {
            return Ok(true);
        }
        let stored = state.reports.get_mut(&(tenant.clone(), report.report_id.clone()));
        let deletable =
            |stored: &&mut ReportRecord| stored.status != ReportStatus::Processing && stored.deleted_at.is_none();
        let Some(stored) = stored.filter(deletable) else { return Ok(false) };
        stored.deleted_at = Some(now);
        forget(stored);
        state.purges.insert((tenant.clone(), purge.purge_id.clone()), purge.clone());
        state.due.insert((DueKind::Purge, tenant.clone(), purge.purge_id.clone()), now);
        Ok(true)
    }
    async fn remove(&self, tenant: &Tenant, report_id: &str) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), report_id.to_owned());
        let Some(stored) = state.reports.get(&key) else { return Ok(true) };
        if stored.deleted_at.is_none() || state.due.contains_key(&due_key(tenant, report_id)) {
            return Ok(false);
        }
        state.reports.remove(&key);
        Ok(true)
    }
}
