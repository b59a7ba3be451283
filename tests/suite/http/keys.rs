//! Keys over HTTP: what a key may make, who sees it, how one ends, and that a secret is shown once.

use super::check_refusal;
use crate::kit::{NOW, Shop, caller, json};
use affinsy_app::authorize::Authorizer;
use affinsy_app::http::{Answer, Caller, Verdict};
use affinsy_app::manage_keys::{NewKey, create};
use affinsy_app::ports::{Clock, KeyRecord, KeyTable};
use affinsy_core::ids::User;
use affinsy_core::plan::{Plan, Scopes};
use serde_json::{Value, json as body};

const HOUR_MS: i64 = 3_600_000;

/// A shop with a user, and its first key as its operator made it.
async fn shop() -> (Shop, Caller, KeyRecord) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    let record = key_of(&shop, &ann, "ann", Plan::Max).await;
    (shop, Caller { key_id: record.key_id.clone(), ..ann }, record)
}

async fn key_of(shop: &Shop, caller: &Caller, user: &str, plan: Plan) -> KeyRecord {
    let user: User = user.parse().expect("a plain name");
    let (tenant, scopes) = (caller.tenant.clone(), caller.scopes.clone());
    let new =
        NewKey { tenant, user, plan: Some(plan), rate_limit: Some(100), max_rows: None, scopes, expires_at: None };
    create(new, &*shop.keys, &*shop.clock, &*shop.random).await.expect("creates").1
}

async fn made(shop: &Shop, caller: &Caller, asked: Value) -> Value {
    let answer = shop.post(caller, "/keys", asked.to_string()).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")), "{answer:?}");
    json(&answer)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field}: {value}"))
}

async fn verdict(authorizer: &Authorizer, key: &Value) -> Verdict {
    authorizer.verdict(Some(&format!("Bearer {}", text(key, "key")))).await
}

async fn lets_in(authorizer: &Authorizer, key: &Value) -> bool {
    matches!(verdict(authorizer, key).await, Verdict::Allow(_))
}

