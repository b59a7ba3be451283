//! Messages in another order than they were sent in, late, and bad ones among good ones.

use super::{shop, told};
use affinsy_app::ports::{Job, ReportStatus};
use affinsy_aws::lambda::sqs::{Handled, each};
use std::collections::BTreeSet;

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn messages_in_reverse_and_a_day_late_have_one_effect_each() {
    let (shop, ann) = shop().await;
    let mut ids = Vec::new();
    for template in ["standard_mba", "standard_rfm", "first_order"] {
        ids.push(shop.submit(&ann, &told(template)).await);
    }
    let mut old: Vec<Job> = Vec::new();
    loop {
        let jobs = shop.queue.take();
        if jobs.is_empty() {
            break;
        }
        for (job, _) in jobs.into_iter().rev() {
            shop.handle(&job).await;
            old.insert(0, job);
        }
    }
    let (first, received) = (shop.report(&ann.tenant, &ids[0]).await, shop.sender.received());
    shop.clock.advance_ms(DAY_MS);
    for job in &old {
        shop.handle(job).await;
    }
    shop.settle().await;
    for report_id in &ids {
        let report = shop.report(&ann.tenant, report_id).await;
        assert_eq!((report.status, report.claims), (ReportStatus::Completed, 1), "{report:?}");
    }
    assert_eq!(shop.report(&ann.tenant, &ids[0]).await, first, "what has ended stays as it was");
    let told: BTreeSet<String> = received.iter().map(|one| one.headers[1].1.clone()).collect();
    assert_eq!((told.len(), shop.sender.received().len()), (3, 3), "one event each, and none a day later");
}

#[tokio::test]
async fn one_bad_message_of_ten_comes_back_alone() {
    let record = |at: usize| {
        let job = Job::Report { tenant: "shop".parse().expect("a plain name"), report_id: format!("rpt_{at}") };
        serde_json::json!({"messageId": at.to_string(), "receiptHandle": "x", "body": job.to_message()})
    };
    let records: Vec<serde_json::Value> = (0..10).map(record).collect();
    let event = serde_json::from_value(serde_json::json!({ "Records": records })).expect("an event");
    let answer = each(event, async |message| match message.job {
        Job::Report { report_id, .. } if report_id == "rpt_6" => Handled::Again,
        _ => Handled::Done,
    });
    let failures = answer.await.batch_item_failures;
    let failed: Vec<&str> = failures.iter().map(|failure| &*failure.item_identifier).collect();
    assert_eq!(failed, ["6"]);
}
