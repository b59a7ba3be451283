//! Media types, content encodings and sizes of bodies.

use super::check_refusal;
use crate::kit::{Shop, caller};
use affinsy_app::http::{Answer, Request, Verdict};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const LIMIT: usize = 4 << 20;

async fn pushed(headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    let shop = Shop::new();
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let request = Shop::request("POST", "/data/orders", Verdict::Allow(caller("shop")));
    shop.answer(&Request { headers, body: body.into(), ..request }).await
}

async fn check(headers: &[(&str, &str)], body: Vec<u8>, status: u16, code: &str) {
    let answer = pushed(headers, body).await;
    match status {
        202 => assert_eq!(answer.status, 202, "{headers:?}: {answer:?}"),
        _ => check_refusal(&answer, status, code, "", &format!("{headers:?}")),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// A valid push of exactly so many bytes.
fn body_of(bytes: usize) -> Vec<u8> {
    let mut body = br#"{"orders": [{"order_id": "o", "line_items": [{"product_name": "Tea"}]}]}"#.to_vec();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn media_types() {
    for taken in ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"] {
        check(&[("content-type", taken)], body_of(100), 202, "").await;
    }
    check(&[], body_of(100), 202, "").await;
    for refused in ["text/csv", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json", ""] {
        check(&[("content-type", refused)], body_of(100), 415, "unsupported_media_type").await;
    }
}

#[tokio::test]
async fn encodings() {
    let encoded = |encoding| [("content-encoding", encoding)];
    check(&encoded("gzip"), gzip(&body_of(100)), 202, "").await;
    check(&encoded("GZIP"), gzip(&body_of(100)), 202, "").await;
    check(&encoded("identity"), body_of(100), 202, "").await;
    let (first, second) = (gzip(&body_of(100)[..50]), gzip(&body_of(100)[50..]));
    check(&encoded("gzip"), [first, second].concat(), 202, "").await;
    for refused in ["br", "zstd", "deflate", "gzip, gzip", "x"] {
        check(&encoded(refused), body_of(100), 415, "unsupported_encoding").await;
    }
    check(&encoded("gzip"), body_of(100), 400, "malformed_gzip").await;
    // No body is no body, whatever is said of it: what is missing is its JSON.
    check(&encoded("gzip"), Vec::new(), 400, "malformed_json").await;
    let cut = gzip(&body_of(100));
    check(&encoded("gzip"), cut[..cut.len() - 4].to_vec(), 400, "malformed_gzip").await;
}

#[tokio::test]
async fn the_limit_holds_after_decoding() {
    let gzipped = [("content-encoding", "gzip")];
    for (bytes, status) in [(LIMIT - 1, 202), (LIMIT, 202), (LIMIT + 1, 413)] {
        check(&[], body_of(bytes), status, "too_large").await;
        check(&gzipped, gzip(&body_of(bytes)), status, "too_large").await;
    }
    let bomb = gzip(&vec![b' '; 256 << 20]);
    assert!(bomb.len() < LIMIT, "it looks small");
    check(&gzipped, bomb, 413, "too_large").await;
}

#[tokio::test]
async fn a_gzip_bomb_is_not_unpacked_beyond_the_limit() {
    let gzipped = [("content-encoding", "gzip")];
    // Broken after the limit: had anybody read on, it would be no valid gzip.
    let mut bomb = gzip(&vec![b' '; 64 << 20]);
    let half = bomb.len() / 2;
    bomb.truncate(half);
    check(&gzipped, bomb, 413, "too_large").await;
    let mut small = gzip(&vec![b' '; LIMIT - 1]);
    let half = small.len() / 2;
    small.truncate(half);
    check(&gzipped, small, 400, "malformed_gzip").await;
}
