//! The content of a backup, and that a restore is complete or does nothing, wherever it is killed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use gaccong::{
    evidence::Evidence,
    model::{
        Class, Digest, TargetState,
        registration::Registration,
        sighting::Sighting,
        target::{Settings, Target},
    },
    store::{Commit, codec},
};
use jiff::Timestamp;

use crate::scene::{folder, gaccong, id, said, store_at, yaml};

/// A folder with one portal in targets.yaml, and another one, `b`, in the registry.
fn registered() -> (tempfile::TempDir, PathBuf) {
    let (keep, path) = folder(&yaml("", &[("a", "http://127.0.0.1:1/")]));
    let add = ["targets", "add", "b", "https://b.vn/", "--agency", "thu"];
    let (_, err, code) = said(&gaccong(&path, &add));
    assert_eq!(code, 0, "{err}");
    (keep, path)
}

/// The ids of all portals, and the output on standard error.
fn listed(path: &Path) -> (Vec<String>, String) {
    let (out, err, code) = said(&gaccong(path, &["targets", "list", "--json"]));
    assert_eq!(code, 0, "{err}");
    let id = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        object["id"].as_str().unwrap().to_owned()
    };
    (out.lines().map(id).collect(), err)
}

fn line(put: &[(String, String)]) -> String {
    let put: Vec<String> = put.iter().map(|(k, v)| format!("[\"{k}\",{v}]")).collect();
    let json = format!("{{\"n\":1,\"put\":[{}]}}", put.join(","));
    format!("{:016x} {json}\n", Digest::of(json.as_bytes()).low())
}

/// Writes a backup without a seal: a registration of the portal `c` with the notifiers `notify`, `more` further
/// records on one line, and pages. The journal has a line for each of these records, and is several times as large.
fn written(path: &Path, notify: &[&str], more: usize, pages: &[&[u8]]) {
    let mut target = Target::unregistered("https://c.vn/".parse().unwrap(), Settings::default());
    target.id = id("c");
    target.settings.notify = notify.iter().map(|it| (*it).to_owned()).collect();
    let registration = Registration {
        target,
        by: "x".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        until: None,
    };
    let json = codec::json(&codec::encode("r/c", &registration).unwrap()).unwrap();
    let mut put = vec![("r/c".to_owned(), json)];
    put.extend((0..more).map(|n| (format!("m/milestone/{n}"), "\"\"".to_owned())));
    let records = line(&put) + &line(&[]);
    let out = zstd::Encoder::new(fs::File::create(path).unwrap(), 3).unwrap();
    let mut archive = tar::Builder::new(out);
    let mut append = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        archive.append_data(&mut header, name, bytes).unwrap();
    };
    for page in pages {
        append(&format!("bodies/{}", Digest::of(page).hex()), page);
    }
    append("records.jsonl", records.as_bytes());
    archive.into_inner().unwrap().finish().unwrap();
}

#[tokio::test]
async fn the_pages_of_sightings_are_in_the_backup_and_verified() {
    let (_keep, path) = folder(&yaml("", &[("a", "http://127.0.0.1:1/")]));
    let evidence = Evidence::new(path.join("snapshots"));
    let digest = evidence.keep(b"<p>hacked by x</p>").unwrap();
    let mut target_state = TargetState::new(id("a"));
    target_state.sightings.seen.push(Sighting {
        at: Timestamp::now(),
        class: Class::Defaced,
        score: 1.0,
        digest: Some(digest),
        signed: true,
        told: false,
    });
    let store = store_at("sled", &path.join("data"));
    let commit = Commit {
        target_state: Some(target_state),
        ..Commit::default()
    };
    store.commit(commit).await.unwrap();
    drop(store);
    let run = |args: &[&str]| said(&gaccong(&path, args));
    let (_, err, code) = run(&["backup", "all"]);
    assert_eq!(code, 0, "{err}");
    let (out, err, code) = run(&["store", "verify", "--json"]);
    assert!(code == 0 && out.contains("\"files\":1"), "{out}{err}");
    assert!(evidence.remove(&digest, std::time::Duration::ZERO));
    let (out, err, code) = run(&["store", "verify", "--json"]);
    assert!(code == 1 && out.contains(&digest.hex()), "{out}{err}");
    let (_, err, code) = run(&["restore", "all", "--replace"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(evidence.body(&digest).unwrap(), b"<p>hacked by x</p>");
}

#[test]
fn a_restore_that_is_killed_leaves_the_store_as_it_was() {
    let (_keep, path) = registered();
    written(&path.join("other"), &[], 3000, &[]);
    // the system kills a process that exceeds its file size limit: the journal's base is written first, then the
    // engine
    let mut kills = 0;
    for blocks in [200, 500, 1000, 2000, 4000, 20_000, 100_000] {
        let limits = format!("ulimit -c 0; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let status = Command::new("sh")
            .args(["-c", &limits, env!("CARGO_BIN_EXE_gaccong")])
            .args(["restore", "other", "--foreign", "--replace"])
            .current_dir(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        if status.success() {
            break;
        }
        kills += 1;
        let (ids, err) = listed(&path);
        assert_eq!(ids, ["a", "b"], "{blocks}: {status}: {err}");
        assert!(err.contains("restore was cut short"), "{err}");
        // reported only once
        let (ids, err) = listed(&path);
        assert_eq!((ids.len(), err.as_str()), (2, ""));
    }
    assert!(kills > 0, "no file was too large");
    let (ids, err) = listed(&path);
    assert_eq!((ids, err.as_str()), (vec!["a".into(), "c".into()], ""));
    let (out, err, code) = said(&gaccong(&path, &["store", "verify"]));
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn what_is_refused_leaves_no_page_among_ours() {
    let (_keep, path) = registered();
    written(&path.join("other"), &["gone"], 0, &[b"a page"]);
    let (_, err, code) = said(&gaccong(
        &path,
        &["restore", "other", "--foreign", "--replace"],
    ));
    assert!(code == 2 && err.contains("notifier gone"), "{err}");
    let evidence = Evidence::new(path.join("snapshots"));
    assert!(evidence.body(&Digest::of(b"a page")).is_err());
    let args = ["restore", "other", "--foreign", "--replace", "--yes"];
    let (_, err, code) = said(&gaccong(&path, &args));
    assert_eq!(code, 0, "{err}");
    assert_eq!(evidence.body(&Digest::of(b"a page")).unwrap(), b"a page");
    assert_eq!(listed(&path).0, ["a", "c"]);
}

#[test]
fn commands_on_what_is_there_refuse_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        ["backup", "x.zst"],
        ["store", "verify"],
        ["targets", "list"],
        ["targets", "export"],
    ] {
        let (out, err, code) = said(&gaccong(folder.path(), &command));
        assert_eq!(code, 2, "{out}{err}");
        assert!(
            err.contains("run the command in the service's directory"),
            "{err}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
