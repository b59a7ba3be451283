//! Keys, quotas and refusals through the real authorizer and gateway.

use super::{Client, Stack};
use crate::kit::caller;
use affinsy_app::http::Caller;
use affinsy_core::plan::{Plan, Scopes};
use reqwest::{Method, StatusCode};

#[tokio::test]
async fn who_is_let_in() {
    let stack = Stack::shared();
    let client = stack.tenant("access").await;
    let refused = async |headers: &[(&str, &str)]| {
        let reply = client.send(Method::GET, "/datasets", headers, None).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{headers:?}: {reply:?}");
        assert!(reply.header("www-authenticate").is_some(), "{reply:?}");
        assert_eq!(reply.json()["code"], "invalid_api_key");
    };
    let good = format!("Bearer {}", client.key);
    refused(&[]).await;
    refused(&[("authorization", "Bearer afn_x")]).await;
    refused(&[("authorization", &good), ("authorization", &good)]).await;
    refused(&[("authorization", &good[..good.len() - 1])]).await;
    refused(&[("x-api-key", &client.key)]).await;
    let spelled =
        client.send(Method::GET, "/datasets", &[("Authorization", &good.replace("Bearer", "bEARER"))], None).await;
    assert_eq!(spelled.status, StatusCode::OK);
    let low = stack.client(Caller { plan: Plan::Pro, ..caller("low-plan") }).await;
    assert_eq!(low.get("/datasets").await.json()["code"], "plan_required");
    let reader = stack.client(Caller { scopes: Scopes::parse("data:read").expect("known"), ..caller("reader") }).await;
    assert_eq!(reader.post("/data/orders", "{}").await.json()["code"], "scope_required");
}

#[tokio::test]
async fn over_quota() {
    let stack = Stack::shared();
    let client = stack.client(Caller { rate_limit: 3, ..caller("quota") }).await;
    let answers = futures::future::join_all((0..10).map(|_| client.get("/datasets"))).await;
    let (fine, over): (Vec<_>, Vec<_>) = answers.into_iter().partition(|reply| reply.status == StatusCode::OK);
    assert_eq!((fine.len(), over.len()), (3, 7));
    for reply in over {
        assert_eq!((reply.status.as_u16(), reply.header("x-ratelimit-remaining")), (429, Some("0")), "{reply:?}");
        let wait_s: u64 = reply.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
        assert!((1..=60).contains(&wait_s), "{wait_s}");
    }
}

#[tokio::test]
async fn paths_and_bodies_that_are_refused() {
    let stack = Stack::shared();
    let client = stack.tenant("refused").await;
    for (path, status) in [("/health", 200), ("/openapi.json", 200), ("/nothing", 404), ("/datasets", 401)] {
        let reply = client.send(Method::GET, path, &[], None).await;
        assert_eq!(reply.status.as_u16(), status, "{path}: {reply:?}");
    }
    let health = client.send(Method::GET, "/health", &[], None).await;
    assert_eq!(health.text, r#"{"status":"ok"}"#);
    let malformed = client.post("/data/orders", "{\n  \"orders\": [,]}").await;
    assert_eq!((malformed.status.as_u16(), &malformed.json()["code"]), (400, &"malformed_json".into()));
    assert!(malformed.json()["error"].to_string().contains("line 2"), "{malformed:?}");
    let large = client.post("/data/orders", &" ".repeat((4 << 20) + 1)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{large:?}");
    let odd = client.get("/datasets/..%2F%2e%2e%2Fa%20b%23").await;
    assert_eq!((odd.status.as_u16(), &odd.json()["code"]), (404, &"not_found".into()));
    let other = stack.tenant("refused-other").await;
    assert_eq!(client.post("/data/orders", super::quickstart::ORDERS).await.status, 202);
    assert_eq!(other.get("/datasets/my-store").await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.get("/datasets/my-store").await.status, StatusCode::OK);
    let strange = Client::new(&stack.base_url, "afn_ÿ");
    assert_eq!(strange.get("/datasets").await.status, StatusCode::UNAUTHORIZED);
}
