//! Keys over HTTP and `Idempotency-Key`, through the real authorizer, gateway, functions and tables.

use super::run::Reply;
use super::{Client, Stack};
use reqwest::{Method, StatusCode};

async fn keyed(client: &Client, path: &str, body: &str, key: &str) -> Reply {
    let bearer = format!("Bearer {}", client.key);
    let headers = [("authorization", &*bearer), ("content-type", "application/json"), ("idempotency-key", key)];
    client.send(Method::POST, path, &headers, Some(body.to_owned())).await
}

#[tokio::test]
async fn fifty_calls_with_one_key_make_one_report() {
    let stack = Stack::shared();
    let client = stack.tenant("once").await;
    let pushes = [(); 2].map(|()| keyed(&client, "/data/orders", super::quickstart::ORDERS, "push"));
    let pushed = futures::future::join_all(pushes).await;
    assert!(pushed.iter().any(|reply| reply.status == StatusCode::ACCEPTED), "{pushed:?}");
    let body = r#"{"report_type":"MBA","dataset_id":"my-store"}"#;
    let replies = futures::future::join_all((0..50).map(|_| keyed(&client, "/reports", body, "report"))).await;
    let (taken, waiting): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == StatusCode::ACCEPTED);
    assert_eq!(taken.iter().filter(|reply| reply.header("idempotent-replayed").is_none()).count(), 1, "{taken:?}");
    let report_id = taken[0].json()["report_id"].clone();
    assert!(taken.iter().all(|reply| reply.json()["report_id"] == report_id), "{taken:?}");
    for reply in waiting {
        assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::CONFLICT, Some("1")), "{reply:?}");
        assert_eq!(reply.json()["code"], "idempotency_in_flight");
    }
    let replayed = keyed(&client, "/reports", body, "report").await;
    assert_eq!((&replayed.json()["report_id"], replayed.header("idempotent-replayed")), (&report_id, Some("true")));
    assert_eq!(replayed.header("location"), taken[0].header("location"));
    for list in ["/reports", "/data/imports"] {
        assert_eq!(client.get(list).await.json()["data"].as_array().map(Vec::len), Some(1), "{list}");
    }
}

#[tokio::test]
async fn a_key_makes_lists_and_revokes_another() {
    let stack = Stack::shared();
    let client = stack.tenant("keys").await;
    let made = keyed(&client, "/keys", r#"{"scopes":["data:read"],"expires_in_days":1}"#, "k").await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let key = made.json();
    let again = keyed(&client, "/keys", r#"{"scopes":["data:read"],"expires_in_days":1}"#, "k").await.json();
    assert_eq!((&again["key_id"], &again["key"]), (&key["key_id"], &serde_json::Value::Null));
    let reader = Client::new(&stack.base_url, key["key"].as_str().expect("shown once"));
    assert_eq!(reader.get("/datasets").await.status, StatusCode::OK);
    assert_eq!(reader.get("/keys").await.json()["code"], "scope_required");
    let listed = client.get("/keys").await;
    let ids: Vec<_> =
        listed.json()["data"].as_array().expect("a list").iter().map(|key| key["key_id"].clone()).collect();
    assert!(ids.len() == 2 && ids.contains(&key["key_id"]), "{listed:?}");
    assert!(!listed.text.contains("afn_"), "{listed:?}");
    let bearer = format!("Bearer {}", client.key);
    let path = format!("/keys/{}", key["key_id"].as_str().expect("an id"));
    for _ in 0..2 {
        let revoked = client.send(Method::DELETE, &path, &[("authorization", &bearer)], None).await;
        assert_eq!((revoked.status, &*revoked.text), (StatusCode::NO_CONTENT, ""), "{revoked:?}");
    }
    let states = client.get("/keys?limit=1").await.json();
    assert_eq!(
        (&states["data"][0]["status"], states["next_cursor"].is_string()),
        (&"revoked".into(), true),
        "{states}"
    );
    let replaced = client.post("/keys", r#"{"replaces":"key_unknown"}"#).await;
    assert_eq!(replaced.json()["errors"][0]["pointer"], "/replaces", "{replaced:?}");
}
