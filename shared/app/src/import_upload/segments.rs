//! From partitions to segments: the rows of an order, wherever they stood in the file, come together here.

use super::erased::Gone;
use super::run::{Run, panicked};
use super::staging::{self, Block, Blocks};
use super::{Interrupted, fail};
use crate::ports::{CappedWork, DatasetRecord, LogId, PortError, SegmentRecord, StagedObject};
use affinsy_core::order::{Notes, OrderBatch};
use affinsy_core::segment::{self, EncodedSegment};
use affinsy_core::time::Instant;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

/// How many blocks are fetched at once.
const AT_ONCE: usize = 8;

/// What became of a partition; an empty one has no segment.
struct Made {
    segment: Option<EncodedSegment>,
    orders: u64,
    notes: Notes,
    left_out: u64,
    capped: Option<CappedWork>,
}

/// The orders of a partition, and what is to be said of them.
pub(super) struct Assembled {
    pub batch: OrderBatch,
    pub notes: Notes,
}

impl Run {
    /// A segment for each partition that has none yet.
    pub(super) async fn make_segments(&mut self) -> Result<(), Interrupted> {
        self.choose_incarnation().await?;
        let partitions = self.work().survey.as_ref().map_or(0, |survey| survey.partitions);
        if self.work().next_partition >= partitions {
            return Ok(());
        }
        let gone = self.gone().await?;
        // Partitions that were made before, by whoever, may hold more.
        self.left_out = if self.work().next_partition == 0 { gone.clone() } else { Gone::default() };
        let gone = Arc::new(gone);
        let head = self.begin_capped().await?;
        let staged = self.work().staged.clone();
        let indexes = self.indexes(&staged, partitions).await?;
        while self.work().next_partition < partitions {
            if self.is_out_of_time() {
                return Err(Interrupted::OutOfTime);
            }
            let partition = self.work().next_partition;
            let blocks = self.blocks(&staged, &indexes, Block::Partition(partition)).await?;
            let (assembled, left_out) = assembled(blocks, Arc::clone(&gone), self.ports.limits.partition_bytes).await?;
            let hashes = staging::hashes_of(partition, partitions);
            let (assembled, capped) = self.admitted(assembled, hashes, head.as_ref()).await?;
            // An import ends with a commit, and a commit has a segment, be it one without a line.
            let is_needed = partition + 1 == partitions && self.work().segments.is_empty();
            let made = made(assembled, capped, is_needed, self.import.created_at).await?;
            self.store(Made { left_out, ..made }).await?;
        }
        Ok(())
    }

    /// Segments belong to one incarnation of the dataset; when it was deleted meanwhile, they are made anew.
    async fn choose_incarnation(&mut self) -> Result<(), Interrupted> {
        let head = self.ports.log.head(&self.tenant, &self.import.dataset_id).await?;
        self.check_currency(head.as_ref())?;
        let (chosen, is_new) = match (head, &self.work().incarnation) {
            (Some(head), _) => (head.incarnation, false),
            (None, Some(drawn)) if self.work().is_new_incarnation => (drawn.clone(), true),
            // Never that of a dataset that was deleted: what belongs to it is being removed.
            (None, _) => (self.ports.random.id("inc_", self.ports.clock.now()), true),
        };
        let work = self.work_mut();
        work.is_new_incarnation = is_new;
        if work.incarnation.as_ref() != Some(&chosen) {
            work.incarnation = Some(chosen);
            self.begin_segments();
        }
        Ok(())
    }

    /// Forgets the segments that were made, and with them what was found out in making them.
    pub(super) fn begin_segments(&mut self) {
        let work = self.work_mut();
        work.remakes += 1;
        work.next_partition = 0;
        (work.orders, work.left_out, work.notes, work.segments) = (0, 0, Notes::default(), Vec::new());
        work.capped = None;
    }

    pub(super) fn check_currency(&self, head: Option<&DatasetRecord>) -> Result<(), Interrupted> {
        let of_file = self.work().survey.as_ref().and_then(|survey| survey.currency.as_deref());
        match (of_file, head.and_then(|head| head.currency.as_deref())) {
            (Some(file), Some(dataset)) if file != dataset => {
                Err(Interrupted::Bad(fail::other_currency(dataset, file)))
            }
            _ => Ok(()),
        }
    }

