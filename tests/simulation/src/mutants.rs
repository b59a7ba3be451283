//! The product with one guard taken out at a time, by what stands around it: the simulation must find each of them.

/// A guard that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    AcknowledgesUncommitted,
    ObjectAfterManifest,
    SequenceTwice,
    ErasureLost,
    NewestSnapshot,
    LeaseIgnored,
    VoidClaimFinishes,
    ObjectUnconfirmed,
    RunUnconfirmed,
    PurgeForgets,
    DeletionsSkipped,
    WebhookNotDue,
    EventUnconfirmed,
    SweeperOff,
    SweeperHourly,
    ForeignReports,
    BodyChanges,
    IdChanges,
    DeliveryLeaseIgnored,
    RetriesEndEarly,
    KeyIgnored,
    TakeoverDrawsAnew,
}

impl Mutant {
    pub const ALL: [Self; 22] = [
        Self::AcknowledgesUncommitted,
        Self::ObjectAfterManifest,
        Self::SequenceTwice,
        Self::ErasureLost,
        Self::NewestSnapshot,
        Self::LeaseIgnored,
        Self::VoidClaimFinishes,
        Self::ObjectUnconfirmed,
        Self::RunUnconfirmed,
        Self::PurgeForgets,
        Self::DeletionsSkipped,
        Self::WebhookNotDue,
        Self::EventUnconfirmed,
        Self::SweeperOff,
        Self::SweeperHourly,
        Self::ForeignReports,
        Self::BodyChanges,
        Self::IdChanges,
        Self::DeliveryLeaseIgnored,
        Self::RetriesEndEarly,
        Self::KeyIgnored,
        Self::TakeoverDrawsAnew,
    ];

    pub const fn what(self) -> &'static str {
        match self {
            Self::AcknowledgesUncommitted => "a push is acknowledged where the outcome of its commit is unknown",
            Self::ObjectAfterManifest => "a push's object is written after its manifest item",
            Self::SequenceTwice => "the commit's condition is gone: two pushes take one sequence",
            Self::ErasureLost => "an erasure is answered, and its segment is not committed",
            Self::NewestSnapshot => "a report reads the newest orders, not those of its snapshot",
            Self::LeaseIgnored => "a report that a worker holds is given to another",
            Self::VoidClaimFinishes => "a worker whose claim is void ends the report all the same",
            Self::ObjectUnconfirmed => "an object that could not be written counts as written",
            Self::RunUnconfirmed => "a compaction is published though its items could not be stored",
            Self::DeletionsSkipped => "results of reports are not deleted when they should be",
            Self::PurgeForgets => "a purge ends after its first pass",
            Self::WebhookNotDue => "a report ends without its webhook becoming due",
            Self::EventUnconfirmed => "an event that could not be put on the bus counts as put",
            Self::SweeperOff => "the sweeper never runs",
            Self::SweeperHourly => "the sweeper runs once in two hours",
            Self::ForeignReports => "a report is found whoever asks",
            Self::BodyChanges => "a webhook's body is written anew, and signed, for each attempt",
            Self::IdChanges => "each attempt of a webhook has an id of its own",
            Self::DeliveryLeaseIgnored => "a delivery that a dispatcher holds is given to another",
            Self::RetriesEndEarly => "a delivery is dropped after an attempt that failed",
            Self::KeyIgnored => "a call's `Idempotency-Key` is not looked at",
            Self::TakeoverDrawsAnew => "who takes over a call that died draws identifiers of its own",
        }
    }
}
