//! GetObject and HeadObject.

use s3s::dto::*;
use s3s::{S3Error, S3Result};

use super::blobs::read_range;
use super::object::{Checksums, ReadCondition, StoredObject};
use super::store::Store;

pub(super) async fn get(store: &Store, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    let (object, file) = store.open_object(&input.bucket, &input.key).await?;
    let condition = ReadCondition {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    condition.check(&object)?;
    let range = input.range.map(|range| range.check(object.size)).transpose()?;
    let (start, end) = range.as_ref().map_or((0, object.size), |range| (range.start, range.end));
    let body = read_range(file, start, end - start).await.map_err(S3Error::internal_error)?;
    // A checksum is of the whole object, and would not match a part of it.
    let checksums =
        if range.is_none() { visible_checksums(&object, input.checksum_mode) } else { Checksums::default() };
    let headers = object.headers.clone();
    Ok(GetObjectOutput {
        accept_ranges: Some("bytes".into()),
        body: Some(StreamingBlob::wrap(body)),
        cache_control: input.response_cache_control.or(headers.cache_control),
        checksum_crc32: checksums.get("crc32"),
        checksum_crc32c: checksums.get("crc32c"),
        checksum_crc64nvme: checksums.get("crc64nvme"),
        checksum_sha1: checksums.get("sha1"),
        checksum_sha256: checksums.get("sha256"),
        content_disposition: input.response_content_disposition.or(headers.content_disposition),
        content_encoding: input.response_content_encoding.or(headers.content_encoding),
        content_language: input.response_content_language.or(headers.content_language),
        content_length: i64::try_from(end - start).ok(),
        content_range: range.map(|_| format!("bytes {start}-{}/{}", end - 1, object.size)),
        content_type: input.response_content_type.or(headers.content_type),
        e_tag: Some(object.e_tag()),
        last_modified: Some(object.last_modified()),
        metadata: metadata(&object),
        ..GetObjectOutput::default()
    })
}

pub(super) async fn head(store: &Store, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let object = store.object(&input.bucket, &input.key).await?;
    let condition = ReadCondition {
        if_match: input.if_match,
        if_none_match: input.if_none_match,
        if_modified_since: input.if_modified_since,
        if_unmodified_since: input.if_unmodified_since,
    };
    condition.check(&object)?;
    let checksums = visible_checksums(&object, input.checksum_mode);
    let headers = object.headers.clone();
    Ok(HeadObjectOutput {
        accept_ranges: Some("bytes".into()),
        cache_control: headers.cache_control,
        checksum_crc32: checksums.get("crc32"),
        checksum_crc32c: checksums.get("crc32c"),
        checksum_crc64nvme: checksums.get("crc64nvme"),
        checksum_sha1: checksums.get("sha1"),
        checksum_sha256: checksums.get("sha256"),
        content_disposition: headers.content_disposition,
        content_encoding: headers.content_encoding,
        content_language: headers.content_language,
        content_length: i64::try_from(object.size).ok(),
        content_type: headers.content_type,
        e_tag: Some(object.e_tag()),
        last_modified: Some(object.last_modified()),
        metadata: metadata(&object),
        ..HeadObjectOutput::default()
    })
}

fn visible_checksums(object: &StoredObject, mode: Option<ChecksumMode>) -> Checksums {
    let asked = mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
    if asked { object.checksums.clone() } else { Checksums::default() }
}

fn metadata(object: &StoredObject) -> Option<Metadata> {
    let metadata = &object.headers.metadata;
    (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect())
}
