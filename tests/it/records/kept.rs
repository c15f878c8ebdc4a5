//! The directories of `tests/records`: copied for a test, and their records as JSON, read without the program's
//! types.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, Permissions},
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value};

use crate::scene::{gaccong, said};

/// Records by key.
pub type Records = BTreeMap<String, Value>;

/// A directory of `tests/records`.
pub fn kept(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/records")
        .join(directory)
}

/// A copy of the directory as the older program left it.
pub fn laid(directory: &str) -> (tempfile::TempDir, PathBuf) {
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
    // git stores no modes, and the program would warn about these
    make_private(&path.join("data"));
    (keep, path)
}

/// Takes the rights of other users from a folder and its content.
fn make_private(folder: &Path) {
    fs::set_permissions(folder, Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            make_private(&path);
        } else {
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// The files of `records/`: name of the kind, and lines.
pub fn files(directory: &str) -> Vec<(String, String)> {
    let files = fs::read_dir(kept(directory).join("records")).unwrap();
    let file = |path: PathBuf| {
        let kind = path.file_stem().unwrap().to_string_lossy().into_owned();
        (kind, fs::read_to_string(path).unwrap())
    };
    files.map(|it| file(it.unwrap().path())).collect()
}

/// All records of the directory, as the older program read them.
pub fn wanted(directory: &str) -> Records {
    let files = files(directory);
    let lines = files.iter().flat_map(|it| it.1.lines());
    lines
        .map(parts)
        .map(|(key, json)| (key.to_owned(), value(json)))
        .collect()
}

/// Key and JSON of a line `["key",json]`.
pub fn parts(line: &str) -> (&str, &str) {
    let inner = line.strip_prefix("[\"").and_then(|it| it.strip_suffix(']'));
    inner.and_then(|it| it.split_once("\",")).expect(line)
}

/// The records that the program reads from the directory now, by way of a backup.
pub fn backed_up(path: &Path) -> Records {
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

/// The records in the journal's base and logs, read without the program.
pub fn journalled(folder: &Path) -> Records {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
    // bases sort before logs, and both sort by number
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

/// The records after all lines of a journal or a backup from batch `from`; null for deleted ones.
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
pub fn value(json: &str) -> Value {
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

/// Adds the differences from `wanted` in `found`, with their places. Additional fields of `found` are new ones, and
/// allowed.
pub fn faults(place: &str, found: &Value, wanted: &Value, out: &mut Vec<String>) {
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

pub fn assert_same(place: &str, found: &Value, wanted: &Value) {
    let mut out = Vec::new();
    faults(place, found, wanted, &mut out);
    assert!(out.is_empty(), "{}", out.join("\n"));
}

/// Asserts that the keys are equal, and that each record has at least its former fields.
pub fn assert_all_same(found: &Records, wanted: &Records) {
    let keys = |of: &Records| of.keys().cloned().collect::<BTreeSet<_>>();
    let (found_keys, wanted_keys) = (keys(found), keys(wanted));
    let differ: Vec<_> = found_keys.symmetric_difference(&wanted_keys).collect();
    assert!(differ.is_empty(), "lost or added: {differ:?}");
    for (key, wanted) in wanted {
        assert_same(key, &found[key], wanted);
    }
}
