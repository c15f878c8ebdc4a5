//! Data directories of an older program: their content is read, kept and reported. `tests/records/README.md` says
//! what each of them holds and how it was made.

use std::{collections::BTreeSet, fs, path::Path};

use gaccong::model::{
    Alert, Incident, Mask, Receipt, Storm, TargetState,
    history::{Day, LatencyHistogram, Span},
    plan::Plan,
    registration::{AuditEntry, Registration, Request},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::scene::{gaccong, said};

mod commands;
mod kept;
mod rewritten;
mod watched;

use kept::{
    Records, assert_all_same, assert_same, backed_up, faults, files, journalled, kept, laid, parts,
    value, wanted,
};

/// The directories in `tests/records`.
const ALL: [&str; 3] = ["day", "every", "killed"];

/// The type of the records in each file of `records/`, by the file's name.
const KINDS: &[(&str, Rewrite)] = &[
    ("beats", again::<String>),
    ("days", again::<Day>),
    ("dead-letters", again::<Alert>),
    ("dossiers", again::<TargetState>),
    ("incidents", again::<Incident>),
    ("masks", again::<Mask>),
    ("milestones", again::<String>),
    ("numbers", again::<u64>),
    ("old-days", again::<LatencyHistogram>),
    ("outbox", again::<Alert>),
    ("plans", again::<Plan>),
    ("receipts", again::<Receipt>),
    ("registrations", again::<Registration>),
    ("registry-history", again::<AuditEntry>),
    ("requests", again::<Request>),
    ("spans", again::<Span>),
    ("storms", again::<Storm>),
];

/// Reads a record and writes it again.
type Rewrite = fn(&str) -> serde_json::Result<String>;

fn again<T: Serialize + DeserializeOwned>(json: &str) -> serde_json::Result<String> {
    serde_json::to_string(&serde_json::from_str::<T>(json)?)
}

#[test]
fn each_kind_of_record_is_read_and_written_with_all_its_fields() {
    let mut seen = BTreeSet::new();
    for directory in ALL {
        for (kind, lines) in files(directory) {
            let known = KINDS.iter().find(|it| it.0 == kind);
            let (name, rewrite) = known.unwrap_or_else(|| panic!("no type for {kind}"));
            seen.insert(*name);
            for line in lines.lines() {
                let (key, json) = parts(line);
                let written = rewrite(json).unwrap_or_else(|error| panic!("{key}: {error}"));
                assert_same(key, &value(&written), &value(json));
            }
        }
    }
    assert_eq!(seen.len(), KINDS.len(), "{seen:?}");
}

#[test]
fn a_directory_opens_with_all_that_was_in_it() {
    for directory in ALL {
        let (_keep, path) = laid(directory);
        assert_all_same(&backed_up(&path), &wanted(directory));
        is_whole(&path, directory);
    }
}

#[test]
fn the_journal_alone_holds_what_must_not_be_lost() {
    for directory in ALL {
        let (_keep, path) = laid(directory);
        let journal = journalled(&path.join("data/journal"));
        fs::remove_dir_all(path.join("data/store")).unwrap();
        assert_all_same(&backed_up(&path), &journal);
        for (key, record) in wanted(directory) {
            // history and masks are learnt again; samples, days and spans are in the journal only up to the last
            // night
            if ["a/", "b/", "h/", "k/", "s/"]
                .iter()
                .any(|it| key.starts_with(it))
            {
                continue;
            }
            let found = journal.get(&key);
            let found = found.unwrap_or_else(|| panic!("{directory}: {key} is lost"));
            if key.starts_with("d/") {
                // a look that saw nothing new may be lost
                for field in ["target", "baseline", "learning", "open", "sightings"] {
                    assert_same(&key, &found[field], &record[field]);
                }
            } else {
                assert_same(&key, found, &record);
            }
        }
    }
}

#[test]
fn a_backup_restores_all_but_the_messages_that_wait() {
    for directory in ALL {
        let wanted = wanted(directory);
        let told = wanted.into_iter().filter(|(key, _)| !key.starts_with("o/"));
        let told: Records = told.collect();
        // restored in another directory, and in place of its own store, with the key that verifies the seal
        let (keep, elsewhere) = (tempfile::tempdir().unwrap(), "--foreign");
        let path = keep.path().to_owned();
        for file in ["targets.yaml", "backup"] {
            fs::copy(kept(directory).join(file), path.join(file)).unwrap();
        }
        let (_keep, here) = laid(directory);
        for (path, how) in [(path, elsewhere), (here, "--replace")] {
            let (out, err, code) = said(&gaccong(&path, &["restore", "backup", how, "--yes"]));
            assert_eq!(code, 0, "{directory}: {out}{err}");
            assert_all_same(&backed_up(&path), &told);
            // records that were set aside belong to their engine and are not in a backup
            is_whole(&path, "");
        }
    }
}

#[test]
fn a_backup_that_a_running_service_wrote_is_restored() {
    let (_keep, path) = laid("killed");
    let args = ["restore", "earlier", "--replace", "--yes"];
    let (out, err, code) = said(&gaccong(&path, &args));
    assert_eq!(code, 0, "{out}{err}");
    is_whole(&path, "");
    let (found, later) = (backed_up(&path), wanted("killed"));
    // later records were added, and none was removed
    for (key, record) in found.iter().filter(|it| it.0.starts_with("i/")) {
        assert_eq!(record["target"], later[key]["target"], "{key}");
    }
    let count = |of: &Records, kind: &str| of.keys().filter(|it| it.starts_with(kind)).count();
    for kind in ["d/", "i/", "p/", "q/", "r/", "y/"] {
        assert_eq!(count(&found, kind), count(&later, kind), "{kind}");
    }
}

/// Asserts that nothing is damaged, missing or repaired, and no page is lost. `directory`: where the older program's
/// output is stored.
fn is_whole(path: &Path, directory: &str) {
    let (out, err, code) = said(&gaccong(path, &["store", "verify", "--json"]));
    assert_eq!((code, err.as_str()), (0, ""), "{directory}: {out}");
    let found = value(&out);
    assert_eq!(found["ok"], true, "{out}");
    if !directory.is_empty() {
        let before = fs::read_to_string(kept(directory).join("said/verify.json")).unwrap();
        let before = value(&before);
        for place in ["/store/records", "/store/set_aside", "/evidence"] {
            assert_eq!(
                found.pointer(place),
                before.pointer(place),
                "{directory}{place}"
            );
        }
    }
    let names = fs::read_dir(path.join("data")).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    let repaired: Vec<String> = names.filter(|it| it.starts_with("store.damaged")).collect();
    assert!(repaired.is_empty(), "{repaired:?}");
}
