//! Who is let in: keys, plans, scopes, quotas, and how soon a revoked key stops.

use super::check_refusal;
use crate::kit::{NOW, Shop, caller, json};
use affinsy_app::authorize::Authorizer;
use affinsy_app::http::{Answer, Caller, ROUTES, Verdict};
use affinsy_app::manage_keys::{NewKey, create};
use affinsy_app::ports::{KeyRecord, KeyTable, PortError, PortResult, UserRecord};
use affinsy_aws::lambda::authorizer;
use affinsy_core::ids::{Tenant, User};
use affinsy_core::plan::{Plan, Scope, Scopes};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn new_key() -> NewKey {
    let Caller { tenant, user, scopes, .. } = caller("shop");
    NewKey { tenant, user, plan: Some(Plan::Max), rate_limit: None, max_rows: None, scopes, expires_at: None }
}

/// A key of the shop's and its record.
async fn key(shop: &Shop, new: NewKey) -> (String, KeyRecord) {
    let (key, record) = create(new, &*shop.keys, &*shop.clock, &*shop.random).await.expect("creates");
    (key.reveal().to_owned(), record)
}

/// What a request with this Authorization header is answered.
async fn asked(shop: &Shop, authorizer: &Authorizer, header: Option<&str>) -> Answer {
    let verdict = authorizer.verdict(header).await;
    // Through the gateway's context and back, as the real one goes.
    let context = authorizer::answer(&verdict)["context"].clone();
    let context = context.as_object().expect("an object").clone().into_iter().collect();
    shop.answer(&Shop::request("GET", "/datasets", authorizer::verdict(&context))).await
}

