//! Everything the watch is made of, opened from the configuration.

pub mod address_book;
pub mod candidates;
pub mod clock;
pub mod cpu_time;
pub mod decide;
pub mod evicted;
pub mod health;
pub mod mask_updates;
pub mod metrics;
pub mod norm_cache;
mod turns;
pub mod verdict_cache;
pub mod workers;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use crate::{
    calendar,
    config::Config,
    diff::Norm,
    evidence::{CacheFiles, Evidence},
    fetch,
    fetch::{Eye, Guard, Sees},
    files,
    incident::Voice,
    locale::Words,
    model::{
        About, Agency, Alert, Dossier, Incident, Notice, Recipient, Target, TargetId, Urgency,
        WatchWindow,
    },
    notify::{
        Notifier, notifiers,
        notifiers::{Console, Problem},
    },
    store::Store,
    watch::{connectivity::Eyes, subpages},
    world::{
        clock::Clock, evicted::Evicted, mask_updates::Lessons, metrics::Measure, norm_cache::Norms,
        verdict_cache::Memo, workers::Desks,
    },
};

/// Why the watch cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Config(String),
    #[error("{0}")]
    System(String),
}

pub struct World {
    pub config: Config,
    pub store: Arc<dyn Store>,
    pub evidence: Evidence,
    pub eye: Arc<dyn Sees>,
    pub eyes: Arc<Eyes>,
    pub notifiers: BTreeMap<String, Arc<dyn Notifier>>,
    pub words: Words,
    pub clock: Arc<dyn Clock>,
    pub measure: Arc<Measure>,
    /// Where pages are read and judged.
    pub desks: Arc<Desks>,
    pub memo: Arc<Memo>,
    /// Page bodies that may have to be deleted.
    pub evicted: Arc<Evicted>,
    norms: Arc<Norms>,
    pub(crate) lessons: Lessons,
    rounds: Arc<Mutex<HashMap<TargetId, usize>>>,
    /// Targets that were last asked for the whole page: the next look may ask whether anything changed.
    asked_in_full: Arc<Mutex<HashSet<TargetId>>>,
    /// Who speaks from which registered chat.
    pub chats_known: address_book::Known,
    /// Askers for portals while too many requests wait.
    pub candidates: Arc<candidates::Candidates>,
    /// Notifiers of registered chats, which targets.yaml does not name.
    chats: Mutex<HashMap<String, Arc<dyn Notifier>>>,
    /// The hour they were reckoned in, and the windows.
    windows: Mutex<Option<(i64, Arc<[WatchWindow]>)>>,
}

/// The world as it is now: another one takes its place when the configuration changes.
pub type Live = tokio::sync::watch::Receiver<Arc<World>>;

/// A world that stays as it is.
pub fn steady(world: Arc<World>) -> Live {
    tokio::sync::watch::channel(world).1
}

impl World {
    /// `config`'s paths must be resolved. Returns what an operator should be told, too: notifiers that
    /// cannot be used and what stands in for them.
    pub fn open(
        config: Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Vec<String>), Fault> {
        let eye =
            Eye::new(eye_settings(&config)?).map_err(|error| Fault::System(error.to_string()))?;
        Self::with_eye(config, store, clock, Arc::new(eye))
    }

    /// Like [`Self::open`], with a given fetcher: tests script one.
    pub fn with_eye(
        config: Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        eye: Arc<dyn Sees>,
    ) -> Result<(Self, Vec<String>), Fault> {
        let (notifiers, remarks) = voices(&config)?;
        let world = Self {
            store,
            evidence: Evidence::new(&config.service.snapshots_dir),
            eye,
            eyes: Arc::default(),
            notifiers,
            words: Words::new(config.service.language),
            clock,
            measure: Arc::default(),
            desks: Arc::default(),
            memo: Arc::default(),
            evicted: Arc::default(),
            norms: Arc::new(Norms::new(
                Evidence::new(&config.service.snapshots_dir),
                derived(&config),
            )),
            lessons: Lessons::default(),
            rounds: Arc::default(),
            asked_in_full: Arc::default(),
            chats_known: address_book::Known::default(),
            candidates: Arc::default(),
            chats: Mutex::default(),
            windows: Mutex::default(),
            config,
        };
        Ok((world, remarks))
    }

