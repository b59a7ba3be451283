//! Compaction over memory twins: whatever happens at whichever step, every snapshot reads as if nothing was ever
//! compacted, and what is left behind is found.

mod faulty;
mod world;

use crate::ports::{Clock, Objects, OrderLog, Tending};
use affinsy_core::delta::{self, Checkpoint};
use faulty::{Fault, Faulty};
use std::sync::Arc;
use world::{HOUR_MS, LEASE_MS, World, tenant};

/// Twenty pushes, compacted twice on the way.
async fn tended() -> Arc<World> {
    let world = World::new();
    for at in 0..20 {
        world.push(at).await;
        if at == 8 || at == 17 {
            world.tend().await;
        }
    }
    Arc::new(world)
}

/// A world that has pushes to compact, runs to drop, and a dataset to settle and to sweep.
async fn aged() -> Arc<World> {
    let world = tended().await;
    world.clock.advance_ms(24 * HOUR_MS);
    for at in 20..25 {
        world.push(at).await;
    }
    world.clock.advance_ms(HOUR_MS);
    world
}

#[tokio::test]
async fn old_snapshots_stay_readable_for_a_day() {
    let world = tended().await;
    world.check_snapshots(1, "after two compactions").await;
    world.clock.advance_ms(HOUR_MS);
    world.tend().await;
    let head = world.book.head(&tenant(), "d").await.expect("reads").expect("is there");
    assert!(matches!(&head.runs[..], [run] if run.settled && run.last == 20), "{head:?}");
    world.check_snapshots(1, "settled").await;
    world.clock.advance_ms(23 * HOUR_MS - 1);
    world.tend().await;
    world.check_snapshots(19, "a day after their pushes").await;
}

#[tokio::test]
async fn whatever_is_left_to_time_comes_to_an_end() {
    let world = tended().await;
    let times = world.tend_until_quiet().await;
    assert!(times < 10, "{times} tendings without a push");
    world.check_snapshots(20, "at the end").await;
    world.check_clean("at the end").await;
}

#[tokio::test]
async fn counts_are_exact_and_follow_pushes() {
    let world = tended().await;
    world.tend().await;
    let head = world.book.head(&tenant(), "d").await.expect("reads").expect("is there");
    let counts = head.counts.expect("counted");
    assert_eq!(counts.sequence, 20);
    world.tend_until_quiet().await;
    let settled = world.book.head(&tenant(), "d").await.expect("reads").expect("is there").counts.expect("counted");
    assert_eq!((counts.orders, counts.line_items), (settled.orders, settled.line_items));
}

/// What the newest import says that it brought.
async fn brought(world: &World, body: &str) -> String {
    let import_id = world.push_body(body).await;
    let before = world.book.import(&tenant(), &import_id).await.expect("reads").expect("is there");
    assert_eq!((before.inserted, before.updated), (None, None), "nobody has looked");
    world.tend().await;
    world.clock.advance_ms(HOUR_MS);
    world.told(&import_id).await
}

