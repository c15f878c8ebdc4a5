//! What the service counts of itself, for /metrics and /healthz.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
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

use crate::model::{Class, Recipient};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByClass {
    class: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByNotifier {
    notifier: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPath {
    path: &'static str,
}

/// Counters and the few facts that health is judged by.
pub struct Measure {
    registry: Registry,
    looks: Family<ByClass, Counter>,
    paths: Family<ByPath, Counter>,
    look_seconds: Histogram,
    lateness_seconds: Histogram,
    sent: Family<ByNotifier, Counter>,
    failed: Family<ByNotifier, Counter>,
    pub targets: Gauge,
    pub overdue: Gauge,
    pub open_incidents: Gauge,
    pub outbox_depth: Gauge,
    pub outbox_age: Gauge,
    pub store_bytes: Gauge,
    pub health: Arc<Health>,
    /// Notifiers that refused their last message for good, and why.
    gone: Mutex<BTreeMap<String, String>>,
}

/// Health as it was last seen.
#[derive(Debug, Default)]
pub struct Health {
    /// Milliseconds since the epoch.
    pub last_look: AtomicI64,
    /// The last look, or the beginning of the watch, by the clock that is never set.
    pub alive: Mutex<Option<Instant>>,
    /// The longest interval of any target, in milliseconds.
    pub slowest: AtomicI64,
    pub blind: AtomicBool,
    pub store_failures: AtomicU64,
    pub store_fails_now: AtomicBool,
}

impl Health {
    pub fn lives(&self) {
        *self.alive.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Time since the last look.
    pub fn silent(&self) -> Duration {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.map_or(Duration::ZERO, |it| it.elapsed())
    }
}

/// 5 ms to 30 s.
const LOOK_BUCKETS: [f64; 10] = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0, 30.0];

impl Default for Measure {
    fn default() -> Self {
        let mut it = Self {
            registry: Registry::with_prefix("gaccong"),
            looks: Family::default(),
            paths: Family::default(),
            look_seconds: Histogram::new(LOOK_BUCKETS),
            lateness_seconds: Histogram::new(LOOK_BUCKETS),
            sent: Family::default(),
            failed: Family::default(),
            targets: Gauge::default(),
            overdue: Gauge::default(),
            open_incidents: Gauge::default(),
            outbox_depth: Gauge::default(),
            outbox_age: Gauge::default(),
            store_bytes: Gauge::default(),
            health: Arc::default(),
            gone: Mutex::default(),
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
        registry.register_with_unit(
            "store",
            "Size of the data directory",
            Unit::Bytes,
            it.store_bytes.clone(),
        );
        it
    }
}

impl Measure {
    /// How a look was decided.
    pub fn decided(&self, path: &'static str) {
        self.paths.get_or_create(&ByPath { path }).inc();
    }

    pub fn looked(&self, class: Class, elapsed_ms: u32, at: Timestamp) {
        self.looks
            .get_or_create(&ByClass {
                class: class.to_string(),
            })
            .inc();
        self.look_seconds.observe(f64::from(elapsed_ms) / 1000.0);
        self.attempted(at);
    }

    /// A look was made, whether or not anything could be seen.
    pub fn attempted(&self, at: Timestamp) {
        self.health
            .last_look
            .store(at.as_millisecond(), Ordering::Relaxed);
        self.health.lives();
    }

    pub fn late(&self, seconds: f64) {
        self.lateness_seconds.observe(seconds);
    }

    pub fn told(&self, notifier: &str, delivered: bool) {
        let of = ByNotifier {
            notifier: Recipient::from(notifier).base().to_owned(),
        };
        if delivered { &self.sent } else { &self.failed }
            .get_or_create(&of)
            .inc();
    }

    /// A notifier refused for good; whether that is new.
    pub fn gone(&self, notifier: &str, why: &str) -> bool {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.insert(notifier.to_owned(), why.to_owned()).is_none()
    }

    pub fn works(&self, notifier: &str) {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.remove(notifier);
    }

    pub fn all_gone(&self) -> BTreeMap<String, String> {
        self.gone
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn stored(&self, worked: bool) {
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
