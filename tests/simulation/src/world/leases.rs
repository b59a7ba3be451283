//! Who holds what until when: of one thing no two may have a lease that runs. Knows no tables.

use crate::sim::{MOST_SKEW_MS, lock};
use affinsy_core::time::Instant;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The newest token of each thing, and until when it is good.
type Given = BTreeMap<(&'static str, String), (u64, Instant)>;

#[derive(Debug, Default)]
pub struct Leases(Mutex<Given>);

impl Leases {
    /// A lease is given; what is wrong with that.
    pub fn taken(&self, kind: &'static str, id: &str, token: u64, now: Instant, until: Instant) -> Result<(), String> {
        let before = lock(&self.0).insert((kind, id.to_owned()), (token, until));
        match before {
            // Who gave the lease and who looks at it may have different clocks.
            Some((_, lease)) if lease > now.plus_ms(2 * MOST_SKEW_MS) => {
                Err(format!("I3: {kind} {id} was given to two at a time, the second with token {token}"))
            }
            Some((older, _)) if older >= token => {
                Err(format!("I3: {kind} {id}: token {token} was given after {older}"))
            }
            _ => Ok(()),
        }
    }

    /// It is given back, or what it was for has ended.
    pub fn ended(&self, kind: &'static str, id: &str, token: u64, now: Instant) {
        if let Some((newest, until)) = lock(&self.0).get_mut(&(kind, id.to_owned()))
            && *newest == token
        {
            *until = now;
        }
    }
}
