//! The queue of looks, with its own timer: repeated jobs of the calendar scheduler can stop forever once they are
//! late.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::{
    sync::CancellationToken,
    time::{DelayQueue, delay_queue},
};

use super::admission::Admission;
use crate::{
    model::{Class, Target, TargetId, window},
    watch::check,
    world::{Live, World},
};

/// The first looks are spread over this time for each target, so that they do not all begin at once, while a few
/// targets are looked at immediately.
const FIRST_SPREAD_EACH: Duration = Duration::from_millis(50);
/// Share of the interval by which a look may be earlier or later than planned.
const JITTER: f64 = 0.05;
/// Time that a stopping service waits for looks in progress; the next start repeats them.
const DRAIN: Duration = Duration::from_millis(400);
/// While the service stops: time between two checks whether all remaining looks have been given up.
const STEP: Duration = Duration::from_millis(50);

/// Called after every finished check; for the demo and for tests.
pub type OnChecked = Arc<dyn Fn(&Target, Option<Class>) + Send + Sync>;

/// Looks at every target on time until `stop` is cancelled.
pub async fn run(mut worlds: Live, stop: CancellationToken, on_checked: Option<OnChecked>) {
    let world = worlds.borrow_and_update().clone();
    let mut looks = Queue::new(world, on_checked);
    let mut may_change = true;
    looks.take_registry().await;
    let mut pulse = looks.world.store.pulse();
    let mut registry = pulse.borrow().registry;
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(due) = looks.timers.next(), if !looks.timers.is_empty() => looks.due(due.into_inner()),
            Some(done) = looks.busy.join_next(), if !looks.busy.is_empty() => looks.done(done),
            () = looks.admission.opened(), if !looks.ready.is_empty() => (),
            changed = pulse.changed() => match changed {
                Ok(()) => {
                    let now = pulse.borrow().registry;
                    if now != registry {
                        registry = now;
                        looks.take_registry().await;
                    }
                }
                // the store is closed, so the service is about to stop
                Err(_) => sleep(Duration::from_secs(1)).await,
            },
            changed = worlds.changed(), if may_change => match changed {
                Ok(()) => {
                    looks.world = worlds.borrow_and_update().clone();
                    looks.take_registry().await;
                }
                Err(_) => may_change = false,
            },
            _ = tick.tick() => {
                looks.keep_pace();
                looks.measure();
            }
        }
        looks.start_ready();
    }
    // end expensive judging jobs first: a stop of the service must not wait for a hostile page
    let desks = looks.world.workers.clone();
    desks.stop();
    let _ = timeout(DRAIN, async {
        while looks.busy.len() > desks.given_up() {
            let _ = timeout(STEP, looks.busy.join_next()).await;
        }
    })
    .await;
    if !looks.busy.is_empty() {
        tracing::info!(looks = looks.busy.len(), "looks under way are given up");
        looks.busy.abort_all();
    }
}

struct Entry {
    target: Arc<Target>,
    due: Instant,
    key: Option<delay_queue::Key>,
}

struct Queue {
    world: Arc<World>,
    on_checked: Option<OnChecked>,
    entries: HashMap<TargetId, Entry>,
    timers: DelayQueue<TargetId>,
    /// Targets that are due but not yet admitted.
    ready: VecDeque<TargetId>,
    admission: Admission,
    busy: JoinSet<(TargetId, Duration)>,
    /// The shortest interval that an open watch window asks for.
    window: Option<Duration>,
}

impl Queue {
    fn new(world: Arc<World>, on_checked: Option<OnChecked>) -> Self {
        Self {
            world,
            on_checked,
            entries: HashMap::new(),
            timers: DelayQueue::new(),
            ready: VecDeque::new(),
            admission: Admission::default(),
            busy: JoinSet::new(),
            window: None,
        }
    }

    /// Reads the registry: adds new targets and drops removed ones.
    async fn take_registry(&mut self) {
        let targets = match self.world.targets().await {
            Ok(targets) => targets,
            Err(error) => {
                tracing::error!(%error, "the registry cannot be read; the targets of the file are watched");
                self.world.config.targets.clone()
            }
        };
        let known: HashSet<&TargetId> = targets.iter().map(|it| &it.id).collect();
        let gone: Vec<TargetId> = self
            .entries
            .keys()
            .filter(|id| !known.contains(id))
            .cloned()
            .collect();
        for id in gone {
            if let Some(key) = self.entries.remove(&id).and_then(|it| it.key) {
                self.timers.remove(&key);
            }
        }
        let fresh = targets
            .iter()
            .filter(|it| !self.entries.contains_key(&it.id))
            .count();
        let spread = FIRST_SPREAD_EACH.saturating_mul(u32::try_from(fresh).unwrap_or(u32::MAX));
        for target in targets {
            let every = target.settings.every;
            match self.entries.get_mut(&target.id) {
                Some(entry) => {
                    if *entry.target != target {
                        entry.target = Arc::new(target);
                    }
                    // apply a shorter interval at once
                    let left = entry.due.saturating_duration_since(Instant::now());
                    if entry.key.is_some() && left > every {
                        let id = entry.target.id.clone();
                        self.plan(id, every.mul_f64(fastrand::f64()));
                    }
                }
                None => {
                    let delay = spread.min(every).mul_f64(fastrand::f64());
                    let id = target.id.clone();
                    self.entries.insert(
                        id.clone(),
                        Entry {
                            target: Arc::new(target),
                            due: Instant::now() + delay,
                            key: None,
                        },
                    );
                    self.plan(id, delay);
                }
            }
        }
        self.world.metrics.targets.set(self.entries.len() as i64);
    }

