//! Taking orders in without losing one: the segment first, then the one transaction that makes it visible,
//! then the answer. Never the other way.

use crate::ports::{
    Clock, Commit, DatasetRecord, ImportRecord, ImportStatus, NewSegments, Objects, OrderLog, PortError, Put, Random,
    SegmentRecord,
};
use crate::row_cap::{self, Admitted};
use affinsy_core::ids::Tenant;
use affinsy_core::order::push::Push;
use affinsy_core::segment::{self, EncodedSegment};
use affinsy_core::time::Instant;
use std::borrow::Cow;
use std::sync::Arc;

/// What pushing needs of the world.
#[derive(Clone, Copy)]
pub struct PushPorts<'a> {
    pub log: &'a dyn OrderLog,
    pub objects: &'a Arc<dyn Objects>,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
}

impl std::fmt::Debug for PushPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushPorts")
    }
}

/// Why a push was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushRefused {
    /// The dataset's currency is another.
    #[error("the dataset's currency is {dataset}, this push says {push}")]
    OtherCurrency { dataset: String, push: String },
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Attempts to get a sequence while other pushes to the same dataset take it away.
const COMMIT_ATTEMPTS: u32 = 40;

/// When new segments make their dataset due: at once, in whole minutes, so that the many pushes of one minute change
/// the due list once.
pub fn tend_at(now: Instant) -> Instant {
    const MINUTE_MS: i64 = 60_000;
    Instant::from_unix_ms(now.unix_ms().div_euclid(MINUTE_MS) * MINUTE_MS)
}

/// Stores a push in a dataset that may hold `max_rows` live lines. When it returns the import, every line of it that
/// was not refused is durable and in every later snapshot.
pub async fn push_orders(
    tenant: &Tenant,
    push: &Push,
    max_rows: Option<u64>,
    ports: PushPorts<'_>,
) -> Result<ImportRecord, PushRefused> {
    let now = ports.clock.now();
    let import_id = ports.random.id("imp_", now);
    let whole = Taking::whole(push, &import_id, now, ports.random);
    let import = commit(tenant, push, &whole, max_rows, ports).await?;
    tracing::info!(
        import.id = import_id,
        orders = import.orders,
        line_items = import.line_items,
        refused = import.rejected,
        "push acknowledged"
    );
    Ok(import)
}

/// What of a push is stored, and under which name.
struct Taking<'a> {
    encoded: Cow<'a, EncodedSegment>,
    import: ImportRecord,
    name: String,
}

impl<'a> Taking<'a> {
    /// Objects never change, and a call that died under the same import id may have written other bytes: the name is
    /// this call's own.
    fn whole(push: &Push, import_id: &str, now: Instant, random: &dyn Random) -> Self {
        let (encoded, import) = (Cow::Owned(segment::encode(push, now)), import_record(push, import_id, now));
        let mut own = [0; 8];
        random.fill(&mut own);
        Self { encoded, import, name: format!("{import_id}-{:016x}", u64::from_le_bytes(own)) }
    }

    /// What the plan's cap admits of it. Which that is may differ from attempt to attempt, and objects never change.
    fn admitted(&'a self, admitted: Admitted, cap: u64, attempt: u32) -> Self {
        let Admitted { batch, inserted, updated, refused, .. } = admitted;
        let mut import = self.import.clone();
        (import.inserted, import.updated, import.rejected) = (Some(inserted), Some(updated), refused);
        if refused == 0 {
            return Self { encoded: Cow::Borrowed(&self.encoded), import, name: self.name.clone() };
        }
        import.warnings.push(row_cap::warning(refused, cap));
        let encoded = Cow::Owned(segment::encode_batch(&batch, import.created_at));
        Self { encoded, import, name: format!("{}-{attempt:03}", self.name) }
    }
}

fn import_record(push: &Push, import_id: &str, now: Instant) -> ImportRecord {
    ImportRecord {
        import_id: import_id.to_owned(),
        dataset_id: push.dataset_id.to_string(),
        source: "push".to_owned(),
        status: ImportStatus::Completed,
        orders: push.order_count as u64,
        line_items: push.received_line_items as u64,
        inserted: None,
        updated: None,
        rejected: 0,
        rejects_key: None,
        warnings: push.warnings.clone(),
        created_at: now,
        completed_at: Some(now),
        failure: None,
        webhook_url: None,
        claims: 0,
        saves: 0,
        upload: None,
    }
}

