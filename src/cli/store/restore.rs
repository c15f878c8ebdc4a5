//! `gaccong restore`: rebuilds the store from a backup, which an attacker may have written.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{Failure, Global, Outcome, Restore, failed, seal, unpack};
use crate::{
    cli::{open, output::done},
    config::{Config, Pace},
    evidence::Evidence,
    model::{
        Recipient,
        excerpt::excerpt,
        registration::{Registration, Request},
    },
    store::{backends, codec, journal, lock::Lock, private, replace, tables},
};

pub(in crate::cli) async fn restore(global: &Global, args: Restore) -> Result<Outcome, Failure> {
    open::logs("warn");
    let config = open::config(global, Pace::Fast, false)?;
    let folder = config.service.data_dir.clone();
    let Some(_lock) = Lock::try_take(&folder)? else {
        return Err(Failure::system(format!(
            "a gaccong service holds the store in {}; stop it first",
            folder.display()
        )));
    };
    replace::settle(&folder)?;
    let there = replace::PARTS.iter().any(|it| folder.join(it).exists());
    if there && !args.replace {
        return Err(Failure::usage(format!(
            "there is a store in {} already; --replace moves it out of the way",
            folder.display()
        )));
    }
    sealed(&args, &folder)?;
    let staging = replace::staging(&folder);
    private::folder(&staging).map_err(failed(&staging))?;
    let outcome = restored(&args, &config, &staging);
    let _ = fs::remove_dir_all(&staging);
    let Restored {
        records,
        bodies,
        untold,
        aside,
    } = outcome?;
    let locale = crate::locale::Locale::new(config.service.language);
    let mut sentence = locale.text_with(
        "restore-done",
        &[
            ("folder", &folder.display().to_string()),
            ("records", &records.to_string()),
            ("files", &bodies.to_string()),
        ],
    );
    let mut more = |key: &str, name: &str, value: String| {
        sentence.push('\n');
        sentence.push_str(&locale.text_with(key, &[(name, &value)]));
    };
    more("restore-untold", "count", untold.to_string());
    if let Some(aside) = &aside {
        more("restore-aside", "folder", aside.display().to_string());
    }
    let facts = json!({"folder": folder, "records": records, "files": bodies, "untold": untold, "aside": aside});
    done(global.json, &sentence, &facts)?;
    Ok(Outcome::Fine)
}

struct Restored {
    records: usize,
    bodies: usize,
    /// Alerts in the backup, which will not be delivered.
    untold: usize,
    /// The folder of the earlier store.
    aside: Option<PathBuf>,
}

/// Reads and checks the whole backup and builds the new store in `staging`, before any existing file is changed.
fn restored(args: &Restore, config: &Config, staging: &Path) -> Result<Restored, Failure> {
    let folder = &config.service.data_dir;
    let backup = unpack::Backup {
        file: &args.file,
        staging,
        evidence: &Evidence::new(&config.service.snapshots_dir),
    };
    let mut records = backup.records()?;
    let before = records.len();
    // drop the outbox: these alerts were delivered since, are too old, or come from another service
    records.retain(|key, _| !tables::OUTBOX.holds(key));
    strangers(&records, config, args)?;
    let all = records
        .iter()
        .map(|(key, json)| Ok((key.clone(), codec::of_json(key, json))));
    journal::write_base(&staging.join("journal"), 1, all)?;
    // opening builds the engine from the journal, as after a loss
    drop(backends::open(&config.service.store, staging)?);
    // if a later step fails, the nightly sweep deletes these bodies, because no record refers to them
    let bodies = backup.pages()?;
    Ok(Restored {
        records: records.len(),
        bodies,
        untold: before - records.len(),
        aside: replace::replace(folder)?,
    })
}

/// Refuses a backup that was not sealed with this data directory's key, unless the operator passed `--foreign`.
fn sealed(args: &Restore, folder: &Path) -> Result<(), Failure> {
    let shown = args.file.display();
    let read = |error: io::Error| Failure::usage(format!("{shown}: {error}"));
    if !fs::metadata(&args.file).map_err(read)?.is_file() {
        return Err(Failure::usage(format!("{shown} is no file")));
    }
    if args.foreign {
        return Ok(());
    }
    let why = match seal::key(folder, false).map_err(failed(folder))? {
        Some(key) if seal::is_sealed(&args.file, &key).map_err(read)? => return Ok(()),
        Some(_) => {
            "it does not bear the seal of this data directory: it was made elsewhere or by an older version, or it was changed or cut"
        }
        None => {
            "whether it was made here cannot be told, since there is no backup.key in the data directory"
        }
    };
    Err(Failure::usage(format!(
        "{shown}: {why}; if you know who made it, take it with --foreign"
    )))
}

/// Refuses a backup with notifiers or chats that targets.yaml does not name, and lists them, unless the operator
/// passed `--yes`.
fn strangers(records: &journal::Records, config: &Config, args: &Restore) -> Result<(), Failure> {
    let mut found = BTreeSet::new();
    let mut name = |name: &str| {
        let known = config.notifiers.contains_key(name);
        let Recipient { notifier, chat } = Recipient::from(name);
        match chat {
            _ if known => (),
            Some(chat) if config.notifier(name).is_some() => {
                found.insert(format!("chat {chat}, by {}", excerpt(&notifier, 64)));
            }
            _ => {
                found.insert(format!("notifier {}", excerpt(name, 80)));
            }
        }
    };
    let mut moved = BTreeSet::new();
    for (key, json) in records {
        if tables::REGISTRATIONS.holds(key) {
            if let Ok(it) = serde_json::from_str::<Registration>(json) {
                it.target.settings.notify.iter().for_each(|it| name(it));
            }
        } else if tables::REQUESTS.holds(key) {
            if let Ok(it) = serde_json::from_str::<Request>(json)
                && it.stage.is_open()
            {
                it.asker.notifier.iter().for_each(|it| name(it));
            }
        } else if tables::MARKERS.holds(key) && tables::MARKERS.id(key).starts_with("moved/") {
            let to: Option<Value> = serde_json::from_str(json).ok();
            let to = to.and_then(|it| it.as_str().map(str::to_owned));
            moved.insert(format!(
                "chat {}, to which another moved",
                excerpt(&to.unwrap_or_default(), 40)
            ));
        }
    }
    found.append(&mut moved);
    if found.is_empty() || args.yes {
        return Ok(());
    }
    let all: Vec<String> = found.into_iter().map(|it| format!("  {it}")).collect();
    Err(Failure::usage(format!(
        "{}: what it holds would be told to whom targets.yaml does not name:\n{}\nif all of them may be told, restore it with --yes",
        args.file.display(),
        all.join("\n")
    )))
}
