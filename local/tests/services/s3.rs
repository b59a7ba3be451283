//! S3: conditional writes have one winner, digests are verified before anything changes, and what was acknowledged is
//! there after a restart.

use std::time::Duration;

use affinsy_local::services::{CreatedBy, S3, ServiceConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::{s3, s3_client};

const PART_BYTES: usize = 5 * 1024 * 1024;

async fn put(client: &Client, key: &str, body: &str) {
    let body = ByteStream::from(body.as_bytes().to_vec());
    client.put_object().bucket("orders").key(key).body(body).send().await.unwrap();
}

async fn get(client: &Client, key: &str) -> Option<Vec<u8>> {
    match client.get_object().bucket("orders").key(key).send().await {
        Ok(found) => Some(found.body.collect().await.unwrap().to_vec()),
        Err(error) => {
            assert_eq!(error.code(), Some("NoSuchKey"));
            None
        }
    }
}

async fn begin(client: &Client, key: &str) -> String {
    let begun = client.create_multipart_upload().bucket("orders").key(key).content_type("text/plain");
    begun.send().await.unwrap().upload_id.unwrap()
}

async fn send_part(client: &Client, key: &str, upload: &str, number: i32, body: Vec<u8>) -> CompletedPart {
    let part = client.upload_part().bucket("orders").key(key).upload_id(upload).part_number(number);
    let etag = part.body(body.into()).send().await.unwrap().e_tag.unwrap();
    CompletedPart::builder().part_number(number).e_tag(etag).build()
}

/// The status and body of a plain HTTP request, as a browser or curl would send it.
async fn http_get(url: &str) -> (u16, String) {
    http("GET", url, &[], "").await
}

async fn http_put(url: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    http("PUT", url, headers, body).await.0
}

async fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut socket = tokio::net::TcpStream::connect(host).await.unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn if_none_match_has_one_winner_of_twenty_in_every_round() {
    let (_dir, _service, client) = s3().await;
    for round in 0..25 {
        let key = format!("race/{round}");
        let write = |writer: usize| {
            let body = format!("writer {writer} ").repeat(1000 + writer);
            let put = client.put_object().bucket("orders").key(&key).if_none_match("*");
            tokio::spawn(put.body(body.into_bytes().into()).send())
        };
        let writes: Vec<_> = (0..20).map(write).collect();
        let mut winners = Vec::new();
        for (writer, write) in writes.into_iter().enumerate() {
            match write.await.unwrap() {
                Ok(_) => winners.push(writer),
                Err(error) => assert_eq!(error.code(), Some("PreconditionFailed")),
            }
        }
        assert_eq!(winners.len(), 1, "round {round}");
        let expected = format!("writer {} ", winners[0]).repeat(1000 + winners[0]);
        assert_eq!(get(&client, &key).await.unwrap(), expected.into_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn put_copy_and_multipart_race_for_one_key_and_one_wins() {
    let (dir, _service, client) = s3().await;
    put(&client, "source", "copied").await;
    for round in 0..10 {
        let key = format!("race/{round}");
        let upload = begin(&client, &key).await;
        let part = send_part(&client, &key, &upload, 1, b"in parts".to_vec()).await;
        let parts = CompletedMultipartUpload::builder().parts(part).build();
        let put = client.put_object().bucket("orders").key(&key).body(b"put".to_vec().into()).if_none_match("*");
        let copy = client.copy_object().bucket("orders").key(&key).copy_source("orders/source").if_none_match("*");
        let complete = client.complete_multipart_upload().bucket("orders").key(&key).upload_id(&upload);
        let complete = complete.multipart_upload(parts).if_none_match("*");
        let (put, copy, complete) = tokio::join!(put.send(), copy.send(), complete.send());
        let outcomes = [put.is_ok(), copy.is_ok(), complete.is_ok()];
        assert_eq!(outcomes.iter().filter(|won| **won).count(), 1, "round {round}: {outcomes:?}");
        let winner = ["put", "copied", "in parts"][outcomes.iter().position(|won| *won).unwrap()];
        assert_eq!(get(&client, &key).await.unwrap(), winner.as_bytes());
        if !outcomes[2] {
            let abort = client.abort_multipart_upload().bucket("orders").key(&key).upload_id(upload);
            abort.send().await.unwrap();
        }
    }
    let files = std::fs::read_dir(dir.path().join("blobs")).unwrap().count();
    assert_eq!(files, 11, "the losers left no files behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_and_metadata_and_checksums_come_back() {
    let (_dir, _service, client) = s3().await;
    let put = client.put_object().bucket("orders").key("a b/ü+%?.json").body(b"{}".to_vec().into());
    let put = put.content_type("application/json").content_encoding("identity").cache_control("no-store");
    let put = put.metadata("sequence", "7").checksum_algorithm(ChecksumAlgorithm::Sha256);
    let sha256 = put.send().await.unwrap().checksum_sha256.unwrap();
    assert_eq!(sha256, "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=");
    let head = client.head_object().bucket("orders").key("a b/ü+%?.json").send().await.unwrap();
    assert_eq!(head.content_type(), Some("application/json"));
    assert_eq!(head.cache_control(), Some("no-store"));
    assert_eq!(head.content_length(), Some(2));
    assert_eq!(head.e_tag(), Some("\"99914b932bd37a50b983c5e7c90ae93b\""));
    assert_eq!(head.metadata().unwrap()["sequence"], "7");
    assert_eq!(get(&client, "a b/ü+%?.json").await.unwrap(), b"{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_match_its_digest_changes_nothing() {
    let (dir, _service, client) = s3().await;
    put(&client, "k", "before").await;
    let put = client.put_object().bucket("orders").key("k").body(b"after".to_vec().into());
    let refused = put.content_md5("AAAAAAAAAAAAAAAAAAAAAA==").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("BadDigest"));
    assert_eq!(get(&client, "k").await.unwrap(), b"before");
    assert_eq!(std::fs::read_dir(dir.path().join("blobs")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_give_the_bytes_asked_for() {
    let (_dir, _service, client) = s3().await;
    put(&client, "k", "0123456789").await;
    let check = async |range: &str, expected: Result<(&str, &str), &str>| {
        let got = client.get_object().bucket("orders").key("k").range(range).send().await;
        let got = match got {
            Ok(part) => {
                let shown = part.content_range().unwrap().to_owned();
                Ok((shown, String::from_utf8(part.body.collect().await.unwrap().to_vec()).unwrap()))
            }
            Err(error) => Err(error.code().unwrap().to_owned()),
        };
        let expected = expected.map(|(range, body)| (range.to_owned(), body.to_owned())).map_err(str::to_owned);
        assert_eq!(got, expected, "{range}");
    };
    check("bytes=0-3", Ok(("bytes 0-3/10", "0123"))).await;
    check("bytes=8-", Ok(("bytes 8-9/10", "89"))).await;
    check("bytes=8-99", Ok(("bytes 8-9/10", "89"))).await;
    check("bytes=-2", Ok(("bytes 8-9/10", "89"))).await;
    check("bytes=10-", Err("InvalidRange")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_make_one_object() {
    let (dir, _service, client) = s3().await;
    let upload = begin(&client, "big").await;
    let first = send_part(&client, "big", &upload, 1, vec![b'a'; PART_BYTES]).await;
    send_part(&client, "big", &upload, 3, b"lost".to_vec()).await;
    let last = send_part(&client, "big", &upload, 3, b"end".to_vec()).await;
    let complete = async |parts: Vec<CompletedPart>| {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = client.complete_multipart_upload().bucket("orders").key("big").upload_id(&upload);
        complete.multipart_upload(parts).send().await.map_err(|error| error.code().unwrap().to_owned())
    };
    let unknown = CompletedPart::builder().part_number(2).e_tag("x").build();
    assert_eq!(complete(vec![first.clone(), unknown]).await.unwrap_err(), "InvalidPart");
    assert_eq!(complete(vec![last.clone(), first.clone()]).await.unwrap_err(), "InvalidPartOrder");
    let done = complete(vec![first.clone(), last]).await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""));
    assert_eq!(complete(vec![first]).await.unwrap_err(), "NoSuchUpload");

    let body = get(&client, "big").await.unwrap();
    assert_eq!((body.len(), &body[PART_BYTES..]), (PART_BYTES + 3, b"end".as_slice()));
    let head = client.head_object().bucket("orders").key("big").send().await.unwrap();
    assert_eq!(head.content_type(), Some("text/plain"));
    assert_eq!(std::fs::read_dir(dir.path().join("blobs")).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_can_be_a_range_of_another_object() {
    let (_dir, _service, client) = s3().await;
    put(&client, "source", "0123456789").await;
    let upload = begin(&client, "copy").await;
    let copy = client.upload_part_copy().bucket("orders").key("copy").upload_id(&upload).part_number(1);
    let copied = copy.copy_source("orders/source").copy_source_range("bytes=2-4").send().await.unwrap();
    let etag = copied.copy_part_result.unwrap().e_tag.unwrap();
    let parts = CompletedMultipartUpload::builder().parts(CompletedPart::builder().part_number(1).e_tag(etag).build());
    let complete = client.complete_multipart_upload().bucket("orders").key("copy").upload_id(upload);
    complete.multipart_upload(parts.build()).send().await.unwrap();
    assert_eq!(get(&client, "copy").await.unwrap(), b"234");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_url_opens_one_object_and_no_other() {
    let (_dir, service, client) = s3().await;
    put(&client, "results/1.json", "the result").await;
    put(&client, "results/2.json", "another's").await;
    let lifetime = PresigningConfig::expires_in(Duration::from_secs(600)).unwrap();
    let presigned = client.get_object().bucket("orders").key("results/1.json").presigned(lifetime).await.unwrap();
    assert_eq!(http_get(presigned.uri()).await, (200, "the result".to_owned()));
    assert_eq!(http_get(&presigned.uri().replace("1.json", "2.json")).await.0, 403);
    assert_eq!(http_get(&format!("{}/orders/results/1.json", service.url())).await.0, 403);
    let old = PresigningConfig::builder().start_time(std::time::UNIX_EPOCH).expires_in(Duration::from_secs(600));
    let expired = client.get_object().bucket("orders").key("results/1.json").presigned(old.build().unwrap());
    assert_eq!(http_get(expired.await.unwrap().uri()).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_write_is_for_its_key_and_happens_once() {
    let (_dir, _service, client) = s3().await;
    let lifetime = PresigningConfig::expires_in(Duration::from_secs(600)).unwrap();
    let put = client.put_object().bucket("orders").key("uploads/1").if_none_match("*");
    let presigned = put.presigned(lifetime).await.unwrap();
    let headers: Vec<_> = presigned.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(headers, [("if-none-match".to_owned(), "*".to_owned())]);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let check = async |url: &str, headers: &[(&str, &str)], expected: u16| {
        assert_eq!(http_put(url, headers, "a,b\n").await, expected, "{url} {headers:?}");
    };
    let url = presigned.uri();
    check(url, &[], 403).await;
    check(&url.replace("uploads/1", "uploads/2"), &headers, 403).await;
    check(url, &headers, 200).await;
    check(url, &headers, 412).await;
    assert_eq!(get(&client, "uploads/1").await.unwrap(), b"a,b\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_listed_in_pages_and_a_key_may_begin_another() {
    let (_dir, _service, client) = s3().await;
    let long = format!("long/{}", "x".repeat(900));
    for key in ["a", "a/1", "a/2", "b", &long] {
        put(&client, key, key).await;
    }
    let mut pages = client.list_objects_v2().bucket("orders").max_keys(2).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        keys.extend(page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    assert_eq!(keys, ["a", "a/1", "a/2", "b", &long]);
    let rolled = client.list_objects_v2().bucket("orders").delimiter("/").send().await.unwrap();
    let prefixes: Vec<_> = rolled.common_prefixes().iter().map(|prefix| prefix.prefix().unwrap()).collect();
    assert_eq!((rolled.contents().len(), prefixes), (2, vec!["a/", "long/"]));

    let objects = ["a", "gone"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder().set_objects(Some(objects.to_vec())).build().unwrap();
    let deleted = client.delete_objects().bucket("orders").delete(delete).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (2, 0));
    assert_eq!(get(&client, "a").await, None);
    assert_eq!(get(&client, "a/1").await.unwrap(), b"a/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_during_overwrites_see_one_version_whole() {
    let (_dir, _service, client) = s3().await;
    put(&client, "k", &"0".repeat(100_000)).await;
    let writer = client.clone();
    let writing = tokio::spawn(async move {
        for version in 1..30 {
            put(&writer, "k", &(version % 10).to_string().repeat(100_000 + version)).await;
        }
    });
    while !writing.is_finished() {
        // The SDK compares the checksum too.
        let body = get(&client, "k").await.unwrap();
        assert!(body.iter().all(|byte| *byte == body[0]), "two versions in one body");
    }
    writing.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_those_of_s3() {
    let (_dir, _service, client) = s3().await;
    let get = client.get_object().bucket("nowhere").key("k").send().await.unwrap_err();
    assert_eq!(get.code(), Some("NoSuchBucket"));
    let head = client.head_object().bucket("orders").key("k").send().await.unwrap_err();
    assert!(head.into_service_error().is_not_found());
    let missing = client.put_object().bucket("orders").key("k").if_match("\"x\"").send().await.unwrap_err();
    assert_eq!(missing.code(), Some("NoSuchKey"));
    put(&client, "k", "1").await;
    let other = client.put_object().bucket("orders").key("k").if_match("\"x\"").send().await.unwrap_err();
    assert_eq!(other.code(), Some("PreconditionFailed"));
    let etag = client.head_object().bucket("orders").key("k").send().await.unwrap().e_tag.unwrap();
    client.put_object().bucket("orders").key("k").if_match(etag).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_objects_and_sweeps_what_nothing_names() {
    let (dir, service, client) = s3().await;
    put(&client, "kept", "still here").await;
    let upload = begin(&client, "big").await;
    let part = send_part(&client, "big", &upload, 1, b"part".to_vec()).await;
    std::fs::write(dir.path().join("blobs/orphan"), "left by a crash").unwrap();
    let port = service.addr().port();
    service.shutdown().await.unwrap();

    let service = S3::start(ServiceConfig::new(dir.path()).on_port(port)).await.unwrap();
    service.ensure_bucket("orders").await.unwrap();
    let client = s3_client(service.url());
    assert_eq!(get(&client, "kept").await.unwrap(), b"still here");
    assert!(!dir.path().join("blobs/orphan").exists());
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = client.complete_multipart_upload().bucket("orders").key("big").upload_id(upload);
    complete.multipart_upload(parts).send().await.unwrap();
    assert_eq!(get(&client, "big").await.unwrap(), b"part");
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_hear_of_every_object_also_after_a_restart() {
    let (dir, service, client) = s3().await;
    // A watcher that never finishes: its event is still due when the service stops.
    let (asked, mut was_asked) = tokio::sync::mpsc::unbounded_channel();
    let fits = |key: &str| !key.starts_with("quiet/");
    service.on_object_created("orders", fits, move |event| {
        asked.send(event.key).unwrap();
        std::future::pending()
    });
    put(&client, "quiet/unheard", "1").await;
    put(&client, "first", "1").await;
    assert_eq!(was_asked.recv().await.unwrap(), "first");
    drop((service, client));

    let service = S3::start(ServiceConfig::new(dir.path())).await.unwrap();
    let client = s3_client(service.url());
    let (heard, mut events) = tokio::sync::mpsc::unbounded_channel();
    service.on_object_created("orders", fits, move |event| {
        heard.send((event.key, event.size, event.created_by)).unwrap();
        std::future::ready(Ok(()))
    });
    let copy = client.copy_object().bucket("orders").key("second").copy_source("orders/first");
    copy.send().await.unwrap();
    assert_eq!(events.recv().await.unwrap(), ("first".into(), 1, CreatedBy::Put));
    assert_eq!(events.recv().await.unwrap(), ("second".into(), 1, CreatedBy::Copy));
}
