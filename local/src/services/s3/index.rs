//! The index of buckets, objects and uploads in SQLite: one transaction decides each write, so a condition such as
//! `If-None-Match: *` has one winner. Refuses to know bytes: it names the files that hold them.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use s3s::{S3Result, s3_error};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::object::{Headers, StoredObject, WriteCondition};
use crate::services::Durability;
use crate::services::clock::Millis;

/// Keys are at most so long in S3.
const MAX_KEY_BYTES: usize = 1024;

#[derive(Debug)]
pub(super) struct Index {
    connection: Connection,
}

/// An upload in parts that has begun.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) upload_id: String,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) headers: Headers,
    pub(super) created_ms: Millis,
}

/// One part of an upload.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) blob: String,
    pub(super) size: u64,
    pub(super) md5: String,
    pub(super) modified_ms: Millis,
}

impl Index {
    pub(super) fn open(path: &Path, durability: Durability) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", durability.synchronous())?;
        connection.execute_batch(include_str!("schema.sql"))?;
        Ok(Self { connection })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    fn transaction(&mut self) -> S3Result<Transaction<'_>> {
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(internal)
    }

    /// Every file that is named.
    pub(super) fn blobs(&self) -> rusqlite::Result<HashSet<String>> {
        let mut statement = self.connection.prepare("SELECT blob FROM objects UNION ALL SELECT blob FROM parts")?;
        statement.query_map([], |row| row.get(0))?.collect()
    }

    /// Whether the bucket is new.
    pub(super) fn create_bucket(&mut self, name: &str, now: Millis) -> S3Result<bool> {
        let sql = "INSERT INTO buckets (name, created_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        Ok(self.connection.execute(sql, params![name, now]).map_err(internal)? == 1)
    }

    pub(super) fn delete_bucket(&mut self, name: &str) -> S3Result<()> {
        self.require_bucket(name)?;
        let sql = "DELETE FROM buckets WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM objects WHERE bucket = ?1)";
        match self.connection.execute(sql, [name]).map_err(internal)? {
            0 => Err(s3_error!(BucketNotEmpty)),
            _ => Ok(()),
        }
    }

    pub(super) fn buckets(&self) -> S3Result<Vec<(String, Millis)>> {
        let sql = "SELECT name, created_ms FROM buckets ORDER BY name";
        collect(&self.connection, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    pub(super) fn require_bucket(&self, name: &str) -> S3Result<()> {
        let sql = "SELECT 1 FROM buckets WHERE name = ?1";
        let found = self.connection.prepare_cached(sql).and_then(|mut statement| statement.exists([name]));
        if found.map_err(internal)? { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<StoredObject> {
        self.require_bucket(bucket)?;
        find_object(&self.connection, bucket, key)?.ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// Checks the condition without writing, so that a write that must fail need not send its body first.
    pub(super) fn check(&self, bucket: &str, key: &str, condition: &WriteCondition) -> S3Result<()> {
        self.require_bucket(bucket)?;
        if key.len() > MAX_KEY_BYTES {
            return Err(s3_error!(KeyTooLongError));
        }
        condition.check(find_object(&self.connection, bucket, key)?.as_ref())
    }

    /// Writes the object if the condition holds, with the event to be told of it, and gives the files that nothing
    /// names any more. Completes the upload, if it is one.
    pub(super) fn put(
        &mut self,
        bucket: &str,
        key: &str,
        object: &StoredObject,
        write: Write<'_>,
    ) -> S3Result<Vec<String>> {
        self.require_bucket(bucket)?;
        let transaction = self.transaction()?;
        let existing = find_object(&transaction, bucket, key)?;
        write.condition.check(existing.as_ref())?;
        let mut released: Vec<String> = existing.into_iter().map(|object| object.blob).collect();
        if let Some(upload_id) = write.upload_id {
            released.extend(end_upload(&transaction, upload_id)?);
        }
        insert_object(&transaction, bucket, key, object)?;
        if let Some(event) = write.event {
            let sql = "INSERT INTO events (bucket, event) VALUES (?1, ?2)";
            transaction.execute(sql, params![bucket, event]).map_err(internal)?;
        }
        transaction.commit().map_err(internal)?;
        Ok(released)
    }

    /// Deletes the object if it is there, and gives its file.
    pub(super) fn delete(&mut self, bucket: &str, key: &str, condition: &WriteCondition) -> S3Result<Option<String>> {
        self.require_bucket(bucket)?;
        let transaction = self.transaction()?;
        let Some(existing) = find_object(&transaction, bucket, key)? else { return Ok(None) };
        condition.check(Some(&existing))?;
        let sql = "DELETE FROM objects WHERE bucket = ?1 AND key = ?2";
        transaction.execute(sql, [bucket, key]).map_err(internal)?;
        transaction.commit().map_err(internal)?;
        Ok(Some(existing.blob))
    }

    pub(super) fn create_upload(&mut self, upload: &Upload) -> S3Result<()> {
        self.require_bucket(&upload.bucket)?;
        let sql = "INSERT INTO uploads (upload_id, bucket, key, headers, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![upload.upload_id, upload.bucket, upload.key, to_json(&upload.headers)?, upload.created_ms];
        self.connection.execute(sql, values).map(drop).map_err(internal)
    }

    /// The upload of that id, if it is for that key.
    pub(super) fn upload(&self, upload_id: &str, bucket: &str, key: &str) -> S3Result<Upload> {
        let uploads = self.uploads(bucket)?;
        let found = uploads.into_iter().find(|upload| upload.upload_id == upload_id && upload.key == key);
        found.ok_or_else(|| s3_error!(NoSuchUpload))
    }

    /// The uploads of a bucket that have not ended.
    pub(super) fn uploads(&self, bucket: &str) -> S3Result<Vec<Upload>> {
        self.require_bucket(bucket)?;
        let sql = "SELECT upload_id, bucket, key, headers, created_ms FROM uploads WHERE bucket = ?1 ORDER BY key";
        collect(&self.connection, sql, [bucket], |row| {
            let (upload_id, bucket, key) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Upload { upload_id, bucket, key, headers: json_column(row, 3)?, created_ms: row.get(4)? })
        })
    }

    /// Adds or replaces a part, and gives the file of the one before.
    pub(super) fn put_part(&mut self, upload: &Upload, part: &Part) -> S3Result<Option<String>> {
        let transaction = self.transaction()?;
        // The upload may have ended while the part was on its way.
        let sql = "SELECT 1 FROM uploads WHERE upload_id = ?1";
        let open = transaction.prepare_cached(sql).and_then(|mut statement| statement.exists([&upload.upload_id]));
        if !open.map_err(internal)? {
            return Err(s3_error!(NoSuchUpload));
        }
        let sql = "SELECT blob FROM parts WHERE upload_id = ?1 AND part_number = ?2";
        let replaced = transaction.query_row(sql, params![upload.upload_id, part.number], |row| row.get(0));
        let replaced = replaced.optional().map_err(internal)?;
        let sql = "INSERT OR REPLACE INTO parts (upload_id, part_number, blob, size, md5, modified_ms)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![upload.upload_id, part.number, part.blob, part.size as i64, part.md5, part.modified_ms];
        transaction.execute(sql, values).map_err(internal)?;
        transaction.commit().map_err(internal)?;
        Ok(replaced)
    }

    pub(super) fn parts(&self, upload_id: &str) -> S3Result<Vec<Part>> {
        let sql =
            "SELECT part_number, blob, size, md5, modified_ms FROM parts WHERE upload_id = ?1 ORDER BY part_number";
        collect(&self.connection, sql, [upload_id], |row| {
            let size = row.get::<_, i64>(2)? as u64;
            Ok(Part { number: row.get(0)?, blob: row.get(1)?, size, md5: row.get(3)?, modified_ms: row.get(4)? })
        })
    }

    /// Gives up the upload, and gives the files of its parts.
    pub(super) fn abort_upload(&mut self, upload_id: &str) -> S3Result<Vec<String>> {
        let transaction = self.transaction()?;
        let released = end_upload(&transaction, upload_id)?;
        transaction.commit().map_err(internal)?;
        Ok(released)
    }
}

/// How an object is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Write<'a> {
    pub(super) condition: &'a WriteCondition,
    /// The upload that the object completes.
    pub(super) upload_id: Option<&'a str>,
    /// What to tell those who watch the bucket.
    pub(super) event: Option<&'a str>,
}

fn end_upload(transaction: &Transaction<'_>, upload_id: &str) -> S3Result<Vec<String>> {
    let sql = "DELETE FROM uploads WHERE upload_id = ?1";
    if transaction.execute(sql, [upload_id]).map_err(internal)? == 0 {
        return Err(s3_error!(NoSuchUpload));
    }
    let blobs = collect(transaction, "SELECT blob FROM parts WHERE upload_id = ?1", [upload_id], |row| row.get(0))?;
    transaction.execute("DELETE FROM parts WHERE upload_id = ?1", [upload_id]).map_err(internal)?;
    Ok(blobs)
}

fn insert_object(transaction: &Transaction<'_>, bucket: &str, key: &str, object: &StoredObject) -> S3Result<()> {
    let sql = "INSERT OR REPLACE INTO objects (bucket, key, blob, size, etag, modified_ms, headers, checksums)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut statement = transaction.prepare_cached(sql).map_err(internal)?;
    let written = statement.execute(params![
        bucket,
        key,
        object.blob,
        object.size as i64,
        object.etag,
        object.modified_ms,
        to_json(&object.headers)?,
        to_json(&object.checksums)?,
    ]);
    written.map(drop).map_err(internal)
}

fn find_object(connection: &Connection, bucket: &str, key: &str) -> S3Result<Option<StoredObject>> {
    let sql = "SELECT blob, size, etag, modified_ms, headers, checksums FROM objects WHERE bucket = ?1 AND key = ?2";
    let mut statement = connection.prepare_cached(sql).map_err(internal)?;
    statement.query_row([bucket, key], |row| object_at(row, 0)).optional().map_err(internal)
}

/// Reads an object from the six columns that begin at `first`.
pub(super) fn object_at(row: &Row<'_>, first: usize) -> rusqlite::Result<StoredObject> {
    Ok(StoredObject {
        blob: row.get(first)?,
        size: row.get::<_, i64>(first + 1)? as u64,
        etag: row.get(first + 2)?,
        modified_ms: row.get(first + 3)?,
        headers: json_column(row, first + 4)?,
        checksums: json_column(row, first + 5)?,
    })
}

pub(super) fn collect<T>(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> S3Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql).map_err(internal)?;
    let rows = statement.query_map(values, read).map_err(internal)?;
    rows.collect::<rusqlite::Result<_>>().map_err(internal)
}

fn json_column<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into()))
}

pub(super) fn to_json(value: &impl Serialize) -> S3Result<String> {
    serde_json::to_string(value).map_err(internal)
}

pub(super) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> s3s::S3Error {
    s3s::S3Error::internal_error(error)
}
