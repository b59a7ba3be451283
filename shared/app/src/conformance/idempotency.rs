//! One call at a time under a key, its answer for as long as it is kept, and the same seed for whoever takes it over.

use super::samples::{NOW, tenant};
use crate::ports::{Begun, CallRecord, Idempotency, Random, StoredAnswer};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use futures::future::join_all;

const LEASE_MS: i64 = 30_000;
const KEPT_MS: i64 = 86_400_000;

pub async fn idempotency(calls: &dyn Idempotency, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    answers(calls, &mine, &other, random).await;
    takeovers(calls, &mine, random).await;
    releases(calls, &mine, random).await;
    one_of_many(calls, &mine, random).await;
}

fn call(key: &str, request: &str, at: Instant, random: &dyn Random) -> CallRecord {
    CallRecord {
        key_hash: key.to_owned(),
        request_hash: request.to_owned(),
        seed: random.id("seed", NOW),
        started_at: at,
        lease_until: at.plus_ms(LEASE_MS),
        expires_at: at.plus_ms(KEPT_MS),
        token: 0,
        answer: None,
    }
}

fn answer(body: &str) -> StoredAnswer {
    let headers = vec![("location".to_owned(), "/api/v1/reports/rpt_1".to_owned())];
    StoredAnswer { status: 202, headers, body: body.to_owned() }
}

async fn begin(calls: &dyn Idempotency, tenant: &Tenant, call: &CallRecord) -> Begun {
    calls.begin(tenant, call, call.started_at).await.expect("answers")
}

async fn answers(calls: &dyn Idempotency, mine: &Tenant, other: &Tenant, random: &dyn Random) {
    let again = |after_ms: i64| call("answers", "r1", NOW.plus_ms(after_ms), random);
    let first = again(0);
    assert_eq!(begin(calls, mine, &first).await, Begun::Go(first.clone()), "a free key");
    assert_eq!(begin(calls, mine, &first).await, Begun::Go(first.clone()), "the same write sent twice is one");
    let until = first.lease_until;
    assert_eq!(begin(calls, mine, &again(1)).await, Begun::Running { until }, "while the first runs");
    assert_eq!(begin(calls, mine, &call("answers", "r2", NOW, random)).await, Begun::OtherRequest);
    assert!(calls.finish(mine, &first, &answer("Ü {}")).await.expect("stores"));
    assert_eq!(begin(calls, mine, &again(KEPT_MS - 1)).await, Begun::Done(answer("Ü {}")), "for a whole day");
    assert_eq!(
        begin(calls, mine, &call("answers", "r2", NOW, random)).await,
        Begun::OtherRequest,
        "also when it ended"
    );
    assert!(!calls.finish(mine, &first, &answer("late")).await.expect("answers"), "the first answer stays");
    calls.release(mine, &first, NOW).await.expect("answers");
    assert_eq!(begin(calls, mine, &again(1)).await, Begun::Done(answer("Ü {}")), "what has ended stays ended");
    let theirs = call("answers", "r2", NOW, random);
    assert_eq!(begin(calls, other, &theirs).await, Begun::Go(theirs.clone()), "another tenant's keys are others");
    let next_day = call("answers", "r2", NOW.plus_ms(KEPT_MS), random);
    assert_eq!(begin(calls, mine, &next_day).await, Begun::Go(next_day.clone()), "then the key is free for anything");
    assert!(!calls.finish(mine, &first, &answer("late")).await.expect("answers"), "for the old call it is too late");
}

async fn takeovers(calls: &dyn Idempotency, mine: &Tenant, random: &dyn Random) {
    let at = |after_ms: i64| call("takeovers", "r1", NOW.plus_ms(after_ms), random);
    let died = at(0);
    begin(calls, mine, &died).await;
    assert!(matches!(begin(calls, mine, &at(LEASE_MS - 1)).await, Begun::Running { .. }), "until its lease ends");
    let second = at(LEASE_MS);
    let Begun::Go(taken) = begin(calls, mine, &second).await else { panic!("the lease is over") };
    let expected = CallRecord { token: 1, lease_until: second.lease_until, ..died.clone() };
    assert_eq!(taken, expected, "the same seed and start, a higher token and a lease of its own");
    assert!(matches!(begin(calls, mine, &at(LEASE_MS + 1)).await, Begun::Running { .. }), "one takes over");
    assert!(!calls.finish(mine, &died, &answer("zombie")).await.expect("answers"), "a zombie's answer is refused");
    calls.release(mine, &died, NOW).await.expect("answers");
    assert!(matches!(begin(calls, mine, &at(LEASE_MS + 2)).await, Begun::Running { .. }), "nor does it release");
    assert!(calls.finish(mine, &taken, &answer("good")).await.expect("stores"));
    assert_eq!(begin(calls, mine, &at(LEASE_MS + 3)).await, Begun::Done(answer("good")));
}

async fn releases(calls: &dyn Idempotency, mine: &Tenant, random: &dyn Random) {
    let first = call("releases", "r1", NOW, random);
    begin(calls, mine, &first).await;
    calls.release(mine, &first, NOW.plus_ms(5)).await.expect("releases");
    let next = call("releases", "r1", NOW.plus_ms(5), random);
    let Begun::Go(taken) = begin(calls, mine, &next).await else { panic!("it was released") };
    assert_eq!((taken.seed, taken.token), (first.seed, 1), "the next goes on where the first stopped");
}

async fn one_of_many(calls: &dyn Idempotency, mine: &Tenant, random: &dyn Random) {
    for after_ms in [0, LEASE_MS] {
        let crowd: Vec<CallRecord> = (0..50).map(|_| call("crowd", "r1", NOW.plus_ms(after_ms), random)).collect();
        let begun = join_all(crowd.iter().map(|call| begin(calls, mine, call))).await;
        let went = begun.iter().filter(|begun| matches!(begun, Begun::Go(_))).count();
        let waited = begun.iter().filter(|begun| matches!(begun, Begun::Running { .. })).count();
        assert_eq!((went, waited), (1, 49), "one of fifty, after {after_ms} ms");
    }
}
