//! Port calls of a thread that waits for their answers: the task for which it works makes them, since time, weather and
//! death are the tasks'. A task's own calls are made where they are.

use crate::sim::lock;
use affinsy_app::ports::{PortError, PortResult};
use futures::StreamExt;
use futures::channel::oneshot;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// Between one task and its thread, of which never more than one goes on.
#[derive(Default)]
pub struct Relay(Mutex<State>);

#[derive(Default)]
struct State {
    /// The thread goes on, and the task stands still.
    is_threads_turn: bool,
    /// The task is no more.
    is_closed: bool,
    /// Calls without an answer: the thread waits for one.
    waiting: usize,
    asked: Vec<BoxFuture<'static, ()>>,
    answers: Vec<Box<dyn FnOnce() + Send>>,
    task: Option<Waker>,
    gate: Option<Waker>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Relay")
    }
}

impl Relay {
    /// Makes a call, whoever asks for it.
    pub async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        call: impl Future<Output = PortResult<T>> + Send + 'static,
    ) -> PortResult<T> {
        match self.passed_on(call) {
            Ok(answer) => answer.await.unwrap_or_else(|_| Err(PortError::Unavailable("the process died".to_owned()))),
            Err(own) => own.await,
        }
    }

    /// The call itself, where it is the task's.
    fn passed_on<T: Send + 'static, C>(self: &Arc<Self>, call: C) -> Result<oneshot::Receiver<PortResult<T>>, C>
    where
        C: Future<Output = PortResult<T>> + Send + 'static,
    {
        let mut state = lock(&self.0);
        let (tell, told) = oneshot::channel();
        if state.is_closed {
            return Ok(told);
        }
        if !state.is_threads_turn {
            return Err(call);
        }
        let relay = Arc::clone(self);
        state.waiting += 1;
        state.asked.push(Box::pin(async move {
            let done = call.await;
            // Handed over when it is the thread's turn; it may be gone by then.
            lock(&relay.0).answers.push(Box::new(move || drop(tell.send(done))));
        }));
        for waker in [state.task.take(), state.gate.take()].into_iter().flatten() {
            waker.wake();
        }
        Ok(told)
    }

    /// Does a task's work, and makes its thread's calls meanwhile.
    pub async fn serve<T>(&self, work: impl Future<Output = T>) -> T {
        let mut calls = FuturesUnordered::new();
        let mut work = pin!(work);
        std::future::poll_fn(move |context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            let asked = {
                let mut state = lock(&self.0);
                state.task = Some(context.waker().clone());
                std::mem::take(&mut state.asked)
            };
            calls.extend(asked);
            while let Poll::Ready(Some(())) = calls.poll_next_unpin(context) {}
            Poll::Pending
        })
        .await
    }

    /// The thread's turn begins, with the answers to what it asked.
    pub(crate) fn begin(&self) {
        let answers = {
            let mut state = lock(&self.0);
            state.is_threads_turn = true;
            let answers = std::mem::take(&mut state.answers);
            state.waiting -= answers.len();
            answers
        };
        answers.into_iter().for_each(|answer| answer());
    }

    pub(crate) fn end(&self) {
        lock(&self.0).is_threads_turn = false;
    }

    /// Whether the thread can do no more without its task; who waits for that is woken.
    pub(crate) fn is_waiting(&self, gate: &Waker) -> bool {
        let mut state = lock(&self.0);
        state.gate = Some(gate.clone());
        state.waiting > 0 && !state.is_closed
    }

    /// From now on all calls come to nothing.
    pub(crate) fn close(&self) {
        let mut state = lock(&self.0);
        state.is_closed = true;
        let left = (std::mem::take(&mut state.asked), std::mem::take(&mut state.answers));
        (state.task, state.waiting) = (None, 0);
        drop(state);
        drop(left);
    }
}
