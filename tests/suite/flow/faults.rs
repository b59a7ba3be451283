//! Messages lost and doubled, workers that die, segments that rot: every report ends, and its sender is told.

use super::{HOOK, shop, told};
use crate::kit::{Shop, json};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Claim, Clock, Finish, Job, ReportBook, ReportStatus, StoredFailure};
use affinsy_app::run_report::Ran;
use bytes::Bytes;

const MINUTE_MS: i64 = 60_000;
const LEASE_MS: i64 = 910_000;

fn is_report(job: &Job) -> bool {
    matches!(job, Job::Report { .. })
}

/// One run of the sweeper, and the jobs it sent.
async fn swept(shop: &Shop) -> Vec<Job> {
    shop.sweep().await;
    shop.queue.take().into_iter().map(|(job, _)| job).collect()
}

/// A worker takes the report and is never heard of again.
async fn taken_by_a_worker_that_dies(shop: &Shop, ann: &Caller, report_id: &str) -> Claim {
    let now = shop.clock.now();
    let claimed = ReportBook::claim(&*shop.book, &ann.tenant, report_id, now, now.plus_ms(LEASE_MS)).await;
    shop.queue.take();
    claimed.expect("answers").expect("nobody holds it")
}

#[tokio::test]
async fn a_lost_message_is_sent_again() {
    let (shop, ann) = shop().await;
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    shop.queue.take();
    assert!(!swept(&shop).await.iter().any(is_report), "a worker has a minute to take it");
    shop.clock.advance_ms(MINUTE_MS);
    let sent = swept(&shop).await;
    assert!(sent.iter().any(is_report), "{sent:?}");
    for job in &sent {
        shop.handle(job).await;
    }
    shop.settle().await;
    assert_eq!(shop.report(&ann.tenant, &report_id).await.status, ReportStatus::Completed);
    assert_eq!(shop.sender.received().len(), 1);
}

#[tokio::test]
async fn a_worker_that_dies_after_its_commit_does_not_keep_the_webhook() {
    let (shop, ann) = shop().await;
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    shop.queue.take();
    assert_eq!(shop.run(&ann.tenant, &report_id).await, Ran::Ended);
    let lost = shop.queue.take();
    assert!(matches!(lost[..], [(Job::Delivery { .. }, 0)]), "{lost:?}");
    shop.sweep().await;
    shop.settle().await;
    assert_eq!(shop.sender.received().len(), 1);
    shop.clock.advance_ms(10 * MINUTE_MS);
    shop.sweep().await;
    shop.settle().await;
    assert_eq!(shop.sender.received().len(), 1, "once it was told the sweeper knows of it no more");
}

#[tokio::test]
async fn doubled_messages_have_one_effect() {
    let (shop, ann) = shop().await;
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    let mut jobs = shop.queue.take();
    jobs.extend(jobs.clone());
    for (job, _) in &jobs {
        shop.handle(job).await;
    }
    let deliveries = shop.queue.take();
    assert_eq!(deliveries.len(), 1, "a report ends once: {deliveries:?}");
    for _ in 0..3 {
        shop.handle(&deliveries[0].0).await;
    }
    assert_eq!((shop.report(&ann.tenant, &report_id).await.claims, shop.sender.received().len()), (1, 1));
}

#[tokio::test]
async fn a_dead_workers_report_is_taken_over_and_the_zombie_loses() {
    let (shop, ann) = shop().await;
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    let zombie = taken_by_a_worker_that_dies(&shop, &ann, &report_id).await;
    assert_eq!(shop.run(&ann.tenant, &report_id).await, Ran::Ended, "another worker has it: nothing to do");
    assert_eq!(shop.report(&ann.tenant, &report_id).await.status, ReportStatus::Processing);
    shop.clock.advance_ms(LEASE_MS);
    shop.sweep().await;
    shop.settle().await;
    let stale = Finish::Failed(StoredFailure { code: "zombie".to_owned(), message: String::new() });
    let accepted = shop.book.finish(&ann.tenant, &zombie, &stale, shop.clock.now()).await.expect("answers");
    assert!(!accepted, "a void claim changes nothing");
    let report = shop.report(&ann.tenant, &report_id).await;
    assert_eq!((report.status, report.claims), (ReportStatus::Completed, 2));
}

