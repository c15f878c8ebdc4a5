//! `gaccong restore`: makes the store from a backup, which an attacker may have written.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{ABOUT, Failure, Global, Outcome, RECORDS, Restore, failed, seal};
use crate::{
    cli::{open, output::done},
    config::{Config, Pace},
    model::{
        Digest,
        alert::chat_of,
        excerpt::excerpt,
        registration::{Registration, Request},
    },
    store::{Evidence, backends, codec, free_space, journal, lock::Lock, private},
};

/// Bytes; more than any page's body.
const LARGEST_BODY: u64 = 64 << 20;
/// Bytes; a service of 50,000 targets has some 300 MiB.
const LARGEST_RECORDS: u64 = 1 << 30;
/// Bytes up to which tar headers about long names are skipped. Our names are short, but other tools that rewrite an
/// archive may add such headers.
const LARGEST_NAME: u64 = 4 << 10;
/// The largest zstd window that our backups use, as a power of two.
const WINDOW_LOG: u32 = 24;
/// Prefix of the outbox's keys, which are not restored: another service has delivered the messages since, or they are
/// too old, or they were never ours.
const OUTBOX: &str = "o/";

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
    let there: Vec<PathBuf> = ["store", "journal"]
        .map(|it| folder.join(it))
        .into_iter()
        .filter(|it| it.exists())
        .collect();
    if !there.is_empty() && !args.replace {
        return Err(Failure::usage(format!(
            "there is a store in {} already; --replace moves it out of the way",
            folder.display()
        )));
    }
    sealed(&args, &folder)?;
    // everything is read and checked before any existing file is touched
    let unpacked = folder.join(".restoring");
    let _ = fs::remove_dir_all(&unpacked);
    private::folder(&unpacked).map_err(failed(&unpacked))?;
    let result = unpack(&args.file, &unpacked, &config);
    let outcome = result.and_then(|(mut records, bodies)| {
        let before = records.len();
        records.retain(|key, _| !key.starts_with(OUTBOX));
        let untold = before - records.len();
        strangers(&records, &config, &args)?;
        let aside = aside(&folder, &there)?;
        let all = records
            .iter()
            .map(|(key, json)| Ok((key.clone(), codec::of_json(key, json))));
        journal::write_base(&folder.join("journal"), 1, all)?;
        // derives the store from the journal, as after a loss
        drop(backends::open(&config.service.store, &folder)?);
        Ok((records.len(), bodies, untold, aside))
    });
    let _ = fs::remove_dir_all(&unpacked);
    let (records, bodies, untold, aside) = outcome?;
    let words = crate::words::Words::new(config.service.language);
    let mut sentence = words.text(
        "restore-done",
        &[
            ("folder", &folder.display().to_string()),
            ("records", &records.to_string()),
            ("files", &bodies.to_string()),
        ],
    );
    let mut more = |key: &str, name: &str, value: String| {
        sentence.push('\n');
        sentence.push_str(&words.text(key, &[(name, &value)]));
    };
    more("restore-untold", "count", untold.to_string());
    if let Some(aside) = &aside {
        more("restore-aside", "folder", aside.display().to_string());
    }
    let facts = json!({"folder": folder, "records": records, "files": bodies, "untold": untold, "aside": aside});
    done(global.json, &sentence, &facts)?;
    Ok(Outcome::Fine)
}

/// Refuses a backup that this data directory's key did not seal, unless the operator passed `--foreign`.
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

