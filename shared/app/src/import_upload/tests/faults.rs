//! Files that are late or gone, stores that are away, time that runs out.

use super::bench::{Bench, MINUTE_MS, NOW, check_failed, table};
use crate::import_upload::import_upload;
use crate::ports::{Clock, ImportStatus, Objects, Uploads};
use crate::run_report::Ran;
use affinsy_core::time::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

#[tokio::test]
async fn an_upload_that_never_comes_fails_once_its_time_is_over() {
    let bench = Bench::new();
    let (import_id, _) = bench.open("{}").await;
    let mut looks = Vec::new();
    for minute in 1..=120 {
        bench.clock.advance_ms(MINUTE_MS);
        if bench.is_due(&import_id, bench.clock.now()).await {
            looks.push(minute);
            assert_eq!(bench.run(&import_id, &bench.ports()).await, Ok(Ran::Ended));
        }
        let is_open = bench.import(&import_id).await.status == ImportStatus::Processing;
        assert_eq!(is_open, minute < 120, "it may still come for two hours, and is waited for");
    }
    // The bucket's message may be lost, or be hidden by a function that died: the file is looked for, ever more seldom.
    assert_eq!(looks, [2, 4, 8, 16, 32, 64, 120]);
    check_failed(&bench.import(&import_id).await, "upload_missing", "before 2025-06-15T16:06:40Z");
    assert!(bench.is_due(&import_id, bench.clock.now()).await, "its end is still to be told");
}

#[tokio::test]
async fn a_file_whose_message_is_lost_is_found_after_two_minutes() {
    let bench = Bench::new();
    let (text, held) = table();
    // The importer that had the bucket's message died before it claimed the import.
    let import_id = bench.sent("{}", text).await;
    assert!(!bench.is_due(&import_id, NOW.plus_ms(2 * MINUTE_MS - 1)).await, "its message has two minutes");
    bench.clock.advance_ms(2 * MINUTE_MS);
    assert!(bench.is_due(&import_id, bench.clock.now()).await);
    assert_eq!(bench.run(&import_id, &bench.ports()).await, Ok(Ran::Ended));
    assert_eq!(bench.import(&import_id).await.status, ImportStatus::Completed);
    assert_eq!(bench.held("default").await, held);
}

#[tokio::test]
async fn a_file_that_comes_after_the_end_is_removed() {
    let bench = Bench::new();
    let (import_id, key) = bench.open("{}").await;
    bench.clock.advance_ms(120 * MINUTE_MS);
    bench.run(&import_id, &bench.ports()).await.expect("runs");
    bench.objects.create(&key, "late".into()).await.expect("creates");
    assert_eq!(bench.run(&import_id, &bench.ports()).await, Ok(Ran::Ended));
    bench.check_tidy();
}

#[tokio::test]
async fn an_unknown_import_is_nobodys_work() {
    let bench = Bench::new();
    assert_eq!(bench.run("imp_none", &bench.ports()).await, Ok(Ran::Ended));
}

/// A clock that a look at it moves on.
struct Hurried(AtomicI64);

impl Clock for Hurried {
    fn now(&self) -> Instant {
        Instant::from_unix_ms(self.0.fetch_add(20_000, Ordering::Relaxed))
    }
}

#[tokio::test]
async fn what_does_not_fit_one_invocation_goes_on_in_the_next() {
    let bench = Bench::new();
    let (text, held) = table();
    let import_id = bench.sent("{}", text).await;
    let clock = Arc::new(Hurried(AtomicI64::new(NOW.unix_ms())));
    let mut ports = bench.ports();
    ports.clock = clock.clone();
    let mut invocations = 0;
    loop {
        invocations += 1;
        assert!(invocations < 30, "{:?}", bench.import(&import_id).await);
        let deadline = clock.now().plus_ms(15 * MINUTE_MS);
        match import_upload(&bench.tenant, &import_id, deadline, &ports).await.expect("runs") {
            Ran::Ended => break,
            Ran::Again { .. } => {}
        }
    }
    assert!(invocations > 1, "{invocations}");
    let import = bench.import(&import_id).await;
    assert_eq!((import.status, import.line_items), (ImportStatus::Completed, 400), "{import:?}");
    assert_eq!(bench.held("default").await, held);
}

#[tokio::test]
async fn one_importer_at_a_time() {
    let bench = Bench::new();
    let import_id = bench.sent("{}", table().0).await;
    let until = NOW.plus_ms(15 * MINUTE_MS);
    bench.book.take(&bench.tenant, &import_id, NOW, until).await.expect("answers").expect("is free");
    assert_eq!(bench.run(&import_id, &bench.ports()).await, Ok(Ran::Ended), "a message that comes twice is done with");
    assert_eq!(bench.import(&import_id).await.status, ImportStatus::Processing);
    assert!(bench.is_due(&import_id, until).await, "should the other die, the sweeper sends it again");
}

#[tokio::test]
async fn a_file_that_takes_importers_down_ends() {
    let bench = Bench::new();
    let import_id = bench.sent("{}", table().0).await;
    for _ in 0..4 {
        let now = bench.clock.now();
        let taken = bench.book.take(&bench.tenant, &import_id, now, now.plus_ms(MINUTE_MS)).await.expect("answers");
        taken.expect("the last lease ran out");
        bench.clock.advance_ms(MINUTE_MS);
    }
    assert_eq!(bench.run(&import_id, &bench.ports()).await, Ok(Ran::Ended));
    check_failed(&bench.import(&import_id).await, "resource_exhausted", "Split it");
    bench.check_tidy();
}