#[tokio::test]
async fn a_report_that_takes_its_workers_down_fails_and_says_so() {
    let (shop, ann) = shop().await;
    let report_id = shop.submit(&ann, &told("standard_mba")).await;
    for _ in 0..3 {
        taken_by_a_worker_that_dies(&shop, &ann, &report_id).await;
        shop.clock.advance_ms(LEASE_MS);
    }
    // Nobody has the message any more: the sweeper sends it, and the next worker ends it.
    shop.sweep().await;
    shop.settle().await;
    let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
    assert_eq!((&report["status"], &report["failure"]["code"]), (&"Failed".into(), &"resource_exhausted".into()));
    let received = shop.sender.received();
    assert!(received.len() == 1 && received[0].body.contains(r#""event": "report.failed""#), "{received:?}");
}

#[tokio::test]
async fn a_corrupt_segment_fails_the_report_and_is_named() {
    for damage in [Bytes::new(), Bytes::from_static(b"not parquet"), Bytes::from_static(b"PAR1garbagePAR1")] {
        let (shop, ann) = shop().await;
        let segment = shop.objects.keys()[0].clone();
        shop.objects.damage(&segment, damage.clone());
        let report_id = shop.submit(&ann, &told("standard_mba")).await;
        shop.settle().await;
        let report = json(&shop.get(&ann, &format!("/reports/{report_id}")).await);
        assert_eq!((&report["status"], &report["failure"]["code"]), (&"Failed".into(), &"corrupt_segment".into()));
        let name = segment.rsplit('/').next().expect("keys have parts");
        let message = report["failure"]["message"].as_str().expect("words");
        assert!(message.contains(name), "{message}");
        assert_eq!(shop.sender.received()[0].url, HOOK, "a failed report is told of too");
        assert_eq!(shop.get(&ann, "/datasets/my-store").await.status, 200, "the dataset stays readable");
    }
}

#[tokio::test]
async fn a_flipped_byte_is_noticed() {
    let (shop, ann) = shop().await;
    let segment = shop.objects.keys()[0].clone();
    let bytes = affinsy_app::ports::Objects::read(&*shop.objects, &segment).await.expect("reads").expect("is there");
    let mut flipped = bytes.to_vec();
    flipped[bytes.len() / 2] ^= 1;
    shop.objects.damage(&segment, flipped.into());
    let report_id = shop.submit(&ann, &told("standard_rfm")).await;
    shop.settle().await;
    let failure = shop.report(&ann.tenant, &report_id).await.failure.expect("failed");
    assert_eq!(failure.code, "corrupt_segment");
}

#[tokio::test]
async fn a_segment_of_another_dataset_is_noticed() {
    let (shop, ann) = shop().await;
    let own = shop.objects.keys()[0].clone();
    shop.push(&ann, &super::ORDERS.replace("my-store", "other-store")).await;
    let foreign = shop.objects.keys().into_iter().find(|key| *key != own).expect("the other dataset's");
    let bytes = affinsy_app::ports::Objects::read(&*shop.objects, &foreign).await.expect("reads").expect("is there");
    for (bytes, what) in [(bytes.slice(..bytes.len() - 1), "cut"), (other_rows(&ann).await, "whole, of other rows")] {
        shop.objects.damage(&own, bytes);
        let report_id = shop.submit(&ann, &told("standard_mba")).await;
        shop.settle().await;
        let failure = shop.report(&ann.tenant, &report_id).await.failure.expect("failed");
        assert_eq!(failure.code, "corrupt_segment", "{what}");
    }
    let others = shop.submit(&ann, &told("standard_mba").replace("my-store", "other-store")).await;
    shop.settle().await;
    assert_eq!(shop.report(&ann.tenant, &others).await.status, ReportStatus::Completed, "its own dataset is whole");
}

/// A segment that another shop wrote.
async fn other_rows(ann: &Caller) -> Bytes {
    let shop = Shop::new();
    shop.push(ann, &super::ORDERS.replace("Tea", "Rum")).await;
    let key = shop.objects.keys()[0].clone();
    affinsy_app::ports::Objects::read(&*shop.objects, &key).await.expect("reads").expect("is there")
}

#[tokio::test]
async fn messages_about_nothing_are_done_with() {
    let (shop, ann) = shop().await;
    let tenant = ann.tenant.clone();
    shop.handle(&Job::Report { tenant: tenant.clone(), report_id: "rpt_none".to_owned() }).await;
    shop.handle(&Job::Delivery { tenant: tenant.clone(), delivery_id: "msg_none".to_owned() }).await;
    shop.handle(&Job::Tend { tenant, dataset_id: "none".to_owned() }).await;
    assert_eq!((shop.queue.take(), shop.sender.received()), (vec![], vec![]));
}
