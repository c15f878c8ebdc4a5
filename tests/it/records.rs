//! Data directories of an older program: what is in them is read, kept and told. `tests/records/README.md` says what each
//! holds and how it was made.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, Permissions},
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use gaccong::model::{
    Alert, Dossier, Incident, Mask, Receipt, Storm,
    history::{Day, Sketch, Span},
    plan::Plan,
    registration::{Entry, Registration, Request},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::scene::{gaccong, said};

mod commands;
mod rewritten;

/// The directories in `tests/records`.
const ALL: [&str; 3] = ["day", "every", "killed"];

/// The type of the records in each file of `records/`, by the file's name.
const KINDS: &[(&str, Rewrite)] = &[
    ("beats", again::<String>),
    ("days", again::<Day>),
    ("dead-letters", again::<Alert>),
    ("dossiers", again::<Dossier>),
    ("incidents", again::<Incident>),
    ("masks", again::<Mask>),
    ("milestones", again::<String>),
    ("numbers", again::<u64>),
    ("old-days", again::<Sketch>),
    ("outbox", again::<Alert>),
    ("plans", again::<Plan>),
    ("receipts", again::<Receipt>),
    ("registrations", again::<Registration>),
    ("registry-history", again::<Entry>),
    ("requests", again::<Request>),
    ("spans", again::<Span>),
    ("storms", again::<Storm>),
];

/// Reads a record and writes it again.
type Rewrite = fn(&str) -> serde_json::Result<String>;

fn again<T: Serialize + DeserializeOwned>(json: &str) -> serde_json::Result<String> {
    serde_json::to_string(&serde_json::from_str::<T>(json)?)
}

/// Records by their keys.
type Records = BTreeMap<String, Value>;

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
            // history and masks are learnt again; beats, days and spans are in the journal since the last night only
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
        // elsewhere, and in the place of the store that it was made of, which knows the seal
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
            // a record that was set aside belongs to its engine alone
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
    // what came later was added, and nothing was taken away
    for (key, record) in found.iter().filter(|it| it.0.starts_with("i/")) {
        assert_eq!(record["target"], later[key]["target"], "{key}");
    }
    let count = |of: &Records, kind: &str| of.keys().filter(|it| it.starts_with(kind)).count();
    for kind in ["d/", "i/", "p/", "q/", "r/", "y/"] {
        assert_eq!(count(&found, kind), count(&later, kind), "{kind}");
    }
}

/// A directory of `tests/records`.
fn kept(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/records")
        .join(directory)
}

/// A copy of the directory as the older program left it.
fn laid(directory: &str) -> (tempfile::TempDir, PathBuf) {
    let keep = tempfile::tempdir().unwrap();
    let path = keep.path().to_owned();
    let from = format!("{}/.", kept(directory).display());
    let copied = Command::new("cp").args(["-R", &from]).arg(&path).status();
    assert!(copied.unwrap().success());
    for entry in fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        if file.to_string_lossy().ends_with(".tar.zst") {
            let archive = zstd::Decoder::new(File::open(&file).unwrap()).unwrap();
            tar::Archive::new(archive).unpack(&path).unwrap();
        }
    }
    // git keeps no modes, and the program would warn of this one
    let own = Permissions::from_mode(0o700);
    fs::set_permissions(path.join("data"), own).unwrap();
    (keep, path)
}

/// The files of `records/`: the kind that each holds, and its lines.
fn files(directory: &str) -> Vec<(String, String)> {
    let files = fs::read_dir(kept(directory).join("records")).unwrap();
    let file = |path: PathBuf| {
        let kind = path.file_stem().unwrap().to_string_lossy().into_owned();
        (kind, fs::read_to_string(path).unwrap())
    };
    files.map(|it| file(it.unwrap().path())).collect()
}

/// All records of the directory, as the older program read them.
fn wanted(directory: &str) -> Records {
    let files = files(directory);
    let lines = files.iter().flat_map(|it| it.1.lines());
    lines
        .map(parts)
        .map(|(key, json)| (key.to_owned(), value(json)))
        .collect()
}

