//! Schedules over [`MemoryBook`].

use super::book::{MemoryBook, page};
use super::lock;
use crate::ports::{DueKind, Page, PortResult, ScheduleBook, ScheduleRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use async_trait::async_trait;

#[async_trait]
impl ScheduleBook for MemoryBook {
    async fn create(&self, tenant: &Tenant, schedule: &ScheduleRecord) -> PortResult<()> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), schedule.schedule_id.clone());
        if !state.schedules.contains_key(&key) {
            state.due.insert((DueKind::Schedule, key.0.clone(), key.1.clone()), schedule.next_run_at);
            state.schedules.insert(key, schedule.clone());
        }
        Ok(())
    }
    async fn get(&self, tenant: &Tenant, schedule_id: &str) -> PortResult<Option<ScheduleRecord>> {
        Ok(lock(&self.state).schedules.get(&(tenant.clone(), schedule_id.to_owned())).cloned())
    }
    async fn list(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ScheduleRecord>> {
        Ok(page(&lock(&self.state).schedules, tenant, after, limit, true, |_| true))
    }
    async fn delete(&self, tenant: &Tenant, schedule_id: &str) -> PortResult<bool> {
        let mut state = lock(&self.state);
        state.due.remove(&(DueKind::Schedule, tenant.clone(), schedule_id.to_owned()));
        Ok(state.schedules.remove(&(tenant.clone(), schedule_id.to_owned())).is_some())
    }
    async fn ran(&self, tenant: &Tenant, run_at: Instant, after: &ScheduleRecord) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let key = (tenant.clone(), after.schedule_id.clone());
        if state.schedules.get(&key).is_none_or(|stored| stored.next_run_at != run_at) {
            return Ok(false);
        }
        state.due.insert((DueKind::Schedule, key.0.clone(), key.1.clone()), after.next_run_at);
        state.schedules.insert(key, after.clone());
        Ok(true)
    }
}
