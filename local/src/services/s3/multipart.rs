//! Uploads in parts: begun, sent, and completed into one object or given up.

use std::collections::HashMap;

use s3s::crypto::{Checksum, Md5};
use s3s::dto::{Part as ShownPart, *};
use s3s::{S3Error, S3Request, S3Result, s3_error};

use super::blobs::{Draft, read_range};
use super::events::CreatedBy;
use super::index::{Part, Upload};
use super::object::{Checksums, Headers, ReadCondition, StoredObject, WriteCondition, timestamp};
use super::store::{NewObject, Store};
use super::upload::receive;

/// Every part but the last must have as much.
const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

pub(super) async fn create(store: &Store, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
    let headers = Headers {
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        content_type: input.content_type,
        metadata: input.metadata.unwrap_or_default().into_iter().collect(),
    };
    let upload = Upload {
        upload_id: uuid::Uuid::new_v4().simple().to_string(),
        bucket: input.bucket,
        key: input.key,
        headers,
        created_ms: store.now_ms(),
    };
    let begun = upload.clone();
    store.index(move |index| index.create_upload(&begun)).await?;
    Ok(CreateMultipartUploadOutput {
        bucket: Some(upload.bucket),
        key: Some(upload.key),
        upload_id: Some(upload.upload_id),
        ..CreateMultipartUploadOutput::default()
    })
}

pub(super) async fn upload_part(store: &Store, req: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
    let input = req.input;
    check_part_number(input.part_number)?;
    let upload = find(store, &input.upload_id, &input.bucket, &input.key).await?;
    let received = receive(store.blobs(), input.body, &req.headers, req.trailing_headers).await?;
    let (etag, checksums) = (hex::encode(received.md5), received.checksums.clone());
    store.put_part(upload, input.part_number, received).await?;
    Ok(UploadPartOutput {
        checksum_crc32: checksums.get("crc32"),
        checksum_crc32c: checksums.get("crc32c"),
        checksum_crc64nvme: checksums.get("crc64nvme"),
        checksum_sha1: checksums.get("sha1"),
        checksum_sha256: checksums.get("sha256"),
        e_tag: Some(ETag::Strong(etag)),
        ..UploadPartOutput::default()
    })
}

/// A part whose bytes are those of an object that is there already, or a range of them.
pub(super) async fn upload_part_copy(store: &Store, input: UploadPartCopyInput) -> S3Result<UploadPartCopyOutput> {
    check_part_number(input.part_number)?;
    let upload = find(store, &input.upload_id, &input.bucket, &input.key).await?;
    let CopySource::Bucket { bucket, key, .. } = &input.copy_source else { return Err(s3_error!(NotImplemented)) };
    let (source, file) = store.open_object(bucket, key).await?;
    let wanted = ReadCondition {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    wanted.check(&source).map_err(|_| s3_error!(PreconditionFailed))?;
    let range = input.copy_source_range.as_deref().map(Range::parse).transpose();
    let range = range.map_err(|error| s3_error!(error, InvalidArgument))?;
    let range = range.map_or(Ok(0..source.size), |range| range.check(source.size))?;
    let body = read_range(file, range.start, range.end - range.start).await.map_err(S3Error::internal_error)?;
    let body = Some(StreamingBlob::wrap(body));
    let received = receive(store.blobs(), body, &http::HeaderMap::new(), None).await?;
    let etag = ETag::Strong(hex::encode(received.md5));
    store.put_part(upload, input.part_number, received).await?;
    let result = CopyPartResult {
        e_tag: Some(etag),
        last_modified: Some(timestamp(store.now_ms())),
        ..CopyPartResult::default()
    };
    Ok(UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() })
}

pub(super) async fn complete(
    store: &Store,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let upload = find(store, &input.upload_id, &input.bucket, &input.key).await?;
    let condition = WriteCondition { if_match: input.if_match, if_none_match: input.if_none_match };
    let upload_id = upload.upload_id.clone();
    let sent = store.index(move |index| index.parts(&upload_id)).await?;
    let named = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let parts = choose(sent, &named)?;
    let draft = join(store, &parts).await?;
    let object = StoredObject {
        blob: draft.name().to_owned(),
        size: parts.iter().map(|part| part.size).sum(),
        etag: etag(&parts)?,
        modified_ms: store.now_ms(),
        headers: upload.headers,
        checksums: Checksums::default(),
    };
    let new = NewObject {
        bucket: upload.bucket,
        key: upload.key,
        object,
        condition,
        created_by: CreatedBy::CompleteMultipartUpload,
        upload_id: Some(upload.upload_id),
    };
    let object = store.put(draft, new).await?;
    Ok(CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(object.e_tag()),
        ..CompleteMultipartUploadOutput::default()
    })
}

