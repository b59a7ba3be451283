//! The clock and the dice, the two things that make a run different from the last.

use affinsy_core::time::Instant;
use futures::future::BoxFuture;
use std::time::Duration;

pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;

    /// Waits. A clock whose time does not pass by itself waits its own way.
    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(wait))
    }
}

pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);

    /// Evenly in 0–1.
    fn unit(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }

    fn id(&self, prefix: &str, now: Instant) -> String {
        let mut bytes = [0; 10];
        self.fill(&mut bytes);
        affinsy_core::ids::new_id(prefix, now, bytes)
    }
}