    /// The same world under another configuration. What it knows and counts is kept; where it keeps its data and
    /// where it listens can only change with a restart, which the remarks say.
    pub fn renewed(&self, mut config: Config) -> Result<(Self, Vec<String>), Fault> {
        let mut fixed = Vec::new();
        let (new, old) = (&mut config.service, &self.config.service);
        if new.data_dir != old.data_dir || new.store != old.store {
            fixed.push("data_dir and store");
            new.data_dir.clone_from(&old.data_dir);
            new.store.clone_from(&old.store);
        }
        if new.snapshots_dir != old.snapshots_dir {
            fixed.push("snapshots_dir");
            new.snapshots_dir.clone_from(&old.snapshots_dir);
        }
        if new.listen != old.listen {
            fixed.push("listen");
            new.listen = old.listen;
        }
        let (notifiers, mut remarks) = voices(&config)?;
        for what in fixed {
            remarks.push(format!("service.{what}: takes effect with a restart only"));
        }
        let eye =
            Eye::new(eye_settings(&config)?).map_err(|error| Fault::System(error.to_string()))?;
        // a notifier that is configured anew may work again
        for (name, spec) in &config.notifiers {
            let before = self.config.notifiers.get(name);
            if before.is_none_or(|it| (&it.kind, &it.with) != (&spec.kind, &spec.with)) {
                self.measure.works(name);
            }
        }
        let world = Self {
            store: self.store.clone(),
            evidence: self.evidence.clone(),
            eye: Arc::new(eye),
            eyes: self.eyes.clone(),
            notifiers,
            words: Words::new(config.service.language),
            clock: self.clock.clone(),
            measure: self.measure.clone(),
            desks: self.desks.clone(),
            memo: self.memo.clone(),
            evicted: self.evicted.clone(),
            norms: self.norms.clone(),
            lessons: self.lessons.clone(),
            rounds: self.rounds.clone(),
            asked_in_full: self.asked_in_full.clone(),
            chats_known: address_book::Known::default(),
            candidates: self.candidates.clone(),
            chats: Mutex::default(),
            windows: Mutex::default(),
            config,
        };
        Ok((world, remarks))
    }

    /// Who is reached by that name: a notifier of the file, or its bot in a registered chat.
    pub fn notifier(&self, name: &str) -> Option<Arc<dyn Notifier>> {
        if let Some(known) = self.notifiers.get(name) {
            return Some(known.clone());
        }
        Recipient::from(name).chat?;
        let mut chats = self.chats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = chats.get(name) {
            return Some(known.clone());
        }
        let spec = self.config.notifier(name)?;
        let built = match notifiers::build(&spec.kind, &spec.with) {
            Ok(built) => built,
            // as for those of the file: what cannot be sent is shown
            Err(_) => Arc::new(Console),
        };
        chats.insert(name.to_owned(), built.clone());
        Some(built)
    }

    /// Targets of the file and of the registry; the file's come first and win.
    pub async fn targets(&self) -> crate::store::Result<Vec<Target>> {
        let registered = self.store.registry().await?;
        Ok(self.with_file(registered.into_iter().map(|it| it.target)))
    }

    /// Registered targets behind those of the file. What was registered elsewhere, or by an older version, is held to the
    /// shortest interval of the file, too.
    pub fn with_file(&self, registered: impl Iterator<Item = Target>) -> Vec<Target> {
        let of_the_file: HashSet<&TargetId> = self.config.targets.iter().map(|it| &it.id).collect();
        let least = self.config.pace.least();
        let more = registered.filter(|it| !of_the_file.contains(&it.id));
        let more = more.map(|mut it| {
            it.settings.every = it.settings.every.max(least);
            it
        });
        self.config.targets.iter().cloned().chain(more).collect()
    }

