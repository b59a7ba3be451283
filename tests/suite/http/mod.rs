//! The HTTP contract over memory twins: what is refused and how, who is let in, and who sees what.

mod access;
mod bodies;
mod encodings;
mod idempotency;
mod isolation;
mod keys;
mod reads;
mod submissions;

use crate::kit::{Shop, caller, json};
use affinsy_app::http::Answer;

/// An answer in the contract's error form, with this status and code, and its first pointer (empty: none).
fn check_refusal(answer: &Answer, status: u16, code: &str, pointer: &str, what: &str) {
    let what: String = what.chars().take(300).collect();
    let body = json(answer);
    assert_eq!((answer.status, body["code"].as_str()), (status, Some(code)), "{what}: {body}");
    assert!(
        body["error"].as_str().is_some_and(|words| words.len() > 10 && words.ends_with(['.', '…'])),
        "{what}: {body}"
    );
    assert_eq!(body["request_id"].as_str().map(str::len), Some(36), "{what}: {body}");
    assert_eq!(body["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer, "{what}: {body}");
    let words = body["error"].as_str().unwrap_or_default();
    assert_eq!(words.contains("(line "), code == "malformed_json", "line and column of what is not JSON: {body}");
}

/// A push that is refused, and of which nothing stays.
async fn check(body: impl AsRef<[u8]>, status: u16, code: &str, pointer: &str) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let answer = shop.post(&ann, "/data/orders", body.as_ref().to_vec()).await;
    check_refusal(&answer, status, code, pointer, &String::from_utf8_lossy(body.as_ref()));
    assert_eq!(answer.header("x-ratelimit-limit"), Some("1000000"), "{answer:?}");
    assert_eq!(shop.objects.keys(), [""; 0], "no object is left");
    for list in ["/datasets", "/data/imports"] {
        assert_eq!(json(&shop.get(&ann, list).await)["data"].as_array().map(Vec::len), Some(0), "{list}");
    }
}

/// A push that is taken, with so many warnings.
async fn check_taken(body: impl AsRef<[u8]>, warnings: usize) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let answer = shop.post(&ann, "/data/orders", body.as_ref().to_vec()).await;
    let words: String = String::from_utf8_lossy(body.as_ref()).chars().take(300).collect();
    assert_eq!(answer.status, 202, "{words}: {answer:?}");
    assert_eq!(json(&answer)["warnings"].as_array().map(Vec::len), Some(warnings), "{words}: {answer:?}");
}
