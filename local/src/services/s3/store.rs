//! Index and files together: what must happen in one step whatever becomes of the request. Every write runs to its end
//! on a blocking thread, so a client that goes away in the middle leaves the old state or the new one.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use s3s::{S3Result, s3_error};
use tokio::sync::Notify;

use super::blobs::{Blobs, Draft};
use super::events::{CreatedBy, ObjectCreated};
use super::index::{Index, Part, Upload, Write, internal, to_json};
use super::object::{StoredObject, WriteCondition};
use super::upload::Received;
use crate::services::clock::{Clock, Millis, SystemClock};
use crate::services::{Durability, ServiceError};

#[derive(Debug, Clone)]
pub(super) struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    index: Mutex<Index>,
    blobs: Blobs,
    /// By bucket. Objects that nobody watches have no events.
    watchers: Mutex<HashMap<String, Watcher>>,
}

/// Who is to be woken when a certain object was written.
#[derive(Clone)]
struct Watcher {
    fits: KeyFilter,
    arrived: Arc<Notify>,
}

/// Which keys somebody wants to hear of.
pub(super) type KeyFilter = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("arrived", &self.arrived).finish_non_exhaustive()
    }
}

/// What a write is for.
#[derive(Debug)]
pub(super) struct NewObject {
    pub(super) bucket: String,
    pub(super) key: String,
    /// Its file is the draft's.
    pub(super) object: StoredObject,
    pub(super) condition: WriteCondition,
    pub(super) created_by: CreatedBy,
    pub(super) upload_id: Option<String>,
}

impl Store {
    pub(super) fn open(dir: &Path, durability: Durability) -> Result<Self, ServiceError> {
        let path = dir.join("s3.sqlite");
        let index = Index::open(&path, durability).map_err(|error| ServiceError::database(&path, error))?;
        let named = index.blobs().map_err(|error| ServiceError::database(&path, error))?;
        let folder = dir.join("blobs");
        let opened = Blobs::open(folder.clone(), durability).and_then(|blobs| blobs.sweep(&named).map(|()| blobs));
        let blobs = opened.map_err(|source| ServiceError::Folder { path: folder, source })?;
        let inner = Inner { index: Mutex::new(index), blobs, watchers: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(super) fn blobs(&self) -> &Blobs {
        &self.inner.blobs
    }

    pub(super) fn now_ms(&self) -> Millis {
        SystemClock.now_ms()
    }

    /// Asks or changes the index alone.
    pub(super) async fn index<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Index) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        self.blocking(move |inner| work(&mut inner.lock())).await
    }

    /// The object and its open file. A file that was replaced between the two looks is looked up again.
    pub(super) async fn open_object(&self, bucket: &str, key: &str) -> S3Result<(StoredObject, tokio::fs::File)> {
        loop {
            let object = self.object(bucket, key).await?;
            match self.blobs().open_blob(&object.blob).await {
                Ok(file) => return Ok((object, file)),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(internal(error)),
                Err(_) if self.object(bucket, key).await? != object => {}
                Err(error) => return Err(s3_error!(error, InternalError, "the file of {bucket}/{key} is missing")),
            }
        }
    }

    pub(super) async fn object(&self, bucket: &str, key: &str) -> S3Result<StoredObject> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.index(move |index| index.object(&bucket, &key)).await
    }

    /// Publishes a draft under its key, if the condition holds.
    pub(super) async fn put(&self, draft: Draft, new: NewObject) -> S3Result<StoredObject> {
        self.blocking(move |inner| inner.put(draft, new)).await
    }

    pub(super) async fn put_part(&self, upload: Upload, number: i32, received: Received) -> S3Result<()> {
        let Received { draft, size, md5, .. } = received;
        let part =
            Part { number, blob: draft.name().to_owned(), size, md5: hex::encode(md5), modified_ms: self.now_ms() };
        self.blocking(move |inner| {
            let replaced = inner.lock().put_part(&upload, &part)?;
            draft.keep();
            inner.release(replaced);
            Ok(())
        })
        .await
    }

    pub(super) async fn delete(&self, bucket: &str, key: &str, condition: WriteCondition) -> S3Result<()> {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        self.blocking(move |inner| {
            let released = inner.lock().delete(&bucket, &key, &condition)?;
            inner.release(released);
            Ok(())
        })
        .await
    }

    pub(super) async fn abort_upload(&self, upload: Upload) -> S3Result<()> {
        self.blocking(move |inner| {
            let released = inner.lock().abort_upload(&upload.upload_id)?;
            inner.release(released);
            Ok(())
        })
        .await
    }

    /// From now on, events of these keys are kept until they are delivered; the handle wakes at each.
    pub(super) fn watch(&self, bucket: &str, fits: KeyFilter) -> Arc<Notify> {
        let mut watchers = self.inner.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        let arrived = Arc::new(Notify::new());
        watchers.insert(bucket.to_owned(), Watcher { fits, arrived: arrived.clone() });
        arrived
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> S3Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || work(&inner)).await.map_err(internal)?
    }
}

impl Inner {
    /// A panic rolls its transaction back, so the index behind a poisoned lock is whole.
    fn lock(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, draft: Draft, new: NewObject) -> S3Result<StoredObject> {
        let watcher = self.watchers.lock().unwrap_or_else(PoisonError::into_inner).get(&new.bucket).cloned();
        let watcher = watcher.filter(|watcher| (watcher.fits)(&new.key));
        let event = watcher.as_ref().map(|_| to_json(&new.event())).transpose()?;
        let write = Write { condition: &new.condition, upload_id: new.upload_id.as_deref(), event: event.as_deref() };
        let released = self.lock().put(&new.bucket, &new.key, &new.object, write)?;
        draft.keep();
        self.release(released);
        if let Some(watcher) = watcher {
            watcher.arrived.notify_one();
        }
        Ok(new.object)
    }

    fn release(&self, blobs: impl IntoIterator<Item = String>) {
        blobs.into_iter().for_each(|blob| self.blobs.remove(&blob));
    }
}

impl NewObject {
    fn event(&self) -> ObjectCreated {
        ObjectCreated {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            size: self.object.size,
            etag: self.object.etag.clone(),
            created_by: self.created_by,
            created_ms: self.object.modified_ms,
        }
    }
}