    /// A registered target, or a part of one by the id that its incidents carry.
    pub async fn target(&self, id: &TargetId) -> crate::store::Result<Option<Target>> {
        let all = self.targets().await?;
        if let Some(target) = all.iter().find(|it| it.id == *id) {
            return Ok(Some(target.clone()));
        }
        let Some(portal) = all.into_iter().find(|it| it.id.as_str() == id.portal()) else {
            return Ok(None);
        };
        let parts = self
            .store
            .dossier(&portal.id)
            .await?
            .map(|it| it.beyond.parts)
            .unwrap_or_default();
        Ok(parts
            .iter()
            .map(|it| subpages::of(&portal, it))
            .find(|it| it.id == *id))
    }

    /// Counts the rounds through a portal's parts. Not kept: a restart begins anew.
    pub fn next_round(&self, id: &TargetId) -> usize {
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        let round = rounds.entry(id.clone()).or_default();
        *round = round.wrapping_add(1);
        *round - 1
    }

    /// Whether the next look may be a conditional one, where the portal is `calm`: every second look at most. Kept in
    /// memory: a restart begins with a full look.
    pub(crate) fn may_spare(&self, id: &TargetId, calm: bool) -> bool {
        let full = self.asked_in_full.lock();
        let mut full = full.unwrap_or_else(PoisonError::into_inner);
        if calm && full.remove(id) {
            return true;
        }
        full.insert(id.clone());
        false
    }

    /// Agencies of the file, and those that only the registry names.
    pub fn agencies(&self, targets: &[Target]) -> Vec<Agency> {
        let mut all = self.config.agencies.clone();
        let mut known: HashSet<String> = all.iter().map(|it| it.id.clone()).collect();
        for target in targets {
            if known.insert(target.agency.clone()) {
                all.push(Agency {
                    id: target.agency.clone(),
                    name: target.agency_name.clone(),
                    province: None,
                    notify: Vec::new(),
                    escalation: Vec::new(),
                    head: None,
                });
            }
        }
        all
    }

