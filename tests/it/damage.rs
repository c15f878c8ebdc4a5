//! Guarantees of the store when files are corrupted, truncated, lost, or cannot be written.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use gaccong::{
    model::{About, Alert, Notice, TargetState, Urgency, registration::Registration},
    store::{
        Batch, Checkup, Commit, Condition, Engine, RecordStore, RegistryUpdate, Result, Store,
        StoreError,
        backends::Memory,
        durable::{Durable, Open},
    },
};
use jiff::Timestamp;

use crate::{
    portal::{Portal, honest},
    scene::{folder, gaccong, id, said, store_at, yaml},
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn alert(seconds: i64) -> Alert {
    let notice = Notice::Blind {
        since: at(seconds),
        line: None,
    };
    Alert::new(
        "duty-room",
        About::Notice(notice),
        Urgency::Urgent,
        at(seconds),
    )
}

/// Writes `count` alerts and target states, each in its own commit.
async fn fill(store: &dyn Store, from: i64, count: i64) {
    for n in from..from + count {
        let commit = Commit {
            target_state: Some(TargetState::new(id(&format!("t{n}")))),
            alerts: vec![alert(n)],
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
    }
}

async fn holds(store: &dyn Store, count: usize) {
    assert_eq!(store.outbox().await.unwrap().len(), count);
    assert_eq!(store.target_states().await.unwrap().len(), count);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            out.extend(files(&entry.path()));
        } else {
            out.push(entry.path());
        }
    }
    out.sort();
    out
}

#[tokio::test]
async fn a_lost_store_is_built_again_from_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    fill(store.as_ref(), 0, 5).await;
    drop(store);
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    let store = store_at("sled", folder.path());
    holds(store.as_ref(), 5).await;
    let said = store.remarks().await.unwrap().join(" ");
    assert!(said.contains("built again from the journal"), "{said}");
    // later commits are stored as well
    fill(store.as_ref(), 5, 2).await;
    drop(store);
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    holds(store_at("sled", folder.path()).as_ref(), 7).await;
}

#[tokio::test]
async fn any_file_of_the_store_may_be_cut_or_flipped() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    fill(store.as_ref(), 0, 40).await;
    drop(store);
    let all = files(&folder.path().join("store"));
    assert!(all.iter().any(|it| it.ends_with("db")), "{all:?}");
    let mut random = fastrand::Rng::with_seed(11);
    for round in 0..12 {
        for path in files(&folder.path().join("store")) {
            let mut bytes = fs::read(&path).unwrap();
            if bytes.is_empty() {
                continue;
            }
            if round % 2 == 0 {
                let at = random.usize(..bytes.len());
                bytes.truncate(at);
            } else {
                for _ in 0..1 + bytes.len() / 4096 {
                    let at = random.usize(..bytes.len());
                    bytes[at] ^= 1 << random.u32(..8);
                }
            }
            fs::write(&path, bytes).unwrap();
        }
        let store = store_at("sled", folder.path());
        holds(store.as_ref(), 40).await;
        assert!(store.checkup().await.unwrap().is_good(), "round {round}");
    }
}

#[tokio::test]
async fn a_damaged_journal_costs_nothing_while_the_store_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    fill(store.as_ref(), 0, 20).await;
    drop(store);
    for path in files(&folder.path().join("journal")) {
        let mut bytes = fs::read(&path).unwrap();
        for at in (40..bytes.len()).step_by(300) {
            bytes[at] ^= 16;
        }
        fs::write(&path, bytes).unwrap();
    }
    let store = store_at("sled", folder.path());
    holds(store.as_ref(), 20).await;
    let said = store.remarks().await.unwrap().join(" ");
    assert!(said.contains("damaged lines"), "{said}");
    let checkup = store.checkup().await.unwrap();
    assert!(checkup.is_good(), "a new journal was written: {checkup:?}");
    drop(store);
    fs::remove_dir_all(folder.path().join("store")).unwrap();
    holds(store_at("sled", folder.path()).as_ref(), 20).await;
}

