//! The objects port over S3.

use crate::failure::port_error;
use affinsy_app::ports::{Objects, PortError, PortResult, Put};
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

#[async_trait]
impl Objects for S3Objects {
    async fn create(&self, key: &str, bytes: Bytes) -> PortResult<Put> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).if_none_match("*");
        match put.body(ByteStream::from(bytes)).send().await {
            Ok(_) => Ok(Put::Created),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(Put::AlreadyThere),
            Err(error) => Err(port_error("S3 PutObject", error)),
        }
    }

    async fn read(&self, key: &str) -> PortResult<Option<Bytes>> {
        let got = self.client.get_object().bucket(&self.bucket).key(key).send().await;
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