async fn listed(shop: &Shop, caller: &Caller) -> Vec<Value> {
    json(&shop.get(caller, "/keys").await)["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_key_is_shown_once_and_works_at_once() {
    let (shop, ann, first) = shop().await;
    let new =
        made(&shop, &ann, body!({"scopes": ["data:read", "keys:admin"], "expires_in_days": 1, "colour": "red"})).await;
    assert_eq!((&new["user_id"], &new["plan"], &new["status"]), (&body!("ann"), &body!("max"), &body!("active")));
    assert_eq!((&new["scopes"], &new["last_used_at"]), (&body!(["data:read", "keys:admin"]), &Value::Null));
    assert!(new["warnings"][0].as_str().is_some_and(|words| words.starts_with("/colour ")), "{new}");
    let Verdict::Allow(known) = verdict(&shop.authorizer(), &new).await else { panic!("it works at once") };
    assert_eq!((known.key_id.as_str(), known.user, known.plan), (text(&new, "key_id"), ann.user.clone(), Plan::Max));
    let list = shop.get(&ann, "/keys").await;
    assert!(!String::from_utf8_lossy(&list.body).contains("afn_"), "no list has a secret: {list:?}");
    let ids: Vec<Value> = listed(&shop, &ann).await.into_iter().map(|key| key["key_id"].clone()).collect();
    assert!(ids.contains(&new["key_id"]) && ids.contains(&body!(first.key_id)) && ids.len() == 2, "{ids:?}");
    shop.clock.advance_ms(24 * HOUR_MS);
    assert!(!lets_in(&shop.authorizer(), &new).await, "it ends by itself");
    let ended = listed(&shop, &ann).await.into_iter().find(|key| key["key_id"] == new["key_id"]);
    assert_eq!(ended.expect("is listed")["status"], "expired");
    assert_eq!(made(&shop, &ann, body!({})).await["scopes"], body!(["*"]), "the caller's own by default");
    let bare = shop.post(&ann, "/keys", "").await;
    assert_eq!(bare.status, 201, "nothing needs to be said: {bare:?}");
}

#[tokio::test]
async fn a_key_makes_none_that_may_do_more() {
    let (shop, ann, admin) = shop().await;
    let narrow = Caller { scopes: Scopes::parse("keys:admin data:read").expect("known"), ..ann.clone() };
    let refused = async |asked: Value, pointer: &str| {
        let answer = shop.post(&narrow, "/keys", asked.to_string()).await;
        check_refusal(&answer, 422, "invalid_request", pointer, &asked.to_string());
    };
    refused(body!({"scopes": ["*"]}), "/scopes").await;
    refused(body!({"scopes": ["data:read", "data:write"]}), "/scopes").await;
    refused(body!({"replaces": admin.key_id}), "/replaces").await;
    refused(body!({"replaces": "key_unknown"}), "/replaces").await;
    refused(body!({"user_id": "nobody"}), "/user_id").await;
    refused(body!({"expires_at": "2001-01-01T00:00:00Z"}), "/expires_at").await;
    let key = made(&shop, &narrow, body!({})).await;
    assert_eq!(key["scopes"], body!(["keys:admin", "data:read"]));
    let other = caller("other");
    let theirs = key_of(&shop, &other, "eve", Plan::Enterprise).await;
    refused(body!({"user_id": "eve"}), "/user_id").await;
    refused(body!({"replaces": theirs.key_id}), "/replaces").await;
    key_of(&shop, &ann, "bob", Plan::Pro).await;
    let bobs = made(&shop, &ann, body!({"user_id": "bob"})).await;
    assert_eq!((&bobs["user_id"], &bobs["plan"]), (&body!("bob"), &body!("pro")), "a user's plan stays as it is");
    assert!(matches!(verdict(&shop.authorizer(), &bobs).await, Verdict::PlanTooLow(_)));
}

#[tokio::test]
async fn a_revoked_key_stops_within_thirty_seconds() {
    let (shop, ann, _) = shop().await;
    let authorizer = shop.authorizer();
    let key = made(&shop, &ann, body!({})).await;
    assert!(lets_in(&authorizer, &key).await, "and its look-up is kept");
    let target = format!("/keys/{}", text(&key, "key_id"));
    let other = caller("other");
    check_refusal(&shop.delete(&other, &target).await, 404, "not_found", "", "another tenant's key");
    for _ in 0..2 {
        let answer = shop.delete(&Caller { key_id: text(&key, "key_id").to_owned(), ..ann.clone() }, &target).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "also by itself, and again: {answer:?}");
    }
    for unknown in ["key_00000000000000000000000000", "key_x", "a%2Fb"] {
        check_refusal(&shop.delete(&ann, &format!("/keys/{unknown}")).await, 404, "not_found", "", unknown);
    }
    shop.clock.advance_ms(30_000);
    assert_eq!(verdict(&authorizer, &key).await, Verdict::Deny);
    let revoked = listed(&shop, &ann).await.into_iter().find(|listed| listed["key_id"] == key["key_id"]);
    let revoked = revoked.expect("is listed");
    assert_eq!((&revoked["status"], &revoked["revoked_at"]), (&body!("revoked"), &body!(NOW)));
}

#[tokio::test]
async fn a_replaced_key_goes_on_for_its_overlap() {
    let (shop, ann, _) = shop().await;
    let old = made(&shop, &ann, body!({"scopes": ["data:read"]})).await;
    let new = made(&shop, &ann, body!({"replaces": old["key_id"], "overlap_hours": 2})).await;
    assert_eq!((&new["scopes"], &new["expires_at"]), (&old["scopes"], &Value::Null));
    assert!(lets_in(&shop.authorizer(), &old).await && lets_in(&shop.authorizer(), &new).await, "both, for two hours");
    shop.clock.advance_ms(2 * HOUR_MS);
    assert!(!lets_in(&shop.authorizer(), &old).await && lets_in(&shop.authorizer(), &new).await, "then the new one");
    let again = shop.post(&ann, "/keys", body!({"replaces": old["key_id"]}).to_string()).await;
    check_refusal(&again, 422, "invalid_request", "/replaces", "it has ended");
    let third = made(&shop, &ann, body!({"replaces": new["key_id"]})).await;
    shop.clock.advance_ms(24 * HOUR_MS - 1);
    assert!(lets_in(&shop.authorizer(), &new).await, "a day where nothing is said");
    shop.clock.advance_ms(1);
    assert!(!lets_in(&shop.authorizer(), &new).await && lets_in(&shop.authorizer(), &third).await);
}

