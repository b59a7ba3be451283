//! `DELETE /reports/{id}`: what runs is cancelled, what has ended is gone, and whoever waits is told either way.

use super::{shop, told};
use crate::kit::{Shop, json};
use affinsy_app::delete_report::{BookPorts, Deleted, delete_report};
use affinsy_app::ports::{ReportBook, ReportStatus};
use affinsy_app::run_report::Ran;

const HOUR_MS: i64 = 3_600_000;

/// Lets everything happen that two hours bring.
async fn hours_pass(shop: &Shop) {
    for wait_ms in [0, HOUR_MS + 60_000, HOUR_MS] {
        shop.clock.advance_ms(wait_ms);
        shop.sweep().await;
        shop.settle().await;
    }
}

#[tokio::test]
async fn a_running_report_is_cancelled_and_its_webhook_told() {
    let (shop, ann) = shop().await;
    let id = shop.submit(&ann, &told("standard_rfm")).await;
    let path = format!("/reports/{id}");
    let answer = shop.delete(&ann, &path).await;
    let shown = json(&answer);
    assert_eq!(
        (answer.status, &shown["status"], &shown["failure"]["code"]),
        (200, &"Failed".into(), &"cancelled".into())
    );
    assert_eq!(json(&shop.get(&ann, &path).await)["failure"], shown["failure"], "it stays to be looked at");
    assert_eq!(shop.run(&ann.tenant, &id).await, Ran::Ended, "its message finds nothing to do");
    shop.settle().await;
    let heard = shop.sender.received();
    assert_eq!(heard.len(), 1, "one event");
    let body = heard[0].body.clone();
    assert!(body.contains("report.failed") && body.contains(&id), "{body}");
    assert_eq!(shop.delete(&ann, &path).await.status, 204, "asked again, it is deleted");
    assert_eq!(shop.get(&ann, &path).await.status, 404);
}

#[tokio::test]
async fn a_deleted_report_is_gone_at_once_and_then_from_everything_that_is_stored() {
    let (shop, ann) = shop().await;
    let (gone, kept) = (shop.submit(&ann, &told("standard_rfm")).await, shop.submit(&ann, &told("standard_rfm")).await);
    shop.settle().await;
    let of = |id: &str| shop.objects.keys().into_iter().filter(|key| key.contains(id)).count();
    assert!(of(&gone) > 0, "the test can see its result");
    let before = of(&kept);
    assert_eq!(shop.delete(&ann, &format!("/reports/{gone}")).await.status, 204);
    for path in ["", "/customers", "/rules"] {
        assert_eq!(shop.get(&ann, &format!("/reports/{gone}{path}")).await.status, 404, "{path}");
    }
    assert_eq!(shop.delete(&ann, &format!("/reports/{gone}")).await.status, 404, "like one that never was");
    let listed = json(&shop.get(&ann, "/reports").await);
    assert!(!listed.to_string().contains(&gone) && listed.to_string().contains(&kept), "{listed}");
    hours_pass(&shop).await;
    assert_eq!((of(&gone), of(&kept)), (0, before), "{:?}", shop.objects.keys());
    assert_eq!(ReportBook::get(&*shop.book, &ann.tenant, &gone).await.expect("reads"), None, "nor is its record");
    assert_eq!(json(&shop.get(&ann, &format!("/reports/{kept}")).await)["status"], "Completed");
}

#[tokio::test]
async fn a_report_that_is_deleted_before_its_webhook_went_is_told_of_still() {
    let (shop, ann) = shop().await;
    let id = shop.submit(&ann, &told("standard_rfm")).await;
    assert_eq!(shop.run(&ann.tenant, &id).await, Ran::Ended);
    // Whatever messages there were are lost.
    shop.queue.take();
    assert_eq!(shop.delete(&ann, &format!("/reports/{id}")).await.status, 204);
    assert_eq!(shop.sender.received().len(), 0);
    hours_pass(&shop).await;
    let heard = shop.sender.received();
    assert_eq!(heard.len(), 1, "the sweeper found it due");
    assert!(heard[0].body.contains("report.completed"));
    hours_pass(&shop).await;
    assert_eq!(ReportBook::get(&*shop.book, &ann.tenant, &id).await.expect("reads"), None);
}

#[tokio::test]
async fn a_report_that_ended_while_it_was_being_cancelled_keeps_its_result() {
    let (shop, ann) = shop().await;
    let id = shop.submit(&ann, &told("standard_rfm")).await;
    let running = shop.report(&ann.tenant, &id).await;
    shop.settle().await;
    let book = BookPorts { reports: &*shop.book, queue: &*shop.queue, clock: &*shop.clock, random: &*shop.random };
    let deleted = delete_report(&ann.tenant, &running, book).await.expect("answers");
    let Deleted::Cancelled(ended) = deleted else { panic!("{deleted:?}") };
    assert_eq!(ended.status, ReportStatus::Completed);
    assert_eq!(json(&shop.get(&ann, &format!("/reports/{id}")).await)["status"], "Completed");
    assert_eq!(shop.sender.received().len(), 1);
}
