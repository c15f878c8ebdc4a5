//! What a backend must be able to do, and what is known of its health.

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Result;

/// What one write changes: keys with their new records, `None` where they go.
pub type Batch = Vec<(String, Option<Vec<u8>>)>;

/// Ordered keys and values; the little that a backend must be able to do.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Whether calls may wait for a disk, and must not be made on a thread of the runtime.
    fn may_wait(&self) -> bool {
        true
    }
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// Keys from `from` (inclusive) to `to` (exclusive), ascending.
    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>>;
    /// The first `most` of them.
    fn page(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = self.range(from, to)?;
        all.truncate(most);
        Ok(all)
    }
    /// The last key in the range.
    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>>;
    /// All or nothing; on disk soon after. A `durable` batch cannot be learnt again: it must survive the loss of the
    /// engine's own files.
    fn apply(&self, batch: &Batch, durable: bool) -> Result<()>;
    /// Returns when all that was applied with `durable` is on disk.
    async fn flush(&self) -> Result<()> {
        Ok(())
    }
    /// Brings everything to disk now.
    fn sync(&self) -> Result<()> {
        Ok(())
    }
    /// Another copy of a record that is damaged here.
    fn recall(&self, _key: &str) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
    fn condition(&self) -> Condition {
        Condition::Sound
    }
    /// Every few seconds: back to the disk where it failed.
    fn upkeep(&self) -> Result<()> {
        Ok(())
    }
    /// Once a night: compaction and the like.
    fn nightly(&self) -> Result<()> {
        Ok(())
    }
    /// What was repaired since this was last asked.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
    fn checkup(&self) -> Result<Checkup>;
}

/// Opens the engine in a directory; called again after a repair. Must not leave a lock behind when it fails.
pub type Open = Box<dyn Fn(&Path) -> Result<Box<dyn Engine>> + Send + Sync>;

/// Whether what is committed is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    Sound,
    /// The disk fails: everything goes on in memory and is written when it works again.
    InMemory {
        since: Timestamp,
        why: String,
        /// Records that wait.
        waiting: usize,
    },
}

/// What a look at every record came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkup {
    pub records: u64,
    /// Keys whose record is not what was written.
    pub damaged: Vec<String>,
    /// Keys whose damaged record was kept under another name, earlier.
    pub set_aside: Vec<String>,
    /// Keys that the journal has and the engine has not.
    pub missing: Vec<String>,
    pub journal_lines: u64,
    /// Places in the journal's files that cannot be read.
    pub journal_damaged: Vec<String>,
    pub live_bytes: u64,
    pub disk_bytes: u64,
    pub journal_bytes: u64,
    /// Why nothing is written to disk now.
    pub in_memory: Option<String>,
}

impl Checkup {
    pub fn is_good(&self) -> bool {
        self.damaged.is_empty()
            && self.missing.is_empty()
            && self.journal_damaged.is_empty()
            && self.in_memory.is_none()
    }
}
