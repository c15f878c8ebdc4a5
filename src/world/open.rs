//! Opens a [`World`] from a configuration, and another one when the configuration changes.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::World;
use crate::{
    config::Config,
    evidence::{CacheFiles, Evidence},
    fetch::{self, Fetch, Fetcher, Guard},
    files,
    locale::Locale,
    notify::{
        Notifier, notifiers,
        notifiers::{Console, Problem},
    },
    store::Store,
    world::{
        clock::Clock, mask_updates::MaskUpdates, norm_cache::NormCache, sheet_cache::SheetCache,
        workers::Workers,
    },
};

/// Why a world cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration is at fault: the text names the place.
    #[error("{0}")]
    Config(String),
    /// The machine is at fault.
    #[error("{0}")]
    System(String),
}

impl World {
    /// Opens a world. The paths in `config` must be resolved. Returns remarks for the operator, too: notifiers that cannot be
    /// used, with their substitute.
    ///
    /// # Errors
    ///
    /// [`OpenError::Config`] for a notifier or a file of authorities that cannot be used, [`OpenError::System`] where the
    /// fetcher cannot begin.
    pub fn open(
        config: Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Vec<String>), OpenError> {
        let eye = fetcher(&config)?;
        Self::with_eye(config, store, clock, eye)
    }

    /// Like [`Self::open`], with a given fetcher: tests script one.
    ///
    /// # Errors
    ///
    /// [`OpenError::Config`] for a notifier that cannot be used.
    pub fn with_eye(
        config: Config,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        eye: Arc<dyn Fetch>,
    ) -> Result<(Self, Vec<String>), OpenError> {
        let (notifiers, remarks) = open_notifiers(&config)?;
        let evidence = Evidence::new(&config.service.snapshots_dir);
        let sheets = Arc::new(SheetCache::new(sheet_files(&config)));
        let norms = NormCache::new(evidence.clone(), cache_files(&config), sheets.clone());
        let norms = Arc::new(norms);
        let workers = Arc::<Workers>::default();
        let mask_updates = MaskUpdates::new(norms.clone(), workers.clone(), store.clone());
        let world = Self {
            store,
            evidence,
            eye,
            connectivity: Arc::default(),
            notifiers,
            locale: Arc::new(Locale::new(config.service.language)),
            clock,
            metrics: Arc::default(),
            workers,
            verdicts: Arc::default(),
            reached: Arc::default(),
            sheets,
            evicted: Arc::default(),
            norms,
            fleet: Arc::default(),
            mask_updates: Arc::new(mask_updates),
            subpage_turns: Arc::default(),
            full_looks: Arc::default(),
            chat_index: Arc::default(),
            candidates: Arc::default(),
            chat_notifiers: Arc::default(),
            windows: Arc::default(),
            config,
        };
        Ok((world, remarks))
    }

    /// Opens another configuration with the parts of this world: the store, the caches and the counters stay. The places of
    /// the data and the address to listen at can only change with a restart, which the remarks say.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`].
    pub fn renewed(&self, mut config: Config) -> Result<(Self, Vec<String>), OpenError> {
        let fixed = self.keep_fixed(&mut config);
        let (notifiers, mut remarks) = open_notifiers(&config)?;
        for what in fixed {
            remarks.push(format!("service.{what}: takes effect with a restart only"));
        }
        let eye = fetcher(&config)?;
        // a notifier with another configuration may work again
        for (name, spec) in &config.notifiers {
            let before = self.config.notifiers.get(name);
            if before.is_none_or(|it| (&it.kind, &it.with) != (&spec.kind, &spec.with)) {
                self.metrics.mark_alive(name);
            }
        }
        let world = Self {
            eye,
            notifiers,
            locale: Arc::new(Locale::new(config.service.language)),
            chat_index: Arc::default(),
            chat_notifiers: Arc::default(),
            windows: Arc::default(),
            config,
            ..self.clone()
        };
        Ok((world, remarks))
    }

    /// Keeps in `config` what cannot change before a restart; returns the names of the settings that would have changed.
    fn keep_fixed(&self, config: &mut Config) -> Vec<&'static str> {
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
        fixed
    }
}

/// The files that are worked out from evidence, and can be made again.
pub fn cache_files(config: &Config) -> CacheFiles {
    CacheFiles::new(config.service.data_dir.join("derived"))
}

/// The files with the style sheets of portals, which are fetched again where they are lost.
pub fn sheet_files(config: &Config) -> CacheFiles {
    CacheFiles::new(config.service.data_dir.join("sheets"))
}

fn fetcher(config: &Config) -> Result<Arc<dyn Fetch>, OpenError> {
    let eye = Fetcher::new(fetch_settings(config)?);
    Ok(Arc::new(
        eye.map_err(|error| OpenError::System(error.to_string()))?,
    ))
}

type Opened = (BTreeMap<String, Arc<dyn Notifier>>, Vec<String>);

/// The notifiers of a configuration, and remarks on those that the console stands in for.
fn open_notifiers(config: &Config) -> Result<Opened, OpenError> {
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
                return Err(OpenError::Config(format!(
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

/// The limits within which a configuration lets the service visit portals.
fn fetch_settings(config: &Config) -> Result<fetch::Settings, OpenError> {
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

fn read_file(path: &Path) -> Result<Vec<u8>, OpenError> {
    files::read(path, fetch::ca::LARGEST).map_err(|error| {
        OpenError::Config(format!("service.extra_ca: {}: {error}", path.display()))
    })
}
