//! The control and segment tables in one locked state; the ports over them stand in the files beside.

use super::lock;
use crate::ports::{
    DatasetRecord, DeliveryRecord, Due, DueIndex, DueKind, EndpointRecord, ImportRecord, LogId, Page, Pool, PortResult,
    PurgeRecord, ReportRecord, ScheduleRecord, SegmentRecord, TenantSecrets,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::RunId;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Mutex;

pub(super) type Key = (Tenant, String);

#[derive(Debug, Default)]
pub(super) struct State {
    pub datasets: BTreeMap<Key, DatasetRecord>,
    pub segments: BTreeMap<(LogId, u64), SegmentRecord>,
    pub run_segments: BTreeMap<(LogId, RunId), Vec<SegmentRecord>>,
    pub purges: BTreeMap<Key, PurgeRecord>,
    pub imports: BTreeMap<Key, ImportRecord>,
    pub reports: BTreeMap<Key, ReportRecord>,
    pub deliveries: BTreeMap<Key, DeliveryRecord>,
    pub schedules: BTreeMap<Key, ScheduleRecord>,
    pub secrets: BTreeMap<Tenant, TenantSecrets>,
    pub endpoints: BTreeMap<Key, EndpointRecord>,
    /// Who holds a tenant's place, and until when.
    pub places: BTreeMap<(Tenant, Pool, u32), (String, Instant)>,
    pub due: BTreeMap<(DueKind, Tenant, String), Instant>,
}

/// Every table of the suite.
#[derive(Debug, Default)]
pub struct MemoryBook {
    pub(super) state: Mutex<State>,
}

#[cfg(test)]
impl MemoryBook {
    /// As if the head had never been told which version of its table is the newest.
    pub fn forget_table(&self, tenant: &Tenant, dataset_id: &str) {
        let mut state = lock(&self.state);
        let head = state.datasets.get_mut(&(tenant.clone(), dataset_id.to_owned()));
        head.expect("is there").tending.table = None;
    }
}

/// One page of a tenant's records, by key upwards, or downwards when newest shall come first.
pub(super) fn page<T: Clone>(
    records: &BTreeMap<Key, T>,
    tenant: &Tenant,
    after: Option<&str>,
    limit: usize,
    newest_first: bool,
    admits: impl Fn(&T) -> bool,
) -> Page<T> {
    let own = records.iter().filter(|((owner, _), record)| owner == tenant && admits(record));
    let own: Vec<_> = if newest_first { own.rev().collect() } else { own.collect() };
    let beyond = |id: &str| after.is_none_or(|after| if newest_first { id < after } else { id > after });
    let mut left = own.into_iter().filter(|((_, id), _)| beyond(id));
    let shown: Vec<_> = left.by_ref().take(limit).collect();
    let next_after = left.next().and(shown.last()).map(|((_, id), _)| id.clone());
    Page { items: shown.into_iter().map(|(_, record)| record.clone()).collect(), next_after }
}

#[async_trait]
impl DueIndex for MemoryBook {
    async fn due(&self, now: Instant, limit: usize) -> PortResult<Vec<Due>> {
        let state = lock(&self.state);
        let mut due: Vec<_> = state.due.iter().filter(|(_, at)| **at <= now).collect();
        due.sort_by_key(|(_, at)| **at);
        let named = |(kind, tenant, id): &(DueKind, Tenant, String)| Due {
            kind: *kind,
            tenant: tenant.clone(),
            id: id.clone(),
        };
        Ok(due.into_iter().take(limit).map(|(key, _)| named(key)).collect())
    }
    async fn postpone(&self, due: &Due, now: Instant, until: Instant) -> PortResult<bool> {
        let mut state = lock(&self.state);
        match state.due.get_mut(&(due.kind, due.tenant.clone(), due.id.clone())) {
            Some(at) if *at <= now => {
                *at = until;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
    async fn done(&self, due: &Due) -> PortResult<()> {
        lock(&self.state).due.remove(&(due.kind, due.tenant.clone(), due.id.clone()));
        Ok(())
    }
}
