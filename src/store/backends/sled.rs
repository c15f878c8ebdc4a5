//! sled 0.34.7, the default engine. Only this file uses `sled`.
//!
//! Version 1.0-alpha lost acknowledged writes when the process was killed; 0.34.7 lost none in 307 kills.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::Duration,
};

use async_trait::async_trait;
use sled::Db;

use crate::store::{Batch, Checkup, Engine, Result, StoreError};

/// The engine; every call may panic inside sled on a damaged file, and is guarded.
pub struct Sled(Db);

/// Attempts to open: sled releases its own lock a moment after the last handle is dropped.
const LOCK_TRIES: u32 = 20;

impl Sled {
    /// Opens or creates the store in `folder/store`. A truncated snapshot file is renamed, from which sled recovers
    /// by itself; the caller must repair any other damage.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("store");
        match open(&path) {
            Ok(db) => Ok(Self(db)),
            Err(first) => {
                if !set_snapshots_aside(&path) {
                    return Err(first);
                }
                tracing::warn!(error = %first, "the store did not open; its snapshot files were set aside, trying again");
                open(&path).map(Self)
            }
        }
    }
}

fn open(path: &Path) -> Result<Db> {
    let mut tries = 0;
    loop {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(32 << 20)
            .flush_every_ms(Some(500));
        // sled may panic inside open on a damaged file
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        match opened {
            Ok(Ok(db)) => return Ok(db),
            Ok(Err(error)) if error.to_string().contains("could not acquire lock") => {
                tries += 1;
                if tries >= LOCK_TRIES {
                    return Err(StoreError::Held(path.display().to_string()));
                }
                thread::sleep(Duration::from_millis(100));
            }
            Ok(Err(error)) => {
                return Err(StoreError::Failed(format!(
                    "the store in {} does not open: {error}",
                    path.display()
                )));
            }
            Err(_) => {
                let message = format!(
                    "the store in {} is damaged and does not open",
                    path.display()
                );
                return Err(StoreError::Failed(message));
            }
        }
    }
}

/// Renames the snapshot files. Returns whether there were any.
fn set_snapshots_aside(path: &Path) -> bool {
    let Ok(entries) = fs::read_dir(path) else {
        return false;
    };
    let mut moved = false;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") {
            moved |= fs::rename(entry.path(), path.join(format!("aside.{name}"))).is_ok();
        }
    }
    moved
}

fn failed(error: sled::Error) -> StoreError {
    StoreError::Failed(format!("the store failed: {error}"))
}

fn pair((key, value): (sled::IVec, sled::IVec)) -> (String, Vec<u8>) {
    (String::from_utf8_lossy(&key).into_owned(), value.to_vec())
}

/// Runs `work`, and turns a panic of sled, which a damaged file can cause anywhere, into an error.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(StoreError::Failed(
            "the store failed: its engine met damage that it does not understand".to_owned(),
        ))
    })
}

#[async_trait]
impl Engine for Sled {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        guarded(|| Ok(self.0.get(key).map_err(failed)?.map(|it| it.to_vec())))
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        guarded(|| {
            self.0
                .range(from..to)
                .map(|it| it.map(pair).map_err(failed))
                .collect()
        })
    }

    fn page(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        guarded(|| {
            self.0
                .range(from..to)
                .take(most)
                .map(|it| it.map(pair).map_err(failed))
                .collect()
        })
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        guarded(|| {
            self.0
                .range(from..to)
                .next_back()
                .transpose()
                .map(|it| it.map(pair))
                .map_err(failed)
        })
    }

    fn apply(&self, batch: &Batch, _durable: bool) -> Result<()> {
        let mut sled = sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => sled.insert(key.as_bytes(), value.as_slice()),
                None => sled.remove(key.as_bytes()),
            }
        }
        guarded(|| self.0.apply_batch(sled).map_err(failed))
    }

    fn sync(&self) -> Result<()> {
        guarded(|| self.0.flush().map(|_| ()).map_err(failed))
    }

    fn checkup(&self) -> Result<Checkup> {
        Ok(Checkup::default())
    }
}
