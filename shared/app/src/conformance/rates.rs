//! The quota is exact at any concurrency, its window begins with the first request, and users do not share it.

use super::samples::{NOW, tenant};
use crate::ports::{Random, RateDecision, RateWindows};
use affinsy_core::ids::{Tenant, User};
use futures::future::join_all;

pub async fn rates(windows: &dyn RateWindows, random: &dyn Random) {
    let tenant = tenant(random);
    exact_under_concurrency(windows, &tenant).await;
    window_from_the_first_request(windows, &tenant).await;
    none_is_none(windows, &tenant).await;
}

fn user(name: &str) -> User {
    name.parse().expect("a plain name")
}

async fn exact_under_concurrency(windows: &dyn RateWindows, tenant: &Tenant) {
    let busy = user("busy");
    let takes = (0..1_000).map(|_| windows.take(tenant, &busy, 60, NOW));
    let taken: Vec<RateDecision> = join_all(takes).await.into_iter().map(|taken| taken.expect("answers")).collect();
    assert_eq!(taken.iter().filter(|taken| taken.admitted).count(), 60, "of 1,000 at once 60 are admitted");
    let mut left: Vec<u32> = taken.iter().filter(|taken| taken.admitted).map(|taken| taken.remaining).collect();
    left.sort_unstable();
    assert_eq!(left, (0..60).collect::<Vec<u32>>(), "each admitted request has its own place");
    let quiet = windows.take(tenant, &user("quiet"), 60, NOW).await.expect("answers");
    assert!(quiet.admitted && quiet.remaining == 59, "another user's quota is untouched");
}

async fn window_from_the_first_request(windows: &dyn RateWindows, tenant: &Tenant) {
    let ann = user("ann");
    let take = |after_ms: i64| windows.take(tenant, &ann, 3, NOW.plus_ms(after_ms));
    let check = |taken: RateDecision, admitted, remaining, resets_in_ms, when: &str| {
        let got = (taken.admitted, taken.remaining, taken.resets_in_ms);
        assert_eq!(got, (admitted, remaining, resets_in_ms), "{when}");
    };
    check(take(0).await.expect("answers"), true, 2, 60_000, "the first");
    check(take(-500).await.expect("answers"), true, 1, 60_000, "by a clock that is behind the first's");
    check(take(59_000).await.expect("answers"), true, 0, 1_000, "the third, at the window's end");
    check(take(59_999).await.expect("answers"), false, 0, 1, "over quota");
    check(take(60_000).await.expect("answers"), true, 2, 60_000, "a new window");
}

async fn none_is_none(windows: &dyn RateWindows, tenant: &Tenant) {
    let taken = windows.take(tenant, &user("stopped"), 0, NOW).await.expect("answers");
    assert!(!taken.admitted && taken.remaining == 0, "a quota of none admits none");
}
