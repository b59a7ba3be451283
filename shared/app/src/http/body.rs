//! The bytes of a request's body: media type, encoding, size. Knows nothing of what they mean.

use super::refusal::Kind;
use super::{Refusal, Request};
use bytes::Bytes;
use std::io::Read;

/// The most bytes of a body, decoded.
pub const MAX_BODY_BYTES: usize = 4 << 20;

/// The JSON bytes of a request, decompressed within `limit_bytes`.
pub fn json_bytes(request: &Request, limit_bytes: usize) -> Result<Bytes, Refusal> {
    media_type(request.header("content-type"))?;
    let bytes = match request.header("content-encoding").map(|e| e.trim().to_ascii_lowercase()).as_deref() {
        // No body is no body, whatever is said of it.
        _ if request.body.is_empty() => Bytes::new(),
        None | Some("" | "identity") => request.body.clone(),
        Some("gzip" | "x-gzip") => gunzip(&request.body, limit_bytes)?,
        Some(other) => {
            let message = format!("Content-Encoding {other:?} is not supported: send gzip, or none.");
            return Err(Refusal::new(Kind::UnsupportedMediaType, "unsupported_encoding", message));
        }
    };
    if bytes.len() > limit_bytes { Err(too_large(limit_bytes)) } else { Ok(bytes) }
}

/// An encoding that is refused: such a request is another one than the same bytes without it.
pub fn odd_encoding(request: &Request) -> String {
    let encoding = request.header("content-encoding").unwrap_or_default().trim().to_ascii_lowercase();
    if matches!(&*encoding, "identity" | "gzip" | "x-gzip") { String::new() } else { encoding }
}

/// The body's bytes for a comparison with another body: decompressed where that works, since a packer may write the time
/// into what it packs.
pub fn as_sent(request: &Request) -> Bytes {
    let encoding = request.header("content-encoding").map(|encoding| encoding.trim().to_ascii_lowercase());
    let packed = matches!(encoding.as_deref(), Some("gzip" | "x-gzip"));
    let unpacked = packed.then(|| gunzip(&request.body, MAX_BODY_BYTES).ok()).flatten();
    unpacked.unwrap_or_else(|| request.body.clone())
}

fn media_type(content_type: Option<&str>) -> Result<(), Refusal> {
    let Some(content_type) = content_type else { return Ok(()) };
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let message = format!("Content-Type {essence:?} is not supported: send application/json.");
    Err(Refusal::new(Kind::UnsupportedMediaType, "unsupported_media_type", message))
}

/// Reads one byte more than allowed at most, so a bomb costs no more than a full body.
fn gunzip(body: &[u8], limit_bytes: usize) -> Result<Bytes, Refusal> {
    let mut decoded = Vec::new();
    let reader = flate2::read::MultiGzDecoder::new(body);
    let outcome = reader.take(limit_bytes as u64 + 1).read_to_end(&mut decoded);
    if decoded.len() > limit_bytes {
        return Err(too_large(limit_bytes));
    }
    match outcome {
        Ok(_) => Ok(decoded.into()),
        Err(_) => Err(Refusal::new(Kind::Malformed, "malformed_gzip", "The body is not valid gzip.")),
    }
}

fn too_large(limit_bytes: usize) -> Refusal {
    let advice = match limit_bytes {
        MAX_BODY_BYTES => "Send its orders in several requests",
        _ => "Shorten it",
    };
    let message = format!("The body is larger than {limit_bytes} bytes (decoded). {advice}.");
    Refusal::new(Kind::TooLarge, "too_large", message)
}
