//! Notifications of new objects. An event is written in the transaction that publishes the object and taken off after
//! its delivery, so a kill between the two delivers it again and loses none.

use std::sync::Arc;
use std::time::Duration;

use s3s::S3Result;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::index::{Index, collect, internal};
use super::store::Store;
use crate::services::clock::Millis;
use crate::services::server::StopSignal;

const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A new object, or a new version of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectCreated {
    pub bucket: String,
    pub key: String,
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    pub created_by: CreatedBy,
    /// Milliseconds since 1970.
    pub created_ms: Millis,
}

/// The operation that made an object: the last part of the event name `ObjectCreated:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreatedBy {
    Put,
    Copy,
    CompleteMultipartUpload,
}

impl Index {
    fn next_event(&self, bucket: &str) -> S3Result<Option<(i64, String)>> {
        let sql = "SELECT id, event FROM events WHERE bucket = ?1 ORDER BY id LIMIT 1";
        let events = collect(self.connection(), sql, [bucket], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(events.into_iter().next())
    }

    fn remove_event(&self, id: i64) -> S3Result<()> {
        self.connection().execute("DELETE FROM events WHERE id = ?1", [id]).map(drop).map_err(internal)
    }
}

/// Delivers the events of one bucket in their order, one at a time, until the service stops.
pub(super) async fn deliver_all<F, D>(store: Store, bucket: String, arrived: Arc<Notify>, stop: StopSignal, deliver: F)
where
    F: Fn(ObjectCreated) -> D + Send,
    D: Future<Output = Result<(), String>> + Send,
{
    let delivering = async {
        loop {
            match deliver_next(&store, &bucket, &deliver).await {
                Ok(true) => {}
                Ok(false) => arrived.notified().await,
                Err(reason) => {
                    tracing::warn!(bucket, reason, "a notification could not be delivered; trying again");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
            }
        }
    };
    tokio::select! {
        () = delivering => {}
        () = stop.stopped() => {}
    }
}

/// Whether there was an event.
async fn deliver_next<F, D>(store: &Store, bucket: &str, deliver: &F) -> Result<bool, String>
where
    F: Fn(ObjectCreated) -> D,
    D: Future<Output = Result<(), String>>,
{
    let of_bucket = bucket.to_owned();
    let next = store.index(move |index| index.next_event(&of_bucket)).await.map_err(|error| error.to_string())?;
    let Some((id, event)) = next else { return Ok(false) };
    deliver(serde_json::from_str(&event).map_err(|error| error.to_string())?).await?;
    store.index(move |index| index.remove_event(id)).await.map_err(|error| error.to_string())?;
    Ok(true)
}
