//! The one thread on which everything happens: tasks, virtual time, and which task goes on next. Time moves only when
//! no task can go on; who goes on, the dice say. Knows nothing of what the tasks do.

use crate::dice::Dice;
use crate::gate::Gate;
use crate::relay::Relay;
use crate::trace::Trace;
use crate::weather::Weather;
use affinsy_app::ports::{Clock, Random};
use affinsy_core::time::Instant;
use futures::future::BoxFuture;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// When every run begins.
pub const START: Instant = Instant::from_unix_ms(1_750_000_000_000);

/// What all tasks share.
#[derive(Debug)]
pub struct Sim {
    pub(crate) state: Mutex<State>,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub now_ms: i64,
    pub dice: Dice,
    pub trace: Trace,
    pub weather: Weather,
    timers: BTreeMap<(i64, u64), Waker>,
    next_number: u64,
    /// Apart from the tasks' numbers, which stand in the trace.
    next_timer: u64,
    pub current: u64,
    doomed: BTreeSet<u64>,
    spawned: Vec<Spawned>,
    pub about: BTreeMap<u64, About>,
}

/// What is known of a task.
#[derive(Debug, Clone)]
pub struct About {
    pub name: &'static str,
    /// The deed of a client for which it runs.
    pub deed: Option<usize>,
    pub(crate) threads: Threads,
    /// It stood still for a while, and so did whoever would have stopped it in time.
    pub(crate) frozen: bool,
}

/// Where a task puts its computations.
#[derive(Debug, Clone)]
pub enum Threads {
    /// It has none.
    None,
    /// On one for all: nothing that stands there waits for anybody.
    Shared,
    /// On one of its own, which calls ports and waits for them.
    Own(Arc<Relay>),
}

struct Spawned {
    number: u64,
    task: BoxFuture<'static, ()>,
}

impl std::fmt::Debug for Spawned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "task {}", self.number)
    }
}

struct Wakeup {
    task: u64,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        lock(&self.ready).insert(self.task);
    }
}

/// A panicking run must not hide its own message behind a poisoned lock.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sim {
    pub fn new(seed: u64, prints: bool) -> Arc<Self> {
        let mut dice = Dice::new(seed);
        let state = State {
            now_ms: START.unix_ms(),
            weather: Weather::of(&mut dice),
            dice,
            trace: Trace::new(prints),
            timers: BTreeMap::new(),
            next_number: 0,
            next_timer: 0,
            current: 0,
            doomed: BTreeSet::new(),
            spawned: Vec::new(),
            about: BTreeMap::new(),
        };
        Arc::new(Self { state: Mutex::new(state), ready: Arc::default() })
    }

    /// Runs `main` and all that it spawns until `main` has ended. False where everything waits for ever.
    pub fn run(self: &Arc<Self>, main: BoxFuture<'static, ()>) -> std::io::Result<bool> {
        let mut shared = Gate::new(Arc::default())?;
        let mut gates: BTreeMap<u64, Gate> = BTreeMap::new();
        let mut tasks: BTreeMap<u64, BoxFuture<'static, ()>> = BTreeMap::new();
        let first = self.spawn("main", None, Threads::None, main);
        loop {
            tasks.extend(std::mem::take(&mut lock(&self.state).spawned).into_iter().map(|new| (new.number, new.task)));
            let Some(number) = self.next_ready() else {
                if self.pass_time() {
                    continue;
                }
                return Ok(false);
            };
            let Some(task) = tasks.get_mut(&number) else { continue };
            let threads = self.enter(number);
            let waker = Waker::from(Arc::new(Wakeup { task: number, ready: Arc::clone(&self.ready) }));
            let mut poll = || task.as_mut().poll(&mut Context::from_waker(&waker));
            let polled = match threads {
                Threads::None => poll(),
                Threads::Shared => shared.around(poll),
                Threads::Own(relay) => match gates.entry(number) {
                    Entry::Occupied(own) => own.into_mut().around(poll),
                    Entry::Vacant(free) => free.insert(Gate::new(relay)?).around(poll),
                },
            };
            let is_dead = lock(&self.state).doomed.remove(&number);
            if polled.is_ready() || is_dead {
                let gate = gates.remove(&number);
                gate.iter().for_each(Gate::close);
                // What it held is let go of while it still counts as the current task.
                tasks.remove(&number);
                // Its thread comes to its end.
                drop(gate);
                lock(&self.ready).remove(&number);
                lock(&self.state).about.remove(&number);
                if number == first {
                    return Ok(true);
                }
            }
        }
    }

    /// Of those that can go on, one by the dice.
    fn next_ready(&self) -> Option<u64> {
        let mut ready = lock(&self.ready);
        let place = match ready.len() as u64 {
            0 => return None,
            1 => 0,
            many => lock(&self.state).dice.below(many),
        };
        let number = ready.iter().nth(place as usize).copied()?;
        ready.remove(&number);
        Some(number)
    }

    /// On to the next timer; false where there is none.
    fn pass_time(&self) -> bool {
        let mut state = lock(&self.state);
        let Some(((at, _), waker)) = state.timers.pop_first() else { return false };
        state.now_ms = state.now_ms.max(at);
        drop(state);
        waker.wake();
        true
    }

    fn enter(&self, number: u64) -> Threads {
        let mut state = lock(&self.state);
        state.current = number;
        state.about.get(&number).map_or(Threads::None, |about| about.threads.clone())
    }

    pub fn spawn(
        &self,
        name: &'static str,
        deed: Option<usize>,
        threads: Threads,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> u64 {
        let mut state = lock(&self.state);
        state.next_number += 1;
        let number = state.next_number;
        state.about.insert(number, About { name, deed, threads, frozen: false });
        state.spawned.push(Spawned { number, task: Box::pin(task) });
        drop(state);
        lock(&self.ready).insert(number);
        number
    }

    /// The deed of a client for which the current task runs.
    pub fn deed(&self) -> Option<usize> {
        let state = lock(&self.state);
        state.about.get(&state.current).and_then(|about| about.deed)
    }

    pub(crate) fn is_frozen(&self) -> bool {
        let state = lock(&self.state);
        state.about.get(&state.current).is_some_and(|about| about.frozen)
    }

    pub fn roll<T>(&self, with: impl FnOnce(&mut Dice) -> T) -> T {
        with(&mut lock(&self.state).dice)
    }

    pub fn sleep_ms(self: &Arc<Self>, ms: i64) -> Sleep {
        Sleep { sim: Arc::clone(self), until: self.now().unix_ms() + ms.max(0), key: None }
    }

    pub fn now(&self) -> Instant {
        Instant::from_unix_ms(lock(&self.state).now_ms)
    }

    /// Writes a line of the trace.
    pub fn note(&self, what: std::fmt::Arguments<'_>) {
        let mut state = lock(&self.state);
        state.note(what);
    }

    /// The process that runs the current task is no more; nothing of it goes on.
    pub async fn die<T>(&self) -> T {
        self.doom();
        std::future::pending().await
    }

    fn doom(&self) {
        let mut state = lock(&self.state);
        let current = state.current;
        state.doomed.insert(current);
    }

    /// A process that just died may be polled to the end of its turn, and must not do more in it.
    pub(crate) fn is_dead(&self) -> bool {
        let state = lock(&self.state);
        state.doomed.contains(&state.current)
    }
}

