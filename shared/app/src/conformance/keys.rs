//! Keys are found by their hash alone, listed by tenant, and revoked for good.

use super::samples::{NOW, tenant};
use crate::ports::{KeyRecord, KeyTable, Random, UserRecord};
use affinsy_core::ids::Tenant;
use affinsy_core::plan::{Plan, Scopes};

pub async fn keys(keys: &dyn KeyTable, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    let (key, user) = sample(&mine, random);
    assert_eq!(keys.find(&key.hash).await.expect("finds"), None, "an unknown hash finds nothing");
    keys.create(&key, &user).await.expect("creates");
    assert_eq!(keys.find(&key.hash).await.expect("finds"), Some((key.clone(), user.clone())));
    assert_eq!(keys.user(&mine, &user.user).await.expect("reads").as_ref(), Some(&user));
    assert_eq!(keys.user(&other, &user.user).await.expect("reads"), None, "another tenant's user is unknown");
    assert_eq!(keys.list(&mine).await.expect("lists"), std::slice::from_ref(&key));
    assert_eq!(keys.list(&other).await.expect("lists"), [], "another tenant sees none of them");
    plan_holds_for_all_keys_of_a_user(keys, &key, &user, random).await;
    revoking(keys, &key, &other).await;
    keys_of_keys(keys, &key, &other, random).await;
}

fn sample(tenant: &Tenant, random: &dyn Random) -> (KeyRecord, UserRecord) {
    let user: affinsy_core::ids::User = "ann@example.com".parse().expect("a plain name");
    let key = KeyRecord {
        key_id: random.id("key_", NOW),
        hash: random.id("hash", NOW),
        tenant: tenant.clone(),
        user: user.clone(),
        scopes: Scopes::parse("data:write reports:read").expect("known scopes"),
        created_at: NOW,
        expires_at: Some(NOW.plus_ms(1_000)),
        revoked_at: None,
        last_used_at: None,
    };
    (key, UserRecord { tenant: tenant.clone(), user, plan: Plan::Max, rate_limit: Some(7), max_rows: Some(8) })
}

async fn plan_holds_for_all_keys_of_a_user(
    keys: &dyn KeyTable,
    key: &KeyRecord,
    user: &UserRecord,
    random: &dyn Random,
) {
    let second = KeyRecord { key_id: random.id("key_", NOW), hash: random.id("hash", NOW), ..key.clone() };
    let lower = UserRecord { plan: Plan::Pro, rate_limit: None, max_rows: None, ..user.clone() };
    keys.create(&second, &lower).await.expect("creates");
    let (_, now) = keys.find(&key.hash).await.expect("finds").expect("is there");
    assert_eq!(now, lower, "the user's plan is one for all keys");
}

/// Keys that are added to a user, used, and replaced.
async fn keys_of_keys(keys: &dyn KeyTable, key: &KeyRecord, other: &Tenant, random: &dyn Random) {
    let new = |at_ms: i64| KeyRecord { hash: random.id("hash", NOW), created_at: NOW.plus_ms(at_ms), ..key.clone() };
    let first = KeyRecord { key_id: random.id("key_", NOW), expires_at: None, ..new(0) };
    let user = keys.user(&key.tenant, &key.user).await.expect("reads");
    assert_eq!(keys.add(&first).await.expect("adds"), first);
    let again = KeyRecord { key_id: first.key_id.clone(), ..new(9) };
    assert_eq!(keys.add(&again).await.expect("answers"), first, "one of this id that is there stays");
    assert_eq!(keys.find(&again.hash).await.expect("finds"), None, "and nothing of the other is stored");
    let (found, _) = keys.find(&first.hash).await.expect("finds").expect("is there");
    assert_eq!((found, keys.user(&key.tenant, &key.user).await.expect("reads")), (first.clone(), user));
    assert!(!keys.expire(other, &first.key_id, NOW).await.expect("answers"), "another tenant's key is unknown");
    for (at_ms, expected_ms) in [(9_000, 9_000), (7_000, 7_000), (8_000, 7_000)] {
        assert!(keys.expire(&key.tenant, &first.key_id, NOW.plus_ms(at_ms)).await.expect("answers"));
        let (found, _) = keys.find(&first.hash).await.expect("finds").expect("is there");
        assert_eq!(found.expires_at, Some(NOW.plus_ms(expected_ms)), "the earlier end counts");
    }
    keys.used(&key.tenant, &first.key_id, NOW.plus_ms(5)).await.expect("notes");
    keys.used(other, &first.key_id, NOW.plus_ms(6)).await.expect("answers");
    keys.used(&key.tenant, "key_unknown", NOW).await.expect("answers");
    let listed = keys.list(&key.tenant).await.expect("lists");
    let listed = listed.iter().find(|listed| listed.key_id == first.key_id).expect("is listed");
    assert_eq!((listed.last_used_at, listed.expires_at), (Some(NOW.plus_ms(5)), Some(NOW.plus_ms(7_000))));
    assert_eq!(keys.list(other).await.expect("lists"), [], "nothing of it is another tenant's");
}

async fn revoking(keys: &dyn KeyTable, key: &KeyRecord, other: &Tenant) {
    assert!(!keys.revoke(other, &key.key_id, NOW).await.expect("answers"), "another tenant's key is unknown");
    assert!(!keys.revoke(&key.tenant, "key_unknown", NOW).await.expect("answers"));
    assert!(keys.revoke(&key.tenant, &key.key_id, NOW).await.expect("revokes"));
    assert!(keys.revoke(&key.tenant, &key.key_id, NOW.plus_ms(5)).await.expect("revokes again"));
    let (found, _) = keys.find(&key.hash).await.expect("finds").expect("is there");
    assert_eq!(found.revoked_at, Some(NOW), "the first revocation counts");
    let listed = keys.list(&key.tenant).await.expect("lists");
    let revoked = listed.iter().filter(|listed| listed.revoked_at.is_some()).count();
    assert_eq!((listed.len(), revoked), (2, 1), "one of two keys is revoked");
}
