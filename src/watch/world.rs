//! Everything the watch is made of, opened from the configuration.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use tokio::sync::Semaphore;

use super::{beyond, clock::Clock, eyes::Eyes, measure::Measure, norms::Norms};
use crate::{
    alert::{
        Notifier,
        notifiers::{self, Console, Problem},
    },
    calendar,
    config::Config,
    diff::Norm,
    fetch::{self, Eye, Guard},
    model::{About, Agency, Alert, Dossier, Target, TargetId, WatchWindow},
    store::{Evidence, Store},
    words::Words,
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
    pub eye: Eye,
    pub eyes: Eyes,
    pub notifiers: BTreeMap<String, Arc<dyn Notifier>>,
    pub words: Words,
    pub clock: Arc<dyn Clock>,
    pub measure: Measure,
    /// Visits under way at once, in all.
    pub places: Semaphore,
    norms: Arc<Norms>,
    rounds: Mutex<HashMap<TargetId, usize>>,
}

/// A slow portal holds a place for its timeout.
const AT_ONCE: usize = 256;

impl World {
    /// `config`'s paths must be resolved. Returns what an operator should be told, too: notifiers that
    /// cannot be used and what stands in for them.
    pub fn open(
        config: Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Vec<String>), Fault> {
        let (notifiers, remarks) = voices(&config)?;
        let eye =
            Eye::new(eye_settings(&config)?).map_err(|error| Fault::System(error.to_string()))?;
        let world = Self {
            store,
            evidence: Evidence::new(&config.service.snapshots_dir),
            eye,
            eyes: Eyes::default(),
            notifiers,
            words: Words::new(config.service.language),
            clock,
            measure: Measure::default(),
            places: Semaphore::new(AT_ONCE),
            norms: Arc::new(Norms::new(Evidence::new(&config.service.snapshots_dir))),
            rounds: Mutex::default(),
            config,
        };
        Ok((world, remarks))
    }

    /// Targets of the file and of the registry; the file's come first and win.
    pub async fn targets(&self) -> crate::store::Result<Vec<Target>> {
        let mut all = self.config.targets.clone();
        for registration in self.store.registry().await? {
            if !all.iter().any(|it| it.id == registration.target.id) {
                all.push(registration.target);
            }
        }
        Ok(all)
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
            .map(|it| beyond::of(&portal, it))
            .find(|it| it.id == *id))
    }

    /// Counts the rounds through a portal's parts. Not kept: a restart begins anew.
    pub fn next_round(&self, id: &TargetId) -> usize {
        let mut rounds = self.rounds.lock().unwrap_or_else(PoisonError::into_inner);
        let round = rounds.entry(id.clone()).or_default();
        *round = round.wrapping_add(1);
        *round - 1
    }

    /// Agencies of the file, and those that only the registry names.
    pub fn agencies(&self, targets: &[Target]) -> Vec<Agency> {
        let mut all = self.config.agencies.clone();
        for target in targets {
            if !all.iter().any(|it| it.id == target.agency) {
                all.push(Agency {
                    id: target.agency.clone(),
                    name: target.agency_name.clone(),
                    notify: Vec::new(),
                });
            }
        }
        all
    }

    pub fn windows(&self, now: Timestamp) -> Vec<WatchWindow> {
        let zone = &self.config.service.timezone;
        let year = now.to_zoned(zone.clone()).year();
        calendar::windows(&self.config.windows, year - 1, year + 1, zone)
    }

    /// One alert a notifier of the target.
    pub fn alerts(&self, target: &Target, about: &About, now: Timestamp) -> Vec<Alert> {
        target
            .settings
            .notify
            .iter()
            .map(|it| Alert::new(it, about.clone(), now))
            .collect()
    }

    /// One alert a notifier that any target uses.
    pub fn alerts_to_all(&self, about: &About, now: Timestamp) -> Vec<Alert> {
        let mut names: Vec<&String> = self
            .config
            .targets
            .iter()
            .flat_map(|it| &it.settings.notify)
            .collect();
        names.extend(&self.config.defaults.notify);
        names.sort();
        names.dedup();
        names
            .into_iter()
            .map(|it| Alert::new(it, about.clone(), now))
            .collect()
    }

    /// What is normal for a target. Reads and parses pages where it is not at hand: not for the threads
    /// that wait for sockets.
    pub fn norm(&self, target: &Target, dossier: &Dossier) -> Arc<Norm> {
        self.norms.of(target, dossier).all
    }

    /// The shelf of norms, for work on another thread.
    pub fn norms(&self) -> Arc<Norms> {
        self.norms.clone()
    }
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
    let read = |path: &std::path::PathBuf| read_pem(path);
    Ok(fetch::Settings {
        contact: service.contact.clone(),
        vantage: service.vantage.clone(),
        guard: Guard {
            networks: service.allow_networks.clone(),
            ports: service.allow_ports.clone(),
        },
        resolver: service.resolver.clone(),
        extra_ca: service
            .extra_ca
            .iter()
            .map(read)
            .collect::<Result<_, _>>()?,
    })
}

fn read_pem(path: &Path) -> Result<Vec<u8>, Fault> {
    fs::read(path)
        .map_err(|error| Fault::Config(format!("service.extra_ca: {}: {error}", path.display())))
}
