//! Slow and hanging disks must block no thread of the runtime.

use std::{
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use gaccong::{
    model::{About, Alert, Class, Notice, TargetState, Urgency, history::Mark},
    store::{
        Batch, Checkup, Commit, Condition, Engine, RecordStore, Result, Store,
        backends::Memory,
        durable::{Durable, Open},
    },
};
use jiff::Timestamp;

use crate::scene::id;

/// A disk that records calls from the runtime's thread, and hangs on demand.
struct Disk {
    records: Memory,
    /// The only thread that runs tasks.
    runtime: ThreadId,
    calls: AtomicUsize,
    on_runtime: Mutex<Vec<&'static str>>,
    hangs: Mutex<bool>,
    /// Number of calls that hang now.
    hanging: AtomicUsize,
    changed: Condvar,
}

impl Disk {
    /// Must be called on the runtime's thread.
    fn new() -> Arc<Self> {
        Arc::new(Self {
            records: Memory::default(),
            runtime: thread::current().id(),
            calls: AtomicUsize::new(0),
            on_runtime: Mutex::default(),
            hangs: Mutex::new(false),
            hanging: AtomicUsize::new(0),
            changed: Condvar::new(),
        })
    }

    fn called(&self, what: &'static str) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if thread::current().id() == self.runtime {
            self.on_runtime.lock().unwrap().push(what);
        }
        self.hanging.fetch_add(1, Ordering::SeqCst);
        let hangs = self.hangs.lock().unwrap();
        let free = self.changed.wait_while(hangs, |it| *it).unwrap();
        self.hanging.fetch_sub(1, Ordering::SeqCst);
        drop(free);
    }

    fn hang(&self, hangs: bool) {
        *self.hangs.lock().unwrap() = hangs;
        self.changed.notify_all();
    }

    /// Waits until `wanted` calls hang.
    async fn hanging(&self, wanted: usize) {
        while self.hanging.load(Ordering::SeqCst) < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

struct OnDisk(Arc<Disk>);

#[async_trait::async_trait]
impl Engine for OnDisk {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.0.called("get");
        self.0.records.get(key)
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.called("range");
        self.0.records.range(from, to)
    }

    fn page(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.called("page");
        self.0.records.page(from, to, most)
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.0.called("last");
        self.0.records.last(from, to)
    }

    fn apply(&self, batch: &Batch, durable: bool) -> Result<()> {
        self.0.called("apply");
        self.0.records.apply(batch, durable)
    }

    fn recall(&self, _key: &str) -> Result<Option<Vec<u8>>> {
        self.0.called("recall");
        Ok(None)
    }

    fn condition(&self) -> Condition {
        self.0.called("condition");
        Condition::Sound
    }

    fn upkeep(&self) -> Result<()> {
        self.0.called("upkeep");
        Ok(())
    }

    fn nightly(&self) -> Result<()> {
        self.0.called("nightly");
        Ok(())
    }

    fn remarks(&self) -> Vec<String> {
        self.0.called("remarks");
        Vec::new()
    }

    fn checkup(&self) -> Result<Checkup> {
        self.0.called("checkup");
        self.0.records.checkup()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn looked(second: i64) -> Commit {
    let mark = Mark {
        target: id("a"),
        at: at(second),
        class: Class::Unchanged,
        elapsed_ms: Some(120),
        max_gap_s: 700,
    };
    Commit {
        mark: Some(mark),
        ..Commit::default()
    }
}

fn told(second: i64) -> Commit {
    let since = at(second);
    let about = About::Notice(Notice::Blind { since, line: None });
    Commit {
        alerts: vec![Alert::new("room", about, Urgency::Urgent, since)],
        ..Commit::default()
    }
}

/// Makes every call of the suite, of maintenance, and for a damaged record.
async fn everything(store: &Arc<dyn Store>, disk: &Disk, folder: &std::path::Path) {
    crate::store::suite(store.clone()).await;
    store.all_summaries().await.unwrap();
    store.condition().await.unwrap();
    store.checkup().await.unwrap();
    store.remarks().await.unwrap();
    store.upkeep().await.unwrap();
    store.backup(folder.join("backup")).await.unwrap();
    store.nightly(at(100_000)).await.unwrap();
    let damaged = vec![("d/torn".to_owned(), Some(vec![1, 2, 3]))];
    disk.records.apply(&damaged, false).unwrap();
    assert_eq!(store.target_state(&id("torn")).await.unwrap(), None);
}

#[tokio::test]
async fn no_call_of_an_engine_is_made_on_a_thread_of_the_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new();
    let store = RecordStore::new(OnDisk(disk.clone()));
    disk.on_runtime.lock().unwrap().clear();
    let store: Arc<dyn Store> = Arc::new(store);
    everything(&store, &disk, folder.path()).await;
    assert!(disk.calls.load(Ordering::SeqCst) > 50);
    assert_eq!(*disk.on_runtime.lock().unwrap(), Vec::<&str>::new());
}

#[tokio::test]
async fn the_journal_before_an_engine_makes_none_either() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::new();
    let of = disk.clone();
    let open: Open = Box::new(move |_| Ok(Box::new(OnDisk(of.clone()))));
    let store = RecordStore::new(Durable::open(folder.path(), open).unwrap());
    disk.on_runtime.lock().unwrap().clear();
    let store: Arc<dyn Store> = Arc::new(store);
    everything(&store, &disk, folder.path()).await;
    assert_eq!(*disk.on_runtime.lock().unwrap(), Vec::<&str>::new());
}

#[tokio::test]
async fn looks_and_timers_go_on_while_a_disk_hangs() {
    let disk = Disk::new();
    let store: Arc<dyn Store> = Arc::new(RecordStore::new(OnDisk(disk.clone())));
    let first = Commit {
        target_state: Some(TargetState::new(id("a"))),
        ..looked(0)
    };
    store.commit(first).await.unwrap();
    disk.hang(true);
    let writer = tokio::spawn({
        let store = store.clone();
        async move { store.commit(told(1)).await }
    });
    disk.hanging(1).await;
    // more readers than the threads that they may use
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.outbox().await })
        })
        .collect();
    disk.hanging(2).await;
    for second in 1..=100 {
        let state = store.target_state(&id("a")).await.unwrap().unwrap();
        assert_eq!(state.revision, 1);
        store.commit(looked(second)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(
        !writer.is_finished(),
        "what must be on disk is not acknowledged"
    );
    disk.hang(false);
    writer.await.unwrap().unwrap();
    for reader in readers {
        assert!(reader.await.unwrap().unwrap().len() <= 1);
    }
    assert_eq!(store.outbox().await.unwrap().len(), 1);
    let seen = store.history(&id("a"), at(0), at(200)).await.unwrap();
    assert_eq!(seen.spans[0].looks, 101);
}

#[tokio::test]
async fn a_commit_whose_caller_gave_up_is_written_all_the_same() {
    let disk = Disk::new();
    let store: Arc<dyn Store> = Arc::new(RecordStore::new(OnDisk(disk.clone())));
    disk.hang(true);
    let writer = tokio::spawn({
        let store = store.clone();
        async move { store.commit(told(1)).await }
    });
    disk.hanging(1).await;
    writer.abort();
    assert!(writer.await.unwrap_err().is_cancelled());
    disk.hang(false);
    // the next writer waits until the first has finished
    store.commit(told(2)).await.unwrap();
    assert_eq!(store.outbox().await.unwrap().len(), 2);
}
