//! Bucket notifications: a message in S3's own form for every new object whose key fits, to the queue that the template
//! names. At least once each, as in S3.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::services::{ACCOUNT_ID, CreatedBy, NewMessage, ObjectCreated, Queues, REGION, S3};
use crate::template::Bucket;

/// Tells the queues of a bucket's notifications until the services stop.
pub(crate) fn notify_queues(s3: &S3, bucket: &Bucket, queues: &Queues) {
    let notifications = bucket.notifications.clone();
    let fits = {
        let notifications = notifications.clone();
        move |key: &str| notifications.iter().any(|notification| notification.fits(key))
    };
    let queues = queues.clone();
    s3.on_object_created(&bucket.name, fits, move |created| {
        let queue = notifications.iter().find(|notification| notification.fits(&created.key));
        let queue = queue.and_then(|notification| notification.queue_arn.rsplit(':').next()).map(str::to_owned);
        let queues = queues.clone();
        async move {
            let Some(queue) = queue else { return Ok(()) };
            let message = NewMessage { body: message(&created).to_string(), ..NewMessage::default() };
            queues.send(&queue, message).await.map(drop).map_err(|error| error.to_string())
        }
    });
}

/// S3 writes a key as a form does: what is no letter, digit or one of these is escaped, and a space is a plus.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

fn message(created: &ObjectCreated) -> Value {
    let key = utf8_percent_encode(&created.key, ESCAPED).to_string().replace(' ', "+");
    let at = Timestamp::from_millisecond(created.created_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let operation = match created.created_by {
        CreatedBy::Put => "Put",
        CreatedBy::Copy => "Copy",
        CreatedBy::CompleteMultipartUpload => "CompleteMultipartUpload",
    };
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        "eventName": format!("ObjectCreated:{operation}"),
        "userIdentity": {"principalId": ACCOUNT_ID},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "local",
            "bucket": {
                "name": created.bucket,
                "ownerIdentity": {"principalId": ACCOUNT_ID},
                "arn": format!("arn:aws:s3:::{}", created.bucket),
            },
            "object": {
                "key": key,
                "size": created.size,
                "eTag": created.etag,
                "sequencer": format!("{:016X}", created.created_ms),
            },
        },
    }]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_shape_of_s3() {
        let created = ObjectCreated {
            bucket: "orders".to_owned(),
            key: "uploads/a b+ü".to_owned(),
            size: 3,
            etag: "e".to_owned(),
            created_by: CreatedBy::Put,
            created_ms: 1_742_472_000_500,
        };
        let message = message(&created);
        let record = &message["Records"][0];
        assert_eq!(record["eventName"], "ObjectCreated:Put");
        assert_eq!(record["eventTime"], "2025-03-20T12:00:00.500Z");
        assert_eq!(record["s3"]["object"]["key"], "uploads/a+b%2B%C3%BC");
        assert_eq!((&record["s3"]["object"]["size"], &record["s3"]["bucket"]["name"]), (&json!(3), &json!("orders")));
    }
}