    /// Where the blocks of all staged objects lie.
    async fn indexes(&self, staged: &[StagedObject], partitions: u32) -> Result<Vec<Blocks>, Interrupted> {
        let length = Blocks::index_bytes(partitions);
        let read = |object: &StagedObject| {
            let (objects, key, start) = (self.ports.objects.clone(), object.key.clone(), object.bytes - length);
            async move {
                let index = objects.read_range(&key, start, length).await?;
                index.map(|index| Blocks::read(&index)).ok_or_else(|| missing(&key))
            }
        };
        let reads: Vec<_> = staged.iter().map(read).collect();
        Ok(futures::stream::iter(reads).buffered(AT_ONCE).try_collect().await?)
    }

    /// The blocks of one kind, as they were staged, in their order.
    pub(super) async fn blocks(
        &self,
        staged: &[StagedObject],
        indexes: &[Blocks],
        block: Block,
    ) -> Result<Vec<Bytes>, Interrupted> {
        let read = |(object, index): (&StagedObject, &Blocks)| {
            let (objects, key, (start, length)) = (self.ports.objects.clone(), object.key.clone(), index.range(block)?);
            Some(async move { objects.read_range(&key, start, length).await?.ok_or_else(|| missing(&key)) })
        };
        let reads: Vec<_> = staged.iter().zip(indexes).filter_map(read).collect();
        Ok(futures::stream::iter(reads).buffered(AT_ONCE).try_collect().await?)
    }

    /// All rows of the list of rejects.
    pub(super) async fn rejects(&self) -> Result<Vec<Bytes>, Interrupted> {
        let partitions = self.work().survey.as_ref().map_or(0, |survey| survey.partitions);
        let staged = &self.work().staged;
        let indexes = self.indexes(staged, partitions).await?;
        self.blocks(staged, &indexes, Block::Rejects).await
    }

    async fn store(&mut self, made: Made) -> Result<(), Interrupted> {
        if let Some(encoded) = made.segment {
            let record = self.put_segment(encoded).await?;
            self.work_mut().segments.push(record);
        }
        let work = self.work_mut();
        work.orders += made.orders;
        work.left_out += made.left_out;
        work.capped = made.capped;
        work.notes.absorb(made.notes);
        work.next_partition += 1;
        self.save().await
    }

    /// Under a key of this claim's own: a zombie's bytes, which may be another version's, never stand in for these, nor
    /// do those from before an erasure.
    async fn put_segment(&self, encoded: EncodedSegment) -> Result<SegmentRecord, Interrupted> {
        let incarnation = self.work().incarnation.clone().unwrap_or_default();
        let log = LogId { tenant: self.tenant.clone(), dataset_id: self.import.dataset_id.clone(), incarnation };
        let name = format!("{}-{}-{}", self.import.import_id, self.import.claims, self.work().remakes);
        let key = log.upload_key(&name, self.work().next_partition as usize);
        let record = SegmentRecord::new(0, key, &encoded.meta, self.ports.clock.now());
        self.ports.objects.create(&record.key, encoded.bytes.into()).await?;
        Ok(record)
    }
}

fn missing(key: &str) -> PortError {
    PortError::Damaged(format!("staged object {key} is missing"))
}

/// Puts the orders of a partition together, on a thread of its own, but for those that are gone: how many lines they had.
async fn assembled(blocks: Vec<Bytes>, gone: Arc<Gone>, most_bytes: usize) -> Result<(Assembled, u64), Interrupted> {
    let work = move || {
        let mut left = most_bytes;
        let mut unpacked = Vec::with_capacity(blocks.len());
        for block in blocks {
            let bytes = staging::unpacked(&block, left).map_err(|_| Interrupted::Bad(fail::too_dense()))?;
            left -= bytes.len();
            unpacked.push(bytes);
        }
        let damaged = || PortError::Damaged("a staged block is not what was staged".to_owned());
        let is_gone = |order_id: &str, customer_id: Option<&str>| gone.takes(order_id, customer_id);
        let (batch, notes, left_out) = staging::orders(&unpacked, is_gone).ok_or_else(damaged)?;
        Ok((Assembled { batch, notes }, left_out))
    };
    tokio::task::spawn_blocking(work).await.map_err(panicked)?
}

async fn made(
    Assembled { batch, notes }: Assembled,
    capped: Option<CappedWork>,
    is_needed: bool,
    received_at: Instant,
) -> Result<Made, Interrupted> {
    let work = move || {
        let orders = batch.order_count() as u64;
        let segment = (orders > 0 || is_needed).then(|| segment::encode_batch(&batch, received_at));
        Made { segment, orders, notes, left_out: 0, capped }
    };
    tokio::task::spawn_blocking(work).await.map_err(panicked)
}
