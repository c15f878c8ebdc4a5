//! Monitors the service itself: late looks, the store, the clock; and sends a heartbeat to an outside service. It
//! runs in its own task, so that it can report when the looks have stopped.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::{Job, When};
use crate::{
    model::{Localized, Notice, alert::Topic},
    notify::heartbeat::Heartbeat,
    store::{Commit, Condition},
    world::{World, health::Health},
};

/// The job's period.
const TICK: Duration = Duration::from_secs(5);
/// Late looks are reported once they have been late for this long.
const LATE_FOR: Duration = Duration::from_secs(60);
/// The largest difference between the wall clock and the monotonic clock from one tick to the next; beyond it the
/// clock jumped.
const JUMP: SignedDuration = SignedDuration::from_secs(60);
/// The period of the heartbeat.
const BEAT_EVERY: Duration = Duration::from_secs(60);

/// The watchdog job, with the troubles that it has reported.
pub struct Watchdog {
    late: Trouble,
    store: Trouble,
    clock: Trouble,
    late_since: Option<Instant>,
    /// Wall and monotonic clock at the last tick; `None` before the first.
    last: Option<(Timestamp, Instant)>,
    /// When the last heartbeat was sent.
    beaten: Option<Instant>,
}

impl Default for Watchdog {
    fn default() -> Self {
        Self {
            late: Trouble::new(Topic::Late),
            store: Trouble::new(Topic::Store),
            clock: Trouble::new(Topic::Clock),
            late_since: None,
            last: None,
            beaten: None,
        }
    }
}

#[async_trait]
impl Job for Watchdog {
    fn name(&self) -> &'static str {
        "watchdog"
    }

    fn when(&self) -> When {
        When::Every(TICK)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if self.last.is_none() {
            world.metrics.health.mark_alive();
        }
        self.jump(world).await;
        if let Err(error) = world.store.upkeep().await {
            tracing::warn!(%error, "the store is not yet back on disk");
        }
        for text in world.store.remarks().await.unwrap_or_default() {
            event(
                world,
                Topic::Repair,
                Localized::new("detail-plain").with("text", text),
            )
            .await;
        }
        let health = world.health().await;
        self.lateness(world, &health).await;
        let store = match &health.condition {
            Condition::Sound => None,
            Condition::InMemory { why, .. } => {
                Some(Localized::new("detail-plain").with("text", why))
            }
        };
        self.store.now(world, store).await;
        let clock = health.skew.map(|off| {
            Localized::new("detail-skew").with("lasted", world.locale.duration(off.abs()))
        });
        self.clock.now(world, clock).await;
        self.heartbeat(world, &health);
    }
}

impl Watchdog {
    /// Reports that the machine slept, or that the clock was set.
    async fn jump(&mut self, world: &World) {
        let now = (world.clock.now(), Instant::now());
        let Some((wall, mono)) = self.last.replace(now) else {
            return;
        };
        let passed =
            SignedDuration::try_from(now.1.duration_since(mono)).unwrap_or(SignedDuration::MAX);
        let off = now.0.duration_since(wall).saturating_sub(passed);
        if off.abs() < JUMP {
            return;
        }
        world.connectivity.interrupt(now.0);
        tracing::warn!(by_s = off.as_secs(), "the clock jumped");
        let detail = Localized::new("detail-jump").with("lasted", world.locale.duration(off.abs()));
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
            Some(silent) => {
                Localized::new("detail-stopped").with("lasted", world.locale.duration(silent))
            }
            None => Localized::new("detail-late")
                .with("overdue", health.overdue)
                .with("total", health.targets),
        };
        self.late.now(world, Some(detail)).await;
    }

    /// Sends a heartbeat, only while the service is healthy and its network works.
    fn heartbeat(&mut self, world: &Arc<World>, health: &Health) {
        let Some(url) = &world.config.service.heartbeat else {
            return;
        };
        let beaten = self.beaten.is_some_and(|it| it.elapsed() < BEAT_EVERY);
        if beaten || !health.is_good() || health.blind {
            return;
        }
        self.beaten = Some(Instant::now());
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

/// A trouble of the service. Its begin and its end are reported once each.
struct Trouble {
    topic: Topic,
    since: Option<Timestamp>,
}

impl Trouble {
    fn new(topic: Topic) -> Self {
        Self { topic, since: None }
    }

    async fn now(&mut self, world: &World, detail: Option<Localized>) {
        let now = world.clock.now();
        let notice = match (self.since, detail) {
            (None, Some(detail)) => {
                self.since = Some(now);
                tracing::error!(
                    topic = self.topic.as_str(),
                    detail = world.locale.localized(&detail),
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

/// Alerts the operator to an event in the service.
pub async fn event(world: &World, topic: Topic, detail: Localized) {
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
