//! A schedule is due at its next run, runs once for it, and is gone when it is deleted.

use super::Book;
use super::samples::{NOW, tenant};
use crate::ports::{Due, DueKind, Random, ScheduleBook, ScheduleRecord};
use affinsy_core::ids::Tenant;

fn schedule(schedule_id: String) -> ScheduleRecord {
    ScheduleRecord {
        schedule_id,
        name: Some("Weekly".to_owned()),
        body: r#"{"every":"day","report":{"report_type":"RFM"}}"#.to_owned(),
        created_at: NOW,
        next_run_at: NOW.plus_ms(1_000),
        runs: 0,
        last_run_at: None,
        last_report_id: None,
        last_failure: None,
    }
}

async fn is_due<B: Book>(book: &B, tenant: &Tenant, id: &str, at_ms: i64) -> bool {
    let due = Due { kind: DueKind::Schedule, tenant: tenant.clone(), id: id.to_owned() };
    book.due(NOW.plus_ms(at_ms), 10_000).await.expect("reads").contains(&due)
}

pub async fn schedules<B: Book + ScheduleBook>(book: &B, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    let [first, second] = [0, 1].map(|later_ms| schedule(random.id("sch_", NOW.plus_ms(later_ms))));
    for schedule in [&first, &second] {
        book.create(&mine, schedule).await.expect("stores");
    }
    let id = &first.schedule_id;
    assert_eq!(ScheduleBook::get(book, &mine, id).await.expect("reads"), Some(first.clone()));
    assert_eq!(ScheduleBook::get(book, &other, id).await.expect("reads"), None, "another tenant's is unknown");
    let page = ScheduleBook::list(book, &mine, None, 1).await.expect("reads");
    assert_eq!((page.items, page.next_after.as_ref()), (vec![second.clone()], Some(&second.schedule_id)));
    let page = ScheduleBook::list(book, &mine, page.next_after.as_deref(), 1).await.expect("reads");
    assert_eq!((page.items, page.next_after), (vec![first.clone()], None));

    assert!(!is_due(book, &mine, id, 999).await && is_due(book, &mine, id, 1_000).await);
    let run_at = first.next_run_at;
    let after = ScheduleRecord { next_run_at: NOW.plus_ms(9_000), runs: 1, last_run_at: Some(run_at), ..first.clone() };
    assert!(!book.ran(&other, run_at, &after).await.expect("answers"));
    assert!(book.ran(&mine, run_at, &after).await.expect("stores"));
    assert!(!book.ran(&mine, run_at, &after).await.expect("answers"), "one run for one time");
    book.create(&mine, &first).await.expect("answers");
    assert_eq!(ScheduleBook::get(book, &mine, id).await.expect("reads"), Some(after.clone()));
    assert!(!is_due(book, &mine, id, 8_999).await && is_due(book, &mine, id, 9_000).await);

    assert!(!book.delete(&other, id).await.expect("answers"), "another tenant deletes nothing");
    assert!(book.delete(&mine, id).await.expect("deletes"));
    assert!(!book.delete(&mine, id).await.expect("answers"), "it is gone");
    assert!(!is_due(book, &mine, id, 1_000_000).await, "and due no more");
    assert!(!book.ran(&mine, NOW.plus_ms(9_000), &after).await.expect("answers"), "a run does not bring it back");
    assert_eq!(ScheduleBook::get(book, &mine, id).await.expect("reads"), None);
}
