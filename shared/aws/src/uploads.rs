//! Presigned links to objects, and S3's messages about objects that came.

use crate::failure::port_error;
use affinsy_app::import_upload::place_of;
use affinsy_app::ports::{FileName, Links, PortError, PortResult, PutLink};
use async_trait::async_trait;
use aws_sdk_s3::presigning::PresigningConfig;
use serde::Deserialize;
use std::time::Duration;

/// Links that carry the signature of whoever runs this: what they may do ends with its rights, and with their time.
#[derive(Debug, Clone)]
pub struct S3Links {
    client: aws_sdk_s3::Client,
    bucket: String,
}

impl S3Links {
    pub fn new(client: aws_sdk_s3::Client, bucket: &str) -> Self {
        Self { client, bucket: bucket.to_owned() }
    }
}

fn lifetime(seconds: u32) -> PortResult<PresigningConfig> {
    let lifetime = PresigningConfig::expires_in(Duration::from_secs(seconds.into()));
    lifetime.map_err(|error| PortError::Damaged(format!("link: {error}")))
}

#[async_trait]
impl Links for S3Links {
    async fn put(&self, key: &str, seconds: u32) -> PortResult<PutLink> {
        // Written once: a second file must not take the place of one that is being read.
        let put = self.client.put_object().bucket(&self.bucket).key(key).if_none_match("*");
        let link =
            put.presigned(lifetime(seconds)?).await.map_err(|error| port_error("S3 presign PutObject", error))?;
        let headers = link.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(PutLink { headers: headers.collect(), url: link.uri().to_owned() })
    }

    async fn get(&self, key: &str, file: FileName<'_>, seconds: u32) -> PortResult<String> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        let get = get.response_content_disposition(format!("attachment; filename=\"{}\"", file.name));
        let link = get.response_content_type(file.media_type).presigned(lifetime(seconds)?).await;
        Ok(link.map_err(|error| port_error("S3 presign GetObject", error))?.uri().to_owned())
    }
}

/// What S3 says of a bucket; the test event that it sends at first has no records.
#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

/// An upload whose file came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    pub tenant_hash: String,
    pub import_id: String,
}

/// The uploads that a message of S3 tells of; objects of another kind are passed over. `None` where it is no message
/// of S3's.
pub fn arrived(message: &str) -> Option<Vec<Arrived>> {
    let value: serde_json::Value = serde_json::from_str(message).ok()?;
    if value["Event"] == "s3:TestEvent" {
        return Some(Vec::new());
    }
    value.get("Records")?;
    let notification: Notification = serde_json::from_value(value).ok()?;
    let upload = |record: Record| {
        let key = decoded(&record.s3.object.key);
        let (tenant_hash, import_id) = place_of(&key)?;
        Some(Arrived { tenant_hash: tenant_hash.to_owned(), import_id: import_id.to_owned() })
    };
    Some(notification.records.into_iter().filter_map(upload).collect())
}

/// S3 writes keys as a form does.
fn decoded(key: &str) -> String {
    url::form_urlencoded::parse(key.as_bytes()).next().map(|(key, _)| key.into_owned()).unwrap_or_default()
}
