//! One random history over a stage: who does what is drawn, so is what fails, and after every step what is read must
//! be what the ledger says.

use super::deeds::{Deed, Outcome, Place, act};
use super::dice::Dice;
use super::faults::{Faults, Underway, Weather};
use super::ledger::{Change, Ledger};
use super::schedule::{self, Process};
use super::sent::{self, Push};
use super::stage::Stage;
use affinsy_app::ports::{Erased, PortError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Reports end within hours; snapshots are kept for a day.
const KEPT_MS: i64 = 23 * HOUR_MS;

#[derive(Debug)]
pub struct Play {
    pub stage: Stage,
    pub dice: Dice,
    pub ledger: Arc<Mutex<Ledger>>,
    pub places: Vec<Place>,
    underway: Arc<Underway>,
    weather: Weather,
    sent: Vec<(Place, Push)>,
    trace: Vec<String>,
}

/// What broke, and all that led to it.
pub type Broken = String;

impl Play {
    pub fn new(stage: Stage, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let weather = dice.pick(&[Weather::Fair, Weather::OneIn(60), Weather::OneIn(25), Weather::OneIn(10)]);
        // A tenant of this seed's, so that histories can share tables.
        let tenant = |name: &str| format!("{name}-{seed}").parse().expect("a plain name");
        let place = |name, dataset_id| Place { tenant: tenant(name), dataset_id };
        // The same name with two tenants, and a name that means something in keys.
        let places = vec![place("one", "store"), place("two", "store"), place("one", "D#../x")];
        let (ledger, underway) = (Arc::default(), Arc::default());
        Self { stage, dice, ledger, places, underway, weather, sent: Vec::new(), trace: Vec::new() }
    }

    /// So many steps, then everything that time brings.
    pub async fn run(&mut self, steps: usize) -> Result<(), Broken> {
        for _ in 0..steps {
            self.step().await?;
        }
        self.weather = Weather::Fair;
        self.underway.all_arrive().await;
        self.settle().await
    }

    async fn step(&mut self) -> Result<(), Broken> {
        match self.dice.below(20) {
            0..=10 => {
                let deed = self.deed();
                self.together(vec![deed]).await?;
            }
            11..=15 => {
                let deeds = (0..2 + self.dice.below(3)).map(|_| self.deed()).collect();
                self.together(deeds).await?;
            }
            16 => {
                let rivals = self.rivals();
                self.together(rivals).await?;
            }
            17 => {
                let waits = [1_000, 11 * MINUTE_MS, 61 * MINUTE_MS, 13 * HOUR_MS, 25 * HOUR_MS];
                let wait_ms = self.dice.pick(&waits);
                self.wait(wait_ms).await;
            }
            _ => self.underway.arrive(&mut self.dice).await,
        }
        self.check().await
    }

    /// Calls that are underway do not outlast a long wait: nothing is delayed for an hour.
    pub async fn wait(&mut self, ms: i64) {
        if ms >= 10 * MINUTE_MS {
            self.underway.all_arrive().await;
        }
        self.stage.clock.advance_ms(ms);
        self.trace.push(format!("{ms} ms pass"));
    }

    fn deed(&mut self) -> Deed {
        let place = self.places[self.dice.below(self.places.len())].clone();
        match self.dice.below(24) {
            0..=10 => self.push(place),
            11..=15 => Deed::Tend(place),
            16 => Deed::Erase(place, Erased::Order { order_id: self.dice.pick(&sent::ORDERS).to_owned() }),
            17 => Deed::Erase(place, Erased::Customer { customer_id: self.dice.pick(&sent::CUSTOMERS).to_owned() }),
            18 if self.dice.one_in(3) => Deed::Erase(place, Erased::Dataset),
            18 | 19 => Deed::Purge,
            _ => self.read(&place).unwrap_or(Deed::Purge),
        }
    }

    /// Two compactors of one dataset, and a push. The clock may well pass the first one's lease.
    fn rivals(&mut self) -> Vec<Deed> {
        let place = self.places[self.dice.below(self.places.len())].clone();
        vec![Deed::Tend(place.clone()), self.push(place.clone()), Deed::Tend(place)]
    }

    /// A new push, or one that was sent before, as a client does that had no answer.
    fn push(&mut self, place: Place) -> Deed {
        if !self.sent.is_empty() && self.dice.one_in(4) {
            let (place, push) = self.sent[self.dice.below(self.sent.len())].clone();
            return Deed::Push(place, push);
        }
        let push = sent::push(&mut self.dice);
        self.sent.push((place.clone(), push.clone()));
        Deed::Push(place, push)
    }

    /// One of the snapshots that a report may have pinned.
    fn read(&mut self, place: &Place) -> Option<Deed> {
        let ledger = lock(&self.ledger);
        let (log, own) = ledger.current(&place.tenant, place.dataset_id)?;
        let readable = own.readable(self.stage.now(), KEPT_MS);
        let sequence = readable.start() + self.dice.below(readable.end() + 1 - readable.start());
        (sequence > 0).then(|| Deed::Read(log.clone(), sequence))
    }

    /// Does all of this at the same time, step by step in a random order, while the clock goes on.
    pub async fn together(&mut self, deeds: Vec<Deed>) -> Result<(), Broken> {
        let many = deeds.len() > 1;
        let processes = deeds.iter().map(|deed| {
            let faults = Faults::new(Dice::new(self.dice.next()), self.weather, &self.underway);
            let signal = Arc::clone(&faults.signal);
            let work = Box::pin(act(deed.clone(), self.stage.clone(), faults, Arc::clone(&self.ledger)));
            Process { work, signal }
        });
        let processes: Vec<Process<'_, Outcome>> = processes.collect();
        let before = self.erasures_of(&deeds);
        let clock = Arc::clone(&self.stage.clock);
        let pass = move |dice: &mut Dice| {
            if many && dice.one_in(12) {
                clock.advance_ms(dice.pick(&[1_000, 10_000, 150_000]));
            }
        };
        let ends = schedule::run(processes, &mut self.dice, pass).await;
        for ((deed, end), before) in deeds.iter().zip(&ends).zip(before) {
            self.trace.push(format!("{deed:?} -> {}", told(end.as_ref())));
            self.judge(deed, end.as_ref(), before)?;
        }
        Ok(())
    }

    /// How often each of the deeds was written before.
    fn erasures_of(&self, deeds: &[Deed]) -> Vec<usize> {
        let ledger = lock(&self.ledger);
        deeds.iter().map(|deed| written(&ledger, deed)).collect()
    }

    fn judge(&self, deed: &Deed, end: Option<&Outcome>, before: usize) -> Result<(), Broken> {
        let fair = self.weather == Weather::Fair;
        match (deed, end) {
            (_, None) if fair => self.broken("it died in fair weather"),
            (_, None) => Ok(()),
            (_, Some(Outcome::Refused(PortError::Damaged(why)))) => self.broken(&format!("damaged: {why}")),
            (_, Some(Outcome::Refused(PortError::Unavailable(why)))) if fair => {
                self.broken(&format!("refused in fair weather: {why}"))
            }
            (_, Some(Outcome::Acknowledged(import))) => match lock(&self.ledger).commits_of(import) {
                1 => Ok(()),
                times => self.broken(&format!("{import} was acknowledged and committed {times} times")),
            },
            (Deed::Erase(..), Some(Outcome::Erased(true))) if written(&lock(&self.ledger), deed) == before => {
                self.broken("an erasure was acknowledged and not committed")
            }
            (Deed::Read(log, sequence), Some(Outcome::Orders(orders))) => {
                let expected = lock(&self.ledger).logs[log].orders_at(*sequence);
                if *orders == expected {
                    return Ok(());
                }
                self.broken(&format!("read {orders:#?}\nwhere there is {expected:#?}"))
            }
            (Deed::Read(log, _), Some(Outcome::Unreadable(why))) => {
                let deleted = lock(&self.ledger).logs[log].deleted_at.is_some();
                if deleted { Ok(()) } else { self.broken(&format!("unreadable: {why}")) }
            }
            _ => Ok(()),
        }
    }

    /// What the ledger itself finds wrong, and what is read of one place now, without faults.
    async fn check(&mut self) -> Result<(), Broken> {
        let problems = lock(&self.ledger).problems.join("; ");
        if !problems.is_empty() {
            return self.broken(&problems);
        }
        if !self.dice.one_in(3) {
            return Ok(());
        }
        let place = self.places[self.dice.below(self.places.len())].clone();
        let Some(deed) = self.read(&place) else { return Ok(()) };
        self.calmly(deed).await
    }

    /// Does one thing in fair weather.
    pub async fn calmly(&mut self, deed: Deed) -> Result<(), Broken> {
        let weather = std::mem::replace(&mut self.weather, Weather::Fair);
        let done = self.together(vec![deed]).await;
        self.weather = weather;
        done
    }

    pub fn broken<T>(&self, what: &str) -> Result<T, Broken> {
        Err(format!("{what}\nafter ({:?})\n{}", self.weather, self.trace.join("\n")))
    }
}

/// How often something of this kind was erased from this dataset.
fn written(ledger: &Ledger, deed: &Deed) -> usize {
    let Deed::Erase(place, erased) = deed else { return 0 };
    let own = ledger.logs.iter().filter(|(log, _)| log.tenant == place.tenant && log.dataset_id == place.dataset_id);
    let is_it = |change: &Change| match (erased, change) {
        (Erased::Order { order_id }, Change::EraseOrder(id)) => order_id == id,
        (Erased::Customer { customer_id }, Change::EraseCustomer(id)) => customer_id == id,
        _ => false,
    };
    match erased {
        Erased::Dataset => own.filter(|(_, log)| log.deleted_at.is_some()).count(),
        _ => own.flat_map(|(_, log)| &log.entries).filter(|entry| is_it(&entry.change)).count(),
    }
}

fn told(end: Option<&Outcome>) -> String {
    match end {
        None => "died".to_owned(),
        Some(Outcome::Orders(orders)) => format!("{} orders", orders.len()),
        Some(other) => format!("{other:?}"),
    }
}

pub fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
