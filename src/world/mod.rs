//! What the service is made of, opened from the configuration. Its parts know nothing of [`World`]: each gets what it needs.

pub mod address_book;
pub mod candidates;
pub mod clock;
pub mod conditional;
pub mod connectivity;
pub mod cpu_time;
pub mod decide;
pub mod evicted;
pub mod fleet;
pub mod health;
mod in_progress;
mod job_queue;
pub mod lock;
pub mod mask_updates;
pub mod metrics;
pub mod norm_cache;
mod open;
pub mod reached_cache;
mod recipients;
pub mod sheet_cache;
pub mod subpages;
mod targets;
pub mod verdict_cache;
pub mod workers;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;

pub use self::open::{OpenError, cache_files, sheet_files};
use crate::{
    calendar,
    config::Config,
    diff::Norm,
    evidence::Evidence,
    fetch::Fetch,
    locale::Locale,
    model::{Target, TargetState, WatchWindow},
    notify::Notifier,
    store::Store,
    world::{
        address_book::ChatIndex, candidates::Candidates, clock::Clock, conditional::FullLooks,
        connectivity::Connectivity, evicted::Evicted, fleet::FleetKnowledge, health::Health,
        lock::lock, mask_updates::MaskUpdates, metrics::Metrics, norm_cache::NormCache,
        reached_cache::ReachedCache, sheet_cache::SheetCache, subpages::Turns,
        verdict_cache::VerdictCache, workers::Workers,
    },
};

/// The watch windows, behind the hour since the epoch in which they were computed.
type HourlyWindows = (i64, Arc<[WatchWindow]>);

/// The service under one configuration. A clone shares all parts with its original.
#[derive(Clone)]
pub struct World {
    pub config: Config,
    pub store: Arc<dyn Store>,
    pub evidence: Evidence,
    /// Visits portals.
    pub eye: Arc<dyn Fetch>,
    /// The state of our own network and clock.
    pub connectivity: Arc<Connectivity>,
    /// The notifiers of targets.yaml, by name.
    pub notifiers: BTreeMap<String, Arc<dyn Notifier>>,
    /// Texts in the language of the service.
    pub locale: Arc<Locale>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    /// Where pages are read and judged.
    pub workers: Arc<Workers>,
    pub(crate) verdicts: Arc<VerdictCache>,
    /// What was fetched at the places that doubtful pages lead to.
    pub(crate) reached: Arc<ReachedCache>,
    /// The style sheets of portals.
    pub(crate) sheets: Arc<SheetCache>,
    /// Page bodies that may have to be deleted.
    pub evicted: Arc<Evicted>,
    pub(crate) norms: Arc<NormCache>,
    /// What the portals use together.
    pub(crate) fleet: Arc<FleetKnowledge>,
    pub(crate) mask_updates: Arc<MaskUpdates>,
    pub(crate) subpage_turns: Arc<Turns>,
    pub(crate) full_looks: Arc<FullLooks>,
    /// Registered chats and their notifiers.
    pub chat_index: Arc<ChatIndex>,
    /// Requesters of portals, while too many requests wait.
    pub candidates: Arc<Candidates>,
    /// Notifiers of registered chats, which targets.yaml does not name.
    chat_notifiers: Arc<Mutex<HashMap<String, Arc<dyn Notifier>>>>,
    windows: Arc<Mutex<Option<HourlyWindows>>>,
}

/// The present world. The sender replaces it when the configuration changes.
pub type Live = tokio::sync::watch::Receiver<Arc<World>>;

/// A [`Live`] that never changes.
pub fn unchanging(world: Arc<World>) -> Live {
    tokio::sync::watch::channel(world).1
}

impl World {
    /// The watch windows of last year, this year and the next. Computed once an hour: each check asks for them.
    pub fn windows(&self, now: Timestamp) -> Arc<[WatchWindow]> {
        let hour = now.as_second().div_euclid(3600);
        let mut known = lock(&self.windows);
        if let Some((_, windows)) = known.as_ref().filter(|it| it.0 == hour) {
            return windows.clone();
        }
        let zone = &self.config.service.timezone;
        let year = now.to_zoned(zone.clone()).year();
        let all = calendar::windows(&self.config.windows, year - 1, year + 1, zone);
        let all: Arc<[WatchWindow]> = all.into();
        *known = Some((hour, all.clone()));
        all
    }

    /// The watch window that is open, or opens within a month: a registration may end with it.
    pub fn window_ahead(&self, now: Timestamp) -> Option<WatchWindow> {
        let soon = now + jiff::SignedDuration::from_hours(30 * 24);
        let windows = self.windows(now);
        let ahead = windows.iter().filter(|it| it.from <= soon && now < it.to);
        ahead.min_by_key(|it| it.to).cloned()
    }

    /// The norm of a target; an empty one where it cannot be made.
    pub async fn norm(&self, target: &Target, target_state: &TargetState) -> Arc<Norm> {
        let learnt = self.norms.learnt(&self.workers, target, target_state).await;
        learnt.unwrap_or_default().all
    }

    /// The health of the service as it is now.
    pub async fn health(&self) -> Health {
        Health::now(
            &self.metrics,
            self.store.as_ref(),
            &self.connectivity,
            &self.config.notifiers,
        )
        .await
    }
}