#[tokio::test]
async fn every_bad_key_gets_the_same_answer() {
    let shop = Shop::new();
    let authorizer = shop.authorizer();
    let (good, _) = key(&shop, new_key()).await;
    let (expired, _) = key(&shop, NewKey { expires_at: Some(NOW), ..new_key() }).await;
    let (revoked, record) = key(&shop, new_key()).await;
    assert!(shop.keys.revoke(&record.tenant, &record.key_id, NOW).await.expect("answers"));
    let (unknown, _) = key(&Shop::new(), new_key()).await;
    let other = Shop { random: Arc::new(affinsy_app::memory::SeededRandom::new(99)), ..Shop::new() };
    let (foreign, _) = key(&other, new_key()).await;
    assert_eq!(unknown, good, "the same seed draws the same key");
    let wrong_checksum = format!("{}{}", &good[..41], if good.ends_with('0') { '1' } else { '0' });
    let headers = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(good.clone()),
        Some(format!("Basic {good}")),
        Some(format!("Bearer {wrong_checksum}")),
        Some(format!("Bearer {}", &good[..20])),
        Some(format!("Bearer {}", good.to_uppercase())),
        Some(format!("Bearer {good}, Bearer {good}")),
        Some(format!("Bearer {good} {good}")),
        Some(format!("Bearer {foreign}")),
        Some(format!("Bearer {expired}")),
        Some(format!("Bearer {revoked}")),
    ];
    for header in headers {
        let answer = asked(&shop, &authorizer, header.as_deref()).await;
        check_refusal(&answer, 401, "invalid_api_key", "", &format!("{header:?}"));
        assert_eq!(answer, asked(&shop, &authorizer, None).await, "{header:?}");
        assert!(answer.header("www-authenticate").is_some(), "{answer:?}");
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(asked(&shop, &authorizer, Some(&format!("{scheme} {good}"))).await.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn a_key_in_the_query_is_none() {
    let shop = Shop::new();
    let (good, _) = key(&shop, new_key()).await;
    let answer = shop.answer(&Shop::request("GET", &format!("/datasets?api_key={good}"), Verdict::Deny)).await;
    check_refusal(&answer, 401, "invalid_api_key", "", "a key in the query");
}

#[tokio::test]
async fn two_authorization_headers_are_none() {
    let event = |value: &str| {
        let event = serde_json::json!({"version": "2.0", "type": "REQUEST", "routeArn": "arn", "identitySource": [],
            "routeKey": "GET /", "rawPath": "/", "rawQueryString": "", "headers": {"authorization": value},
            "requestContext": {"accountId": "1", "apiId": "1", "http": {"method": "GET", "path": "/"}, "timeEpoch": 0}});
        serde_json::from_value(event).expect("an authorizer event")
    };
    let mut event: aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request = event("Bearer a");
    assert_eq!(authorizer::authorization(&event), Some("Bearer a"));
    event.headers.append("authorization", "Bearer b".parse().expect("a header's value"));
    assert_eq!(authorizer::authorization(&event), None);
}

/// Counts the look-ups, and fails them when it is told to.
#[derive(Debug, Default)]
struct WatchedKeys {
    look_ups: AtomicUsize,
}

#[async_trait]
impl KeyTable for WatchedKeys {
    async fn find(&self, _: &str) -> PortResult<Option<(KeyRecord, UserRecord)>> {
        self.look_ups.fetch_add(1, Ordering::Relaxed);
        Err(PortError::Unavailable("throttled".to_owned()))
    }
    async fn user(&self, _: &Tenant, _: &User) -> PortResult<Option<UserRecord>> {
        Ok(None)
    }
    async fn create(&self, _: &KeyRecord, _: &UserRecord) -> PortResult<()> {
        Ok(())
    }
    async fn add(&self, key: &KeyRecord) -> PortResult<KeyRecord> {
        Ok(key.clone())
    }
    async fn expire(&self, _: &Tenant, _: &str, _: Instant) -> PortResult<bool> {
        Ok(false)
    }
    async fn used(&self, _: &Tenant, _: &str, _: Instant) -> PortResult<()> {
        Ok(())
    }
    async fn list(&self, _: &Tenant) -> PortResult<Vec<KeyRecord>> {
        Ok(Vec::new())
    }
    async fn revoke(&self, _: &Tenant, _: &str, _: Instant) -> PortResult<bool> {
        Ok(false)
    }
}

#[tokio::test]
async fn a_made_up_key_costs_no_read_and_a_failed_read_lets_nobody_in() {
    let shop = Shop::new();
    let (good, _) = key(&shop, new_key()).await;
    let watched = Arc::new(WatchedKeys::default());
    let authorizer = Authorizer::new(watched.clone(), shop.clock.clone());
    let made_up = format!("Bearer afn_{}", "x".repeat(38));
    assert_eq!(authorizer.verdict(Some(&made_up)).await, Verdict::Deny);
    assert_eq!(watched.look_ups.load(Ordering::Relaxed), 0);
    let answer = asked(&shop, &authorizer, Some(&format!("Bearer {good}"))).await;
    check_refusal(&answer, 503, "unavailable", "", "the table is throttled");
    assert_eq!((answer.header("retry-after"), watched.look_ups.load(Ordering::Relaxed)), (Some("1"), 1));
}

#[tokio::test]
async fn a_revoked_key_stops_within_thirty_seconds() {
    let shop = Shop::new();
    let authorizer = shop.authorizer();
    let (good, record) = key(&shop, new_key()).await;
    let header = format!("Bearer {good}");
    assert_eq!(asked(&shop, &authorizer, Some(&header)).await.status, 200);
    assert!(shop.keys.revoke(&record.tenant, &record.key_id, NOW).await.expect("answers"));
    shop.clock.advance_ms(30_000);
    assert_eq!(asked(&shop, &authorizer, Some(&header)).await.status, 401);
    let (fresh, _) = key(&shop, new_key()).await;
    assert_eq!(
        asked(&shop, &authorizer, Some(&format!("Bearer {fresh}"))).await.status,
        200,
        "a new key works at once"
    );
}

#[tokio::test]
async fn a_key_ends_when_it_says() {
    let shop = Shop::new();
    let authorizer = shop.authorizer();
    let (key, _) = key(&shop, NewKey { expires_at: Some(NOW.plus_ms(1)), ..new_key() }).await;
    let header = format!("Bearer {key}");
    assert_eq!(asked(&shop, &authorizer, Some(&header)).await.status, 200);
    shop.clock.advance_ms(1);
    assert_eq!(asked(&shop, &authorizer, Some(&header)).await.status, 401, "also while its look-up is kept");
}

#[tokio::test]
async fn lower_plans_are_told_which_they_need() {
    for plan in Plan::ALL {
        let shop = Shop::new();
        let (key, _) = key(&shop, NewKey { plan: Some(plan), ..new_key() }).await;
        let answer = asked(&shop, &shop.authorizer(), Some(&format!("Bearer {key}"))).await;
        assert_eq!(answer.header("x-ratelimit-limit"), Some("60"), "{answer:?}");
        if plan.has_api() {
            assert_eq!(answer.status, 200, "{plan:?}: {answer:?}");
            continue;
        }
        check_refusal(&answer, 403, "plan_required", "", plan.name());
        let words = json(&answer)["error"].to_string();
        assert!(words.contains("max") && words.contains("enterprise") && words.contains(plan.name()), "{words}");
    }
}

#[tokio::test]
async fn a_context_that_is_not_a_whole_allow_is_a_deny() {
    let whole = authorizer::answer(&Verdict::Allow(caller("shop")))["context"].clone();
    let whole = whole.as_object().expect("an object");
    let verdict = |context: &serde_json::Map<String, serde_json::Value>| {
        authorizer::verdict(&context.clone().into_iter().collect())
    };
    assert_eq!(verdict(whole), Verdict::Allow(caller("shop")));
    for field in whole.keys() {
        for odd in [serde_json::Value::Null, "".into(), "a#b ".into(), 7.into()] {
            let mut context = whole.clone();
            context.insert(field.clone(), odd.clone());
            let key_id_is_free_text = field == "key_id" && odd.is_string();
            assert!(key_id_is_free_text || verdict(&context) == Verdict::Deny, "{field}: {odd}");
        }
    }
}

#[tokio::test]
async fn every_route_asks_for_its_scope() {
    for route in ROUTES.iter().filter(|route| route.scope.is_some()) {
        let shop = Shop::new();
        let needed = route.scope.expect("filtered");
        let others: Vec<&str> = Scope::ALL.into_iter().filter(|scope| *scope != needed).map(Scope::name).collect();
        let without = Caller { scopes: Scopes::parse(&others.join(" ")).expect("known scopes"), ..caller("shop") };
        let target = route.path.strip_prefix(crate::kit::BASE).expect("under the base path");
        let answer = shop.answer(&Shop::request(route.method, target, Verdict::Allow(without))).await;
        check_refusal(&answer, 403, "scope_required", "", route.operation);
        assert!(json(&answer)["error"].to_string().contains(needed.name()), "{answer:?}");
        let only = Caller { scopes: Scopes::parse(needed.name()).expect("a known scope"), ..caller("shop") };
        let answer = shop.answer(&Shop::request(route.method, target, Verdict::Allow(only))).await;
        assert!(![401, 403].contains(&answer.status), "{}: {answer:?}", route.operation);
        assert!(answer.header("x-ratelimit-remaining").is_some(), "{}: {answer:?}", route.operation);
    }
}

#[tokio::test]
async fn open_routes_ask_for_no_key_and_the_others_fail_closed() {
    for route in ROUTES {
        let shop = Shop::new();
        let target = route.path.strip_prefix(crate::kit::BASE).expect("under the base path");
        let answer = shop.answer(&Shop::request(route.method, target, Verdict::Deny)).await;
        let expected = if route.scope.is_none() { 200 } else { 401 };
        assert_eq!(answer.status, expected, "{}: {answer:?}", route.operation);
        assert_eq!(answer.header("x-ratelimit-limit"), None, "an unknown caller has no quota");
    }
}

#[tokio::test]
async fn the_sixty_first_request_waits() {
    let shop = Shop::new();
    let ann = Caller { rate_limit: 60, ..caller("shop") };
    for left in (0..60).rev() {
        let answer = shop.get(&ann, "/datasets").await;
        let headers = (answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining"));
        assert_eq!((answer.status, headers), (200, (Some("60"), Some(&*left.to_string()))));
    }
    shop.clock.advance_ms(18_001);
    let answer = shop.get(&Caller { key_id: "key_2".to_owned(), ..ann.clone() }, "/datasets").await;
    check_refusal(&answer, 429, "rate_limited", "", "the 61st, with another key of the same user");
    assert_eq!((answer.header("retry-after"), answer.header("x-ratelimit-remaining")), (Some("42"), Some("0")));
    let bob = Caller { user: "bob".parse().expect("a plain name"), ..ann.clone() };
    assert_eq!(shop.get(&bob, "/datasets").await.status, 200, "another user has a quota of their own");
    shop.clock.advance_ms(41_999);
    assert_eq!(shop.get(&ann, "/datasets").await.status, 200, "after Retry-After it goes on");
}

#[tokio::test]
async fn a_quota_is_exact_at_any_concurrency() {
    let shop = Shop::new();
    let ann = Caller { rate_limit: 60, ..caller("shop") };
    let answers = futures::future::join_all((0..1_000).map(|_| shop.get(&ann, "/datasets"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 60);
}
