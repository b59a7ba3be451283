//! An event becomes one delivery, attempted by one dispatcher at a time, and is due until it ends.

use super::Book;
use super::samples::{NOW, delivery, report, tenant};
use crate::ports::{
    AttemptRecord, DeliveryBook, DeliveryFilter, DeliveryRecord, DeliveryState, Due, DueKind, Finish, Random,
    ReportBook, ReportRecord, RetiredSecret, StoredFailure, TenantSecrets,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use futures::future::join_all;

pub async fn deliveries(book: &dyn Book, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    secrets(book, &mine, &other).await;
    let report = ended_report(book, &mine, random).await;
    opening(book, &mine, &other, &report).await;
    attempts(book, &mine, &delivery(&report)).await;
    lists(book, &mine, &other, &delivery(&report), random).await;
}

async fn secrets(book: &dyn Book, mine: &Tenant, other: &Tenant) {
    let fresh =
        |name: &str| TenantSecrets { webhook: format!("whsec_{name}"), cursor: name.to_owned(), retired: Vec::new() };
    let asked: Vec<TenantSecrets> = (0..10).map(|at| fresh(&at.to_string())).collect();
    let given = join_all(asked.iter().map(|fresh| book.secrets(mine, fresh))).await;
    let given: Vec<TenantSecrets> = given.into_iter().map(|given| given.expect("answers")).collect();
    assert!(given.iter().all(|secrets| *secrets == given[0]), "all callers get the same secrets");
    assert_eq!(book.secrets(other, &fresh("other")).await.expect("answers"), fresh("other"), "each tenant has its own");
    rotations(book, mine, &given[0]).await;
}

async fn rotations(book: &dyn Book, mine: &Tenant, first: &TenantSecrets) {
    let next = |name: &str| TenantSecrets {
        webhook: format!("whsec_next_{name}"),
        retired: vec![RetiredSecret { webhook: first.webhook.clone(), signs_until: NOW.plus_ms(5) }],
        ..first.clone()
    };
    let asked: Vec<TenantSecrets> = (0..10).map(|at| next(&at.to_string())).collect();
    let done = join_all(asked.iter().map(|next| book.rotate(mine, &first.webhook, next))).await;
    let done: Vec<bool> = done.into_iter().map(|done| done.expect("answers")).collect();
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "one of ten rotations at once replaces the secret");
    let won = &asked[done.iter().position(|done| *done).expect("one did")];
    assert_eq!(book.secrets(mine, first).await.expect("answers"), *won, "and all of it is there afterwards");
    assert!(!book.rotate(mine, &first.webhook, first).await.expect("answers"), "what was replaced replaces nothing");
}

async fn ended_report(book: &dyn Book, mine: &Tenant, random: &dyn Random) -> ReportRecord {
    let report = report(random, NOW, Some("https://example.com/hook"));
    book.submit(mine, &report, NOW).await.expect("submits");
    let claim = ReportBook::claim(book, mine, &report.report_id, NOW, NOW.plus_ms(1)).await.expect("answers");
    let failure = StoredFailure { code: "x".to_owned(), message: "y".to_owned() };
    let claim = claim.expect("is free");
    assert!(book.finish(mine, &claim, &Finish::Failed(failure), NOW).await.expect("finishes"));
    report
}

async fn is_due(book: &dyn Book, tenant: &Tenant, kind: DueKind, id: &str, at: Instant) -> bool {
    let due = Due { kind, tenant: tenant.clone(), id: id.to_owned() };
    book.due(at, 10_000).await.expect("reads").contains(&due)
}

async fn opening(book: &dyn Book, mine: &Tenant, other: &Tenant, report: &ReportRecord) {
    let delivery = delivery(report);
    assert!(is_due(book, mine, DueKind::Report, &report.report_id, NOW).await, "an ended report waits in the outbox");
    let outbox = Due { kind: DueKind::Report, tenant: mine.clone(), id: report.report_id.clone() };
    let openings = join_all((0..5).map(|_| book.open(mine, &delivery, Some(&outbox)))).await;
    assert!(openings.into_iter().all(|opened| opened.is_ok()), "opening again is harmless");
    let get = async |tenant| DeliveryBook::get(book, tenant, &delivery.delivery_id).await.expect("reads");
    assert_eq!(get(mine).await.as_ref(), Some(&delivery));
    assert_eq!(get(other).await, None, "another tenant's delivery is unknown");
    assert!(!is_due(book, mine, DueKind::Report, &report.report_id, NOW).await, "the outbox is settled");
    assert!(is_due(book, mine, DueKind::Delivery, &delivery.delivery_id, NOW).await, "the delivery is due instead");
}

