//! Why a request to a queue was refused, with the names that the JSON protocol, the older query protocol and the SDK's
//! typed errors know it by.

/// A refusal, as the caller of SQS sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?}: {message}")]
pub struct SqsError {
    pub kind: ErrorKind,
    pub message: String,
}

/// The errors of the SQS API that this server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    Internal,
    InvalidAction,
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidBatchEntryId,
    InvalidMessageContents,
    InvalidParameterValue,
    MalformedInput,
    MessageNotInflight,
    MissingParameter,
    QueueDoesNotExist,
    QueueNameExists,
    ReceiptHandleIsInvalid,
    TooManyEntries,
    UnsupportedOperation,
}

/// How one kind of error is spelled on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct WireName {
    /// `__type` of the body.
    pub(super) shape: &'static str,
    /// The code in `x-amzn-query-error`, which SDKs with a typed error read.
    pub(super) code: &'static str,
    pub(super) sender_fault: bool,
}

impl ErrorKind {
    pub(super) fn wire_name(self) -> WireName {
        use ErrorKind::*;
        let (shape, code) = match self {
            BatchEntryIdsNotDistinct => {
                ("com.amazonaws.sqs#BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
            }
            BatchRequestTooLong => {
                ("com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong")
            }
            EmptyBatchRequest => ("com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
            Internal => ("com.amazon.coral.service#InternalFailure", "InternalFailure"),
            InvalidAction => ("com.amazon.coral.service#UnknownOperationException", "InvalidAction"),
            InvalidAttributeName => ("com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName"),
            InvalidAttributeValue => ("com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue"),
            InvalidBatchEntryId => {
                ("com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId")
            }
            InvalidMessageContents => ("com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents"),
            InvalidParameterValue => {
                ("com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue")
            }
            MalformedInput => ("com.amazon.coral.service#SerializationException", "MalformedInput"),
            MessageNotInflight => ("com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
            MissingParameter => ("com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter"),
            QueueDoesNotExist => ("com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            QueueNameExists => ("com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists"),
            ReceiptHandleIsInvalid => ("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            TooManyEntries => (
                "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            UnsupportedOperation => {
                ("com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation")
            }
        };
        WireName { shape, code, sender_fault: self != Internal }
    }
}

impl SqsError {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The wording of SQS for a parameter out of its range.
    pub(super) fn parameter(name: &str, value: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        let message = format!("Value {value} for parameter {name} is invalid. Reason: {reason}.");
        Self::new(ErrorKind::InvalidParameterValue, message)
    }

    pub(super) fn no_queue() -> Self {
        Self::new(ErrorKind::QueueDoesNotExist, "The specified queue does not exist.")
    }

    pub(super) fn internal(cause: impl std::fmt::Display) -> Self {
        Self::new(ErrorKind::Internal, cause.to_string())
    }
}

impl From<rusqlite::Error> for SqsError {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}
