//! Receiving: which messages are due, what a receipt handle stands for, and when a message goes to the dead-letter
//! queue. Refuses to know the wire, and the time.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::error::{ErrorKind, SqsError};
use super::message::{Message, MessageAttribute};
use super::settings::{Redrive, queue_arn};
use super::store::{Queue, Result, Store};
use crate::services::ACCOUNT_ID;
use crate::services::clock::Millis;

/// How many messages one look at the index brings.
const PAGE: i64 = 32;

/// Names one delivery of one message: a later delivery makes it void.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Receipt {
    queue: String,
    id: i64,
    delivery: i64,
}

/// A message as it stands on disk.
#[derive(Debug)]
struct Stored {
    id: i64,
    message_id: String,
    body: String,
    attributes: String,
    group_id: Option<String>,
    trace_header: Option<String>,
    sent_ms: Millis,
    visible_ms: Millis,
    receive_count: i64,
    first_received_ms: Option<Millis>,
    deliveries: i64,
    dead_letter_source: Option<String>,
}

/// What a receive brought, and whether it moved messages to the dead-letter queue (whose long polls must wake).
#[derive(Debug, Default)]
pub(super) struct Delivery {
    pub(super) messages: Vec<Message>,
    pub(super) moved: bool,
}

impl Store {
    /// Takes up to `limit` messages that are due and hides them for `visibility_s`.
    pub(super) fn receive(&mut self, queue: &Queue, limit: usize, visibility_s: i64, now: Millis) -> Result<Delivery> {
        let transaction = self.transaction()?;
        let mut delivery = Delivery::default();
        let mut after = (Millis::MIN, 0);
        while delivery.messages.len() < limit {
            let due = due_messages(&transaction, &queue.name, after, now)?;
            let Some(last) = due.last() else { break };
            after = (last.visible_ms, last.id);
            for stored in due {
                if delivery.messages.len() == limit {
                    break;
                }
                deliver(&transaction, queue, stored, visibility_s, now, &mut delivery)?;
            }
        }
        transaction.commit()?;
        Ok(delivery)
    }

    /// Deletes the delivered message. A handle that a later delivery made void deletes nothing, and is no error.
    pub(super) fn delete(&mut self, queue: &str, handle: &str) -> Result<()> {
        let Receipt { id, delivery, .. } = Receipt::parse(handle, queue)?;
        let transaction = self.transaction()?;
        let sql = "DELETE FROM messages WHERE id = ?1 AND queue = ?2 AND deliveries = ?3";
        transaction.execute(sql, params![id, queue, delivery])?;
        Ok(transaction.commit()?)
    }

    /// Hides the delivered message for `timeout_s` from now on; zero shows it at once.
    pub(super) fn change_visibility(&mut self, queue: &str, handle: &str, timeout_s: i64, now: Millis) -> Result<()> {
        if !(0..=43_200).contains(&timeout_s) {
            return Err(SqsError::parameter("VisibilityTimeout", timeout_s, "Must be between 0 and 43200"));
        }
        let Receipt { id, delivery, .. } = Receipt::parse(handle, queue)?;
        let transaction = self.transaction()?;
        let sql = "SELECT visible_ms FROM messages WHERE id = ?1 AND queue = ?2 AND deliveries = ?3";
        let visible_ms = transaction.query_row(sql, params![id, queue, delivery], |row| row.get::<_, Millis>(0));
        match visible_ms.optional()? {
            None => {
                let reason = "Message does not exist or is not available for visibility timeout change";
                return Err(SqsError::parameter("ReceiptHandle", handle, reason));
            }
            Some(visible_ms) if visible_ms <= now => {
                let message = "The message referred to isn't in flight.";
                return Err(SqsError::new(ErrorKind::MessageNotInflight, message));
            }
            Some(_) => hide(&transaction, id, now + timeout_s * 1000)?,
        }
        Ok(transaction.commit()?)
    }
}

