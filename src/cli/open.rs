//! Opens what a command needs: the store, or the service that holds it, and the world.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) use super::configuration::config;
use super::{Failure, Global};
use crate::{
    config::{Config, Pace},
    store::{Store, StoreError, backends, control, lock::Lock, private},
    world::{World, clock::System},
};

/// A store, and its lock, which must live as long.
pub(super) struct Opened {
    pub store: Arc<dyn Store>,
    _lock: Option<Lock>,
}

/// Opens the store, or connects to the running service that holds it.
pub(super) async fn store(config: &Config) -> Result<Opened, Failure> {
    let folder = &config.service.data_dir;
    // a service that starts or stops may hold the lock for a moment without serving its socket
    for _ in 0..40 {
        if let Some(client) = control::Client::connect(folder).await {
            return Ok(Opened {
                store: Arc::new(client),
                _lock: None,
            });
        }
        if let Some(lock) = Lock::try_take(folder)? {
            let store = backends::open(&config.service.store, folder)?;
            return Ok(Opened {
                store,
                _lock: Some(lock),
            });
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(StoreError::Held(folder.display().to_string()).into())
}

/// Opens the store for the service itself, with exclusive access.
pub(super) fn own_store(config: &Config) -> Result<Opened, Failure> {
    let folder = &config.service.data_dir;
    let lock = Lock::take(folder).map_err(|error| match error {
        StoreError::Held(who) => Failure::system(format!(
            "another gaccong holds the store in {who}; stop it first, or use another data_dir"
        )),
        error => error.into(),
    })?;
    let snapshots = &config.service.snapshots_dir;
    if let Err(error) = private::folder(snapshots) {
        // the service still looks at portals; each look reports that its page cannot be kept
        tracing::error!(%error, "{} cannot be made", snapshots.display());
    }
    let store = backends::open(&config.service.store, folder)?;
    Ok(Opened {
        store,
        _lock: Some(lock),
    })
}

/// Opens the world for commands that look at portals.
pub(super) async fn world(global: &Global, needed: bool) -> Result<(World, Opened), Failure> {
    world_of(config(global, Pace::Fast, needed)?).await
}

/// Opens the world for commands on existing data. Refuses a directory with neither targets.yaml nor store, in which
/// these commands would succeed without doing anything.
pub(super) async fn existing(global: &Global) -> Result<(World, Opened), Failure> {
    let config = config(global, Pace::Fast, false)?;
    let data = &config.service.data_dir;
    if !global.config.exists() && !data.exists() {
        return Err(Failure::usage(format!(
            "neither {} nor {} is here: run the command in the service's directory, or name --config or --data-dir",
            global.config.display(),
            data.display()
        )));
    }
    world_of(config).await
}

/// Opens the world of a configuration that was already read.
pub(super) async fn world_of(config: Config) -> Result<(World, Opened), Failure> {
    let opened = store(&config).await?;
    let (world, _) = World::open(config, opened.store.clone(), Arc::new(System))?;
    Ok((world, opened))
}

/// Starts logging to stderr, with the filter of `RUST_LOG`, or `usual` without it.
pub(super) fn logs(usual: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    // a second start in one process (tests) keeps the first
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
}

/// A folder that the user named, created if it is missing.
pub(super) fn folder(path: &Path) -> Result<PathBuf, Failure> {
    fs::create_dir_all(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(path.to_owned())
}
