//! Computations that the product puts on threads of their own, held back until the task that asked for them has been
//! polled to its end, and finished before anything else goes on. So they take no virtual time, and no race with a
//! real thread can make one run differ from the next.
//!
//! A thread that calls ports and waits for them stands still where it waits, until its task has the answer: see
//! [`crate::relay`]. It may wait for one call at a time.

use crate::relay::Relay;
use futures::FutureExt;
use futures::channel::oneshot;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::Poll;
use tokio::runtime::{Builder, Runtime};

/// A runtime of which nothing is used but its one thread for blocking work. That thread always stands at a gate, or
/// waits for its task.
#[derive(Debug)]
pub struct Gate {
    runtime: Runtime,
    relay: Arc<Relay>,
    /// Lets the thread through the gate behind its last work.
    release: Sender<()>,
    reached: oneshot::Receiver<()>,
    is_waiting: bool,
}

impl Gate {
    pub fn new(relay: Arc<Relay>) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().max_blocking_threads(1).build()?;
        let (release, reached) = post(&runtime);
        let mut gate = Self { runtime, relay, release, reached, is_waiting: false };
        gate.settle();
        Ok(gate)
    }

    /// Runs `poll`, and then whatever it put on the thread, or let it go on with.
    pub fn around<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        let entered = self.runtime.enter();
        let polled = poll();
        drop(entered);
        if !self.is_waiting {
            let (release, reached) = post(&self.runtime);
            self.reached = reached;
            open(&std::mem::replace(&mut self.release, release));
        }
        self.settle();
        polled
    }

    /// What the thread still asks for comes to nothing.
    pub fn close(&self) {
        self.relay.close();
    }

    /// Lets the thread go on to the gate, or until it waits; and whatever it spawned.
    fn settle(&mut self) {
        self.relay.begin();
        let (reached, relay) = (&mut self.reached, &self.relay);
        let until = std::future::poll_fn(|context| {
            if reached.poll_unpin(context).is_ready() {
                return Poll::Ready(false);
            }
            if relay.is_waiting(context.waker()) { Poll::Ready(true) } else { Poll::Pending }
        });
        self.is_waiting = self.runtime.block_on(until);
        self.relay.end();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.close();
        if self.is_waiting {
            self.settle();
        }
        open(&self.release);
    }
}

/// Puts a gate behind all work that waits: who opens it, and who hears when all before it is done.
fn post(runtime: &Runtime) -> (Sender<()>, oneshot::Receiver<()>) {
    let (release, released) = channel();
    let (tell, reached) = oneshot::channel();
    runtime.spawn_blocking(move || {
        // Either end may be gone only when the run is over.
        if tell.send(()).is_ok() {
            released.recv().ok();
        }
    });
    (release, reached)
}

fn open(gate: &Sender<()>) {
    gate.send(()).ok();
}