#[tokio::test]
async fn a_replay_makes_no_second_key_and_shows_no_secret() {
    let (shop, ann, _) = shop().await;
    let post = async || -> Answer {
        let mut request = Shop::request("POST", "/keys", Verdict::Allow(ann.clone()));
        request.headers.push(("idempotency-key".to_owned(), "k".to_owned()));
        request.body = "{}".into();
        shop.answer(&request).await
    };
    let (first, again) = (post().await, post().await);
    let (shown, replayed) = (json(&first), json(&again));
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!((&replayed["key"], &replayed["key_id"]), (&Value::Null, &shown["key_id"]));
    let stored = format!("{:?}", shop.calls.records());
    assert!(
        !stored.contains(text(&shown, "key")) && stored.contains(text(&shown, "key_id")),
        "nor is it kept: {stored}"
    );
    assert_eq!(listed(&shop, &ann).await.len(), 2);
}

#[tokio::test]
async fn lists_go_page_by_page_newest_first() {
    let (shop, ann, first) = shop().await;
    for _ in 0..4 {
        shop.clock.advance_ms(1);
        made(&shop, &ann, body!({})).await;
    }
    let (mut seen, mut target) = (Vec::new(), "/keys?limit=2".to_owned());
    loop {
        let page = json(&shop.get(&ann, &target).await);
        let ids = page["data"].as_array().expect("a list").iter().map(|key| text(key, "key_id").to_owned());
        seen.extend(ids);
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        target = format!("/keys?limit=2&cursor={cursor}");
    }
    assert!(seen.len() == 5 && seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    assert_eq!(seen.last(), Some(&first.key_id));
    assert_eq!(shop.get(&ann, "/keys?user=ann").await.status, 422);
    let cursor = target.split_once("cursor=").expect("it had pages").1;
    assert_eq!(shop.get(&caller("other"), &format!("/keys?cursor={cursor}")).await.status, 422, "another tenant's");
}

#[tokio::test]
async fn its_use_is_noted_once_an_hour() {
    let (shop, ann, _) = shop().await;
    let authorizer = shop.authorizer();
    let key = made(&shop, &ann, body!({})).await;
    let used = async || {
        // The note is nobody's to wait for: let it be written.
        tokio::task::yield_now().await;
        let listed = listed(&shop, &ann).await;
        listed.into_iter().find(|listed| listed["key_id"] == key["key_id"]).expect("is listed")["last_used_at"].clone()
    };
    assert_eq!(used().await, Value::Null);
    assert!(lets_in(&authorizer, &key).await);
    assert_eq!(used().await, body!(NOW));
    shop.clock.advance_ms(HOUR_MS - 1);
    assert!(lets_in(&authorizer, &key).await);
    assert_eq!(used().await, body!(NOW), "not yet again");
    shop.clock.advance_ms(1);
    assert!(lets_in(&authorizer, &key).await);
    let later = used().await;
    assert_eq!(later, body!(shop.clock.now()));
    assert!(shop.keys.revoke(&ann.tenant, text(&key, "key_id"), shop.clock.now()).await.expect("revokes"));
    shop.clock.advance_ms(2 * HOUR_MS);
    assert!(!lets_in(&authorizer, &key).await);
    assert_eq!(used().await, later, "a refused key is not noted");
}
