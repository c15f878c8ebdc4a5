//! A disk that loses unsynced data in a crash, and a clock in virtual time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use gaccong::{
    store::{Batch, Checkup, Engine, Result, StoreError, backends::Memory},
    world::clock::Clock,
};
use jiff::Timestamp;
use tokio::time::Instant;

/// A disk: in a crash, batches that were not synced are lost, except for the first few.
#[derive(Default)]
pub struct Disk {
    pub seen: Memory,
    pub durable: Mutex<Memory>,
    pub behind: Mutex<Vec<Batch>>,
    pub slow_ms: AtomicU64,
    pub fails: std::sync::atomic::AtomicBool,
}

impl Disk {
    /// The disk after a crash: all synced batches, and the first `some` of the others.
    pub fn crash(&self, random: &mut fastrand::Rng) -> Self {
        let behind = std::mem::take(&mut *self.behind.lock().unwrap());
        let some = random.usize(..=behind.len());
        let durable = self.durable.lock().unwrap();
        for batch in &behind[..some] {
            durable.apply(batch, true).unwrap();
        }
        let all: Batch = durable
            .range("", "\u{10ffff}")
            .unwrap()
            .into_iter()
            .map(|(key, value)| (key, Some(value)))
            .collect();
        let fresh = Self::default();
        fresh.seen.apply(&all, true).unwrap();
        fresh.durable.lock().unwrap().apply(&all, true).unwrap();
        fresh
    }
}

/// The disk, as the engine of a store.
pub struct OnDisk(pub Arc<Disk>);

#[async_trait]
impl Engine for OnDisk {
    /// False, because its waits are in virtual time.
    fn may_wait(&self) -> bool {
        false
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.0.seen.get(key)
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.seen.range(from, to)
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.0.seen.last(from, to)
    }

    fn apply(&self, batch: &Batch, durable: bool) -> Result<()> {
        if self.0.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Failed("the disk fails".to_owned()));
        }
        self.0.seen.apply(batch, durable)?;
        self.0.behind.lock().unwrap().push(batch.clone());
        Ok(())
    }

    async fn flush(&self) -> Result<()> {
        let upto = self.0.behind.lock().unwrap().len();
        let slow = self.0.slow_ms.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1 + slow)).await;
        // another task may have synced some of it meanwhile
        let mut behind = self.0.behind.lock().unwrap();
        let upto = upto.min(behind.len());
        let durable = self.0.durable.lock().unwrap();
        for batch in behind.drain(..upto) {
            durable.apply(&batch, true)?;
        }
        Ok(())
    }

    fn checkup(&self) -> Result<Checkup> {
        self.0.seen.checkup()
    }
}

/// Virtual time, and how far the wall clock is ahead of it.
pub struct Virtual {
    pub begun: Instant,
    pub ahead_ms: AtomicI64,
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.begun.elapsed().as_millis()).unwrap();
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(1_795_000_000_000 + passed + ahead).unwrap()
    }
}
