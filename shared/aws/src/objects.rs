//! The objects port over S3.

use crate::failure::port_error;
use affinsy_app::ports::{Objects, Page, PortError, PortResult, Put, StoredObject};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

#[derive(Debug, Clone)]
pub struct S3Objects {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl S3Objects {
    pub fn new(client: aws_sdk_s3::Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }
}

/// How often a write is tried that meets another one of the same key: S3 decides neither then.
const CONFLICT_ATTEMPTS: u32 = 5;

#[async_trait]
impl Objects for S3Objects {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let put = self.client.put_object().bucket(&self.bucket).key(key).if_none_match("*");
            let Err(error) = put.body(ByteStream::from(bytes.clone())).send().await else { return Ok(Put::Created) };
            match error.code() {
                Some("PreconditionFailed") => return Ok(Put::AlreadyThere),
                Some("ConditionalRequestConflict") if attempt < CONFLICT_ATTEMPTS => {
                    tokio::time::sleep(std::time::Duration::from_millis(50 << attempt)).await;
                }
                _ => return Err(port_error("S3 PutObject", error)),
            }
        }
    }

    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        self.get(key, None).await
    }

    async fn read_range(&self, key: &str, start: u64, length: u64) -> PortResult<Option<Bytes>> {
        self.get(key, Some(format!("bytes={start}-{}", start + length.max(1) - 1))).await
    }

    async fn delete(&self, key: &str) -> PortResult<()> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        deleted.map(drop).map_err(|error| port_error("S3 DeleteObject", error))
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> PortResult<Page<StoredObject>> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let listed = list.set_start_after(after.map(str::to_owned)).send().await;
        let listed = listed.map_err(|error| port_error("S3 ListObjectsV2", error))?;
        let items: Vec<StoredObject> = listed.contents().iter().filter_map(stored_object).collect();
        let next_after = items.last().filter(|_| listed.is_truncated() == Some(true)).map(|last| last.key.clone());
        Ok(Page { items, next_after })
    }
}

/// An object without a time counts as new: the caller deletes what is old.
fn stored_object(object: &aws_sdk_s3::types::Object) -> Option<StoredObject> {
    let modified_ms = object.last_modified().and_then(|at| at.to_millis().ok());
    Some(StoredObject {
        key: object.key()?.to_owned(),
        bytes: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        modified_at: modified_ms.map_or(Instant(i64::MAX), Instant::from_unix_ms),
    })
}

impl S3Objects {
    async fn get(&self, key: &str, range: Option<String>) -> PortResult<Option<Bytes>> {
        let got = self.client.get_object().bucket(&self.bucket).key(key).set_range(range).send().await;
        let object = match got {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(port_error("S3 GetObject", error)),
        };
        let body = object.body.collect().await;
        body.map(|body| Some(body.into_bytes()))
            .map_err(|error| PortError::Unavailable(format!("S3 GetObject body: {}", DisplayErrorContext(error))))
    }
}
