//! Computations that the product puts on threads of their own, held back until the task that asked for them has been
//! polled to its end, and finished before anything else goes on. So they take no virtual time, and no race with a
//! real thread can make one run differ from the next.

use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::runtime::{Builder, Runtime};

/// A runtime of which nothing is used but its one thread for blocking work. That thread always stands at a gate.
#[derive(Debug)]
pub struct Gate {
    runtime: Runtime,
    release: Sender<()>,
}

impl Gate {
    pub fn new() -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().max_blocking_threads(1).build()?;
        let (release, reached) = post(&runtime);
        let gate = Self { runtime, release };
        wait(&reached);
        Ok(gate)
    }

    /// Runs `poll`, and then whatever it put on the thread.
    pub fn around<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        let entered = self.runtime.enter();
        let polled = poll();
        drop(entered);
        let (release, reached) = post(&self.runtime);
        open(&std::mem::replace(&mut self.release, release));
        wait(&reached);
        polled
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        open(&self.release);
    }
}

/// Puts a gate behind all work that waits: who opens it, and who hears when all before it is done.
fn post(runtime: &Runtime) -> (Sender<()>, Receiver<()>) {
    let (release, released) = channel();
    let (tell, reached) = channel();
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

fn wait(reached: &Receiver<()>) {
    reached.recv().expect("the thread runs one job after the other, and a panicking one does not end it");
}
