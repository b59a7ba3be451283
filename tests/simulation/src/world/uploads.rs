//! Imports of files behind the weather, and the bucket as clients see it: an address that takes one file for a while.

use super::World;
use crate::ledger::Lines;
use crate::sim::lock;
use affinsy_app::memory::MemoryLinks;
use affinsy_app::ports::*;
use affinsy_core::ids::Tenant;
use affinsy_core::segment::decode;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use bytes::Bytes;

/// What its sender hears of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is there, by this try or one before.
    Stored,
    /// The address holds no longer.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl World {
    /// A PUT as a client makes it.
    pub async fn send_file(&self, address: &str, file: Bytes) -> Sent {
        let Some((key, until)) = lock(&self.addresses).get(address).cloned() else { return Sent::Refused };
        let put = async {
            if self.sim.now() > until {
                return Ok(Sent::Refused);
            }
            if Objects::create(&self.objects, &key, file).await? == Put::Created {
                self.ledger().came(&key);
                self.tell_of_file(&key);
            }
            Ok(Sent::Stored)
        };
        self.sim.step("bucket.put", put).await.unwrap_or(Sent::Unknown)
    }

    /// The orders and products that segments have a row of; none where one cannot be read.
    pub(super) async fn lines_of(&self, segments: &[SegmentRecord]) -> Option<Lines> {
        let mut lines = Lines::new();
        for segment in segments {
            let bytes = Objects::read(&self.objects, &segment.key).await.ok()??;
            let rows = decode(bytes, Some(&segment.sha256)).ok()?;
            lines.extend(rows.keys().map(|(order, product)| (order.to_owned(), product.to_owned())));
        }
        Some(lines)
    }

    async fn taken_import(
        &self,
        tenant: &Tenant,
        import_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<ImportRecord, UploadRefused>> {
        let taken = Uploads::take(&*self.book, tenant, import_id, now, lease_until).await?;
        if let Ok(import) = &taken
            && let Err(wrong) =
                self.leases.taken("import", import_id, import.claims.into(), self.sim.now(), lease_until)
        {
            self.ledger().violation(wrong);
        }
        Ok(taken)
    }

    async fn saved_import(
        &self,
        tenant: &Tenant,
        next: &mut ImportRecord,
        due_at: Option<Instant>,
    ) -> PortResult<bool> {
        let saved = Uploads::save(&*self.book, tenant, next, due_at).await?;
        if saved && next.upload.as_ref().is_none_or(|upload| upload.lease_until.is_none()) {
            self.import_let_go(next);
        }
        Ok(saved)
    }

    /// Nobody works on it any more.
    pub(super) fn import_let_go(&self, import: &ImportRecord) {
        self.leases.ended("import", &import.import_id, import.claims.into(), self.sim.now());
    }
}

#[async_trait]
impl Uploads for World {
    async fn open(&self, tenant: &Tenant, import: &ImportRecord, due_at: Instant) -> PortResult<()> {
        self.sim.step("uploads.open", Uploads::open(&*self.book, tenant, import, due_at)).await
    }
    async fn tenant_of(&self, tenant_hash: &str) -> PortResult<Option<Tenant>> {
        self.sim.step("uploads.tenant_of", self.book.tenant_of(tenant_hash)).await
    }
    async fn take(
        &self,
        tenant: &Tenant,
        import_id: &str,
        now: Instant,
        lease_until: Instant,
    ) -> PortResult<Result<ImportRecord, UploadRefused>> {
        self.sim.step("uploads.take", self.taken_import(tenant, import_id, now, lease_until)).await
    }
    async fn save(&self, tenant: &Tenant, import: &mut ImportRecord, due_at: Option<Instant>) -> PortResult<bool> {
        // Who does not hear of a save does not know of it.
        let mut next = import.clone();
        let saved = self.sim.step("uploads.save", self.saved_import(tenant, &mut next, due_at)).await?;
        *import = next;
        Ok(saved)
    }
}

#[async_trait]
impl Links for World {
    async fn put(&self, key: &str, seconds: u32) -> PortResult<PutLink> {
        let signed = async {
            let link = MemoryLinks.put(key, seconds).await?;
            let until = self.sim.now().plus_ms(i64::from(seconds) * 1_000);
            lock(&self.addresses).insert(link.url.clone(), (key.to_owned(), until));
            Ok(link)
        };
        self.sim.step("links.put", signed).await
    }
    async fn get(&self, key: &str, file: FileName<'_>, seconds: u32) -> PortResult<String> {
        self.sim.step("links.get", MemoryLinks.get(key, file, seconds)).await
    }
}
