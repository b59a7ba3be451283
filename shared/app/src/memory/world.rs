//! A clock that stands until it is moved, and dice that fall the same for the same seed.

use super::lock;
use crate::ports::{Clock, Random};
use affinsy_core::time::Instant;
use std::sync::Mutex;

#[derive(Debug)]
pub struct MemoryClock(Mutex<Instant>);

impl MemoryClock {
    pub fn at(now: Instant) -> Self {
        Self(Mutex::new(now))
    }
    pub fn advance_ms(&self, ms: i64) {
        let mut now = lock(&self.0);
        *now = now.plus_ms(ms);
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> Instant {
        *lock(&self.0)
    }
}

/// SplitMix64.
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = lock(&self.0);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            chunk.copy_from_slice(&mixed.to_le_bytes()[..chunk.len()]);
        }
    }
}