fn due_messages(connection: &Connection, queue: &str, after: (Millis, i64), now: Millis) -> Result<Vec<Stored>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, message_id, body, attributes, group_id, trace_header, sent_ms, visible_ms, receive_count,
                first_received_ms, deliveries, dead_letter_source
         FROM messages
         WHERE queue = ?1 AND visible_ms <= ?2 AND (visible_ms, id) > (?3, ?4)
         ORDER BY visible_ms, id LIMIT ?5",
    )?;
    let rows = statement.query_map(params![queue, now, after.0, after.1, PAGE], Stored::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Drops the message if it is too old, moves it if it was received too often, else adds it to the delivery.
fn deliver(
    transaction: &Transaction<'_>,
    queue: &Queue,
    stored: Stored,
    visibility_s: i64,
    now: Millis,
    delivery: &mut Delivery,
) -> Result<()> {
    if stored.sent_ms + queue.settings.retention_s * 1000 <= now {
        transaction.execute("DELETE FROM messages WHERE id = ?1", [stored.id])?;
        return Ok(());
    }
    if let Some(redrive) = dead_letter_queue(queue, &stored) {
        move_to(transaction, redrive, queue, &stored, now)?;
        delivery.moved = true;
        return Ok(());
    }
    let first_received_ms = stored.first_received_ms.unwrap_or(now);
    transaction
        .prepare_cached(
            "UPDATE messages SET visible_ms = ?2, receive_count = receive_count + 1, deliveries = deliveries + 1,
                    first_received_ms = ?3
             WHERE id = ?1",
        )?
        .execute(params![stored.id, now + visibility_s * 1000, first_received_ms])?;
    delivery.messages.push(stored.delivered(&queue.name, first_received_ms)?);
    Ok(())
}

fn dead_letter_queue<'a>(queue: &'a Queue, stored: &Stored) -> Option<&'a Redrive> {
    queue.settings.redrive.as_ref().filter(|redrive| stored.receive_count >= redrive.max_receive_count)
}

fn move_to(
    transaction: &Transaction<'_>,
    redrive: &Redrive,
    from: &Queue,
    stored: &Stored,
    now: Millis,
) -> rusqlite::Result<usize> {
    transaction.execute(
        "UPDATE messages SET queue = ?2, visible_ms = ?3, receive_count = 0, first_received_ms = NULL,
                dead_letter_source = ?4
         WHERE id = ?1",
        params![stored.id, redrive.queue, now, queue_arn(&from.name)],
    )
}

fn hide(transaction: &Transaction<'_>, id: i64, until_ms: Millis) -> rusqlite::Result<()> {
    transaction.execute("UPDATE messages SET visible_ms = ?2 WHERE id = ?1", params![id, until_ms]).map(drop)
}

impl Stored {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            message_id: row.get(1)?,
            body: row.get(2)?,
            attributes: row.get(3)?,
            group_id: row.get(4)?,
            trace_header: row.get(5)?,
            sent_ms: row.get(6)?,
            visible_ms: row.get(7)?,
            receive_count: row.get(8)?,
            first_received_ms: row.get(9)?,
            deliveries: row.get(10)?,
            dead_letter_source: row.get(11)?,
        })
    }

    /// The message as its consumer sees it, with this delivery counted.
    fn delivered(self, queue: &str, first_received_ms: Millis) -> Result<Message> {
        let receipt = Receipt { queue: queue.to_owned(), id: self.id, delivery: self.deliveries + 1 };
        let always = [
            ("ApproximateFirstReceiveTimestamp", first_received_ms.to_string()),
            ("ApproximateReceiveCount", (self.receive_count + 1).to_string()),
            ("SenderId", ACCOUNT_ID.to_owned()),
            ("SentTimestamp", self.sent_ms.to_string()),
        ];
        let sometimes = [
            ("AWSTraceHeader", self.trace_header),
            ("DeadLetterQueueSourceArn", self.dead_letter_source),
            ("MessageGroupId", self.group_id),
        ];
        let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let message_attributes: BTreeMap<String, MessageAttribute> =
            serde_json::from_str(&self.attributes).map_err(SqsError::internal)?;
        Ok(Message {
            message_id: self.message_id,
            receipt_handle: receipt.to_string(),
            body: self.body,
            attributes: always.into_iter().chain(sometimes).map(|(name, value)| (name.to_owned(), value)).collect(),
            message_attributes,
        })
    }
}

impl std::fmt::Display for Receipt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { queue, id, delivery } = self;
        formatter.write_str(&URL_SAFE_NO_PAD.encode(format!("{queue} {id} {delivery}")))
    }
}

impl Receipt {
    /// The handle of another queue, or what is no handle at all, is refused.
    fn parse(handle: &str, queue: &str) -> Result<Self> {
        let invalid = || {
            let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
            SqsError::new(ErrorKind::ReceiptHandleIsInvalid, message)
        };
        let decoded = URL_SAFE_NO_PAD.decode(handle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let decoded = decoded.ok_or_else(invalid)?;
        let mut words = decoded.split(' ');
        let (Some(of_queue), Some(id), Some(delivery), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(invalid());
        };
        let (Ok(id), Ok(delivery)) = (id.parse(), delivery.parse()) else { return Err(invalid()) };
        if of_queue != queue {
            return Err(invalid());
        }
        Ok(Self { queue: of_queue.to_owned(), id, delivery })
    }
}
