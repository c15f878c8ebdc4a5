//! Reads the configuration: targets.yaml, and the files that it names.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{Failure, Global};
use crate::{
    config,
    config::{Config, Fault, Pace},
    duty::roster::from_csv,
    fetch::ca,
    files,
    model::Digest,
    notify::{notifiers, notifiers::Problem},
    store::backends,
};

/// Size limit of targets.yaml in bytes; a file with 50,000 targets has a fifth of it.
pub(super) const LARGEST: u64 = 64 << 20;
/// Size limit of a file that it names, in bytes; a roster of 100,000 shifts has half of it.
const LARGEST_NAMED: u64 = ca::LARGEST;

/// Digests of the files that a configuration was read from; `None` for one that could not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Texts {
    pub yaml: Option<Digest>,
    /// Digests of the roster and of certificate files.
    beside: BTreeMap<PathBuf, Option<Digest>>,
}

impl Texts {
    /// Digests of these files as they are now.
    pub fn now(&self, global: &Global) -> Self {
        // with the limits of the first reading: a file that was refused as too large is refused again
        let digest = |path: &Path, most| files::read(path, most).ok().map(|it| Digest::of(&it));
        let named = self.beside.keys();
        let beside = named.map(|it| (it.clone(), digest(it, LARGEST_NAMED)));
        Self {
            yaml: digest(&global.config, LARGEST),
            beside: beside.collect(),
        }
    }

    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let read = files::read(path, LARGEST_NAMED);
        let digest = read.as_ref().ok().map(|it| Digest::of(it));
        self.beside.insert(path.to_owned(), digest);
        read
    }
}

/// Reads the configuration. Its paths are relative to its own folder. If `needed` is false, a default file that is
/// missing counts as empty.
pub(super) fn config(global: &Global, pace: Pace, needed: bool) -> Result<Config, Failure> {
    read(global, pace, needed, &mut Texts::default())
}

/// Like [`config()`]; stores the digests of the files in `texts`, even if the files have faults.
pub(super) fn read(
    global: &Global,
    pace: Pace,
    needed: bool,
    texts: &mut Texts,
) -> Result<Config, Failure> {
    let path = &global.config;
    *texts = Texts::default();
    let bytes = match files::read(path, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !needed && is_default(path) => {
            return Ok(resolved(Config::default(), global, Path::new(".")));
        }
        Err(error) => {
            let hint = match error.kind() {
                io::ErrorKind::NotFound => {
                    "; name another with --config, or begin with the targets.yaml of the repository"
                }
                _ => "",
            };
            return Err(Failure::usage(format!("{}: {error}{hint}", path.display())));
        }
    };
    texts.yaml = Some(Digest::of(&bytes));
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::usage(format!("{}: {error}; it must be UTF-8", path.display()))
    })?;
    let folder = folder_of(path);
    let more = |config: &Config| {
        let mut faults = kinds(config);
        faults.extend(authorities(config, folder, texts));
        faults
    };
    let mut config = config::parse_with(&text, pace, more).map_err(|it| faulty(path, &it))?;
    for warning in &config.warnings {
        tracing::warn!("{}:{warning}", path.display());
    }
    roster(&mut config, path, texts)?;
    Ok(resolved(config, global, folder))
}

fn faulty(path: &Path, faults: &[Fault]) -> Failure {
    let shown: Vec<String> = faults
        .iter()
        .map(|it| format!("{}:{it}", path.display()))
        .collect();
    let count = match faults.len() {
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    };
    Failure::usage(format!(
        "{count} in the configuration\n{}",
        shown.join("\n")
    ))
}

/// The data directory as far as the file names it; the file may have faults or be missing.
pub(super) fn data_dir(global: &Global) -> PathBuf {
    if let Some(named) = &global.data_dir {
        return named.clone();
    }
    let bytes = files::read(&global.config, LARGEST).unwrap_or_default();
    let named = config::data_dir(&String::from_utf8_lossy(&bytes));
    folder_of(&global.config).join(named)
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Reads the rows of the roster that are in a file of their own.
fn roster(config: &mut Config, yaml: &Path, texts: &mut Texts) -> Result<(), Failure> {
    let Some(path) = config.duty.roster_csv.take() else {
        return Ok(());
    };
    let path = folder_of(yaml).join(path);
    let bytes = texts.read(&path).map_err(|error| {
        let (line, column) = config.duty.roster_csv_at;
        let message = format!(
            "duty.roster_csv: {}: {error}; put the roster there, or take roster_csv out of targets.yaml",
            path.display()
        );
        faulty(yaml, &[Fault { line, column, message }])
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

/// Faults that only the code of notifiers and engines can find.
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

/// The faults of the files in `extra_ca`, each at its place in targets.yaml.
fn authorities(config: &Config, folder: &Path, texts: &mut Texts) -> Vec<Fault> {
    let service = &config.service;
    let each = service.extra_ca.iter().zip(&service.extra_ca_at);
    let wrong = |(path, at): (&PathBuf, &(usize, usize))| {
        let path = folder.join(path);
        let why = match texts.read(&path) {
            Ok(bytes) => ca::parse(&bytes).err()?,
            Err(error) => {
                format!("{error}; put the authority's certificate there, or take the line out")
            }
        };
        Some(Fault {
            line: at.0,
            column: at.1,
            message: format!("service.extra_ca: {}: {why}", path.display()),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;

    #[test]
    fn what_was_read_is_what_lies_there_until_it_is_edited() {
        let folder = tempfile::tempdir().unwrap();
        let (yaml, named) = (folder.path().join("x.yaml"), folder.path().join("named"));
        let config = yaml.display().to_string();
        let args = ["gaccong", "--config", &config, "health"];
        let global = crate::cli::Cli::try_parse_from(args).unwrap().global;
        let write = |text: &[u8]| fs::write(&yaml, text).unwrap();
        // a complete file, one that is too large, and a missing one
        let lengths = [Some(10), Some(LARGEST_NAMED + 1), None];
        for (key, length) in ["duty: { roster_csv", "service: { extra_ca"]
            .iter()
            .flat_map(|key| lengths.map(|it| (key, it)))
        {
            let _ = fs::remove_file(&named);
            if let Some(length) = length {
                fs::File::create(&named).unwrap().set_len(length).unwrap();
            }
            let value = if key.ends_with("csv") {
                "named"
            } else {
                "[named]"
            };
            write(format!("{key}: {value} }}").as_bytes());
            let mut texts = Texts::default();
            read(&global, Pace::Polite, true, &mut texts).unwrap_err();
            assert_eq!(texts, texts.now(&global), "{key} {length:?}");
            fs::write(&named, "edited").unwrap();
            assert_ne!(texts, texts.now(&global), "{key} {length:?}");
        }
        for text in [b"service: {".as_slice(), b"\xff", b""] {
            write(text);
            let mut texts = Texts::default();
            let _ = read(&global, Pace::Polite, true, &mut texts);
            assert_eq!(texts, texts.now(&global));
            assert!(texts.yaml.is_some());
            write(b"service: { listen: 'off' }");
            assert_ne!(texts, texts.now(&global));
        }
    }
}
