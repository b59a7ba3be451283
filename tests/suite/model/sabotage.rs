//! Mistakes that the play must find: without them nobody knows whether it could find one.

use super::faulty::Book;
use affinsy_app::ports::{Commit, DatasetRecord, PortResult, Publication, SegmentRecord};
use affinsy_core::ids::Tenant;

/// A mistake in the store, made between its use cases and its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    Nothing,
    /// Every seventh commit is acknowledged and not made.
    ForgetsACommit,
    /// A reader sees one push more than it asked for.
    ReadsAhead,
    /// What a compaction replaced goes at once.
    ForgetsTheGrace,
    /// A run's last segment is not in the manifest.
    ForgetsASegment,
    /// An erasure is not marked as one.
    HidesAnErasure,
}

pub const ALL: [Sabotage; 5] = [
    Sabotage::ForgetsACommit,
    Sabotage::ReadsAhead,
    Sabotage::ForgetsTheGrace,
    Sabotage::ForgetsASegment,
    Sabotage::HidesAnErasure,
];

impl Sabotage {
    /// The answer to a commit that is not made.
    pub fn forgotten(self, sequence: u64) -> Option<Commit> {
        (self == Self::ForgetsACommit && sequence.is_multiple_of(7)).then_some(Commit::Done)
    }

    pub fn segments(self, mut segments: Vec<SegmentRecord>) -> Vec<SegmentRecord> {
        if self == Self::HidesAnErasure {
            segments.iter_mut().for_each(|segment| segment.erases = false);
        }
        segments
    }

    pub fn run(self, mut segments: Vec<SegmentRecord>) -> Vec<SegmentRecord> {
        if self == Self::ForgetsASegment {
            segments.pop();
        }
        segments
    }

    /// The last of the pushes that are read.
    pub fn last(self, to: u64) -> u64 {
        to.saturating_add(u64::from(self == Self::ReadsAhead))
    }

    pub async fn publish(
        self,
        book: &dyn Book,
        tenant: &Tenant,
        head: &DatasetRecord,
        publication: &Publication,
    ) -> PortResult<bool> {
        let published = book.publish(tenant, head, publication).await?;
        if published && self == Self::ForgetsTheGrace {
            let log = head.log(tenant);
            for retired in &publication.retired {
                match retired.run {
                    Some(run) => book.drop_run(&log, run).await?,
                    None => book.drop_segments(&log, retired.first, retired.last).await?,
                }
            }
        }
        Ok(published)
    }
}
