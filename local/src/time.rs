//! The machine's time as events and deadlines carry it.

use jiff::Timestamp;

use crate::services::{Clock, SystemClock};

/// Milliseconds are all that events need.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millisecond(SystemClock.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
}
