//! One suite of tests for every kind of store.

use std::sync::Arc;

use gaccong::{
    evidence::Evidence,
    model::{
        About, Alert, Class, Notice, Receipt, Storm, TargetState, Urgency,
        history::Mark,
        registration::{AuditEntry, AuditEvent, Registration},
        storm::Family,
        target::{Settings, Target},
    },
    store::{
        Commit, Delivery, Range, RegistryUpdate, Store, StoreError, Wanted, control, lock::Lock,
        tables,
    },
};
use jiff::Timestamp;

use crate::scene::{id, store_at};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn mark(seconds: i64, class: Class) -> Commit {
    let mark = Mark {
        target: id("a"),
        at: at(seconds),
        class,
        elapsed_ms: Some(120),
        max_gap_s: 700,
    };
    Commit {
        mark: Some(mark),
        ..Commit::default()
    }
}

fn alert(seconds: i64) -> Alert {
    Alert::new(
        "duty-room",
        About::Notice(Notice::Blind {
            since: at(seconds),
            line: None,
        }),
        Urgency::Urgent,
        at(seconds),
    )
}

pub async fn suite(store: Arc<dyn Store>) {
    revisions(store.as_ref()).await;
    history(store.as_ref()).await;
    outbox(store.as_ref()).await;
    registry(store.as_ref()).await;
    pages(store.as_ref()).await;
    let first = store.incident_id(2026).await.unwrap();
    let second = store.incident_id(2026).await.unwrap();
    assert_eq!(
        (first.to_string().as_str(), second.to_string().as_str()),
        ("SC-2026-0001", "SC-2026-0002")
    );
    assert!(
        store
            .incidents(&Wanted::default())
            .await
            .unwrap()
            .is_empty()
    );
}

async fn revisions(store: &dyn Store) {
    assert_eq!(store.target_state(&id("a")).await.unwrap(), None);
    let fresh = TargetState::new(id("a"));
    let commit = |target_state: &TargetState| Commit {
        target_state: Some(target_state.clone()),
        ..Commit::default()
    };
    store.commit(commit(&fresh)).await.unwrap();
    assert_eq!(
        store.commit(commit(&fresh)).await,
        Err(StoreError::Conflict),
        "made from an older revision"
    );
    let stored = store.target_state(&id("a")).await.unwrap().unwrap();
    assert_eq!(stored.revision, 1);
    // a refused commit writes nothing
    let refused = Commit {
        alerts: vec![alert(5)],
        ..commit(&fresh)
    };
    assert_eq!(store.commit(refused).await, Err(StoreError::Conflict));
    assert!(store.outbox().await.unwrap().is_empty());
}

async fn history(store: &dyn Store) {
    for (seconds, class) in [
        (0, Class::Unchanged),
        (300, Class::Unchanged),
        (600, Class::Timeout),
        (900, Class::Unchanged),
        (9000, Class::Unchanged),
    ] {
        store.commit(mark(seconds, class)).await.unwrap();
    }
    let seen = store.history(&id("a"), at(100), at(10_000)).await.unwrap();
    let spans: Vec<_> = seen
        .spans
        .iter()
        .map(|it| (it.class, it.from.as_second(), it.to.as_second(), it.looks))
        .collect();
    assert_eq!(
        spans,
        [
            (Class::Unchanged, 0, 600, 2),
            (Class::Timeout, 600, 900, 1),
            (Class::Unchanged, 900, 900, 1),
            (Class::Unchanged, 9000, 9000, 1)
        ]
    );
    assert_eq!(
        seen.histograms
            .iter()
            .flat_map(|it| &it.buckets)
            .map(|it| it.1)
            .sum::<u32>(),
        1,
        "looks of the hours from 100 s on"
    );
    assert!(
        store
            .history(&id("b"), at(0), at(10_000))
            .await
            .unwrap()
            .spans
            .is_empty()
    );
}

async fn outbox(store: &dyn Store) {
    let mut pulse = store.pulse();
    store
        .commit(Commit {
            alerts: vec![alert(20), alert(10)],
            ..Commit::default()
        })
        .await
        .unwrap();
    let _ = pulse.has_changed();
    pulse.mark_unchanged();
    let waiting = store.outbox().await.unwrap();
    assert_eq!(
        waiting
            .iter()
            .map(|it| it.created.as_second())
            .collect::<Vec<_>>(),
        [10, 20],
        "oldest first"
    );
    let mut first = waiting[0].clone();
    first.begun = true;
    store
        .delivery(Delivery::Begun(first.clone()))
        .await
        .unwrap();
    // an alert with this subject arrives while one is being sent: it must be sent afterwards
    store
        .commit(Commit {
            alerts: vec![alert(10)],
            ..Commit::default()
        })
        .await
        .unwrap();
    store
        .delivery(Delivery::Sent {
            alert: first.clone(),
            receipt: None,
        })
        .await
        .unwrap();
    let waiting = store.outbox().await.unwrap();
    assert_eq!(waiting.len(), 2);
    assert!(!waiting[0].begun);
    for alert in waiting {
        store
            .delivery(Delivery::Sent {
                alert,
                receipt: Some(Receipt::Message {
                    place: "1".into(),
                    message: "2".into(),
                }),
            })
            .await
            .unwrap();
    }
    assert!(store.outbox().await.unwrap().is_empty());
}

