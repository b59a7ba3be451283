//! The AWS adapters over the real SDK. Each test has services of its own.

use crate::kit::{Aws, receive};
use affinsy_app::conformance;
use affinsy_app::ports::{Job, Queue};
use affinsy_aws::world::OsRandom;

#[tokio::test]
async fn objects() {
    let aws = Aws::start().await;
    conformance::objects(&aws.objects().await, &OsRandom).await;
}

#[tokio::test]
async fn orders() {
    let aws = Aws::start().await;
    conformance::orders(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn tending() {
    let aws = Aws::start().await;
    conformance::tending(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn erasures() {
    let aws = Aws::start().await;
    conformance::erasures(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn reports() {
    let aws = Aws::start().await;
    conformance::reports(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn uploads() {
    let aws = Aws::start().await;
    conformance::uploads(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn schedules() {
    let aws = Aws::start().await;
    conformance::schedules(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn deliveries() {
    let aws = Aws::start().await;
    conformance::deliveries(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn endpoints() {
    let aws = Aws::start().await;
    conformance::endpoints(&aws.book().await, &OsRandom).await;
}

#[tokio::test]
async fn keys() {
    let aws = Aws::start().await;
    conformance::keys(&aws.keys().await, &OsRandom).await;
}

#[tokio::test]
async fn idempotency() {
    let aws = Aws::start().await;
    conformance::idempotency(&aws.idempotency().await, &OsRandom).await;
}

#[tokio::test]
async fn rates() {
    let aws = Aws::start().await;
    conformance::rates(&aws.rates().await, &OsRandom).await;
}

#[tokio::test]
async fn jobs_go_to_the_queue_of_their_kind() {
    let aws = Aws::start().await;
    let queue = aws.queue().await;
    let tenant: affinsy_core::ids::Tenant = "shop".parse().expect("a plain name");
    let report = Job::Report { tenant: tenant.clone(), report_id: "rpt_1".to_owned() };
    let tend = Job::Tend { tenant: tenant.clone(), dataset_id: "Bücher & more".to_owned() };
    let purge = Job::Purge { tenant: tenant.clone(), purge_id: "prg_1".to_owned() };
    let import = Job::Import { tenant: tenant.clone(), import_id: "imp_1".to_owned() };
    let delivery = Job::Delivery { tenant, delivery_id: "msg_1".to_owned() };
    for job in [&report, &tend, &purge, &import, &delivery] {
        queue.send(job, 0).await.expect("sends");
    }
    let check = async |url: &str, expected: &[&Job]| {
        let mut received = receive(&queue, url).await;
        received.sort_by_key(|(job, _)| job.to_message());
        assert_eq!(received.iter().map(|(job, _)| job).collect::<Vec<_>>(), expected);
    };
    check(&queue.reports_url, &[&report]).await;
    check(&queue.store_url, &[&purge, &tend]).await;
    check(&queue.uploads_url, &[&import]).await;
    check(&queue.webhooks_url, &[&delivery]).await;
}

#[tokio::test]
async fn a_message_given_back_is_seen_again_and_a_delayed_one_is_not() {
    let aws = Aws::start().await;
    let queue = aws.queue().await;
    let job = Job::Report { tenant: "shop".parse().expect("a plain name"), report_id: "rpt_1".to_owned() };
    queue.send(&job, 900).await.expect("sends");
    assert_eq!(receive(&queue, &queue.reports_url).await, [], "a delayed message waits");
    queue.send(&job, 0).await.expect("sends");
    let first = receive(&queue, &queue.reports_url).await;
    assert_eq!(receive(&queue, &queue.reports_url).await, [], "a received message is hidden");
    queue.hide_for(&job, &first[0].1, 0).await.expect("gives it back");
    assert_eq!(receive(&queue, &queue.reports_url).await.len(), 1);
}
