//! An event bus that remembers what it was given, and is down when told to be.

use super::lock;
use crate::ports::{BusEvent, EventBus, PortError, PortResult};
use async_trait::async_trait;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct MemoryBus {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: Vec<BusEvent>,
    is_down: bool,
}

impl MemoryBus {
    pub fn taken(&self) -> Vec<BusEvent> {
        lock(&self.state).taken.clone()
    }
    pub fn set_down(&self, is_down: bool) {
        lock(&self.state).is_down = is_down;
    }
}

#[async_trait]
impl EventBus for MemoryBus {
    async fn put(&self, event: &BusEvent) -> PortResult<()> {
        let mut state = lock(&self.state);
        if state.is_down {
            return Err(PortError::Unavailable("the bus is down".to_owned()));
        }
        state.taken.push(event.clone());
        Ok(())
    }
}