async fn registry(store: &dyn Store) {
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
    let enrol = |revision, registered: &[Registration], removed: &[&str]| Commit {
        registry: Some(RegistryUpdate {
            revision,
            registered: registered.to_vec(),
            removed: removed.iter().map(|it| id(it)).collect(),
        }),
        ..Commit::default()
    };
    let revision = store.registry_revision().await.unwrap();
    let commit = enrol(revision, std::slice::from_ref(&registration), &[]);
    store.commit(commit.clone()).await.unwrap();
    assert_eq!(store.registry().await.unwrap()[0].target.id, id("new"));
    // a decision based on an older registry is not written
    assert_eq!(store.commit(commit).await, Err(StoreError::Conflict));
    store
        .commit(enrol(revision + 1, &[], &["new"]))
        .await
        .unwrap();
    assert!(store.registry().await.unwrap().is_empty());
    // two lines of one moment are two lines
    let entry = AuditEntry {
        at: at(2),
        target: id("new"),
        by: "x".into(),
        deed: AuditEvent::Ended,
    };
    for _ in 0..2 {
        let entries = vec![entry.clone()];
        let commit = Commit {
            entries,
            ..Commit::default()
        };
        store.commit(commit).await.unwrap();
    }
    assert_eq!(store.entries(Some(&id("new"))).await.unwrap().len(), 2);
    assert!(store.entries(Some(&id("ne"))).await.unwrap().is_empty());
    assert_eq!(store.entries(None).await.unwrap().len(), 2);
}

async fn pages(store: &dyn Store) {
    let storm = |notifier: &str, n: u8| Storm {
        id: format!("DR-2026-000{n}"),
        notifier: notifier.to_owned(),
        family: Family::Availability,
        begun: at(1),
        joined: at(i64::from(n)),
        told: None,
        listed: 0,
        receipt: None,
        before: 0,
        size: 0,
        shared: None,
        joiners: Vec::new(),
        more_joiners: 0,
        rung: None,
    };
    for n in 1..=5 {
        store.put_storm(storm("room", n)).await.unwrap();
    }
    store.put_storm(storm("room2", 6)).await.unwrap();
    let mut range = Range {
        table: tables::STORMS,
        under: "room/".to_owned(),
        after: None,
        in_use: false,
        limit: 2,
    };
    let mut lengths = Vec::new();
    let mut found = Vec::new();
    loop {
        let page = store.list(&range).await.unwrap();
        lengths.push(page.records.len());
        let storms = page.records.into_iter().map(|(_, it)| it.into::<Storm>());
        found.extend(storms.map(|it| it.unwrap().joined.as_second()));
        range.after = page.next;
        if range.after.is_none() {
            break;
        }
    }
    assert_eq!(lengths, [2, 2, 1]);
    assert_eq!(found, [1, 2, 3, 4, 5], "none twice, and none of another");
    assert_eq!(store.storms("room").await.unwrap().len(), 5);
}

#[tokio::test]
async fn memory_keeps_the_promises() {
    suite(store_at("memory", std::path::Path::new("/nowhere"))).await;
}

#[tokio::test]
async fn sled_keeps_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    suite(store_at("sled", folder.path())).await;
}

#[tokio::test]
async fn the_control_socket_keeps_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at("sled", folder.path());
    let listener = control::bind(folder.path()).unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let server = tokio::spawn(control::serve(listener, store, stop.clone()));
    let client = control::Client::connect(folder.path()).await.unwrap();
    suite(Arc::new(client)).await;
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(control::path(folder.path()))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    stop.cancel();
    server.await.unwrap();
}

#[tokio::test]
async fn sled_survives_a_close_and_a_torn_snapshot_file() {
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let store = store_at("sled", folder.path());
        let known = store.target_state(&id("a")).await.unwrap();
        assert_eq!(known.as_ref().map_or(0, |it| it.revision), round - 1);
        let target_state = known.unwrap_or_else(|| TargetState::new(id("a")));
        store
            .commit(Commit {
                target_state: Some(target_state),
                alerts: vec![alert(i64::try_from(round).unwrap())],
                ..Commit::default()
            })
            .await
            .unwrap();
        assert_eq!(store.outbox().await.unwrap().len() as u64, round);
        drop(store);
        for entry in std::fs::read_dir(folder.path().join("store"))
            .unwrap()
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with("snap.") {
                let file = std::fs::OpenOptions::new()
                    .write(true)
                    .open(entry.path())
                    .unwrap();
                file.set_len(entry.metadata().unwrap().len() / 2).unwrap();
            }
        }
    }
}

#[test]
fn a_second_process_is_refused_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let first = Lock::take(folder.path()).unwrap();
    assert!(Lock::try_take(folder.path()).unwrap().is_none());
    drop(first);
    assert!(Lock::try_take(folder.path()).unwrap().is_some());
}

#[test]
fn evidence_is_what_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = Evidence::new(folder.path());
    let digest = evidence.keep(b"page").unwrap();
    assert_eq!(evidence.keep(b"page").unwrap(), digest);
    assert_eq!(evidence.body(&digest).unwrap(), b"page");
    let other = evidence.keep(b"other").unwrap();
    let path = |hex: String| folder.path().join(&hex[..2]).join(format!("{hex}.zst"));
    std::fs::copy(path(other.hex()), path(digest.hex())).unwrap();
    assert!(
        evidence.body(&digest).is_err(),
        "an edited file is not evidence"
    );
    let none = std::time::Duration::ZERO;
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert_eq!(evidence.sweep(&[digest].into(), none).unwrap(), 1);
    assert!(evidence.body(&other).is_err());
}
