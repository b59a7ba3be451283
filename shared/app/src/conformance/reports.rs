//! A report is computed by one worker at a time, ends once, and then its event is due.

use super::Book;
use super::samples::{NOW, report, tenant};
use crate::ports::{
    Claim, ClaimRefused, Due, DueKind, Erased, Finish, PurgeRecord, Random, ReportBook, ReportFilter, ReportRecord,
    ReportStatus, StoredFailure, StoredPart,
};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;

pub async fn reports(book: &dyn Book, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    let submitted = submitting(book, &mine, &other, random).await;
    leases(book, &mine, &submitted).await;
    let failed = endings(book, &mine, random).await;
    lists(book, &mine, &other, &submitted, &failed).await;
    erasures(book, &tenant(random), random).await;
    deletions(book, &tenant(random), &other, random).await;
}

async fn is_due(book: &dyn Book, tenant: &Tenant, report: &ReportRecord, at: Instant) -> bool {
    let due = Due { kind: DueKind::Report, tenant: tenant.clone(), id: report.report_id.clone() };
    book.due(at, 10_000).await.expect("reads").contains(&due)
}

async fn submitting(book: &dyn Book, mine: &Tenant, other: &Tenant, random: &dyn Random) -> ReportRecord {
    let submitted = report(random, NOW, Some("https://example.com/hook"));
    book.submit(mine, &submitted, NOW.plus_ms(60_000)).await.expect("submits");
    let get = async |tenant| ReportBook::get(book, tenant, &submitted.report_id).await.expect("reads");
    assert_eq!(get(mine).await.as_ref(), Some(&submitted));
    assert_eq!(get(other).await, None, "another tenant's report is unknown");
    let again = ReportRecord { name: Some("again".to_owned()), ..submitted.clone() };
    book.submit(mine, &again, NOW).await.expect("answers");
    assert_eq!(get(mine).await.as_ref(), Some(&submitted), "one that is there stays as it is");
    assert!(!is_due(book, mine, &submitted, NOW.plus_ms(59_999)).await, "a worker has a minute to take it");
    assert!(is_due(book, mine, &submitted, NOW.plus_ms(60_000)).await, "then the sweeper sees it");
    let due = Due { kind: DueKind::Report, tenant: mine.clone(), id: submitted.report_id.clone() };
    let (seen, until) = (NOW.plus_ms(60_000), NOW.plus_ms(180_000));
    assert!(book.postpone(&due, seen, until).await.expect("answers"));
    assert!(!book.postpone(&due, seen, until).await.expect("answers"), "what is no longer due is not moved");
    assert!(!is_due(book, mine, &submitted, NOW.plus_ms(179_999)).await);
    submitted
}

async fn claim(book: &dyn Book, tenant: &Tenant, report: &ReportRecord, now: Instant) -> Result<Claim, ClaimRefused> {
    let lease_until = now.plus_ms(10_000);
    ReportBook::claim(book, tenant, &report.report_id, now, lease_until).await.expect("answers")
}