/// Key and JSON of a line `["key",json]`.
fn parts(line: &str) -> (&str, &str) {
    let inner = line.strip_prefix("[\"").and_then(|it| it.strip_suffix(']'));
    inner.and_then(|it| it.split_once("\",")).expect(line)
}

/// What the program reads in the directory now, from a backup.
fn backed_up(path: &Path) -> Records {
    let file = path.join("now");
    let (out, err, code) = said(&gaccong(path, &["backup", "now"]));
    assert_eq!(code, 0, "{out}{err}");
    let mut archive = tar::Archive::new(zstd::Decoder::new(File::open(&file).unwrap()).unwrap());
    let mut text = String::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap() == Path::new("records.jsonl") {
            entry.read_to_string(&mut text).unwrap();
        }
    }
    fs::remove_file(file).unwrap();
    replayed(&text, 0)
}

/// What the journal's base and logs hold, read without the program.
fn journalled(folder: &Path) -> Records {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    // bases sort before logs, and both by number
    let names: BTreeSet<String> = names.collect();
    let read = |name: &String| fs::read_to_string(folder.join(name)).unwrap();
    let base = names.iter().rfind(|it| it.starts_with("base-")).unwrap();
    let number = u64::from_str_radix(&base["base-".len()..], 16).unwrap();
    let logs = names.iter().filter(|it| it.starts_with("log-")).map(read);
    let mut all = replayed(&read(base), 0);
    all.extend(replayed(&logs.collect::<String>(), number + 1));
    all.retain(|_, it| !it.is_null());
    all
}

/// The records after all lines of a journal or a backup from batch `from`; null where one was deleted.
fn replayed(text: &str, from: u64) -> Records {
    let mut all = Records::new();
    for line in text.lines() {
        let mut line = value(&line[17..]);
        if line["n"].as_u64().unwrap() < from {
            continue;
        }
        let Value::Array(put) = line["put"].take() else {
            panic!("{line}")
        };
        for mut it in put {
            all.insert(it[0].as_str().unwrap().to_owned(), it[1].take());
        }
    }
    all
}

/// JSON as a value. An integer that a value cannot hold exactly becomes a text.
fn value(json: &str) -> Value {
    let mut out = String::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    let mut digits = String::new();
    for c in json.chars().chain([' ']) {
        if !inside && (c.is_ascii_digit() || ".eE+-".contains(c)) {
            digits.push(c);
            continue;
        }
        let large = digits.len() > 19 && digits.bytes().all(|it| it.is_ascii_digit());
        let quote = if large { "\"" } else { "" };
        out.extend([quote, &std::mem::take(&mut digits), quote]);
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        out.push(c);
    }
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// What of `wanted` is not so in `found`, with its place. Fields that `found` has besides are new ones.
fn faults(place: &str, found: &Value, wanted: &Value, out: &mut Vec<String>) {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => fields(place, found, wanted, out),
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                faults(&format!("{place}[{at}]"), found, wanted, out);
            }
        }
        _ if found == wanted => (),
        _ => out.push(format!("{place}: {found}, not {wanted}")),
    }
}

fn fields(
    place: &str,
    found: &Map<String, Value>,
    wanted: &Map<String, Value>,
    out: &mut Vec<String>,
) {
    for (name, wanted) in wanted {
        let place = format!("{place}.{name}");
        match found.get(name) {
            Some(found) => faults(&place, found, wanted, out),
            None => out.push(format!("{place} is lost")),
        }
    }
}

fn assert_same(place: &str, found: &Value, wanted: &Value) {
    let mut out = Vec::new();
    faults(place, found, wanted, &mut out);
    assert!(out.is_empty(), "{}", out.join("\n"));
}

/// The keys are the same, and each record has at least its fields.
fn assert_all_same(found: &Records, wanted: &Records) {
    let keys = |of: &Records| of.keys().cloned().collect::<BTreeSet<_>>();
    let (found_keys, wanted_keys) = (keys(found), keys(wanted));
    let differ: Vec<_> = found_keys.symmetric_difference(&wanted_keys).collect();
    assert!(differ.is_empty(), "lost or added: {differ:?}");
    for (key, wanted) in wanted {
        assert_same(key, &found[key], wanted);
    }
}

/// Nothing is damaged, missing or repaired, and no page is lost. `directory` names what the older program said of it.
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
