//! What goes wrong at a call, chosen by the dice. The wrappers beside it ask at every call of a port.

use super::dice::Dice;
use super::schedule::Signal;
use affinsy_app::ports::{PortError, PortResult};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often calls fail: one in so many, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    Fair,
    OneIn(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Refused, nothing done.
    Before,
    /// Done, but the answer is lost.
    After,
    /// The caller gives up, and it is done later.
    Late,
    /// The process dies, the call was not made.
    DeathBefore,
    /// The process dies, the call was made.
    DeathAfter,
}

type LateCall = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Calls that are still on their way after their caller gave up.
#[derive(Default)]
pub struct Underway(Mutex<Vec<LateCall>>);

impl std::fmt::Debug for Underway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Underway")
    }
}

impl Underway {
    /// Some of them arrive.
    pub async fn arrive(&self, dice: &mut Dice) {
        let calls = std::mem::take(&mut *lock(&self.0));
        for call in calls {
            if dice.one_in(2) {
                call.await;
            } else {
                lock(&self.0).push(call);
            }
        }
    }

    /// All of them arrive.
    pub async fn all_arrive(&self) {
        let calls = std::mem::take(&mut *lock(&self.0));
        for call in calls {
            call.await;
        }
    }
}

/// What one process meets.
#[derive(Debug, Clone)]
pub struct Faults {
    pub signal: Arc<Signal>,
    dice: Arc<Mutex<Dice>>,
    weather: Weather,
    underway: Arc<Underway>,
}

impl Faults {
    pub fn new(dice: Dice, weather: Weather, underway: &Arc<Underway>) -> Self {
        let dice = Arc::new(Mutex::new(dice));
        Self { signal: Arc::default(), dice, weather, underway: Arc::clone(underway) }
    }

    /// A call that changes nothing: it fails, or the process dies before it.
    pub async fn read<T>(&self, call: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        self.signal.pause().await;
        self.quiet_read(call).await
    }

    /// A read of what never changes: no reason to let others go first.
    pub async fn quiet_read<T>(&self, call: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        match self.draw() {
            None => call.await,
            Some(Fault::Before | Fault::After | Fault::Late) => Err(unavailable()),
            Some(Fault::DeathBefore | Fault::DeathAfter) => self.signal.die().await,
        }
    }

    /// A call that changes something. `call` can be made now or later, as it owns what it says.
    pub async fn write<T: Send + 'static>(
        &self,
        call: impl Future<Output = PortResult<T>> + Send + 'static,
    ) -> PortResult<T> {
        self.signal.pause().await;
        match self.draw() {
            None => call.await,
            Some(Fault::Before) => Err(unavailable()),
            Some(Fault::After) => call.await.and(Err(unavailable())),
            Some(Fault::Late) => {
                lock(&self.underway.0).push(Box::pin(async move { drop(call.await) }));
                Err(unavailable())
            }
            Some(Fault::DeathBefore) => self.signal.die().await,
            Some(Fault::DeathAfter) => {
                drop(call.await);
                self.signal.die().await
            }
        }
    }

    fn draw(&self) -> Option<Fault> {
        let Weather::OneIn(many) = self.weather else { return None };
        let mut dice = lock(&self.dice);
        let fault = [Fault::Before, Fault::After, Fault::Late, Fault::DeathBefore, Fault::DeathAfter];
        dice.one_in(many).then(|| dice.pick(&fault))
    }
}

fn unavailable() -> PortError {
    PortError::Unavailable("a fault of the test".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
