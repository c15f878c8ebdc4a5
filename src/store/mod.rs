//! The store: what was learnt, open incidents, and messages still to be sent.
//!
//! [`Store`] has about ten methods for records of every kind. [`tables`] defines the guarantees of each kind, and
//! [`verbs`] adds methods in terms of the domain. [`records::RecordStore`] implements the guarantees over any
//! [`Engine`]. [`control::Client`] reaches the store of a running service, so that commands work beside it.

pub mod address;
pub mod backends;
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
pub use commit::{Commit, Delivery, Put, RegistryUpdate};
pub use disk::{free_space, size};
pub use engine::{Batch, Checkup, Condition, Engine};
use jiff::Timestamp;
pub use records::RecordStore;
use serde::{Deserialize, Serialize};
use tables::Table;
use tokio::sync::watch;
pub use value::Value;
pub use verbs::Wanted;

use crate::model::{Alert, Storm, TargetId, TargetSummary, history::History};

/// A query for records of a table, in pages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Range {
    pub table: &'static Table,
    /// Prefix of the wanted ids; empty for all.
    pub under: String,
    /// The last id of the page before; `None` for the first page.
    pub after: Option<String>,
    /// Whether only records in use are wanted, such as open incidents (see `Stored::over_since`).
    pub in_use: bool,
    /// Number of records that a page holds at most.
    pub limit: usize,
}

/// Records with their ids, ascending by id.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page<T> {
    pub records: Vec<(String, T)>,
    /// The `after` of the next page; `None` if this is the last page.
    pub next: Option<String>,
}

/// A counter that assigns each number once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sequence {
    pub of: Numbered,
    pub year: i16,
}

/// Records with a number that people use.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Numbered {
    Incident,
    Request,
    Plan,
}

/// Work on the store as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Checks every record.
    Checkup,
    /// Writes every record to a file, as of one moment.
    Backup(PathBuf),
    /// Returns what was repaired since the last call.
    Remarks,
    /// Maintenance every few seconds, by the service.
    Upkeep,
    /// Maintenance once a night, by the service: retention and compaction.
    Nightly(Timestamp),
}

/// The result of a [`Task`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Done {
    Upkeep,
    Checkup(Checkup),
    /// Number of records in the backup.
    Backup(u64),
    Remarks(Vec<String>),
}

/// Counters of commits, for tasks that wait for changes of the outbox, the registry or the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    pub outbox: u64,
    pub registry: u64,
    pub requests: u64,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
/// Why the store did not carry out a call.
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

/// A result with the store's error.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The store. After a commit returns, its records are on disk if their tables say so.
///
/// # Errors
///
/// [`StoreError::Damaged`] for a record that is not what was written, [`StoreError::Failed`] if the disk or the
/// socket fails.
#[async_trait]
pub trait Store: Send + Sync {
    /// The records with these ids, in the order of `ids`.
    async fn get(&self, table: &'static Table, ids: &[String]) -> Result<Vec<Option<Value>>>;
    /// A page of records. Damaged records are logged and left out.
    async fn list(&self, range: &Range) -> Result<Page<Value>>;
    /// A page of all targets that have been looked at, with the last look at each.
    async fn summaries(&self, after: Option<String>, limit: usize) -> Result<Page<TargetSummary>>;
    /// Writes a commit; [`StoreError::Conflict`] if a record has changed since the commit was decided.
    async fn commit(&self, commit: Commit) -> Result<()>;
    /// Records what happened to an alert. Returns the entry as it is stored now: its `about` and `merged` may be
    /// newer than the given ones.
    async fn delivery(&self, delivery: Delivery) -> Result<Option<Alert>>;
    /// Moves alerts of one notifier into a storm, in one batch: the alerts leave the outbox, their incidents get the
    /// storm's message as receipt, and one alert about the storm is queued.
    async fn gather(&self, alerts: Vec<Alert>, storm: Storm, told: Alert) -> Result<()>;
    /// The next number of a counter, which was never assigned before.
    async fn next_number(&self, of: Sequence) -> Result<u64>;
    /// The history of targets between two times, in the order of `targets`.
    async fn histories(
        &self,
        targets: &[TargetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<History>>;
    async fn condition(&self) -> Result<Condition>;
    /// Runs a task on the store as a whole.
    async fn maintenance(&self, task: Task) -> Result<Done>;
    /// Counts changes as they are committed through this store.
    fn pulse(&self) -> watch::Receiver<Pulse>;
}
