//! Buckets, and the lists of what is in them, as the S3 API shows them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Result, s3_error};

use super::listing::{Listed, Page, Query};
use super::object::timestamp;
use super::store::Store;

const MAX_PAGE: i32 = 1000;

pub(super) async fn create(store: &Store, input: CreateBucketInput) -> S3Result<CreateBucketOutput> {
    let (bucket, now) = (input.bucket.clone(), store.now_ms());
    if !store.index(move |index| index.create_bucket(&bucket, now)).await? {
        return Err(s3_error!(BucketAlreadyOwnedByYou));
    }
    Ok(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) })
}

pub(super) async fn delete(store: &Store, input: DeleteBucketInput) -> S3Result<DeleteBucketOutput> {
    store.index(move |index| index.delete_bucket(&input.bucket)).await?;
    Ok(DeleteBucketOutput::default())
}

pub(super) async fn head(store: &Store, input: HeadBucketInput) -> S3Result<HeadBucketOutput> {
    store.index(move |index| index.require_bucket(&input.bucket)).await?;
    Ok(HeadBucketOutput::default())
}

pub(super) async fn location(store: &Store, input: GetBucketLocationInput) -> S3Result<GetBucketLocationOutput> {
    store.index(move |index| index.require_bucket(&input.bucket)).await?;
    Ok(GetBucketLocationOutput::default())
}

pub(super) async fn list(store: &Store) -> S3Result<ListBucketsOutput> {
    let buckets = store.index(|index| index.buckets()).await?;
    let shown = |(name, created_ms)| Bucket {
        name: Some(name),
        creation_date: Some(timestamp(created_ms)),
        ..Bucket::default()
    };
    Ok(ListBucketsOutput { buckets: Some(buckets.into_iter().map(shown).collect()), ..ListBucketsOutput::default() })
}

pub(super) async fn list_objects(store: &Store, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
    let request = Request {
        bucket: input.bucket.clone(),
        prefix: input.prefix.clone(),
        delimiter: input.delimiter.clone(),
        after: input.marker.clone(),
        max_keys: input.max_keys,
    };
    let listed = request.list(store).await?;
    Ok(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: input.prefix,
        marker: input.marker,
        max_keys: Some(listed.max_keys),
        is_truncated: Some(listed.next.is_some()),
        contents: Some(listed.contents),
        common_prefixes: Some(listed.common_prefixes),
        // S3 names the next marker only where a delimiter rolls keys up; else it is the last key.
        next_marker: listed.next.filter(|_| input.delimiter.is_some()),
        delimiter: input.delimiter,
        ..ListObjectsOutput::default()
    })
}

pub(super) async fn list_objects_v2(store: &Store, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    let token = input.continuation_token.as_deref().map(decode_token).transpose()?;
    let request = Request {
        bucket: input.bucket.clone(),
        prefix: input.prefix.clone(),
        delimiter: input.delimiter.clone(),
        after: token.or_else(|| input.start_after.clone()),
        max_keys: input.max_keys,
    };
    let listed = request.list(store).await?;
    let count = listed.contents.len() + listed.common_prefixes.len();
    Ok(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: input.prefix,
        max_keys: Some(listed.max_keys),
        key_count: i32::try_from(count).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(listed.next.is_some()),
        next_continuation_token: listed.next.map(|next| URL_SAFE_NO_PAD.encode(next)),
        contents: Some(listed.contents),
        common_prefixes: Some(listed.common_prefixes),
        delimiter: input.delimiter,
        start_after: input.start_after,
        ..ListObjectsV2Output::default()
    })
}

/// What both versions of the list ask.
struct Request {
    bucket: String,
    prefix: Option<String>,
    delimiter: Option<String>,
    after: Option<String>,
    max_keys: Option<i32>,
}

/// What both versions of the list answer.
struct Answer {
    contents: Vec<Object>,
    common_prefixes: Vec<CommonPrefix>,
    max_keys: i32,
    next: Option<String>,
}

impl Request {
    async fn list(self, store: &Store) -> S3Result<Answer> {
        let max_keys = self.max_keys.unwrap_or(MAX_PAGE).min(MAX_PAGE);
        let limit = usize::try_from(max_keys).map_err(|error| s3_error!(error, InvalidArgument))?;
        let list = move |index: &mut super::index::Index| {
            let prefix = self.prefix.as_deref().unwrap_or_default();
            let query = Query { prefix, delimiter: self.delimiter.as_deref(), after: self.after.as_deref(), limit };
            index.list(&self.bucket, &query)
        };
        Ok(Answer::new(store.index(list).await?, max_keys))
    }
}

impl Answer {
    fn new(page: Page, max_keys: i32) -> Self {
        let (mut contents, mut common_prefixes) = (Vec::new(), Vec::new());
        for entry in page.entries {
            match entry {
                Listed::Prefix(prefix) => common_prefixes.push(CommonPrefix { prefix: Some(prefix) }),
                Listed::Object(key, object) => contents.push(Object {
                    key: Some(key),
                    e_tag: Some(object.e_tag()),
                    last_modified: Some(timestamp(object.modified_ms)),
                    size: i64::try_from(object.size).ok(),
                    storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
                    ..Object::default()
                }),
            }
        }
        Self { contents, common_prefixes, max_keys, next: page.next }
    }
}

fn decode_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|error| s3_error!(error, InvalidArgument))?;
    String::from_utf8(bytes).map_err(|error| s3_error!(error, InvalidArgument))
}