#[tokio::test]
async fn imports_learn_how_many_of_their_lines_were_new() {
    let world = World::new();
    let order = |id: &str, lines: &[(&str, u64)]| {
        let line = |(product, quantity): &(&str, u64)| {
            format!(r#"{{"product_name": "{product}", "quantity": {quantity}, "unit_price": 1}}"#)
        };
        let lines: Vec<String> = lines.iter().map(line).collect();
        format!(r#"{{"order_id": "{id}", "line_items": [{}]}}"#, lines.join(", "))
    };
    let body = |orders: &[String]| format!(r#"{{"dataset_id": "d", "orders": [{}]}}"#, orders.join(", "));
    let first = body(&[order("o", &[("tea", 1), ("pot", 1)]), order("p", &[("tea", 2)])]);
    assert_eq!(brought(&world, &first).await, "3 new, 0 there");
    assert_eq!(brought(&world, &first).await, "0 new, 3 there", "over a settled run");
    let change = body(&[order("o", &[("tea", 0), ("cup", 1)]), order("q", &[("pot", 0)])]);
    assert_eq!(brought(&world, &change).await, "1 new, 1 there", "what was never there cannot be removed");
    assert_eq!(brought(&world, &first).await, "1 new, 2 there", "what was removed is new again");
    // Several pushes that one tending finds, each told by itself.
    let (one, two) = (world.push_body(&change).await, world.push_body(&first).await);
    world.tend().await;
    assert_eq!((&*world.told(&one).await, &*world.told(&two).await), ("0 new, 2 there", "1 new, 2 there"));
    world.tend_until_quiet().await;
    assert_eq!(world.told(&one).await, "0 new, 2 there", "compacted since, and still so");
}

#[tokio::test]
async fn a_lone_compactor_works_and_others_leave_it_alone() {
    let world = tended().await;
    let held = world.book.claim_tending(&tenant(), "d", world::NOW, world::NOW.plus_ms(LEASE_MS)).await;
    let held = held.expect("answers").expect("nobody has it");
    world.clock.advance_ms(HOUR_MS / 10);
    world.tend().await;
    let head = world.book.head(&tenant(), "d").await.expect("reads").expect("is there");
    assert_eq!((head.generation, head.tending.token), (held.generation, held.tending.token), "nothing was done");
}

/// Each fault at each step: what reads, what the next compactor makes of it, and what is left in the end.
async fn check(fault: Fault, world: impl AsyncFn() -> Arc<World>, oldest: u64) -> u32 {
    for at in 0.. {
        let world = world().await;
        let faulty = Faulty::new(&world, fault, at);
        let when = format!("{fault:?} at step {at}");
        // A compactor that failed may or may not be able to say so.
        let ended = world.tend_with(&world.tend_ports(&faulty)).await;
        if !faulty.came() {
            ended.expect("nothing happened to it");
            return at;
        }
        world.check_snapshots(oldest, &when).await;
        assert!(world.is_due(world.clock.now().plus_ms(50 * HOUR_MS)).await, "{when}: it is not forgotten");
        world.clock.advance_ms(LEASE_MS + 1);
        world.tend().await;
        let newest = world.head_sequence().await;
        world.check_snapshots(newest, &format!("{when}, tended again")).await;
        world.tend_until_quiet().await;
        world.check_snapshots(newest, &format!("{when}, at the end")).await;
        world.check_clean(&when).await;
    }
    unreachable!("a tending has an end")
}

#[tokio::test]
async fn a_fault_at_any_step_harms_no_snapshot() {
    for fault in Fault::ALL {
        let steps = check(fault, tended_once_more, 1).await;
        assert!(steps > 20, "{fault:?}: {steps} steps");
    }
}

#[tokio::test]
async fn a_fault_while_old_parts_are_dropped_harms_nobody() {
    for fault in Fault::ALL {
        let steps = check(fault, aged, 20).await;
        assert!(steps > 40, "{fault:?}: {steps} steps");
    }
}

/// Enough pushes for the next compaction, which keeps removals for older runs' sake.
async fn tended_once_more() -> Arc<World> {
    let world = tended().await;
    for at in 20..28 {
        world.push(at).await;
    }
    world
}

#[tokio::test]
async fn memory_is_bounded_by_ranges_and_the_result_is_the_same() {
    let mut world = World::new();
    world.rows_at_once = 10;
    for at in 0..30 {
        world.push(at).await;
    }
    world.tend().await;
    world.check_snapshots(1, "by ranges").await;
    world.tend_until_quiet().await;
    world.check_snapshots(30, "by ranges, settled").await;
}

#[tokio::test]
async fn each_settled_run_is_a_version_of_the_table() {
    let world = World::new();
    for version in 0..12 {
        world.push(version).await;
        world.clock.advance_ms(HOUR_MS);
        world.tend().await;
        assert_eq!(world.table().await.map(|(newest, _)| newest), Some(version));
        world.tend().await;
        assert_eq!(world.table().await.map(|(newest, _)| newest), Some(version), "nothing new");
    }
    let in_log = world.objects.keys().into_iter().filter(|key| key.contains("/_delta_log/"));
    assert_eq!(in_log.filter(|key| key.contains("checkpoint")).count(), 2, "one checkpoint, and what points to it");
}

#[tokio::test]
async fn the_beginning_of_a_long_log_is_dropped_and_the_table_goes_on() {
    let world = World::new();
    let in_log = || {
        let keys = world.objects.keys().into_iter().filter(|key| key.contains("/_delta_log/"));
        keys.filter_map(|key| delta::version_of(&key)).collect::<Vec<u64>>()
    };
    for version in 0..125 {
        world.push(version).await;
        world.clock.advance_ms(HOUR_MS);
        world.tend().await;
    }
    assert!(in_log().len() >= 120, "nothing is dropped while a reader may stand there: {:?}", in_log());
    world.clock.advance_ms(72 * HOUR_MS);
    world.tend_until_quiet().await;
    // The newest checkpoint is of version 119, and so many are kept behind it.
    assert_eq!(in_log(), (19..125).collect::<Vec<u64>>());
    // Also where the head does not tell which version was the last.
    world.book.forget_table(&tenant(), "d");
    world.push(125).await;
    world.clock.advance_ms(HOUR_MS);
    world.tend().await;
    assert_eq!(world.table().await.map(|(newest, _)| newest), Some(125));
}

#[tokio::test]
async fn a_pointer_that_a_dead_publisher_took_away_comes_back_before_anything_is_dropped() {
    let world = World::new();
    let pushed = async |version| {
        world.push(version).await;
        world.clock.advance_ms(HOUR_MS);
        world.tend().await;
    };
    for version in 0..125 {
        pushed(version).await;
    }
    let pointer = format!("{}{}", world.log().await.table_prefix(), Checkpoint::POINTER);
    let in_log = || world.objects.keys().into_iter().filter_map(|key| delta::version_of(&key)).count();
    let before = in_log();
    world.objects.delete(&pointer).await.expect("deletes");
    world.clock.advance_ms(72 * HOUR_MS);
    world.tend_until_quiet().await;
    assert_eq!(in_log(), before, "some readers begin with the first commit now");
    pushed(125).await;
    let stored = world.objects.read(&pointer).await.expect("reads").expect("it is back");
    assert_eq!(Checkpoint::pointed_at(&stored), Some(125));
    world.clock.advance_ms(72 * HOUR_MS);
    world.tend_until_quiet().await;
    assert_eq!(in_log(), 101, "the newest checkpoint, and a hundred behind it");
}

#[tokio::test]
async fn a_table_that_others_wrote_to_is_left_alone() {
    let world = World::new();
    world.push(0).await;
    let key = format!("{}{}", world.log().await.table_prefix(), delta::commit_path(0));
    world.objects.create(&key, "{}".into()).await.expect("creates");
    world.clock.advance_ms(HOUR_MS);
    world.tend().await;
    let head = world.book.head(&tenant(), "d").await.expect("reads").expect("is there");
    assert!(head.tending.table.is_none() && head.runs[0].settled, "{head:?}");
    assert_eq!(world.table().await, Some((0, Default::default())));
    world.objects.delete(&key).await.expect("deletes");
    world.tend().await;
    assert_eq!(world.table().await.map(|(_, files)| files.is_empty()), Some(false), "the next tending begins a log");
}
