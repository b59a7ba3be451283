//! Reports that come again, from the call to the run, and what happens when a run is cut short.

use super::{HOOK, shop};
use crate::kit::{Shop, caller, json};
use affinsy_app::http::Caller;
use affinsy_app::ports::{Job, ScheduleBook};
use serde_json::{Value, json as object};

const DAY_MS: i64 = 86_400_000;

async fn create(shop: &Shop, ann: &Caller, body: &Value) -> Value {
    let answer = shop.post(ann, "/schedules", body.to_string()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let created = json(&answer);
    let location = format!("/api/v1/schedules/{}", created["schedule_id"].as_str().expect("an id"));
    assert_eq!(answer.header("location"), Some(&*location));
    created
}

async fn get(shop: &Shop, ann: &Caller, id: &Value) -> Value {
    json(&shop.get(ann, &format!("/schedules/{}", id.as_str().expect("an id"))).await)
}

async fn reports(shop: &Shop, ann: &Caller) -> Vec<Value> {
    json(&shop.get(ann, "/reports").await)["data"].as_array().expect("a list").clone()
}

/// Every day at six, the dates of the last thirty days; it is noon now.
fn daily() -> Value {
    object!({"every": "day", "name": "Daily", "last_days": 30,
        "report": {"template": "standard_mba", "dataset_id": "my-store", "webhook_url": HOOK}})
}

#[tokio::test]
async fn a_report_comes_again_and_its_dates_move_on() {
    let (shop, ann) = shop().await;
    let created = create(&shop, &ann, &daily()).await;
    assert_eq!((&created["next_run_at"], &created["runs"]), (&"2025-03-21T06:00:00Z".into(), &0.into()), "{created}");
    assert_eq!(created["request"], daily());
    shop.sweep().await;
    shop.settle().await;
    assert_eq!(reports(&shop, &ann).await, Vec::<Value>::new(), "nothing runs before its time");
    for (day, end) in ["2025-03-20", "2025-03-21"].into_iter().enumerate() {
        shop.clock.advance_ms(if day == 0 { DAY_MS * 3 / 4 } else { DAY_MS });
        shop.sweep().await;
        shop.settle().await;
        let schedule = get(&shop, &ann, &created["schedule_id"]).await;
        assert_eq!((&schedule["runs"], &schedule["last_failure"]), (&(day + 1).into(), &Value::Null), "{schedule}");
        let id = schedule["last_report_id"].as_str().expect("an id");
        let report = json(&shop.get(&ann, &format!("/reports/{id}")).await);
        assert_eq!((&report["status"], &report["name"]), (&"Completed".into(), &"Daily".into()), "{report}");
        assert_eq!(report["parameters"]["filters"]["dateRange"]["end"], end, "{}", report["parameters"]);
        assert_eq!(reports(&shop, &ann).await.len(), day + 1);
        assert_eq!(shop.sender.received().len(), day + 1);
    }
}

#[tokio::test]
async fn missed_runs_are_made_up_for_by_one() {
    let (shop, ann) = shop().await;
    let created = create(&shop, &ann, &daily()).await;
    shop.clock.advance_ms(10 * DAY_MS);
    shop.sweep().await;
    shop.settle().await;
    shop.sweep().await;
    assert_eq!(reports(&shop, &ann).await.len(), 1);
    let schedule = get(&shop, &ann, &created["schedule_id"]).await;
    assert_eq!((&schedule["runs"], &schedule["next_run_at"]), (&1.into(), &"2025-03-31T06:00:00Z".into()));
}

#[tokio::test]
async fn a_run_that_was_cut_short_is_made_once() {
    let (shop, ann) = shop().await;
    let created = create(&shop, &ann, &daily()).await;
    let id = created["schedule_id"].as_str().expect("an id");
    let before = ScheduleBook::get(&*shop.book, &ann.tenant, id).await.expect("reads").expect("is there");
    shop.clock.advance_ms(DAY_MS);
    shop.sweep().await;
    // The sweeper dies after the report was stored, before the schedule was moved on.
    let after = ScheduleBook::get(&*shop.book, &ann.tenant, id).await.expect("reads").expect("is there");
    assert!(shop.book.ran(&ann.tenant, after.next_run_at, &before).await.expect("stores"));
    shop.settle().await;
    let [report] = &reports(&shop, &ann).await[..] else { panic!("one report") };
    assert_eq!(report["status"], "Completed");
    shop.sweep().await;
    let jobs: Vec<Job> = shop.queue.take().into_iter().map(|(job, _)| job).collect();
    assert!(jobs.iter().any(|job| matches!(job, Job::Report { .. })), "{jobs:?}");
    let again = reports(&shop, &ann).await;
    assert_eq!(again, std::slice::from_ref(report), "the same report, as it ended");
    assert_eq!(get(&shop, &ann, &created["schedule_id"]).await["runs"], 1);
}

#[tokio::test]
async fn a_schedule_whose_dataset_is_gone_says_so_and_goes_on() {
    let (shop, ann) = shop().await;
    let created = create(&shop, &ann, &daily()).await;
    assert_eq!(shop.delete(&ann, "/datasets/my-store").await.status, 202);
    shop.settle().await;
    shop.clock.advance_ms(DAY_MS);
    shop.sweep().await;
    let schedule = get(&shop, &ann, &created["schedule_id"]).await;
    assert_eq!(schedule["last_failure"]["code"], "unknown_dataset", "{schedule}");
    assert_eq!((&schedule["last_report_id"], &schedule["runs"]), (&Value::Null, &1.into()));
    shop.push(&ann, super::ORDERS).await;
    shop.clock.advance_ms(DAY_MS);
    shop.sweep().await;
    let schedule = get(&shop, &ann, &created["schedule_id"]).await;
    assert!(schedule["last_failure"].is_null() && schedule["last_report_id"].is_string(), "{schedule}");
}

#[tokio::test]
async fn a_deleted_schedule_runs_no_more() {
    let (shop, ann) = shop().await;
    let created = create(&shop, &ann, &daily()).await;
    let target = format!("/schedules/{}", created["schedule_id"].as_str().expect("an id"));
    assert_eq!(shop.delete(&caller("other"), &target).await.status, 404);
    assert_eq!(shop.delete(&ann, &target).await.status, 204);
    assert_eq!((shop.delete(&ann, &target).await.status, shop.get(&ann, &target).await.status), (404, 404));
    shop.clock.advance_ms(DAY_MS);
    shop.sweep().await;
    assert_eq!(reports(&shop, &ann).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_cannot_run_is_refused_at_once() {
    let (shop, ann) = shop().await;
    let check = async |change: fn(&mut Value), status: u16, pointer: &str| {
        let mut body = daily();
        change(&mut body);
        let answer = shop.post(&ann, "/schedules", body.to_string()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        let found = json(&answer)["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
        assert_eq!(found, pointer, "{body}");
    };
    check(|body| body["every"] = "minute".into(), 422, "/every").await;
    check(|body| body["report"]["webhook_url"] = "http://127.0.0.1/".into(), 422, "/report/webhook_url").await;
    check(|body| body["report"]["params"] = object!({"as_of": "2025-01-01"}), 422, "/report/params/as_of").await;
    check(|body| body["report"]["dataset_id"] = "none".into(), 404, "").await;
    for _ in 0..100 {
        create(&shop, &ann, &daily()).await;
    }
    let answer = shop.post(&ann, "/schedules", daily().to_string()).await;
    assert_eq!((answer.status, &json(&answer)["code"]), (409, &"too_many_schedules".into()));
    create_for_another(&shop).await;
}

async fn create_for_another(shop: &Shop) {
    let bob = caller("bob");
    shop.push(&bob, super::ORDERS).await;
    create(shop, &bob, &daily()).await;
    let list = json(&shop.get(&bob, "/schedules").await);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "each has its own hundred");
}