async fn leases(book: &dyn Book, mine: &Tenant, submitted: &ReportRecord) {
    let first = claim(book, mine, submitted, NOW).await.expect("is free");
    assert_eq!((first.token(), first.report.started_at), (1, Some(NOW)));
    let until = NOW.plus_ms(10_000);
    let second = claim(book, mine, submitted, NOW.plus_ms(9_999)).await;
    assert_eq!(second, Err(ClaimRefused::Held { until }), "a lease holds until its end");
    assert!(is_due(book, mine, submitted, until).await, "and then the sweeper sees the report");
    let second = claim(book, mine, submitted, until).await.expect("the lease is over");
    assert_eq!((second.token(), second.report.started_at), (2, Some(NOW)), "the first start counts");
    assert_eq!((first.report.expired_leases, second.report.expired_leases), (0, 1), "a lease that ran out is counted");
    assert!(!finished(book, mine, &first, &completed(), NOW).await, "a zombie's result is refused");
    book.progress(mine, &first, "zombie", 1).await.expect("answers");
    book.progress(mine, &second, "mining", 500).await.expect("stores");
    book.release(mine, &first, NOW, true).await.expect("answers");
    let now = ReportBook::get(book, mine, &submitted.report_id).await.expect("reads").expect("is there");
    assert_eq!(
        (now.stage.as_deref(), now.done_permille, now.lease_until),
        (Some("mining"), 500, Some(NOW.plus_ms(20_000)))
    );
    book.release(mine, &second, NOW.plus_ms(1), false).await.expect("releases");
    let third = claim(book, mine, submitted, NOW.plus_ms(10_001)).await.expect("was given back");
    assert_eq!(third.report.expired_leases, 1, "a lease that was given back is not");
    book.release(mine, &third, NOW, true).await.expect("releases");
    let third = claim(book, mine, submitted, NOW.plus_ms(10_002)).await.expect("was given back");
    assert_eq!(third.report.expired_leases, 2, "time that ran out counts like a lease that did");
    let ended_at = NOW.plus_ms(10_500);
    assert!(finished(book, mine, &third, &completed(), ended_at).await);
    assert!(!finished(book, mine, &third, &completed(), ended_at).await, "a report ends once");
    assert_eq!(claim(book, mine, submitted, NOW.plus_ms(99_999)).await, Err(ClaimRefused::Ended));
    let ended = ReportBook::get(book, mine, &submitted.report_id).await.expect("reads").expect("is there");
    assert_eq!((ended.status, ended.completed_at, ended.lease_until), (ReportStatus::Completed, Some(ended_at), None));
    assert_eq!((ended.result_key.as_deref(), ended.parts.len()), (Some("results/x"), 1));
    assert!(is_due(book, mine, submitted, ended_at).await, "its webhook is due at once");
}

async fn finished(book: &dyn Book, tenant: &Tenant, claim: &Claim, finish: &Finish, now: Instant) -> bool {
    book.finish(tenant, claim, finish, now).await.expect("answers")
}

fn completed() -> Finish {
    Finish::Completed {
        result_key: "results/x".to_owned(),
        result_sha256: "cd".repeat(32),
        parts: vec![StoredPart { name: "rules".to_owned(), key: "results/y".to_owned(), rows: 3, bytes: 9 }],
    }
}

/// A failed report without a webhook, whose event is due until it was told.
async fn endings(book: &dyn Book, mine: &Tenant, random: &dyn Random) -> ReportRecord {
    let quiet = report(random, NOW.plus_ms(1), None);
    book.submit(mine, &quiet, NOW).await.expect("submits");
    let unknown = ReportRecord { report_id: "rpt_unknown".to_owned(), ..quiet.clone() };
    assert_eq!(claim(book, mine, &unknown, NOW).await, Err(ClaimRefused::Ended), "an unknown report is nothing to do");
    let claim = claim(book, mine, &quiet, NOW).await.expect("is free");
    let failure = StoredFailure { code: "too_many_itemsets".to_owned(), message: "Raise min_support.".to_owned() };
    assert!(finished(book, mine, &claim, &Finish::Failed(failure.clone()), NOW).await);
    let ended = ReportBook::get(book, mine, &quiet.report_id).await.expect("reads").expect("is there");
    assert_eq!((ended.status, ended.failure), (ReportStatus::Failed, Some(failure)));
    assert!(is_due(book, mine, &quiet, NOW).await, "its event is due");
    let due = |id: &str| Due { kind: DueKind::Report, tenant: mine.clone(), id: id.to_owned() };
    for _ in 0..2 {
        book.done(&due(&quiet.report_id)).await.expect("again is safe");
        assert!(!is_due(book, mine, &quiet, NOW.plus_ms(1_000_000)).await, "it was told");
    }
    book.done(&due("rpt_unknown")).await.expect("is nothing to do");
    assert_eq!(ReportBook::get(book, mine, "rpt_unknown").await.expect("reads"), None, "nothing came to be");
    quiet
}

