//! Memory that survives: what was learnt, what is open, what is still to be told.
//!
//! [`Store`] has some ten verbs for records of every kind; [`tables`] says what is promised of each kind, and
//! [`verbs`] puts words of the domain over them. [`records::RecordStore`] keeps the promises over any [`Engine`];
//! [`control::Client`] speaks to the service that holds the store, so that commands work beside it.

pub mod address;
pub mod backends;
pub mod blocking;
pub mod cache;
pub mod codec;
mod commit;
pub mod control;
mod disk;
pub mod durable;
mod engine;
pub mod journal;
pub mod lock;
mod outbox;
pub mod private;
pub mod records;
mod repair;
pub mod replace;
mod retention;
mod samples;
mod scan;
pub mod tables;
mod value;
pub mod verbs;

use std::path::PathBuf;

use async_trait::async_trait;
pub use commit::{Commit, Delivery, Enrolment, Put};
pub use disk::{free_space, size};
pub use engine::{Batch, Checkup, Condition, Engine};
use jiff::Timestamp;
pub use records::RecordStore;
use serde::{Deserialize, Serialize};
use tables::Table;
use tokio::sync::watch;
pub use value::Value;
pub use verbs::Wanted;

use crate::model::{Alert, Glance, Storm, TargetId, history::History};

/// Records of a table, a page at a time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Range {
    pub table: &'static Table,
    /// The beginning of the ids that are wanted; empty for all.
    pub under: String,
    /// The last id of the page before; `None` begins with the first.
    pub after: Option<String>,
    /// Records that are still in use: open incidents and the like (`Stored::over_since`).
    pub in_use: bool,
    /// Records of a page at the most.
    pub limit: usize,
}

/// Records with their ids, ascending by id.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page<T> {
    pub records: Vec<(String, T)>,
    /// Where the next page begins: its `after`. `None`: this is the last one.
    pub next: Option<String>,
}

/// A count whose numbers are given out once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sequence {
    pub of: Numbered,
    pub year: i16,
}

/// Records that people call by a number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Numbered {
    Incident,
    Request,
    Plan,
}

/// Work on the store as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Looks at every record.
    Checkup,
    /// Writes every record to a file, as of one moment.
    Backup(PathBuf),
    /// What was repaired since this was last asked.
    Remarks,
    /// Every few seconds, by the service.
    Upkeep,
    /// Once a night, by the service: retention and compaction.
    Nightly(Timestamp),
}

/// What a task came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Done {
    Upkeep,
    Checkup(Checkup),
    /// Records in the backup.
    Backup(u64),
    Remarks(Vec<String>),
}

/// Counts of commits that touched something others wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    pub outbox: u64,
    pub registry: u64,
    pub requests: u64,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum StoreError {
    #[error("it was changed by somebody else in the meantime; nothing was written")]
    Conflict,
    #[error("the record {key} is damaged ({why}); it is kept as it is and not used")]
    Damaged { key: String, why: String },
    #[error(
        "another process holds the store in {0}: is a gaccong service running there that has no control socket?"
    )]
    Held(String),
    #[error("{0}")]
    Failed(String),
}

pub type Result<T> = std::result::Result<T, StoreError>;

/// The verbs of the store. A commit that returned is on disk where its tables say so. Errors: [`StoreError::Damaged`] for
/// a record that is not what was written, [`StoreError::Failed`] where disk or socket fail.
#[async_trait]
pub trait Store: Send + Sync {
    /// The records with these ids, in their order.
    async fn get(&self, table: &'static Table, ids: &[String]) -> Result<Vec<Option<Value>>>;
    /// A page of records. Damaged ones are logged and left out.
    async fn list(&self, range: &Range) -> Result<Page<Value>>;
    /// A page of all targets that were looked at, with the last look at each.
    async fn summaries(&self, after: Option<String>, limit: usize) -> Result<Page<Glance>>;
    async fn commit(&self, commit: Commit) -> Result<()>;
    /// Returns the entry as it waits now; `about` and `merged` may be newer than what was given.
    async fn delivery(&self, delivery: Delivery) -> Result<Option<Alert>>;
    /// Alerts of one notifier give way to one of a storm: they leave the outbox, their incidents' messages are the
    /// storm's from now on, and one alert of it waits, all in one batch.
    async fn gather(&self, alerts: Vec<Alert>, storm: Storm, told: Alert) -> Result<()>;
    /// A number that was never given out before.
    async fn next_number(&self, of: Sequence) -> Result<u64>;
    /// What was seen of targets between two moments, in their order.
    async fn histories(
        &self,
        targets: &[TargetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<History>>;
    async fn condition(&self) -> Result<Condition>;
    async fn maintenance(&self, task: Task) -> Result<Done>;
    /// Changes as they are committed through this store.
    fn pulse(&self) -> watch::Receiver<Pulse>;
}