impl State {
    pub fn note(&mut self, what: std::fmt::Arguments<'_>) {
        let (at, number) = (self.now_ms - START.unix_ms(), self.current);
        let name = self.about.get(&number).map_or("", |about| about.name);
        self.trace.line(at, name, number, what);
    }
}

/// Ends at its time.
#[derive(Debug)]
pub struct Sleep {
    sim: Arc<Sim>,
    until: i64,
    key: Option<(i64, u64)>,
}

impl Future for Sleep {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sim = Arc::clone(&self.sim);
        let mut state = lock(&sim.state);
        if state.now_ms >= self.until {
            if let Some(key) = self.key.take() {
                state.timers.remove(&key);
            }
            return Poll::Ready(());
        }
        if self.key.is_none() {
            state.next_timer += 1;
            self.key = Some((self.until, state.next_timer));
        }
        if let Some(key) = self.key {
            state.timers.insert(key, context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            lock(&self.sim.state).timers.remove(&key);
        }
    }
}

/// The virtual clock, as one instance of the product sees it: no two instances agree to the millisecond.
#[derive(Debug)]
pub struct SimClock {
    sim: Arc<Sim>,
    ahead_ms: i64,
}

/// How far an instance's clock may be off.
pub const MOST_SKEW_MS: i64 = 2_000;

impl SimClock {
    pub fn exact(sim: &Arc<Sim>) -> Arc<Self> {
        Arc::new(Self { sim: Arc::clone(sim), ahead_ms: 0 })
    }

    /// Of an instance.
    pub fn skewed(sim: &Arc<Sim>) -> Arc<Self> {
        let ahead_ms = {
            let mut state = lock(&sim.state);
            if state.weather.storms { state.dice.between(-MOST_SKEW_MS, MOST_SKEW_MS) } else { 0 }
        };
        Arc::new(Self { sim: Arc::clone(sim), ahead_ms })
    }
}

impl Clock for SimClock {
    fn now(&self) -> Instant {
        self.sim.now().plus_ms(self.ahead_ms)
    }
    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.sim.sleep_ms(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 4)))
    }
}

#[derive(Debug)]
pub struct SimRandom(pub Arc<Sim>);

impl Random for SimRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.roll(|dice| {
            for chunk in bytes.chunks_mut(8) {
                chunk.copy_from_slice(&dice.roll().to_le_bytes()[..chunk.len()]);
            }
        });
    }
}
