//! Opening what a command needs: the configuration, the store (or the service that holds it), the world.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Failure, Global};
use crate::{
    alert::notifiers::{self, Problem},
    config::{self, Config, Fault, Pace},
    duty::roster::from_csv,
    fetch::ca,
    store::{Store, StoreError, backends, control, lock::Lock, private},
    watch::{World, clock::System},
};

/// Reads the configuration; its paths are relative to its own folder. A file that was not asked for by
/// name need not exist where `needed` is false.
pub(super) fn config(global: &Global, pace: Pace, needed: bool) -> Result<Config, Failure> {
    let path = &global.config;
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound && !needed && is_default(path) =>
        {
            return Ok(resolved(Config::default(), global, Path::new(".")));
        }
        Err(error) => {
            let hint = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    "; name another with --config, or begin with the targets.yaml of the repository"
                }
                std::io::ErrorKind::InvalidData => "; it must be UTF-8",
                _ => "",
            };
            return Err(Failure::usage(format!("{}: {error}{hint}", path.display())));
        }
    };
    let folder = folder_of(path);
    let more = |config: &Config| {
        let mut faults = kinds(config);
        faults.extend(authorities(config, folder));
        faults
    };
    let config = config::parse_with(&text, pace, more).map_err(|faults| {
        let shown: Vec<String> = faults
            .iter()
            .map(|it| format!("{}:{it}", path.display()))
            .collect();
        let count = if faults.len() == 1 {
            "1 fault".to_owned()
        } else {
            format!("{} faults", faults.len())
        };
        Failure::usage(format!(
            "{count} in the configuration\n{}",
            shown.join("\n")
        ))
    })?;
    for warning in &config.warnings {
        tracing::warn!("{}:{warning}", path.display());
    }
    let mut config = resolved(config, global, folder);
    roster(&mut config, folder)?;
    Ok(config)
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Files that the configuration names and is made of; none where it has faults, since these must be mended first.
pub(super) fn beside(global: &Global) -> Vec<PathBuf> {
    let text = fs::read_to_string(&global.config).unwrap_or_default();
    let Ok(config) = config::parse(&text, Pace::Fast) else {
        return Vec::new();
    };
    let named = config.duty.roster_csv.into_iter();
    let named = named.chain(config.service.extra_ca);
    let folder = folder_of(&global.config);
    named.map(|it| folder.join(it)).collect()
}

/// The rows of the roster that stand in a file of their own.
fn roster(config: &mut Config, folder: &Path) -> Result<(), Failure> {
    let Some(path) = config.duty.roster_csv.take() else {
        return Ok(());
    };
    let path = folder.join(path);
    let bytes = fs::read(&path).map_err(|error| {
        let shown = path.display();
        let hint = "put the roster there, or take roster_csv out of targets.yaml";
        Failure::usage(format!("duty.roster_csv: {shown}: {error}; {hint}"))
    })?;
    let more = from_csv(&bytes).map_err(|faults| {
        let faults = faults.iter().map(|it| format!("{}: {it}", path.display()));
        Failure::usage(faults.collect::<Vec<_>>().join("\n"))
    })?;
    config.duty.roster.extend(more);
    Ok(())
}

fn is_default(path: &Path) -> bool {
    path == Path::new("targets.yaml")
}

/// What only the kinds' own files know: whether each notifier and the store can be understood.
fn kinds(config: &Config) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, spec) in &config.notifiers {
        if let Err(Problem::Invalid(why)) = notifiers::build(&spec.kind, &spec.with) {
            let message = format!("notifiers.{name}: {why}");
            faults.push(Fault {
                line: spec.at.0,
                column: spec.at.1,
                message,
            });
        }
    }
    let (kind, (line, column)) = (&config.service.store, config.service.store_at);
    if !backends::KINDS.iter().any(|(name, _)| name == kind) {
        faults.push(Fault {
            line,
            column,
            message: backends::unknown(kind),
        });
    }
    faults
}

/// Most bytes of an `extra_ca` file; a bundle of all public authorities takes a fiftieth of it.
const LARGEST_CA: u64 = 16 << 20;

/// The faults of the files of `extra_ca`, each at its place in targets.yaml.
fn authorities(config: &Config, folder: &Path) -> Vec<Fault> {
    let service = &config.service;
    let each = service.extra_ca.iter().zip(&service.extra_ca_at);
    let wrong = |(path, at): (&PathBuf, &(usize, usize))| {
        let path = folder.join(path);
        let shown = path.display();
        let hint = "put the authority's certificate there, or take the line out";
        let why = match fs::metadata(&path) {
            Ok(meta) if !meta.is_file() || meta.len() > LARGEST_CA => {
                format!("no file of certificates; {hint}")
            }
            Ok(_) => match fs::read(&path) {
                Ok(bytes) => ca::parse(&bytes).err()?,
                Err(error) => format!("{error}; {hint}"),
            },
            Err(error) => format!("{error}; {hint}"),
        };
        Some(Fault {
            line: at.0,
            column: at.1,
            message: format!("service.extra_ca: {shown}: {why}"),
        })
    };
    each.filter_map(wrong).collect()
}

fn resolved(mut config: Config, global: &Global, folder: &Path) -> Config {
    let service = &mut config.service;
    service.data_dir = global
        .data_dir
        .clone()
        .unwrap_or_else(|| folder.join(&service.data_dir));
    service.snapshots_dir = folder.join(&service.snapshots_dir);
    for path in &mut service.extra_ca {
        *path = folder.join(&*path);
    }
    if let Some(lang) = global.lang() {
        service.language = lang;
    }
    config
}

/// A store, and the lock that must live as long.
pub(super) struct Opened {
    pub store: Arc<dyn Store>,
    _lock: Option<Lock>,
}

/// The store, or the running service that answers for it.
pub(super) async fn store(config: &Config) -> Result<Opened, Failure> {
    let folder = &config.service.data_dir;
    // a service may be starting or stopping: between its lock and its socket lies a moment
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

/// The store for the service itself: nobody else may have it.
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
        // the service still looks at portals; each look reports that it cannot keep the page
        tracing::error!(%error, "{} cannot be made", snapshots.display());
    }
    let store = backends::open(&config.service.store, folder)?;
    Ok(Opened {
        store,
        _lock: Some(lock),
    })
}

/// Everything for commands that look.
pub(super) async fn world(global: &Global, needed: bool) -> Result<(World, Opened), Failure> {
    let config = config(global, Pace::Fast, needed)?;
    let opened = store(&config).await?;
    let (world, _) = World::open(config, opened.store.clone(), Arc::new(System))?;
    Ok((world, opened))
}

/// Logs on standard error, as `RUST_LOG` asks; `usual` where it does not.
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

/// A folder as the user wrote it, made where it is not there.
pub(super) fn folder(path: &Path) -> Result<PathBuf, Failure> {
    fs::create_dir_all(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(path.to_owned())
}