async fn claim(book: &dyn Book, tenant: &Tenant, id: &str, now: Instant) -> Option<DeliveryRecord> {
    DeliveryBook::claim(book, tenant, id, now, now.plus_ms(45_000)).await.expect("answers")
}

async fn attempts(book: &dyn Book, mine: &Tenant, opened: &DeliveryRecord) {
    let id = &opened.delivery_id;
    assert_eq!(claim(book, mine, id, NOW.plus_ms(-1)).await, None, "not before it is due");
    let claims = join_all((0..20).map(|_| claim(book, mine, id, NOW))).await;
    let mut won: Vec<DeliveryRecord> = claims.into_iter().flatten().collect();
    assert_eq!(won.len(), 1, "one of 20 dispatchers makes the attempt");
    let first = won.remove(0);
    assert!(is_due(book, mine, DueKind::Delivery, id, NOW.plus_ms(45_000)).await, "a dead dispatcher is found out");
    let second = claim(book, mine, id, NOW.plus_ms(45_000)).await.expect("the lease is over");
    let attempt =
        AttemptRecord { at: NOW, duration_ms: 3, status: Some(500), error: None, answer: Some("no".to_owned()) };
    let next_at = NOW.plus_ms(50_000);
    let failed =
        DeliveryRecord { attempts: vec![attempt], next_attempt_at: Some(next_at), lease_until: None, ..second };
    assert!(!book.record(mine, &DeliveryRecord { claims: first.claims, ..failed.clone() }).await.expect("answers"));
    assert!(book.record(mine, &failed).await.expect("records"), "the newest claim's attempt is recorded");
    assert_eq!(claim(book, mine, id, next_at.plus_ms(-1)).await, None, "the next attempt waits");
    assert!(is_due(book, mine, DueKind::Delivery, id, next_at).await);
    let third = claim(book, mine, id, next_at).await.expect("is due again");
    assert_eq!(third.attempts, failed.attempts, "the log is kept");
    let delivered =
        DeliveryRecord { state: DeliveryState::Delivered, next_attempt_at: None, lease_until: None, ..third };
    assert!(book.record(mine, &delivered).await.expect("records"));
    let later = next_at.plus_ms(1_000_000);
    assert_eq!(claim(book, mine, id, later).await, None, "a delivered event is not sent again");
    assert!(!is_due(book, mine, DueKind::Delivery, id, later).await, "and is due no more");
    anew(book, mine, id, later).await;
}

async fn anew(book: &dyn Book, mine: &Tenant, id: &str, now: Instant) {
    let get = async || DeliveryBook::get(book, mine, id).await.expect("reads").expect("is there");
    let again = get().await.anew(now);
    assert!(book.record(mine, &again).await.expect("records"));
    assert_eq!(get().await, again, "what is sent anew is kept as it is");
    assert!(is_due(book, mine, DueKind::Delivery, id, now).await);
    let fourth = claim(book, mine, id, now).await.expect("is due");
    assert_eq!((&fourth.body, fourth.attempts_made()), (&again.body, 0));
    assert!(!book.record(mine, &again).await.expect("answers"), "whoever read it before the claim changes nothing");
    let done = DeliveryRecord { state: DeliveryState::Delivered, next_attempt_at: None, lease_until: None, ..fourth };
    assert!(book.record(mine, &done).await.expect("records"));
}

async fn lists(book: &dyn Book, mine: &Tenant, other: &Tenant, older: &DeliveryRecord, random: &dyn Random) {
    let report = report(random, NOW.plus_ms(1), Some("https://example.com/hook"));
    book.submit(mine, &report, NOW).await.expect("submits");
    let newer = delivery(&report);
    book.open(mine, &newer, None).await.expect("opens");
    let list = async |tenant: &Tenant, after: Option<&str>| {
        let page = DeliveryBook::list(book, tenant, &DeliveryFilter::default(), after, 1).await.expect("lists");
        (page.items.into_iter().map(|delivery| delivery.delivery_id).collect::<Vec<_>>(), page.next_after)
    };
    let (first, next) = list(mine, None).await;
    assert_eq!(first, [newer.delivery_id], "newest first");
    assert_eq!(list(mine, next.as_deref()).await, (vec![older.delivery_id.clone()], None));
    assert_eq!(list(other, None).await.0, [""; 0], "another tenant's list is empty");
    let only = DeliveryFilter { states: vec![DeliveryState::Delivered], ..DeliveryFilter::default() };
    let page = DeliveryBook::list(book, mine, &only, None, 10).await.expect("lists");
    let found: Vec<String> = page.items.into_iter().map(|delivery| delivery.delivery_id).collect();
    assert_eq!((found, page.next_after), (vec![older.delivery_id.clone()], None), "what passes the filter");
}