async fn lists(book: &dyn Book, mine: &Tenant, other: &Tenant, older: &ReportRecord, newer: &ReportRecord) {
    let list = async |tenant: &Tenant, filter: &ReportFilter, after: Option<&str>, limit| {
        let page = ReportBook::list(book, tenant, filter, after, limit).await.expect("lists");
        let ids: Vec<String> = page.items.into_iter().map(|report| report.report_id).collect();
        (ids, page.next_after)
    };
    let all = ReportFilter::default();
    let (first, next) = list(mine, &all, None, 1).await;
    assert_eq!(first, std::slice::from_ref(&newer.report_id), "newest first");
    let (second, end) = list(mine, &all, next.as_deref(), 1).await;
    assert_eq!((second, end), (vec![older.report_id.clone()], None));
    let failed = ReportFilter { status: Some("Failed".to_owned()), ..ReportFilter::default() };
    assert_eq!(list(mine, &failed, None, 9).await.0, std::slice::from_ref(&newer.report_id));
    let elsewhere = ReportFilter { dataset_id: Some("elsewhere".to_owned()), ..ReportFilter::default() };
    assert_eq!(list(mine, &elsewhere, None, 9).await.0, [""; 0]);
    assert_eq!(list(other, &all, None, 9).await.0, [""; 0], "another tenant's list is empty");
}

/// Results are put in each other's place, and reports forget what they were.
async fn erasures(book: &dyn Book, mine: &Tenant, random: &dyn Random) {
    let get = async |id: &str| ReportBook::get(book, mine, id).await.expect("reads").expect("is there");
    let failure = StoredFailure { code: "erased".to_owned(), message: "Submit it again.".to_owned() };
    let running = report(random, NOW, Some("https://example.com/hook"));
    book.submit(mine, &running, NOW.plus_ms(60_000)).await.expect("submits");
    let zombie = claim(book, mine, &running, NOW).await.expect("is free");
    for _ in 0..2 {
        book.erase(mine, &running, &failure, NOW.plus_ms(1)).await.expect("erases, and again is safe");
        assert!(is_due(book, mine, &running, NOW.plus_ms(1)).await, "its webhook is due");
    }
    assert!(!finished(book, mine, &zombie, &completed(), NOW).await, "whoever computed it comes too late");
    let ended = get(&running.report_id).await;
    assert_eq!((ended.status, ended.failure.as_ref()), (ReportStatus::Failed, Some(&failure)));
    assert_eq!(ended.request, crate::ports::FORGOTTEN_REQUEST);
    let done = report(random, NOW.plus_ms(1), None);
    book.submit(mine, &done, NOW).await.expect("submits");
    let claimed = claim(book, mine, &done, NOW).await.expect("is free");
    assert!(finished(book, mine, &claimed, &completed(), NOW).await);
    let old = get(&done.report_id).await;
    let other = Finish::Completed { result_key: "results/z".to_owned(), result_sha256: "ef".repeat(32), parts: vec![] };
    assert!(book.restate(mine, &old, &other).await.expect("answers"));
    assert!(!book.restate(mine, &old, &completed()).await.expect("answers"), "it names another result by now");
    let now = get(&done.report_id).await;
    assert_eq!(
        (now.result_key.as_deref(), now.parts.len(), now.status),
        (Some("results/z"), 0, ReportStatus::Completed)
    );
    book.done(&Due { kind: DueKind::Report, tenant: mine.clone(), id: done.report_id.clone() }).await.expect("told");
    book.erase(mine, &now, &failure, NOW).await.expect("erases");
    let now = get(&done.report_id).await;
    assert_eq!((now.status, now.result_key, now.completed_at), (ReportStatus::Failed, None, old.completed_at));
    assert!(!book.restate(mine, &old, &other).await.expect("answers"), "an erased report stays so");
    assert!(!is_due(book, mine, &done, NOW.plus_ms(1_000_000)).await, "nobody is told twice, or of nothing");
}

