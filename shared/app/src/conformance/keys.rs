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