pub(super) async fn abort(store: &Store, input: AbortMultipartUploadInput) -> S3Result<AbortMultipartUploadOutput> {
    let upload = find(store, &input.upload_id, &input.bucket, &input.key).await?;
    store.abort_upload(upload).await?;
    Ok(AbortMultipartUploadOutput::default())
}

pub(super) async fn list_parts(store: &Store, input: ListPartsInput) -> S3Result<ListPartsOutput> {
    let upload = find(store, &input.upload_id, &input.bucket, &input.key).await?;
    let mut parts = store.index(move |index| index.parts(&upload.upload_id)).await?;
    parts.retain(|part| input.part_number_marker.is_none_or(|marker| part.number > marker));
    let limit = usize::try_from(input.max_parts.unwrap_or(1000)).map_err(|error| s3_error!(error, InvalidArgument))?;
    let is_truncated = parts.len() > limit;
    parts.truncate(limit);
    Ok(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        is_truncated: Some(is_truncated),
        next_part_number_marker: parts.last().filter(|_| is_truncated).map(|part| part.number),
        parts: Some(parts.into_iter().map(shown).collect()),
        ..ListPartsOutput::default()
    })
}

pub(super) async fn list_uploads(
    store: &Store,
    input: ListMultipartUploadsInput,
) -> S3Result<ListMultipartUploadsOutput> {
    let bucket = input.bucket.clone();
    let mut uploads = store.index(move |index| index.uploads(&bucket)).await?;
    uploads.retain(|upload| upload.key.starts_with(input.prefix.as_deref().unwrap_or_default()));
    let shown = |upload: Upload| MultipartUpload {
        key: Some(upload.key),
        upload_id: Some(upload.upload_id),
        initiated: Some(timestamp(upload.created_ms)),
        ..MultipartUpload::default()
    };
    Ok(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        prefix: input.prefix,
        is_truncated: Some(false),
        uploads: Some(uploads.into_iter().map(shown).collect()),
        ..ListMultipartUploadsOutput::default()
    })
}

async fn find(store: &Store, upload_id: &str, bucket: &str, key: &str) -> S3Result<Upload> {
    let (upload_id, bucket, key) = (upload_id.to_owned(), bucket.to_owned(), key.to_owned());
    store.index(move |index| index.upload(&upload_id, &bucket, &key)).await
}

fn check_part_number(number: i32) -> S3Result<()> {
    if (1..=10_000).contains(&number) {
        return Ok(());
    }
    Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"))
}

/// The parts that were sent, as the completion names them.
fn choose(sent: Vec<Part>, named: &[CompletedPart]) -> S3Result<Vec<Part>> {
    if named.is_empty() {
        return Err(s3_error!(MalformedXML, "You must specify at least one part"));
    }
    if !named.windows(2).all(|pair| pair[0].part_number < pair[1].part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let mut by_number: HashMap<i32, Part> = sent.into_iter().map(|part| (part.number, part)).collect();
    let mut parts = Vec::with_capacity(named.len());
    for completed in named {
        let part = completed.part_number.and_then(|number| by_number.remove(&number));
        let same = |part: &Part| completed.e_tag.as_ref().is_none_or(|etag| etag.value() == part.md5);
        parts.push(part.filter(same).ok_or_else(|| s3_error!(InvalidPart))?);
    }
    let all_but_last = &parts[..parts.len() - 1];
    if all_but_last.iter().any(|part| part.size < MIN_PART_BYTES) {
        return Err(s3_error!(EntityTooSmall));
    }
    Ok(parts)
}

async fn join(store: &Store, parts: &[Part]) -> S3Result<Draft> {
    let (draft, mut file) = store.blobs().create().await.map_err(S3Error::internal_error)?;
    for part in parts {
        // A part that was sent again meanwhile, or given up with the upload, is gone.
        let mut source = store.blobs().open_blob(&part.blob).await.map_err(|error| s3_error!(error, InvalidPart))?;
        tokio::io::copy(&mut source, &mut file).await.map_err(S3Error::internal_error)?;
    }
    store.blobs().finish(file).await.map_err(S3Error::internal_error)?;
    Ok(draft)
}

/// The digest of the parts' digests, and how many they are.
fn etag(parts: &[Part]) -> S3Result<String> {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(&hex::decode(&part.md5).map_err(S3Error::internal_error)?);
    }
    Ok(format!("{}-{}", hex::encode(digest.finalize()), parts.len()))
}

fn shown(part: Part) -> ShownPart {
    ShownPart {
        part_number: Some(part.number),
        size: i64::try_from(part.size).ok(),
        e_tag: Some(ETag::Strong(part.md5)),
        last_modified: Some(timestamp(part.modified_ms)),
        ..ShownPart::default()
    }
}
