//! Processes that run side by side, one step at a time, in an order that the dice choose. A step ends where a process
//! calls the world around it; there it may be stopped for good, as a machine that fails stops it.

use super::dice::Dice;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;

/// Where a process stands, as the calls it makes tell its scheduler.
#[derive(Debug, Default)]
pub struct Signal(AtomicU8);

const RUNS: u8 = 0;
const AT_A_CALL: u8 = 1;
const DEAD: u8 = 2;

impl Signal {
    /// Lets the others go first, if the dice say so.
    pub async fn pause(&self) {
        let mut paused = false;
        poll_fn(|context| {
            if std::mem::replace(&mut paused, true) {
                return Poll::Ready(());
            }
            self.0.fetch_max(AT_A_CALL, Ordering::Relaxed);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// The process does nothing any more.
    pub async fn die(&self) -> ! {
        self.0.store(DEAD, Ordering::Relaxed);
        loop {
            std::future::pending::<()>().await;
        }
    }

    fn take(&self) -> u8 {
        let now = self.0.load(Ordering::Relaxed);
        if now == AT_A_CALL {
            self.0.store(RUNS, Ordering::Relaxed);
        }
        now
    }
}

/// Something that runs, and the signal that its calls use.
pub struct Process<'a, T> {
    pub work: Pin<Box<dyn Future<Output = T> + 'a>>,
    pub signal: std::sync::Arc<Signal>,
}

enum Turn<T> {
    Paused,
    Died,
    Done(T),
}

impl<T> Process<'_, T> {
    /// One step. What a process waits for besides its calls (a computation on another thread) belongs to the step, so
    /// that the order of steps does not hang on how fast that was.
    async fn turn(&mut self) -> Turn<T> {
        poll_fn(|context| match self.work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Turn::Done(done)),
            Poll::Pending => match self.signal.take() {
                AT_A_CALL => Poll::Ready(Turn::Paused),
                DEAD => Poll::Ready(Turn::Died),
                _ => Poll::Pending,
            },
        })
        .await
    }
}

/// Runs all of them; what each came to, or `None` where it died. `between` happens between any two steps.
pub async fn run<T>(
    mut processes: Vec<Process<'_, T>>,
    dice: &mut Dice,
    between: impl Fn(&mut Dice),
) -> Vec<Option<T>> {
    let mut ends: Vec<Option<T>> = processes.iter().map(|_| None).collect();
    let mut alive: Vec<usize> = (0..processes.len()).collect();
    while !alive.is_empty() {
        between(dice);
        let place = dice.below(alive.len());
        let at = alive[place];
        match processes[at].turn().await {
            Turn::Paused => {}
            Turn::Died => drop(alive.remove(place)),
            Turn::Done(end) => {
                ends[at] = Some(end);
                alive.remove(place);
            }
        }
    }
    ends
}
