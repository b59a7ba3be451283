//! A URL's health is changed by one at a time, and a tenant's places are never more than there are.

use super::samples::{NOW, tenant};
use crate::ports::{EndpointRecord, Endpoints, Pool, Random};
use affinsy_core::ids::Tenant;
use affinsy_core::webhook::health::{Disabled, Health, Reason};
use futures::future::join_all;

pub async fn endpoints(book: &dyn Endpoints, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    health(book, &mine, &other).await;
    for (pool, another) in [(Pool::Attempts, Pool::Reports), (Pool::Reports, Pool::Attempts)] {
        let (mine, other) = (tenant(random), tenant(random));
        places(book, (pool, another), &mine, &other).await;
    }
}

async fn health(book: &dyn Endpoints, mine: &Tenant, other: &Tenant) {
    let url = format!("https://example.com/{}", "ü".repeat(1_000));
    assert_eq!(book.endpoint(mine, &url).await.expect("reads"), None);
    let failing = Health { failing_since: Some(NOW), disabled: None };
    let first = EndpointRecord { url: url.clone(), health: failing, version: 1 };
    let puts = join_all((0..5).map(|_| book.put_endpoint(mine, &first, NOW))).await;
    assert_eq!(puts.into_iter().filter(|put| *put == Ok(true)).count(), 1, "one of five writers comes first");
    assert_eq!(book.endpoint(mine, &url).await.expect("reads"), Some(first.clone()));
    assert_eq!(book.disabled_endpoints(mine).await.expect("reads"), [], "failing is not disabled");
    let disabled = Health { disabled: Some(Disabled { at: NOW, reason: Reason::Gone }), ..failing };
    let second = EndpointRecord { health: disabled, version: 2, ..first.clone() };
    assert!(book.put_endpoint(mine, &second, NOW).await.expect("writes"));
    assert!(!book.put_endpoint(mine, &second, NOW).await.expect("answers"), "a version is written once");
    assert_eq!(book.disabled_endpoints(mine).await.expect("reads"), [second]);
    assert_eq!(book.endpoint(other, &url).await.expect("reads"), None, "another tenant's URL is another");
    assert_eq!(book.disabled_endpoints(other).await.expect("reads"), []);
}

async fn places(book: &dyn Endpoints, (pool, another): (Pool, Pool), mine: &Tenant, other: &Tenant) {
    let until = NOW.plus_ms(1_000);
    let enter = async |tenant: &Tenant, holder: String, places: u32, at_ms: i64| {
        let now = NOW.plus_ms(at_ms);
        let place = book.enter(tenant, pool, &holder, places, now, now.plus_ms(1_000)).await.expect("answers");
        place.map(|place| (holder, place))
    };
    let entered = join_all((0..12).map(|at| enter(mine, format!("msg_{at}"), 4, 0))).await;
    let mut held: Vec<(String, u32)> = entered.into_iter().flatten().collect();
    assert!((1..=4).contains(&held.len()), "never more than there are: {held:?}");
    for at in 12..20 {
        held.extend(enter(mine, format!("msg_{at}"), 4, 0).await);
    }
    let mut places: Vec<u32> = held.iter().map(|(_, place)| *place).collect();
    places.sort_unstable();
    assert_eq!(places, [0, 1, 2, 3], "each is held once, and none stays empty while somebody asks");
    assert!(enter(other, "msg_x".to_owned(), 4, 0).await.is_some(), "each tenant has its own");
    let elsewhere = book.enter(mine, another, "msg_x", 1, NOW, until).await.expect("answers");
    assert_eq!(elsewhere, Some(0), "each pool has its own");
    book.leave(mine, another, &held[0].0, 0).await.expect("answers");
    assert!(enter(mine, "msg_y".to_owned(), 5, 0).await.is_some_and(|(_, place)| place == 4));
    let (holder, place) = held[0].clone();
    book.leave(mine, pool, "somebody", place).await.expect("answers");
    assert_eq!(enter(mine, "msg_z".to_owned(), 4, 0).await, None, "nobody gives another's place away");
    book.leave(mine, pool, &holder, place).await.expect("leaves");
    assert_eq!(enter(mine, "msg_z".to_owned(), 4, 0).await, Some(("msg_z".to_owned(), place)));
    let after = until.unix_ms() - NOW.unix_ms();
    assert!(enter(mine, "msg_late".to_owned(), 4, after).await.is_some(), "a dead holder's place is free in time");
}
