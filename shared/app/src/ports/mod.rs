//! What the use cases need of the world, each a small trait with our own types.
//!
//! Every port has an adapter in `affinsy-aws`, a twin in [`crate::memory`], and a suite in
//! [`crate::conformance`] that both must pass.

mod bus;
mod endpoints;
mod erasures;
mod idempotency;
mod keys;
mod model;
mod objects;
mod orders;
mod queue;
mod rate;
mod reports;
mod schedules;
mod sender;
mod tending;
mod uploads;
mod webhooks;
mod world;

pub use bus::{BusEvent, EventBus};
pub use endpoints::{EndpointRecord, Endpoints, Pool};
pub use erasures::{Erased, Erasures, PurgeRecord};
pub use idempotency::{Begun, CallRecord, Idempotency, StoredAnswer};
pub use keys::{KeyRecord, KeyTable, UserRecord};
pub use model::{InsightModel, ModelError};
pub use objects::{Objects, Put, StoredObject};
pub use orders::{
    Commit, CountsRecord, DatasetRecord, ImportRecord, ImportStatus, LogId, MAX_SEGMENTS_A_COMMIT, NewSegments,
    OrderLog, RunSegment, SegmentRecord, TableVersion, TendingRecord, UPLOAD, dataset_key_hash, dataset_place,
};
pub use queue::{Job, Queue};
pub use rate::{RATE_WINDOW_MS, RateDecision, RateWindows};
pub use reports::{
    Claim, ClaimRefused, FORGOTTEN_REQUEST, Finish, ReportBook, ReportFilter, ReportRecord, ReportStatus,
    StoredFailure, StoredPart,
};
pub use schedules::{ScheduleBook, ScheduleRecord};
pub use sender::{Answer, SendError, Sender};
pub use tending::{FoundOut, Publication, Settlement, Tending};
pub use uploads::{
    CappedWork, FileName, Links, PutLink, StagedObject, Surveyed, UploadRecord, UploadRefused, UploadWork, Uploads,
};
pub use webhooks::{
    AttemptRecord, DeliveryBook, DeliveryFilter, DeliveryRecord, DeliveryState, Due, DueIndex, DueKind, Earlier,
    RetiredSecret, TenantSecrets,
};
pub use world::{Clock, Random};

/// Why a port could not do what was asked; the kinds say what the caller of the port should do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Throttled, timed out, outcome unknown: the same call may succeed later.
    #[error("not available now: {0}")]
    Unavailable(String),
    /// What is stored is not what we wrote: no retry helps.
    #[error("damaged: {0}")]
    Damaged(String),
}

pub type PortResult<T> = Result<T, PortError>;

/// One page of a list, and where the next begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The sort key after which the next page begins; `None` on the last.
    pub next_after: Option<String>,
}