async fn commit(
    tenant: &Tenant,
    push: &Push,
    whole: &Taking<'_>,
    max_rows: Option<u64>,
    ports: PushPorts<'_>,
) -> Result<ImportRecord, PushRefused> {
    // Should this be the dataset's first push.
    let fresh = ports.random.id("inc_", whole.import.created_at);
    let mut stored_at = None;
    for attempt in 0..COMMIT_ATTEMPTS {
        let stored = ports.log.head(tenant, &push.dataset_id).await?;
        let part = admitted(tenant, stored.as_ref(), push, max_rows, ports).await?;
        let part = part.map(|(part, cap)| whole.admitted(part, cap, attempt));
        let Taking { encoded, import, name } = part.as_ref().unwrap_or(whole);
        let head = next_head(stored, push, encoded, &fresh, ports.clock.now())?;
        let key = head.log(tenant).push_key(name);
        // Stored again only where the dataset became another one meanwhile, or another part is admitted.
        if stored_at.as_ref() != Some(&key) {
            store(&key, encoded, &**ports.objects).await?;
            stored_at = Some(key.clone());
        }
        let segment = SegmentRecord::new(head.sequence, key, &encoded.meta, import.created_at);
        let due_at = tend_at(head.updated_at);
        let new = NewSegments { head: &head, segments: &[segment], import: Some(import), purge: None, due_at };
        match ports.log.commit(tenant, &new).await? {
            Commit::Done => return Ok(import.clone()),
            Commit::Conflict => back_off(attempt, ports.clock, ports.random).await,
            Commit::Void => return committed_before(tenant, &import.import_id, ports).await,
        }
    }
    Err(PortError::Unavailable(format!("{COMMIT_ATTEMPTS} other pushes to this dataset came first")).into())
}

/// The import that stands under this id: of the same request under the same `Idempotency-Key`, whose call died, or lives
/// and was faster. Its lines are in the dataset once.
async fn committed_before(tenant: &Tenant, import_id: &str, ports: PushPorts<'_>) -> Result<ImportRecord, PushRefused> {
    let stored = ports.log.import(tenant, import_id).await?;
    stored.ok_or_else(|| PortError::Unavailable(format!("import {import_id} could not be stored")).into())
}

/// What the cap admits, and the cap; `None` where all fits or nothing can be told.
async fn admitted(
    tenant: &Tenant,
    head: Option<&DatasetRecord>,
    push: &Push,
    max_rows: Option<u64>,
    ports: PushPorts<'_>,
) -> Result<Option<(Admitted, u64)>, PortError> {
    let Some(cap) = max_rows.filter(|cap| row_cap::may_exceed(head, push.batch.line_count() as u64, *cap)) else {
        return Ok(None);
    };
    let admitted = row_cap::admit(tenant, head, &push.batch, cap, ports.log, ports.objects).await?;
    Ok(admitted.map(|admitted| (admitted, cap)))
}

async fn store(key: &str, encoded: &EncodedSegment, objects: &dyn Objects) -> Result<(), PortError> {
    if objects.create(key, encoded.bytes.clone().into()).await? == Put::AlreadyThere {
        // Identifiers have 80 random bits; a taken key is an earlier try of this very call by the SDK.
        tracing::warn!(key, "segment was already there");
    }
    Ok(())
}

/// The head as it will be with this push.
fn next_head(
    stored: Option<DatasetRecord>,
    push: &Push,
    encoded: &EncodedSegment,
    fresh: &str,
    now: Instant,
) -> Result<DatasetRecord, PushRefused> {
    let mut head = stored.unwrap_or_else(|| DatasetRecord::new(&push.dataset_id, fresh.to_owned(), now));
    match (&head.currency, &push.currency) {
        (Some(dataset), Some(pushed)) if dataset.as_str() != pushed.code() => {
            return Err(PushRefused::OtherCurrency { dataset: dataset.clone(), push: pushed.code().to_owned() });
        }
        (None, Some(pushed)) => head.currency = Some(pushed.code().to_owned()),
        _ => {}
    }
    head.sequence += 1;
    head.bytes += encoded.meta.bytes;
    head.rows_pushed += encoded.meta.rows;
    head.updated_at = now;
    Ok(head)
}

/// Waits a random while that grows with the number of conflicts, so that pushes to one dataset spread out.
pub(crate) async fn back_off(attempt: u32, clock: &dyn Clock, random: &dyn Random) {
    let most_ms = 10.0 * f64::from(2u32.pow(attempt.min(5)));
    clock.sleep(std::time::Duration::from_millis((random.unit() * most_ms) as u64)).await;
}
