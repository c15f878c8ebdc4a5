//! The interface of storage engines, and their condition.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Result;

/// The changes of one write: keys with their new records, or `None` to delete.
pub type Batch = Vec<(String, Option<Vec<u8>>)>;

/// Ordered keys and values: the few operations that an engine must support.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Whether calls may block on a disk, so that they must not run on the runtime's threads.
    fn may_wait(&self) -> bool {
        true
    }
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// Keys from `from` (inclusive) to `to` (exclusive) with their records, ascending.
    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>>;
    /// The first `most` records of the range.
    fn page(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = self.range(from, to)?;
        all.truncate(most);
        Ok(all)
    }
    /// The last record of the range.
    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>>;
    /// Writes a batch atomically; it is on disk soon afterwards. A `durable` batch cannot be rebuilt: it must survive
    /// the loss of the engine's own files.
    fn apply(&self, batch: &Batch, durable: bool) -> Result<()>;
    /// Returns when all batches applied as `durable` are on disk.
    async fn flush(&self) -> Result<()> {
        Ok(())
    }
    /// Writes everything to disk now.
    fn sync(&self) -> Result<()> {
        Ok(())
    }
    /// Another copy of a record that is damaged in the engine.
    fn recall(&self, _key: &str) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
    fn condition(&self) -> Condition {
        Condition::Sound
    }
    /// Called every few seconds: returns to the disk after a failure.
    fn upkeep(&self) -> Result<()> {
        Ok(())
    }
    /// Called once a night: compaction and the like.
    fn nightly(&self) -> Result<()> {
        Ok(())
    }
    /// What was repaired since the last call.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
    fn checkup(&self) -> Result<Checkup>;
}

/// Opens the engine in a directory. It is called again after a repair, so it must not leave a lock behind when it
/// fails.
pub type Open = Box<dyn Fn(&Path) -> Result<Box<dyn Engine>> + Send + Sync>;

/// Whether commits reach the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    Sound,
    /// The disk fails: the store operates in memory, and writes everything once the disk works again.
    InMemory {
        since: Timestamp,
        why: String,
        /// Number of records that are not on disk yet.
        waiting: usize,
    },
}

/// The result of checking every record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    pub records: u64,
    /// Keys with a record that is not what was written.
    pub damaged: Vec<String>,
    /// Keys of damaged records that were moved to another key at an earlier time.
    pub set_aside: Vec<String>,
    /// Keys that are in the journal but not in the engine.
    pub missing: Vec<String>,
    pub journal_lines: u64,
    /// Files and lines of the journal that cannot be read.
    pub journal_damaged: Vec<String>,
    pub live_bytes: u64,
    pub disk_bytes: u64,
    pub journal_bytes: u64,
    /// Why nothing is written to disk now; `None` if the disk works.
    pub in_memory: Option<String>,
}

impl Checkup {
    /// Whether the store has no damage and writes to disk.
    pub fn is_good(&self) -> bool {
        self.damaged.is_empty()
            && self.missing.is_empty()
            && self.journal_damaged.is_empty()
            && self.in_memory.is_none()
    }
}