    fn plan(&mut self, id: TargetId, delay: Duration) {
        if let Some(entry) = self.entries.get_mut(&id) {
            if let Some(key) = entry.key.take() {
                self.timers.remove(&key);
            }
            entry.due = Instant::now() + delay;
            entry.key = Some(self.timers.insert(id, delay));
        }
    }

    fn due(&mut self, id: TargetId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.key = None;
            self.ready.push_back(id);
        }
    }

    /// Begins looks that are due, as far as they are admitted.
    fn start_ready(&mut self) {
        while !self.ready.is_empty() && self.admission.is_open(&self.world) {
            if let Some(id) = self.ready.pop_front() {
                self.start(id);
            }
        }
        let late = self.ready.front().and_then(|it| self.entries.get(it));
        let late = late.map(|it| it.due.elapsed());
        self.admission.adapt(late, &self.world);
    }

    /// Applies watch windows at once: when one opens, targets with a later next look are looked at sooner.
    fn keep_pace(&mut self) {
        let now = self.world.clock.now();
        let windows = self.world.windows(now);
        let open = windows.iter().filter(|it| it.from <= now && now < it.to);
        let window = open.filter_map(|it| it.every).min();
        if window == self.window {
            return;
        }
        self.window = window;
        let Some(window) = window else { return };
        let early: Vec<TargetId> = self
            .entries
            .iter()
            .filter(|(_, it)| {
                it.key.is_some() && it.due.saturating_duration_since(Instant::now()) > window
            })
            .map(|(id, _)| id.clone())
            .collect();
        tracing::info!(targets = early.len(), every = ?window, "a watch window is open");
        for id in early {
            self.plan(id, window.mul_f64(fastrand::f64()));
        }
    }

    fn start(&mut self, id: TargetId) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        self.world
            .metrics
            .record_lateness(entry.due.elapsed().as_secs_f64());
        let place = self.admission.take();
        let (world, target) = (self.world.clone(), entry.target.clone());
        let on_checked = self.on_checked.clone();
        self.busy.spawn(async move {
            // a panic in a check must not end the watch of its target
            let work = tokio::spawn({
                let (world, target) = (world.clone(), target.clone());
                async move { check::check_with(&world, &target, place).await }
            });
            let guard = AbortOnDrop(work.abort_handle());
            let checked = work.await;
            drop(guard);
            match checked {
                Ok(checked) => {
                    if let Some(on_checked) = on_checked {
                        on_checked(&target, checked.class);
                    }
                    (target.id.clone(), checked.next)
                }
                Err(error) => {
                    if error.is_panic() {
                        tracing::error!(target.id = %target.id, "a check failed by a fault of this program; the watch goes on");
                    }
                    (target.id.clone(), target.settings.every)
                }
            }
        });
    }

    fn done(&mut self, done: Result<(TargetId, Duration), tokio::task::JoinError>) {
        if let Ok((id, next)) = done {
            let jitter = 1.0 + JITTER * (2.0 * fastrand::f64() - 1.0);
            self.plan(id, next.mul_f64(jitter));
        }
    }

    fn measure(&self) {
        let now = self.world.clock.now();
        let windows = self.world.windows(now);
        let overdue = self.entries.values().filter(|it| {
            let settings = &it.target.settings;
            let every = window::interval(settings.every, &windows, now);
            // a check in progress may take its timeouts, and the time of its confirmation
            let allowed = match it.key {
                Some(_) => every,
                None => every + 2 * settings.timeout + settings.confirm.within,
            };
            it.due.elapsed() > allowed
        });
        self.world.metrics.overdue.set(overdue.count() as i64);
        let slowest = self
            .entries
            .values()
            .map(|it| it.target.settings.every)
            .max()
            .unwrap_or_default();
        let slowest = i64::try_from(slowest.as_millis()).unwrap_or(i64::MAX / 4);
        self.world
            .metrics
            .health
            .slowest
            .store(slowest, Ordering::Relaxed);
    }
}

/// Aborts the inner task when the outer one is dropped.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
