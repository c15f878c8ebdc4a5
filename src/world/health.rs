//! Whether the service does what it is for, part by part: asked by /healthz, by the watchdog and before each heartbeat.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::{store::Condition, world::World};

/// An alert that waits longer than this says that the outbox does not move.
const OUTBOX_STUCK_S: i64 = 900;
/// A service that made no look for longer than twice the slowest target's interval, and a minute, is not watching.
const LOOKS_STOPPED_FACTOR: i64 = 2;
const LOOKS_STOPPED_MS: i64 = 60_000;
/// So large a share of targets may be overdue: a look that hangs for its whole time-out is not the service's lateness.
const OVERDUE: f64 = 0.1;

/// The parts of health as they are now.
#[derive(Clone, Debug)]
pub struct Health {
    pub targets: i64,
    pub overdue: i64,
    pub last_look: Option<Timestamp>,
    /// No look at all for too long; since the last one.
    pub stopped: Option<SignedDuration>,
    pub condition: Condition,
    pub store_failures: u64,
    pub outbox_depth: i64,
    pub outbox_age_s: i64,
    pub dead_letters: usize,
    /// Notifiers that take nothing any more, and why.
    pub gone: BTreeMap<String, String>,
    pub blind: bool,
    /// How far our clock is off, where it is.
    pub skew: Option<SignedDuration>,
    store_fails: bool,
    /// Whether a notifier of targets.yaml is gone. A chat that registered itself may leave as it pleases.
    deaf: bool,
}

impl Health {
    pub fn looks_on_time(&self) -> bool {
        self.stopped.is_none() && self.overdue as f64 <= OVERDUE * self.targets as f64
    }

    pub fn store_writes(&self) -> bool {
        !self.store_fails && self.condition == Condition::Sound
    }

    pub fn outbox_moves(&self) -> bool {
        self.outbox_age_s < OUTBOX_STUCK_S
    }

    pub fn is_good(&self) -> bool {
        self.looks_on_time() && self.store_writes() && self.outbox_moves() && !self.deaf
    }
}

pub async fn health(world: &World) -> Health {
    let measure = &world.measure;
    let facts = &measure.health;
    let last = facts.last_look.load(Ordering::Relaxed);
    let allowed = LOOKS_STOPPED_FACTOR * facts.slowest.load(Ordering::Relaxed) + LOOKS_STOPPED_MS;
    let targets = measure.targets.get();
    let silent = i64::try_from(facts.silent().as_millis()).unwrap_or(i64::MAX);
    let stopped = (targets > 0 && silent > allowed).then(|| SignedDuration::from_millis(silent));
    let condition = world.store.condition().await;
    let dead = world.store.dead_letters().await;
    let gone = measure.all_gone();
    Health {
        targets,
        overdue: measure.overdue.get(),
        last_look: (last > 0)
            .then(|| Timestamp::from_millisecond(last).ok())
            .flatten(),
        stopped,
        store_fails: facts.store_fails_now.load(Ordering::Relaxed) || condition.is_err(),
        condition: condition.unwrap_or(Condition::Sound),
        store_failures: facts.store_failures.load(Ordering::Relaxed),
        outbox_depth: measure.outbox_depth.get(),
        outbox_age_s: measure.outbox_age.get(),
        dead_letters: dead.map_or(0, |it| it.len()),
        deaf: gone
            .keys()
            .any(|it| world.config.notifiers.contains_key(it)),
        gone,
        blind: facts.blind.load(Ordering::Relaxed),
        skew: world.eyes.skew(),
    }
}