/// A report that runs can be cancelled and not deleted; one that has ended the other way round. Its record goes when
/// its end was told.
async fn deletions(book: &dyn Book, mine: &Tenant, other: &Tenant, random: &dyn Random) {
    let get = async |id: &str| ReportBook::get(book, mine, id).await.expect("reads");
    let failure = StoredFailure { code: "cancelled".to_owned(), message: "It was cancelled.".to_owned() };
    let running = report(random, NOW, None);
    let id = running.report_id.as_str();
    book.submit(mine, &running, NOW.plus_ms(60_000)).await.expect("submits");
    let worker = claim(book, mine, &running, NOW).await.expect("is free");
    assert!(book.progress(mine, &worker, "mining", 1).await.expect("stores"));
    let purge = purge_of(&running, random);
    let delete =
        async |tenant: &Tenant, purge| book.delete_report(tenant, &running, purge, NOW).await.expect("answers");
    assert!(!delete(mine, &purge).await, "it runs");
    assert_eq!(book.purge(mine, &purge.purge_id).await.expect("reads"), None, "neither, where one cannot be");
    let cancel =
        async |tenant: &Tenant| book.cancel(tenant, &running, &failure, NOW.plus_ms(1)).await.expect("answers");
    assert!(!cancel(other).await, "another tenant's report is unknown");
    assert!(cancel(mine).await);
    assert!(!cancel(mine).await, "it ends once");
    assert!(!book.progress(mine, &worker, "mining", 2).await.expect("answers"), "nobody waits for its result");
    assert!(!finished(book, mine, &worker, &completed(), NOW).await, "whoever computed it comes too late");
    let ended = get(id).await.expect("is there");
    let at = Some(NOW.plus_ms(1));
    assert_eq!((ended.status, ended.failure, ended.completed_at), (ReportStatus::Failed, Some(failure.clone()), at));
    assert!(is_due(book, mine, &running, NOW.plus_ms(1)).await, "its event is due");
    let another = purge_of(&running, random);
    assert!(!delete(other, &another).await, "another tenant's report is unknown");
    for _ in 0..2 {
        assert!(delete(mine, &purge).await, "and this very deletion stands");
    }
    assert!(!delete(mine, &another).await, "it went before");
    assert_eq!(book.purge(mine, &purge.purge_id).await.expect("reads").as_ref(), Some(&purge));
    let due = Due { kind: DueKind::Purge, tenant: mine.clone(), id: purge.purge_id.clone() };
    assert!(book.due(NOW, 10_000).await.expect("reads").contains(&due), "it is purged at once");
    let marked = get(id).await.expect("is there until its end was told");
    assert_eq!((marked.deleted_at, marked.result_key), (Some(NOW), None));
    let all = ReportFilter::default();
    let listed = ReportBook::list(book, mine, &all, None, 9).await.expect("lists");
    assert_eq!(listed.items, [], "nobody is shown it");
    assert!(!book.remove(mine, id).await.expect("answers"), "its event is due");
    book.done(&Due { kind: DueKind::Report, tenant: mine.clone(), id: id.to_owned() }).await.expect("told");
    for _ in 0..2 {
        assert!(book.remove(mine, id).await.expect("removes, and again is safe"));
        assert_eq!(get(id).await, None);
    }
    let kept = report(random, NOW.plus_ms(1), None);
    book.submit(mine, &kept, NOW).await.expect("submits");
    assert!(!book.remove(mine, &kept.report_id).await.expect("answers"), "what was not deleted stays");
    assert!(get(&kept.report_id).await.is_some());
}

fn purge_of(report: &ReportRecord, random: &dyn Random) -> PurgeRecord {
    PurgeRecord {
        purge_id: random.id("prg_", NOW),
        dataset_id: report.dataset_id.clone(),
        incarnation: report.incarnation.clone(),
        erased: Erased::Report { report_id: report.report_id.clone() },
        sequence: report.sequence,
        requested_at: NOW,
    }
}
