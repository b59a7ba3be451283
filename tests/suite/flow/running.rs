//! One tenant's hundred reports do not delay another's first, and none of them is lost by waiting.

use super::{ORDERS, shop};
use crate::kit::{MOST_REPORTS_AT_ONCE, Shop, caller};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Clock, Endpoints, Job, Pool, ReportStatus};
use affinsy_app::run_report::Ran;

const RFM: &str = r#"{"report_type": "RFM", "dataset_id": "my-store"}"#;
const LEASE_MS: i64 = 910_000;

/// As many of the tenant's reports run as may.
async fn busy(shop: &Shop, ann: &Caller) {
    let now = shop.clock.now();
    for at in 0..MOST_REPORTS_AT_ONCE {
        let (holder, until) = (format!("rpt_{at}"), now.plus_ms(LEASE_MS));
        let place = shop.book.enter(&ann.tenant, Pool::Reports, &holder, MOST_REPORTS_AT_ONCE, now, until).await;
        assert_eq!(place, Ok(Some(at)));
    }
}

/// The reports' messages that were sent, and their delays.
fn reports(shop: &Shop) -> Vec<(Job, u32)> {
    shop.queue.take().into_iter().filter(|(job, _)| matches!(job, Job::Report { .. })).collect()
}

#[tokio::test]
async fn a_tenant_with_a_hundred_reports_waits_and_others_do_not() {
    let (shop, ann) = shop().await;
    busy(&shop, &ann).await;
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(shop.submit(&ann, RFM).await);
        shop.clock.advance_ms(100);
    }
    let mut queued = reports(&shop);
    // Five minutes of messages that come back, with a sweeper that finds each due in between if it can.
    for _ in 0..10 {
        assert_eq!(queued.len(), ids.len(), "each report has one message, however long it waits");
        for (job, _) in &queued {
            shop.handle(job).await;
        }
        queued = reports(&shop);
        assert!(queued.iter().all(|(_, delay_s)| (10..=30).contains(delay_s)), "{queued:?}");
        shop.clock.advance_ms(30_000);
        shop.sweep().await;
        assert_eq!(reports(&shop), [], "the sweeper leaves alone what has a message");
    }
    let other = caller("other-shop");
    shop.push(&other, ORDERS).await;
    let first = shop.submit(&other, RFM).await;
    assert_eq!(shop.run(&other.tenant, &first).await, Ran::Ended);
    assert_eq!(shop.report(&other.tenant, &first).await.status, ReportStatus::Completed);
    for id in &ids {
        let report = shop.report(&ann.tenant, id).await;
        assert_eq!((report.status, report.claims), (ReportStatus::Processing, 0), "waiting is no failed claim");
    }
    shop.book.leave(&ann.tenant, Pool::Reports, "rpt_0", 0).await.expect("leaves");
    for (job, _) in &queued {
        shop.handle(job).await;
    }
    for id in &ids {
        assert_eq!(shop.report(&ann.tenant, id).await.status, ReportStatus::Completed, "one place serves all in turn");
    }
}

#[tokio::test]
async fn a_report_whose_message_got_lost_while_it_waited_is_found_by_the_sweeper() {
    let (shop, ann) = shop().await;
    busy(&shop, &ann).await;
    let id = shop.submit(&ann, RFM).await;
    shop.queue.take();
    assert_eq!(shop.run(&ann.tenant, &id).await, Ran::Ended);
    assert_eq!(reports(&shop).len(), 1, "this one is lost");
    shop.clock.advance_ms(150_000);
    shop.sweep().await;
    assert_eq!(reports(&shop).len(), 1);
    shop.clock.advance_ms(LEASE_MS);
    shop.run(&ann.tenant, &id).await;
    let report = shop.report(&ann.tenant, &id).await;
    assert_eq!(report.status, ReportStatus::Completed, "dead workers hold no place for long");
}

#[tokio::test]
async fn a_message_that_comes_twice_gives_its_place_back_and_ends_while_the_report_runs() {
    let (shop, ann) = shop().await;
    let id = shop.submit(&ann, RFM).await;
    shop.queue.take();
    assert_eq!(shop.run(&ann.tenant, &id).await, Ran::Ended);
    for _ in 0..=MOST_REPORTS_AT_ONCE {
        assert_eq!(shop.run(&ann.tenant, &id).await, Ran::Ended);
    }
    assert_eq!(reports(&shop), []);
    busy(&shop, &ann).await;
    assert_eq!(shop.run(&ann.tenant, &id).await, Ran::Ended);
    assert_eq!(reports(&shop), [], "what ended does not wait for a place");
}
