//! PutObject, CopyObject and DeleteObject.

use s3s::dto::*;
use s3s::{S3Request, S3Result, s3_error};

use super::events::CreatedBy;
use super::object::{Headers, ReadCondition, StoredObject, WriteCondition};
use super::store::{NewObject, Store};
use super::upload::receive;

pub(super) async fn put(store: &Store, req: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
    let input = req.input;
    let condition = WriteCondition { if_match: input.if_match, if_none_match: input.if_none_match };
    check(store, &input.bucket, &input.key, &condition).await?;
    let received = receive(store.blobs(), input.body, &req.headers, req.trailing_headers).await?;
    let headers = Headers {
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        content_type: input.content_type,
        metadata: input.metadata.unwrap_or_default().into_iter().collect(),
    };
    let object = StoredObject {
        blob: received.draft.name().to_owned(),
        size: received.size,
        etag: hex::encode(received.md5),
        modified_ms: store.now_ms(),
        headers,
        checksums: received.checksums,
    };
    let (bucket, key) = (input.bucket, input.key);
    let new = NewObject { bucket, key, object, condition, created_by: CreatedBy::Put, upload_id: None };
    let object = store.put(received.draft, new).await?;
    Ok(PutObjectOutput {
        checksum_crc32: object.checksums.get("crc32"),
        checksum_crc32c: object.checksums.get("crc32c"),
        checksum_crc64nvme: object.checksums.get("crc64nvme"),
        checksum_sha1: object.checksums.get("sha1"),
        checksum_sha256: object.checksums.get("sha256"),
        e_tag: Some(object.e_tag()),
        ..PutObjectOutput::default()
    })
}

pub(super) async fn copy(store: &Store, req: S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
    let condition = WriteCondition::from_headers(&req.headers)?;
    let input = req.input;
    let CopySource::Bucket { bucket: source_bucket, key: source_key, .. } = &input.copy_source else {
        return Err(s3_error!(NotImplemented));
    };
    check(store, &input.bucket, &input.key, &condition).await?;
    let source = store.object(source_bucket, source_key).await?;
    let wanted = ReadCondition {
        if_match: input.copy_source_if_match,
        if_none_match: input.copy_source_if_none_match,
        if_modified_since: input.copy_source_if_modified_since,
        if_unmodified_since: input.copy_source_if_unmodified_since,
    };
    // A copy answers 412 where a read would say that nothing is new.
    wanted.check(&source).map_err(|_| s3_error!(PreconditionFailed))?;
    let draft = store.blobs().link(&source.blob).await.map_err(s3s::S3Error::internal_error)?;
    let replace = input.metadata_directive.is_some_and(|it| it.as_str() == MetadataDirective::REPLACE);
    let headers = Headers {
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        content_type: input.content_type,
        metadata: input.metadata.unwrap_or_default().into_iter().collect(),
    };
    let object = StoredObject {
        blob: draft.name().to_owned(),
        modified_ms: store.now_ms(),
        headers: if replace { headers } else { source.headers },
        ..source
    };
    let (bucket, key) = (input.bucket, input.key);
    let new = NewObject { bucket, key, object, condition, created_by: CreatedBy::Copy, upload_id: None };
    let object = store.put(draft, new).await?;
    let result = CopyObjectResult {
        e_tag: Some(object.e_tag()),
        last_modified: Some(object.last_modified()),
        ..CopyObjectResult::default()
    };
    Ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
}

pub(super) async fn delete(store: &Store, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
    let condition = WriteCondition { if_match: input.if_match, if_none_match: None };
    store.delete(&input.bucket, &input.key, condition).await?;
    Ok(DeleteObjectOutput::default())
}

pub(super) async fn delete_many(store: &Store, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        let condition = WriteCondition { if_match: object.e_tag.map(ETagCondition::ETag), if_none_match: None };
        match store.delete(&input.bucket, &object.key, condition).await {
            Ok(()) => deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() }),
            Err(error) => errors.push(Error {
                code: Some(error.code().as_str().to_owned()),
                key: Some(object.key),
                message: error.message().map(str::to_owned),
                ..Error::default()
            }),
        }
    }
    if input.delete.quiet == Some(true) {
        deleted.clear();
    }
    Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..DeleteObjectsOutput::default() })
}

async fn check(store: &Store, bucket: &str, key: &str, condition: &WriteCondition) -> S3Result<()> {
    let (bucket, key, condition) = (bucket.to_owned(), key.to_owned(), condition.clone());
    store.index(move |index| index.check(&bucket, &key, &condition)).await
}