    /// The windows of last year, this one and the next. Reckoned once an hour: each check asks.
    pub fn windows(&self, now: Timestamp) -> Arc<[WatchWindow]> {
        let hour = now.as_second().div_euclid(3600);
        let mut known = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// What the notifiers of a target are told of an incident.
    pub fn alerts(
        &self,
        target: &Target,
        incident: &Incident,
        voice: Voice,
        now: Timestamp,
    ) -> Vec<Alert> {
        self.alerts_of(&target.settings.notify, incident, voice, now)
    }

    /// The same of notifiers that are named.
    pub(crate) fn alerts_of(
        &self,
        names: &[String],
        incident: &Incident,
        voice: Voice,
        now: Timestamp,
    ) -> Vec<Alert> {
        let urgency = Urgency::of(incident);
        let mut out = Vec::new();
        for name in names {
            let edits = self.notifier(name).is_some_and(|it| it.edits());
            // a notifier that cannot edit gets a new message each time, so a quiet change sends it none; nor does the end
            // of an incident that it never heard of
            let unheard = incident.planned.is_some() && !incident.stage.is_open();
            if edits || voice != Voice::Quiet && !unheard {
                let about = About::Incident(incident.id.clone());
                out.push(Alert::new(name, about, urgency, now));
            }
            // an agency's chat may have muted the incident for itself
            if voice == Voice::Reminder && edits && !incident.is_muted_for(name, now) {
                let about = About::Reminder(incident.id.clone());
                out.push(Alert::new(name, about, urgency, now));
            }
        }
        out
    }

    /// The alerts of an incident at a portal that is registered no more: they go to the operator.
    pub fn alerts_to_duty(&self, incident: &Incident, now: Timestamp) -> Vec<Alert> {
        self.alerts_of(self.config.operators().names(), incident, Voice::Plain, now)
    }

    /// One alert a notifier that any target of the file uses.
    pub fn notices_to_all(&self, about: &About, urgency: Urgency, now: Timestamp) -> Vec<Alert> {
        self.everybody()
            .iter()
            .map(|it| Alert::new(it, about.clone(), urgency, now))
            .collect()
    }

    /// One alert for each notifier of the operator's people.
    pub fn notices_to_duty(&self, notice: &Notice, now: Timestamp) -> Vec<Alert> {
        let urgency = match notice {
            Notice::Trouble { .. } | Notice::Blind { .. } => Urgency::Urgent,
            _ => Urgency::Ordinary,
        };
        let about = About::Notice(notice.clone());
        self.config.operators().alerts(&about, urgency, now)
    }

    /// All notifiers that any target of the file uses, and those of the operator's people.
    pub fn everybody(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .config
            .targets
            .iter()
            .flat_map(|it| &it.settings.notify)
            .chain(self.config.operators().names())
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The norm of a target; an empty one where it cannot be made.
    pub async fn norm(&self, target: &Target, dossier: &Dossier) -> Arc<Norm> {
        let learnt = norm_cache::learnt(self, target, dossier).await;
        learnt.unwrap_or_default().all
    }

    /// The shelf of norms, for work on another thread.
    pub fn norms(&self) -> Arc<Norms> {
        self.norms.clone()
    }
}

/// What was worked out of evidence.
pub fn derived(config: &Config) -> CacheFiles {
    CacheFiles::new(config.service.data_dir.join("derived"))
}

type Voices = (BTreeMap<String, Arc<dyn Notifier>>, Vec<String>);

fn voices(config: &Config) -> Result<Voices, Fault> {
    let mut notifiers: BTreeMap<String, Arc<dyn Notifier>> = BTreeMap::new();
    let mut remarks = Vec::new();
    for (name, spec) in &config.notifiers {
        match notifiers::build(&spec.kind, &spec.with) {
            Ok(notifier) => {
                notifiers.insert(name.clone(), notifier);
            }
            Err(Problem::Unset(why)) => {
                remarks.push(format!(
                    "alerts for {name} ({}) go to the console: {why}",
                    spec.kind
                ));
                notifiers.insert(name.clone(), Arc::new(Console));
            }
            Err(Problem::Invalid(why)) => {
                let (line, column) = spec.at;
                return Err(Fault::Config(format!(
                    "{line}:{column}: notifiers.{name}: {why}"
                )));
            }
        }
    }
    if !config.notifiers.values().any(|it| it.kind != "console") {
        remarks.push("alerts go to the console: no other notifier is configured (see notifiers in targets.yaml)".to_owned());
    }
    Ok((notifiers, remarks))
}

/// How the configuration lets us look.
pub fn eye_settings(config: &Config) -> Result<fetch::Settings, Fault> {
    let service = &config.service;
    let read = |path: &std::path::PathBuf| read_file(path);
    let mut own = fetch::address::own_addresses();
    own.extend(&service.own_addresses);
    Ok(fetch::Settings {
        contact: service.contact.clone(),
        vantage: service.vantage.clone(),
        guard: Guard {
            networks: service.allow_networks.clone(),
            ports: service.allow_ports.clone(),
            own,
        },
        resolver: service.resolver.clone(),
        extra_ca: service
            .extra_ca
            .iter()
            .map(read)
            .collect::<Result<_, _>>()?,
    })
}

fn read_file(path: &Path) -> Result<Vec<u8>, Fault> {
    files::read(path, fetch::ca::LARGEST)
        .map_err(|error| Fault::Config(format!("service.extra_ca: {}: {error}", path.display())))
}
