//! The watch over ourselves: lateness, the store, the clock, and a sign of life to the outside. A task of its own,
//! so that it speaks when the wheel does not turn.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::aside::aside;
use crate::{
    model::{Notice, Say, alert::Topic},
    notify::heartbeat::Heartbeat,
    store::{Commit, Condition},
    world::{Live, World, health::Health},
};

const TICK: Duration = Duration::from_secs(5);
/// Lateness is said when it has lasted so long.
const LATE_FOR: Duration = Duration::from_secs(60);
/// The wall clock may run so far from the monotonic one between two ticks.
const JUMP: SignedDuration = SignedDuration::from_secs(60);
const BEAT_EVERY: Duration = Duration::from_secs(60);

/// Watches until told to stop.
pub async fn run(worlds: Live, stop: CancellationToken) {
    let first = worlds.borrow().clone();
    let begun = first.clock.now();
    first.metrics.health.mark_alive();
    let mut dog = Watchdog {
        late: Trouble::new(Topic::Late),
        store: Trouble::new(Topic::Store),
        clock: Trouble::new(Topic::Clock),
        late_since: None,
        last: (begun, Instant::now()),
        beat_at: Instant::now(),
    };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {
                let world = worlds.borrow().clone();
                dog.round(&world).await;
            }
        }
    }
}

struct Watchdog {
    late: Trouble,
    store: Trouble,
    clock: Trouble,
    late_since: Option<Instant>,
    /// Wall and monotonic clock at the last tick.
    last: (Timestamp, Instant),
    beat_at: Instant,
}

impl Watchdog {
    async fn round(&mut self, world: &Arc<World>) {
        self.jump(world).await;
        if let Err(error) = aside(world.store.upkeep()).await {
            tracing::warn!(%error, "the store is not yet back on disk");
        }
        for text in world.store.remarks().await.unwrap_or_default() {
            event(
                world,
                Topic::Repair,
                Say::new("detail-plain").with("text", text),
            )
            .await;
        }
        let health = world.health().await;
        self.lateness(world, &health).await;
        let store = match &health.condition {
            Condition::Sound => None,
            Condition::InMemory { why, .. } => Some(Say::new("detail-plain").with("text", why)),
        };
        self.store.now(world, store).await;
        let clock = health
            .skew
            .map(|off| Say::new("detail-skew").with("lasted", world.words.duration(off.abs())));
        self.clock.now(world, clock).await;
        self.heartbeat(world, &health).await;
    }

    /// The machine slept, or somebody set the clock.
    async fn jump(&mut self, world: &World) {
        let (wall, mono) = self.last;
        let now = (world.clock.now(), Instant::now());
        self.last = now;
        let passed =
            SignedDuration::try_from(now.1.duration_since(mono)).unwrap_or(SignedDuration::MAX);
        let off = now.0.duration_since(wall).saturating_sub(passed);
        if off.abs() < JUMP {
            return;
        }
        world.connectivity.interrupt(now.0);
        tracing::warn!(by_s = off.as_secs(), "the clock jumped");
        let detail = Say::new("detail-jump").with("lasted", world.words.duration(off.abs()));
        event(world, Topic::Clock, detail).await;
    }

    async fn lateness(&mut self, world: &World, health: &Health) {
        if health.looks_on_time() {
            self.late_since = None;
            self.late.now(world, None).await;
            return;
        }
        let since = *self.late_since.get_or_insert_with(Instant::now);
        if since.elapsed() < LATE_FOR && health.stopped.is_none() {
            return;
        }
        let detail = match health.stopped {
            Some(silent) => Say::new("detail-stopped").with("lasted", world.words.duration(silent)),
            None => Say::new("detail-late")
                .with("overdue", health.overdue)
                .with("total", health.targets),
        };
        self.late.now(world, Some(detail)).await;
    }

    /// Only who is well gives a sign of life.
    async fn heartbeat(&mut self, world: &Arc<World>, health: &Health) {
        let Some(url) = &world.config.service.heartbeat else {
            return;
        };
        if Instant::now() < self.beat_at || !health.is_good() || health.blind {
            return;
        }
        self.beat_at = Instant::now() + BEAT_EVERY;
        let url = url.clone();
        tokio::spawn(async move {
            let beaten = match Heartbeat::new(url) {
                Ok(heart) => heart.beat().await,
                Err(why) => Err(why),
            };
            if let Err(why) = beaten {
                tracing::warn!(why, "the heartbeat was not taken");
            }
        });
    }
}

/// Something that begins, lasts and ends, each said once.
struct Trouble {
    topic: Topic,
    since: Option<Timestamp>,
}

impl Trouble {
    fn new(topic: Topic) -> Self {
        Self { topic, since: None }
    }

    async fn now(&mut self, world: &World, detail: Option<Say>) {
        let now = world.clock.now();
        let notice = match (self.since, detail) {
            (None, Some(detail)) => {
                self.since = Some(now);
                tracing::error!(
                    topic = self.topic.as_str(),
                    detail = world.words.say(&detail),
                    "trouble of our own"
                );
                Notice::Trouble {
                    topic: self.topic,
                    since: now,
                    detail,
                }
            }
            (Some(since), None) => {
                self.since = None;
                tracing::info!(topic = self.topic.as_str(), "trouble of our own is over");
                Notice::Over {
                    topic: self.topic,
                    since,
                    until: now,
                }
            }
            _ => return,
        };
        tell(world, &notice).await;
    }
}

/// Says something that happened.
pub async fn event(world: &World, topic: Topic, detail: Say) {
    let notice = Notice::Event {
        topic,
        at: world.clock.now(),
        detail,
    };
    tell(world, &notice).await;
}

async fn tell(world: &World, notice: &Notice) {
    let commit = Commit {
        alerts: world.notices_to_duty(notice, world.clock.now()),
        ..Commit::default()
    };
    if let Err(error) = world.store.commit(commit).await {
        tracing::error!(%error, "a notice cannot be written");
    }
}
