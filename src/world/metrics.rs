//! Counters of the service, for /metrics and /healthz.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tokio::time::Instant;

use crate::{
    model::{Class, Recipient},
    world::lock::lock,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByClass {
    class: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByNotifier {
    notifier: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPath {
    path: &'static str,
}

/// Counters, and the few facts that decide about health.
pub struct Metrics {
    registry: Registry,
    looks: Family<ByClass, Counter>,
    paths: Family<ByPath, Counter>,
    look_seconds: Histogram,
    lateness_seconds: Histogram,
    sent: Family<ByNotifier, Counter>,
    failed: Family<ByNotifier, Counter>,
    questions: Family<ByOutcome, Counter>,
    /// Registered targets.
    pub targets: Gauge,
    /// Number of targets with a look that is later than their interval.
    pub overdue: Gauge,
    pub open_incidents: Gauge,
    /// Alerts not yet delivered.
    pub outbox_depth: Gauge,
    /// Age of the oldest of them, in seconds.
    pub outbox_age: Gauge,
    /// Size of the data directory, in bytes.
    pub store_bytes: Gauge,
    /// Facts that decide about health.
    pub health: Arc<Facts>,
    /// Notifiers that refused their last message for good, with the reason.
    dead: Mutex<BTreeMap<String, String>>,
}

/// Facts that decide about health, as they were last seen.
#[derive(Debug, Default)]
pub struct Facts {
    /// Milliseconds since the epoch.
    pub last_look: AtomicI64,
    /// The last look, or the start of the service, by the monotonic clock.
    pub alive: Mutex<Option<Instant>>,
    /// The longest interval of any target, in milliseconds.
    pub slowest: AtomicI64,
    /// Whether the service's own network is gone.
    pub blind: AtomicBool,
    /// Writes that failed since the start.
    pub store_failures: AtomicU64,
    /// Whether the last write failed.
    pub store_fails_now: AtomicBool,
}

impl Facts {
    /// Records that a look was made, or that the service starts, now.
    pub fn mark_alive(&self) {
        *lock(&self.alive) = Some(Instant::now());
    }

    /// Time since the last look.
    pub fn silent(&self) -> Duration {
        lock(&self.alive).map_or(Duration::ZERO, |it| it.elapsed())
    }
}

/// Bounds of the histograms, in seconds: 5 ms to 30 s.
const LOOK_BUCKETS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0, 30.0];

impl Default for Metrics {
    fn default() -> Self {
        let mut it = Self {
            registry: Registry::with_prefix("gaccong"),
            looks: Family::default(),
            paths: Family::default(),
            look_seconds: Histogram::new(LOOK_BUCKETS),
            lateness_seconds: Histogram::new(LOOK_BUCKETS),
            sent: Family::default(),
            failed: Family::default(),
            questions: Family::default(),
            targets: Gauge::default(),
            overdue: Gauge::default(),
            open_incidents: Gauge::default(),
            outbox_depth: Gauge::default(),
            outbox_age: Gauge::default(),
            store_bytes: Gauge::default(),
            health: Arc::default(),
            dead: Mutex::default(),
        };
        let registry = &mut it.registry;
        registry.register("looks", "Looks by class", it.looks.clone());
        registry.register(
            "paths",
            "Looks by how they were decided: not_modified, equal, masked, recalled, judged, silent",
            it.paths.clone(),
        );
        registry.register_with_unit(
            "look",
            "Time of one look",
            Unit::Seconds,
            it.look_seconds.clone(),
        );
        registry.register_with_unit(
            "lateness",
            "How late looks begin",
            Unit::Seconds,
            it.lateness_seconds.clone(),
        );
        registry.register("targets", "Registered targets", it.targets.clone());
        registry.register(
            "overdue_targets",
            "Targets whose look is later than its interval",
            it.overdue.clone(),
        );
        registry.register(
            "open_incidents",
            "Open incidents",
            it.open_incidents.clone(),
        );
        registry.register(
            "outbox_depth",
            "Alerts not yet delivered",
            it.outbox_depth.clone(),
        );
        registry.register_with_unit(
            "outbox_age",
            "Age of the oldest such alert",
            Unit::Seconds,
            it.outbox_age.clone(),
        );
        registry.register("alerts_sent", "Alerts delivered", it.sent.clone());
        registry.register("alerts_failed", "Attempts that failed", it.failed.clone());
        registry.register(
            "questions",
            "Questions to agencies about large changes: asked, and by outcome ours, not-ours, unanswered, hostile, restored, withdrawn",
            it.questions.clone(),
        );
        registry.register_with_unit(
            "store",
            "Size of the data directory",
            Unit::Bytes,
            it.store_bytes.clone(),
        );
        it
    }
}

impl Metrics {
    /// Counts a look by the way in which it was decided.
    pub fn count_decision(&self, path: &'static str) {
        self.paths.get_or_create(&ByPath { path }).inc();
    }

    /// Counts a look by its class, and its time.
    pub fn count_look(&self, class: Class, elapsed_ms: u32, at: Timestamp) {
        self.looks
            .get_or_create(&ByClass {
                class: class.to_string(),
            })
            .inc();
        self.look_seconds.observe(f64::from(elapsed_ms) / 1000.0);
        self.record_attempt(at);
    }

    /// Records that a look was made, whether or not the network works.
    pub fn record_attempt(&self, at: Timestamp) {
        self.health
            .last_look
            .store(at.as_millisecond(), Ordering::Relaxed);
        self.health.mark_alive();
    }

    /// Records how late a look begins, in seconds.
    pub fn record_lateness(&self, seconds: f64) {
        self.lateness_seconds.observe(seconds);
    }

    /// Counts an attempt to send a message.
    pub fn count_delivery(&self, notifier: &str, delivered: bool) {
        let of = ByNotifier {
            notifier: Recipient::from(notifier).base().to_owned(),
        };
        if delivered { &self.sent } else { &self.failed }
            .get_or_create(&of)
            .inc();
    }

    /// Counts a question to an agency that is asked, or that ends with this outcome.
    pub fn count_question(&self, outcome: &'static str) {
        self.questions.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// Records that a notifier refused for good. Returns whether that is new.
    pub fn mark_dead(&self, notifier: &str, why: &str) -> bool {
        let before = lock(&self.dead).insert(notifier.to_owned(), why.to_owned());
        before.is_none()
    }

    /// Records that a notifier works again, or may.
    pub fn mark_alive(&self, notifier: &str) {
        lock(&self.dead).remove(notifier);
    }

    /// Notifiers that refused their last message for good, with the reason.
    pub fn dead_notifiers(&self) -> BTreeMap<String, String> {
        lock(&self.dead).clone()
    }

    /// Records whether a write to the store succeeded.
    pub fn record_write(&self, worked: bool) {
        self.health
            .store_fails_now
            .store(!worked, Ordering::Relaxed);
        if !worked {
            self.health.store_failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// OpenMetrics text, which Prometheus reads.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // writing into a String cannot fail
        let _ = encode(&mut out, &self.registry);
        out
    }
}