/// An engine on a disk that fails while the flag is set.
struct Brittle(Arc<Memory>, Arc<AtomicBool>);

#[async_trait::async_trait]
impl Engine for Brittle {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.0.get(key)
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.range(from, to)
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.0.last(from, to)
    }

    fn apply(&self, batch: &Batch, durable: bool) -> Result<()> {
        if self.1.load(Ordering::Relaxed) {
            return Err(StoreError::Failed("no space left".to_owned()));
        }
        self.0.apply(batch, durable)
    }

    fn checkup(&self) -> Result<Checkup> {
        self.0.checkup()
    }
}

#[tokio::test]
async fn while_the_disk_fails_everything_goes_on_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, fails) = (
        Arc::new(Memory::default()),
        Arc::new(AtomicBool::new(false)),
    );
    let (of, flag) = (disk.clone(), fails.clone());
    let open: Open = Box::new(move |_| Ok(Box::new(Brittle(of.clone(), flag.clone()))));
    let store = RecordStore::new(Durable::open(folder.path(), open).unwrap());
    let opened: Arc<dyn Store> = Arc::new(store);
    let store = opened.as_ref();
    fill(store, 0, 3).await;
    fails.store(true, Ordering::Relaxed);
    fill(store, 3, 4).await;
    holds(store, 7).await;
    assert!(matches!(
        store.condition().await.unwrap(),
        Condition::InMemory { why, .. } if why.contains("no space left")
    ));
    assert!(store.upkeep().await.is_err(), "it still fails");
    fill(store, 7, 1).await;
    fails.store(false, Ordering::Relaxed);
    store.upkeep().await.unwrap();
    assert_eq!(store.condition().await.unwrap(), Condition::Sound);
    fill(store, 8, 1).await;
    holds(store, 9).await;
    drop(opened);
    // and the journal contains everything, too
    fs::remove_dir_all(folder.path().join("store")).ok();
    holds(store_at("sled", folder.path()).as_ref(), 9).await;
}

#[tokio::test]
async fn commits_at_the_same_time_share_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    let mut all = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = store.clone();
        all.spawn(async move { fill(store.as_ref(), n, 1).await });
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    holds(store.as_ref(), 200).await;
}

