//! Queues in SQLite: what is acknowledged has been committed, so a send or a delete survives a kill. Refuses to know
//! the wire, and the time: every call says what time it is.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::error::{ErrorKind, SqsError};
use super::message::NewMessage;
use super::settings::{Attributes, QueueSettings, Redrive};
use crate::services::Durability;
use crate::services::clock::Millis;

pub(super) type Result<T> = std::result::Result<T, SqsError>;

#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
}

/// A queue as it stands on disk.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) attributes: Attributes,
    pub(super) settings: QueueSettings,
    pub(super) created_ms: Millis,
    pub(super) modified_ms: Millis,
}

/// How many messages a queue holds, by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: i64,
    pub(super) in_flight: i64,
    pub(super) delayed: i64,
}

impl Store {
    pub(super) fn open(path: &Path, durability: Durability) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", durability.synchronous())?;
        connection.execute_batch(include_str!("schema.sql"))?;
        Ok(Self { connection })
    }

    pub(super) fn transaction(&mut self) -> Result<Transaction<'_>> {
        Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    pub(super) fn queue(&self, name: &str) -> Result<Queue> {
        find_queue(&self.connection, name)?.ok_or_else(SqsError::no_queue)
    }

    /// Creates the queue, or finds the one of that name.
    pub(super) fn create(&mut self, name: &str, attributes: &Attributes, now: Millis) -> Result<Queue> {
        let transaction = self.transaction()?;
        check_attributes(&transaction, attributes)?;
        transaction.execute(
            "INSERT INTO queues (name, attributes, created_ms, modified_ms) VALUES (?1, ?2, ?3, ?3)
             ON CONFLICT (name) DO NOTHING",
            params![name, to_json(attributes)?, now],
        )?;
        transaction.commit()?;
        self.queue(name)
    }

    /// Sets the attributes that are given and keeps the others.
    pub(super) fn set_attributes(&mut self, name: &str, changes: &Attributes, now: Millis) -> Result<()> {
        let mut attributes = self.queue(name)?.attributes;
        attributes.extend(changes.clone());
        let transaction = self.transaction()?;
        check_attributes(&transaction, &attributes)?;
        transaction.execute(
            "UPDATE queues SET attributes = ?2, modified_ms = ?3 WHERE name = ?1",
            params![name, to_json(&attributes)?, now],
        )?;
        Ok(transaction.commit()?)
    }

    pub(super) fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let sql = "SELECT name FROM queues WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
        let mut statement = self.connection.prepare_cached(sql)?;
        let names = statement.query_map([prefix], |row| row.get(0))?;
        Ok(names.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn purge(&mut self, name: &str) -> Result<()> {
        self.queue(name)?;
        self.connection.execute("DELETE FROM messages WHERE queue = ?1", [name])?;
        Ok(())
    }

    pub(super) fn delete_queue(&mut self, name: &str) -> Result<()> {
        self.queue(name)?;
        let transaction = self.transaction()?;
        transaction.execute("DELETE FROM messages WHERE queue = ?1", [name])?;
        transaction.execute("DELETE FROM queues WHERE name = ?1", [name])?;
        Ok(transaction.commit()?)
    }

    /// Stores all messages or none, and gives their ids.
    pub(super) fn send(&mut self, queue: &Queue, messages: &[NewMessage], now: Millis) -> Result<Vec<String>> {
        let transaction = self.transaction()?;
        let mut ids = Vec::with_capacity(messages.len());
        for message in messages {
            let id = uuid::Uuid::new_v4().to_string();
            let visible_ms = now + message.delay_seconds.unwrap_or(queue.settings.delay_s) * 1000;
            transaction
                .prepare_cached(
                    "INSERT INTO messages
                     (queue, message_id, body, attributes, group_id, trace_header, sent_ms, visible_ms)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    queue.name,
                    id,
                    message.body,
                    to_json(&message.attributes)?,
                    message.group_id,
                    message.trace_header,
                    now,
                    visible_ms,
                ])?;
            ids.push(id);
        }
        transaction.commit()?;
        Ok(ids)
    }

    pub(super) fn counts(&self, queue: &Queue, now: Millis) -> Result<Counts> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FILTER (WHERE visible_ms <= ?2),
                    count(*) FILTER (WHERE visible_ms > ?2 AND receive_count > 0),
                    count(*) FILTER (WHERE visible_ms > ?2 AND receive_count = 0)
             FROM messages WHERE queue = ?1 AND sent_ms > ?3",
        )?;
        let oldest_ms = now - queue.settings.retention_s * 1000;
        Ok(statement.query_row(params![queue.name, now, oldest_ms], |row| {
            Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? })
        })?)
    }

    /// When the next hidden message shows, for a long poll to wake.
    pub(super) fn next_visible_ms(&self, queue: &str, now: Millis) -> Result<Option<Millis>> {
        let sql = "SELECT min(visible_ms) FROM messages WHERE queue = ?1 AND visible_ms > ?2";
        Ok(self.connection.prepare_cached(sql)?.query_row(params![queue, now], |row| row.get(0))?)
    }
}

/// The attributes must parse, and name a dead-letter queue that exists.
fn check_attributes(connection: &Connection, attributes: &Attributes) -> Result<()> {
    let Some(Redrive { queue, .. }) = QueueSettings::parse(attributes)?.redrive else { return Ok(()) };
    if find_queue(connection, &queue)?.is_none() {
        let policy = &attributes["RedrivePolicy"];
        return Err(SqsError::parameter("RedrivePolicy", policy, "Dead letter target does not exist"));
    }
    Ok(())
}

fn find_queue(connection: &Connection, name: &str) -> Result<Option<Queue>> {
    let sql = "SELECT attributes, created_ms, modified_ms FROM queues WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let row = statement.query_row([name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)));
    let Some((attributes, created_ms, modified_ms)) = row.optional()? else { return Ok(None) };
    let attributes: Attributes = serde_json::from_str(&attributes).map_err(SqsError::internal)?;
    let settings = QueueSettings::parse(&attributes)?;
    Ok(Some(Queue { name: name.to_owned(), attributes, settings, created_ms, modified_ms }))
}

fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(SqsError::internal)
}

/// The queue exists with other attributes than those that were asked for.
pub(super) fn require_same_attributes(queue: &Queue, wanted: &Attributes) -> Result<()> {
    let existing = super::settings::with_defaults(&queue.attributes);
    match wanted.iter().find(|(name, value)| existing.get(*name) != Some(value)) {
        None => Ok(()),
        Some((name, _)) => {
            let message =
                format!("A queue already exists with the same name and a different value for attribute {name}");
            Err(SqsError::new(ErrorKind::QueueNameExists, message))
        }
    }
}
