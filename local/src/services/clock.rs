//! The time that delays, visibility and long polls are counted in, so that tests move it instead of waiting.

use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Milliseconds since 1970.
pub type Millis = i64;

/// Tells the time, and waits for a time to come.
pub trait Clock: Send + Sync + std::fmt::Debug {
    fn now_ms(&self) -> Millis;

    /// Returns when the clock shows `at_ms` or later.
    fn sleep_until(&self, at_ms: Millis) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the local services read the clock")]
    fn now_ms(&self) -> Millis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis::try_from(since_epoch.as_millis()).unwrap_or(Millis::MAX)
    }

    fn sleep_until(&self, at_ms: Millis) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let wait_ms = u64::try_from(at_ms.saturating_sub(self.now_ms())).unwrap_or(0);
        Box::pin(tokio::time::sleep(Duration::from_millis(wait_ms)))
    }
}

/// A clock that stands still until it is moved; whoever waits on it wakes when it is.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Millis>);

impl ManualClock {
    pub fn at(now_ms: Millis) -> Self {
        Self(watch::channel(now_ms).0)
    }

    pub fn advance(&self, by: Duration) {
        let by_ms = Millis::try_from(by.as_millis()).unwrap_or(Millis::MAX);
        self.0.send_modify(|now| *now = now.saturating_add(by_ms));
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> Millis {
        *self.0.borrow()
    }

    fn sleep_until(&self, at_ms: Millis) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut now = self.0.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, which the future borrows, so waiting cannot fail.
            if now.wait_for(|now| *now >= at_ms).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}
