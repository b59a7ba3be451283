//! What invokes functions by itself: queues, schedules, and buckets that tell queues of new objects. Each source is a
//! task that ends when the stop signal comes; a new kind of source (an event bus) is one more module and one more line
//! in [`start`].

mod batch;
mod bucket;
mod queue;
mod schedule;

pub(crate) use bucket::notify_queues;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::lambda::Functions;
use crate::services::Queues;
use crate::template::Template;

/// Starts every event source of the template.
///
/// # Panics
/// When `functions` lacks one of the template's.
pub(crate) fn start(
    template: &Template,
    functions: &Functions,
    queues: &Queues,
    stop: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    for definition in &template.functions {
        let function = functions.find(&definition.logical_id).expect("every function of the template was made");
        for source in &definition.queue_sources {
            let poller = queue::Poller::new(queues.clone(), source.clone(), function.clone());
            tasks.push(tokio::spawn(poller.run(stop.clone())));
        }
        for schedule in &definition.schedules {
            tasks.push(tokio::spawn(schedule::run(schedule.clone(), function.clone(), stop.clone())));
        }
    }
    tasks
}