#[tokio::test]
async fn old_answering_times_are_rolled_up_and_none_is_lost() {
    use gaccong::model::{
        Class,
        history::{Mark, quantile},
    };
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    let day = 86_400;
    for n in 0..48 {
        let mark = Mark {
            target: id("a"),
            at: at(n * 3600),
            class: Class::Unchanged,
            elapsed_ms: Some(100 + u32::try_from(n).unwrap()),
            max_gap_s: 7000,
        };
        let commit = Commit {
            mark: Some(mark),
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
    }
    let before = store.history(&id("a"), at(0), at(3 * day)).await.unwrap();
    assert_eq!(before.histograms.len(), 48);
    for _ in 0..2 {
        store.nightly(at(60 * day)).await.unwrap();
        let after = store.history(&id("a"), at(0), at(3 * day)).await.unwrap();
        assert_eq!(after.histograms.len(), 2, "one a day");
        assert_eq!(after.spans, before.spans);
        assert_eq!(
            quantile(&after.histograms, 0.5),
            quantile(&before.histograms, 0.5)
        );
    }
    store.nightly(at(500 * day)).await.unwrap();
    let gone = store.history(&id("a"), at(0), at(3 * day)).await.unwrap();
    assert!(gone.histograms.is_empty() && gone.spans.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_brings_everything_back_and_a_broken_one_nothing() {
    let portal = Portal::page(honest(1)).await;
    let (_keep, path) = folder(&yaml("", &[("a", &portal.url())]));
    let run = {
        let path = path.clone();
        move |args: &[&str]| {
            let (path, args) = (
                path.clone(),
                args.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(),
            );
            async move {
                tokio::task::spawn_blocking(move || {
                    said(&gaccong(
                        &path,
                        &args.iter().map(String::as_str).collect::<Vec<_>>(),
                    ))
                })
                .await
                .unwrap()
            }
        }
    };
    let (out, err, code) = run(&["check", "a", "--learn", "--json"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let url = format!("{}b", portal.url());
    let (_, err, code) = run(&["targets", "add", "b", &url, "--agency", "thu"]).await;
    assert_eq!(code, 0, "{err}");
    let (out, err, code) = run(&["store", "verify"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let (out, err, code) = run(&["backup", "all.gaccong"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let (_, err, code) = run(&["backup", "all.gaccong"]).await;
    assert_eq!(code, 2, "not overwritten: {err}");

    let (_, err, code) = run(&["restore", "all.gaccong"]).await;
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("--replace"), "{err}");
    let whole = fs::read(path.join("all.gaccong")).unwrap();
    fs::write(path.join("half.gaccong"), &whole[..whole.len() / 2]).unwrap();
    let (_, err, code) = run(&["restore", "half.gaccong", "--replace"]).await;
    assert_ne!(code, 0);
    assert!(err.contains("half.gaccong"), "{err}");
    assert!(path.join("data/store").exists(), "nothing was touched");

    fs::remove_dir_all(path.join("data")).unwrap();
    fs::remove_dir_all(path.join("snapshots")).unwrap();
    // the key was lost with the data directory, so the origin of the backup can no longer be verified
    let (_, err, code) = run(&["restore", "all.gaccong"]).await;
    assert!(code == 2 && err.contains("--foreign"), "{err}");
    let (out, err, code) = run(&["restore", "all.gaccong", "--foreign"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let (list, _, _) = run(&["targets", "list", "--json"]).await;
    assert_eq!(list.lines().count(), 2, "{list}");
    let (out, err, code) = run(&["store", "verify", "--json"]).await;
    assert_eq!(code, 0, "{out}{err}");
    // the baseline was restored, with its page
    let (out, _, code) = run(&["check", "a", "--json"]).await;
    assert!(code == 0 && out.contains("up: unchanged"), "{out}");

    let evidence = files(&path.join("snapshots"));
    fs::write(&evidence[0], b"somebody else's").unwrap();
    let (out, _, code) = run(&["store", "verify"]).await;
    assert_eq!(code, 1, "{out}");
}

#[tokio::test]
async fn registrations_survive_too() {
    use gaccong::model::target::{Settings, Target};
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    let target = Target {
        id: id("new"),
        ..Target::unregistered("https://a.vn/".parse().unwrap(), Settings::default())
    };
    let registration = Registration {
        target,
        by: "x".into(),
        at: at(1),
        until: None,
    };
    let commit = Commit {
        registry: Some(RegistryUpdate {
            registered: vec![registration],
            ..RegistryUpdate::default()
        }),
        ..Commit::default()
    };
    store.commit(commit).await.unwrap();
    drop(store);
    fs::write(folder.path().join("store/db"), b"not a database").unwrap();
    let store = store_at("sled", folder.path());
    assert_eq!(store.registry().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_store_that_has_grown_out_of_proportion_is_copied_small() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    fill(store.as_ref(), 0, 5).await;
    let size = || {
        files(&folder.path().join("store"))
            .iter()
            .map(|it| fs::metadata(it).unwrap().len())
            .sum::<u64>()
    };
    let mut n = 0;
    while size() < 68 << 20 {
        // a few records, rewritten many times: no older version may remain
        let mut random = fastrand::Rng::with_seed(n);
        let value: String = (0..200_000).map(|_| random.alphanumeric()).collect();
        let commit = Commit {
            marker: Some(("x".to_owned(), value)),
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
        n += 1;
        assert!(n < 5000, "the store does not grow");
    }
    let before = size();
    store.nightly(at(10)).await.unwrap();
    assert!(size() < before / 2, "{} of {before}", size());
    holds(store.as_ref(), 5).await;
    fill(store.as_ref(), 5, 2).await;
    assert!(store.checkup().await.unwrap().is_good());
    drop(store);
    let store = store_at("sled", folder.path());
    holds(store.as_ref(), 7).await;
    assert!(store.remarks().await.unwrap().is_empty());
}
