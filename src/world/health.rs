//! Health of the service, part by part, for /healthz, the watchdog and the heartbeat.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::{
    config::NotifierSpec,
    store::{Condition, Store},
    world::{connectivity::Connectivity, metrics::Metrics},
};

/// Seconds from which a waiting alert means that the outbox does not move.
const OUTBOX_STUCK_S: i64 = 900;
/// A service without a look for longer than twice the slowest target's interval, and a minute, is not watching.
const LOOKS_STOPPED_FACTOR: i64 = 2;
const LOOKS_STOPPED_MS: i64 = 60_000;
/// The largest share of overdue targets that counts as on time: a look that hangs until its time-out is not the service's
/// lateness.
const OVERDUE: f64 = 0.1;

/// The parts of health as they are now.
#[derive(Clone, Debug)]
pub struct Health {
    /// Registered targets.
    pub targets: i64,
    /// Number of targets with a look that is later than their interval.
    pub overdue: i64,
    /// The last look, by the clock.
    pub last_look: Option<Timestamp>,
    /// Time since the last look, where it is too long.
    pub stopped: Option<SignedDuration>,
    pub condition: Condition,
    /// Writes that failed since the start.
    pub store_failures: u64,
    /// Alerts not yet delivered.
    pub outbox_depth: i64,
    /// Age of the oldest of them, in seconds.
    pub outbox_age_s: i64,
    pub dead_letters: usize,
    /// Notifiers that accept no more messages, with the reason.
    pub dead_notifiers: BTreeMap<String, String>,
    /// Whether the service's own network is gone.
    pub blind: bool,
    /// The difference between our clock and the portals', where ours is wrong.
    pub skew: Option<SignedDuration>,
    store_fails: bool,
    /// Whether a dead notifier is one of targets.yaml. A registered chat may leave as it pleases.
    configured_dead: bool,
}

impl Health {
    /// The parts of health, from where each is counted. `notifiers` are those of targets.yaml.
    pub(crate) async fn now(
        metrics: &Metrics,
        store: &dyn Store,
        connectivity: &Connectivity,
        notifiers: &BTreeMap<String, NotifierSpec>,
    ) -> Self {
        let facts = &metrics.health;
        let last = facts.last_look.load(Ordering::Relaxed);
        let allowed =
            LOOKS_STOPPED_FACTOR * facts.slowest.load(Ordering::Relaxed) + LOOKS_STOPPED_MS;
        let targets = metrics.targets.get();
        let silent = i64::try_from(facts.silent().as_millis()).unwrap_or(i64::MAX);
        let stopped =
            (targets > 0 && silent > allowed).then(|| SignedDuration::from_millis(silent));
        let condition = store.condition().await;
        let dead_letters = store.dead_letters().await;
        let dead_notifiers = metrics.dead_notifiers();
        Self {
            targets,
            overdue: metrics.overdue.get(),
            last_look: (last > 0)
                .then(|| Timestamp::from_millisecond(last).ok())
                .flatten(),
            stopped,
            store_fails: facts.store_fails_now.load(Ordering::Relaxed) || condition.is_err(),
            condition: condition.unwrap_or(Condition::Sound),
            store_failures: facts.store_failures.load(Ordering::Relaxed),
            outbox_depth: metrics.outbox_depth.get(),
            outbox_age_s: metrics.outbox_age.get(),
            dead_letters: dead_letters.map_or(0, |it| it.len()),
            configured_dead: dead_notifiers.keys().any(|it| notifiers.contains_key(it)),
            dead_notifiers,
            blind: facts.blind.load(Ordering::Relaxed),
            skew: connectivity.skew(),
        }
    }

    /// Whether looks are made, and at most a tenth of the targets is overdue.
    pub fn looks_on_time(&self) -> bool {
        self.stopped.is_none() && self.overdue as f64 <= OVERDUE * self.targets as f64
    }

    /// Whether the last write succeeded, and the store is on disk.
    pub fn store_writes(&self) -> bool {
        !self.store_fails && self.condition == Condition::Sound
    }

    /// Whether no alert waits for 15 minutes or longer.
    pub fn outbox_moves(&self) -> bool {
        self.outbox_age_s < OUTBOX_STUCK_S
    }

    /// Whether every part is well.
    pub fn is_good(&self) -> bool {
        self.looks_on_time() && self.store_writes() && self.outbox_moves() && !self.configured_dead
    }
}
