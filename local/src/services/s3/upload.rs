//! Takes the body of a request into a file, and verifies every digest that the sender declared before anything can name
//! that file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum, Md5};
use s3s::dto::StreamingBlob;
use s3s::{S3Result, TrailingHeaders, s3_error};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::blobs::{Blobs, Draft};
use super::object::Checksums;

const ALGORITHMS: [&str; 5] = ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"];
const BUFFER_BYTES: usize = 256 * 1024;

/// A body on the disk, complete and verified.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) draft: Draft,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    pub(super) checksums: Checksums,
}

/// Writes the body, and checks it against the headers and the trailers of its request.
pub(super) async fn receive(
    blobs: &Blobs,
    body: Option<StreamingBlob>,
    headers: &HeaderMap,
    trailers: Option<TrailingHeaders>,
) -> S3Result<Received> {
    let (draft, file) = blobs.create().await.map_err(s3s::S3Error::internal_error)?;
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
    let (mut md5, mut hasher, mut size) = (Md5::new(), hasher(headers), 0);
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| s3s::S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, error))?;
            md5.update(&chunk);
            hasher.update(&chunk);
            size += chunk.len() as u64;
            writer.write_all(&chunk).await.map_err(s3s::S3Error::internal_error)?;
        }
    }
    writer.flush().await.map_err(s3s::S3Error::internal_error)?;
    blobs.finish(writer.into_inner()).await.map_err(s3s::S3Error::internal_error)?;
    let md5 = md5.finalize();
    let checksums = computed(hasher);
    verify(headers, &md5, &checksums)?;
    if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
        verify(&trailers, &md5, &checksums)?;
    }
    Ok(Received { draft, size, md5, checksums })
}

/// Computes what a header or a trailer declares, or the SDK names.
fn hasher(headers: &HeaderMap) -> ChecksumHasher {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (trailer, algorithm) = (text("x-amz-trailer"), text("x-amz-sdk-checksum-algorithm"));
    let wants = |name: &str| {
        let header = header_name(name);
        headers.contains_key(&header) || trailer.contains(&header) || algorithm.eq_ignore_ascii_case(name)
    };
    ChecksumHasher {
        crc32: wants("crc32").then(Default::default),
        crc32c: wants("crc32c").then(Default::default),
        crc64nvme: wants("crc64nvme").then(Default::default),
        sha1: wants("sha1").then(Default::default),
        sha256: wants("sha256").then(Default::default),
    }
}

fn computed(hasher: ChecksumHasher) -> Checksums {
    let sums = hasher.finalize();
    let values =
        [sums.checksum_crc32, sums.checksum_crc32c, sums.checksum_crc64nvme, sums.checksum_sha1, sums.checksum_sha256];
    let pairs = ALGORITHMS.iter().zip(values);
    Checksums(pairs.filter_map(|(name, value)| Some((header_name(name), value?))).collect())
}

fn verify(declared: &HeaderMap, md5: &[u8; 16], computed: &Checksums) -> S3Result<()> {
    if let Some(content_md5) = declared.get("content-md5")
        && content_md5.as_bytes() != STANDARD.encode(md5).as_bytes()
    {
        return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
    }
    for name in ALGORITHMS {
        let header = header_name(name);
        let Some(declared) = declared.get(&header) else { continue };
        if computed.0.get(&header).is_none_or(|sum| sum.as_bytes() != declared.as_bytes()) {
            return Err(s3_error!(BadDigest, "The {name} you specified did not match the calculated checksum."));
        }
    }
    Ok(())
}

fn header_name(algorithm: &str) -> String {
    format!("x-amz-checksum-{algorithm}")
}
