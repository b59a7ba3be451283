//! Queues and who takes from them.

use crate::kit::template;
use affinsy_local::template::{Queue, Template};

fn queue<'a>(template: &'a Template, arn: &str) -> &'a Queue {
    template.queues.iter().find(|queue| queue.arn == arn).unwrap_or_else(|| panic!("no queue {arn}"))
}

#[test]
fn a_message_outlives_its_function_and_ends_in_the_dead_letters() {
    let template = template();
    let mut consumed = Vec::new();
    for function in &template.functions {
        for source in &function.queue_sources {
            let queue = queue(&template, &source.queue_arn);
            assert!(queue.visibility >= function.timeout * 6, "{}: six times the time-out, as AWS asks", queue.name);
            assert!(source.reports_item_failures, "{}: one bad message must not bring back nine", queue.name);
            assert!(source.maximum_concurrency.is_some(), "{}: bounded, so that others have room", queue.name);
            consumed.push(&queue.arn);
            let dead = queue.dead_letters.as_deref().unwrap_or_else(|| panic!("{} has no dead letters", queue.name));
            assert_eq!(self::queue(&template, dead).dead_letters, None);
        }
    }
    assert_eq!(consumed.len(), 3);
    let waiting: Vec<&Queue> = template.queues.iter().filter(|queue| queue.dead_letters.is_some()).collect();
    assert!(waiting.iter().all(|queue| consumed.contains(&&queue.arn)), "nobody takes from one of {waiting:?}");
}

#[test]
fn dead_letters_are_kept_at_least_as_long() {
    let template = template();
    let kept_s = |queue: &Queue| queue.definition["MessageRetentionPeriod"].as_u64().expect("is given");
    for waiting in template.queues.iter().filter(|queue| queue.dead_letters.is_some()) {
        let dead = queue(&template, waiting.dead_letters.as_deref().expect("filtered"));
        assert!(kept_s(dead) >= kept_s(waiting), "{}", waiting.name);
        let received = &waiting.definition["RedrivePolicy"]["maxReceiveCount"];
        assert!(received.as_u64().is_some_and(|count| count >= 3), "{}: {received}", waiting.name);
    }
}

#[test]
fn the_sweeper_runs_every_minute() {
    let template = template();
    let sweeper =
        template.functions.iter().find(|function| function.logical_id == "SweeperFunction").expect("is there");
    assert_eq!(sweeper.schedules.iter().map(|schedule| schedule.every.as_secs()).collect::<Vec<_>>(), [60]);
    assert!(sweeper.timeout.as_secs() < 60, "two runs do not meet");
}