/// Refuses a backup with notifiers or chats that targets.yaml does not name, and lists them, unless the operator passed
/// `--yes`.
fn strangers(records: &journal::Records, config: &Config, args: &Restore) -> Result<(), Failure> {
    let mut found = BTreeSet::new();
    let mut name = |name: &str| {
        let known = config.notifiers.contains_key(name);
        match chat_of(name) {
            _ if known => (),
            Some((base, chat)) if config.notifier(name).is_some() => {
                found.insert(format!("chat {chat}, by {}", excerpt(base, 64)));
            }
            _ => {
                found.insert(format!("notifier {}", excerpt(name, 80)));
            }
        }
    };
    let mut moved = BTreeSet::new();
    for (key, json) in records {
        if key.starts_with("r/") {
            if let Ok(it) = serde_json::from_str::<Registration>(json) {
                it.target.settings.notify.iter().for_each(|it| name(it));
            }
        } else if key.starts_with("q/") {
            if let Ok(it) = serde_json::from_str::<Request>(json)
                && it.stage.is_open()
            {
                it.asker.notifier.iter().for_each(|it| name(it));
            }
        } else if key.starts_with("m/milestone/moved/") {
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

fn aside(folder: &Path, there: &[PathBuf]) -> Result<Option<PathBuf>, Failure> {
    if there.is_empty() {
        return Ok(None);
    }
    let name = format!("before-restore-{}", jiff::Timestamp::now().as_second());
    let to = folder.join(name);
    fs::create_dir(&to).map_err(failed(&to))?;
    for path in there {
        if let Some(name) = path.file_name() {
            fs::rename(path, to.join(name)).map_err(failed(path))?;
        }
    }
    Ok(Some(to))
}

/// A reader that fails after `left` more bytes of unpacked data.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("unpacked it is larger than half of the free space"))?;
        Ok(read)
    }
}

/// Unpacks the archive: checks the records, and stores each body under its own digest. Refuses entries that gaccong
/// never writes, and reads none that is larger than gaccong's own can be.
fn unpack(
    file: &Path,
    folder: &Path,
    config: &Config,
) -> Result<(journal::Records, usize), Failure> {
    let no_backup = |why: &str| {
        Failure::usage(format!(
            "{} is no backup of gaccong, or it is damaged: {}",
            file.display(),
            excerpt(why, 200)
        ))
    };
    let unread = |error: io::Error| no_backup(&error.to_string());
    let open =
        File::open(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let mut decoder = zstd::Decoder::new(BufReader::new(open)).map_err(unread)?;
    decoder.window_log_max(WINDOW_LOG).map_err(unread)?;
    let evidence = Evidence::new(&config.service.snapshots_dir);
    private::folder(evidence.folder()).map_err(failed(evidence.folder()))?;
    let free = free_space(folder).min(free_space(evidence.folder()));
    let bounded = Bounded {
        inner: decoder,
        left: free / 2,
    };
    let mut archive = tar::Archive::new(bounded);
    let mut records = None;
    let mut bodies = 0;
    // raw entries: the tar crate would gather long names and the like in memory
    for entry in archive.entries().map_err(unread)?.raw(true) {
        let mut entry = entry.map_err(unread)?;
        let size = entry.size();
        let kind = entry.header().entry_type();
        let about_names = kind.is_gnu_longname()
            || kind.is_gnu_longlink()
            || kind.is_pax_local_extensions()
            || kind.is_pax_global_extensions();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let most = match name.as_str() {
            _ if about_names => LARGEST_NAME,
            _ if !kind.is_file() => return Err(no_backup(&format!("{name:?} is no file"))),
            RECORDS => LARGEST_RECORDS,
            ABOUT => LARGEST_NAME,
            it if it.starts_with("bodies/") => LARGEST_BODY,
            _ => {
                return Err(no_backup(&format!(
                    "it holds {name:?}, which gaccong never writes"
                )));
            }
        };
        if size > most {
            let why = format!("{name:?} is of {size} bytes; {most} is the most");
            return Err(no_backup(&why));
        }
        if about_names {
            continue;
        }
        if name == RECORDS {
            if records.is_some() {
                return Err(no_backup("it holds records twice"));
            }
            let path = folder.join(RECORDS);
            let mut to = File::create(&path).map_err(failed(&path))?;
            io::copy(&mut entry, &mut to).map_err(unread)?;
            records = Some(journal::read_records(&path)?);
        } else if let Some(hex) = name.strip_prefix("bodies/") {
            let mut body = Vec::new();
            entry.read_to_end(&mut body).map_err(unread)?;
            if Digest::of(&body).hex() != hex {
                let why = format!("the page {hex} is not what its name says");
                return Err(no_backup(&why));
            }
            evidence
                .keep(&body)
                .map_err(|error| Failure::system(error.to_string()))?;
            bodies += 1;
        }
    }
    let records = records.ok_or_else(|| no_backup("it holds no records"))?;
    Ok((records, bodies))
}
