//! One importer's hold on an import: what it has, and the steps in their order.

use super::erased::Gone;
use super::source::{ObjectReader, Packing, Trouble};
use super::{ImportPorts, Interrupted, fail, object_key};
use crate::ports::{ImportRecord, PortError, UploadRecord, UploadWork};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use std::io;
use tokio::runtime::Handle;

/// Moves between the async steps and the threads that compute; the import's record moves with it.
#[derive(Debug)]
pub struct Run {
    pub tenant: Tenant,
    pub import: ImportRecord,
    pub ports: ImportPorts,
    deadline: Instant,
    /// Whether anything was saved that a successor need not do again.
    pub has_moved: bool,
    /// What was erased, and is in none of the segments for certain.
    pub(super) left_out: Gone,
}

/// Kept back before the function's deadline to save what is done.
const GUARD_MS: i64 = 30_000;
/// How long after the last moment for sending a file its arrival is waited for: a large one takes its time.
const LATE_MS: i64 = 3_600_000;
/// As many crashes without a step forward are the file's doing.
const MAX_EXPIRED_LEASES: u32 = 3;

impl Run {
    pub fn new(tenant: Tenant, import: ImportRecord, deadline: Instant, ports: ImportPorts) -> Self {
        Self { tenant, import, ports, deadline, has_moved: false, left_out: Gone::default() }
    }

    /// What a thread takes along while this task waits for it.
    pub fn clone_for_thread(&self) -> Self {
        Self {
            tenant: self.tenant.clone(),
            import: self.import.clone(),
            ports: self.ports.clone(),
            deadline: self.deadline,
            has_moved: self.has_moved,
            left_out: Gone::default(),
        }
    }

    pub async fn finish(&mut self) -> Result<(), Interrupted> {
        if self.upload().expired_leases >= MAX_EXPIRED_LEASES {
            return Err(Interrupted::Bad(fail::exhausted()));
        }
        let packing = self.find_file().await?;
        // Nobody reads a large file of a dataset that is gone.
        self.gone().await?;
        if self.work().survey.is_none() {
            self.survey(packing).await?;
        }
        if !self.work().is_read {
            self.read(packing).await?;
        }
        self.list_rejects().await?;
        loop {
            self.make_segments().await?;
            if self.commit().await? {
                return Ok(());
            }
        }
    }

    pub fn upload(&self) -> &UploadRecord {
        self.import.upload.as_ref().expect("an import that was taken has its upload until it ends")
    }
    pub fn upload_mut(&mut self) -> &mut UploadRecord {
        self.import.upload.as_mut().expect("an import that was taken has its upload until it ends")
    }
    pub fn work(&self) -> &UploadWork {
        &self.upload().work
    }
    pub fn work_mut(&mut self) -> &mut UploadWork {
        &mut self.upload_mut().work
    }

    /// The file's size and packing; where it is not there, whether it may still come.
    async fn find_file(&mut self) -> Result<Packing, Interrupted> {
        let key = self.object_key();
        if self.work().is_read {
            return Ok(Packing::Plain);
        }
        if self.upload().bytes.is_none() {
            let listed = self.ports.objects.list(&key, None).await?;
            let Some(object) = listed.items.into_iter().find(|object| object.key == key) else {
                return Err(self.missing());
            };
            self.upload_mut().bytes = Some(object.bytes);
            tracing::info!(import.id = self.import.import_id, bytes = object.bytes, "import begins");
        }
        match self.ports.objects.read_range(&key, 0, 8).await {
            _ if self.upload().bytes == Some(0) => Ok(Packing::Plain),
            Ok(Some(head)) => match Packing::of(&head) {
                Packing::Foreign(what) => Err(Interrupted::Bad(fail::foreign(what))),
                packing => Ok(packing),
            },
            Ok(None) => Err(Interrupted::Bad(fail::gone())),
            Err(error) => Err(error.into()),
        }
    }

    fn missing(&self) -> Interrupted {
        if self.ports.clock.now() < self.late_at() {
            return Interrupted::Waiting;
        }
        Interrupted::Bad(fail::never_came(self.upload().expires_at))
    }

    /// When a file that has not come will not come any more.
    pub fn late_at(&self) -> Instant {
        late_at(self.upload().expires_at)
    }

    /// The file as a stream. For threads that may wait.
    pub fn source(&self, runtime: &Handle) -> ObjectReader {
        let key = self.object_key();
        let size = self.upload().bytes.unwrap_or(0);
        let (objects, range_bytes) = (self.ports.objects.clone(), self.ports.limits.range_bytes);
        ObjectReader::new(runtime.clone(), objects, &key, size, range_bytes)
    }

    pub fn object_key(&self) -> String {
        object_key(&self.tenant, &self.import.dataset_id, &self.import.import_id)
    }

    /// When it is time to save and leave the rest to another invocation.
    pub fn stop_at(&self) -> Instant {
        self.deadline.plus_ms(-GUARD_MS)
    }

    pub fn is_out_of_time(&self) -> bool {
        self.ports.clock.now() > self.stop_at()
    }

    /// Saves a step forward; the lease stays.
    pub async fn save(&mut self) -> Result<(), Interrupted> {
        let due_at = self.upload().lease_until;
        self.upload_mut().expired_leases = 0;
        self.has_moved = true;
        match self.ports.uploads.save(&self.tenant, &mut self.import, due_at).await? {
            true => Ok(()),
            false => Err(Interrupted::Void),
        }
    }
}

pub fn late_at(expires_at: Instant) -> Instant {
    expires_at.plus_ms(LATE_MS)
}

/// When to look whether a file has come: it is the bucket that tells, but its message may be lost, or be hidden for
/// hours by a function that died over it. Ever more seldom, and when the file is late.
pub fn next_look(opened_at: Instant, expires_at: Instant, now: Instant) -> Instant {
    const SOON_MS: i64 = 120_000;
    let age_ms = now.unix_ms() - opened_at.unix_ms();
    now.plus_ms(age_ms.max(SOON_MS)).min(late_at(expires_at))
}

/// What a stream's failure means: the store's, or the file's own.
pub fn unread(error: io::Error) -> Interrupted {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Trouble>()) {
        Some(Trouble::Port(error)) => Interrupted::Port(error.clone()),
        Some(Trouble::Gone) => Interrupted::Bad(fail::gone()),
        None => Interrupted::Bad(fail::damaged(&error)),
    }
}

/// A thread's panic: a fault of ours.
pub fn panicked(error: tokio::task::JoinError) -> Interrupted {
    Interrupted::Port(PortError::Damaged(format!("import: {error}")))
}
