//! Memory that survives: what was learnt, what is open, what is still to be told.
//!
//! [`Store`] speaks in words of the domain. [`ledger::Ledger`] keeps its promises over any [`Engine`];
//! [`control::Client`] speaks to the service that holds the store, so that commands work beside it.

pub mod address;
pub mod backends;
pub mod codec;
pub mod control;
mod disk;
pub mod enduring;
pub mod journal;
pub mod ledger;
pub mod lock;
mod outbox;
mod pages;
mod plans;
pub mod private;
mod recent;
mod register;
mod repair;
pub mod replace;
mod retention;
pub mod shelf;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
pub use disk::{free_space, size};
use jiff::Timestamp;
pub use ledger::Ledger;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::model::{
    Alert, Dossier, Glance, Incident, IncidentId, Mask, Receipt, Storm, TargetId,
    history::{History, Mark},
    plan::{Plan, PlanId},
    registration::{Entry, Registration, Request, RequestId},
};

/// Everything that one decision changes, written in one atomic batch or not at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Refused as [`StoreError::Conflict`] unless its revision is the stored one.
    pub dossier: Option<Dossier>,
    pub mark: Option<Mark>,
    /// Each refused like the dossier where its revision is not the stored one.
    pub incidents: Vec<Incident>,
    pub alerts: Vec<Alert>,
    /// What was learnt of where a page varies.
    pub mask: Option<(TargetId, Mask)>,
    /// (name, value), e.g. a report that went out.
    pub milestone: Option<(String, String)>,
    /// Each refused like the dossier where its revision is not the stored one.
    #[serde(default)]
    pub requests: Vec<Request>,
    #[serde(default)]
    pub registry: Option<Enrolment>,
    /// Each refused like the dossier where its revision is not the stored one.
    #[serde(default)]
    pub plans: Vec<Plan>,
    /// Added to the registry's history.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// Who is watched from now on, and who no more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Of the registry that it was decided from: refused as [`StoreError::Conflict`] where it is another now.
    pub revision: u64,
    pub registered: Vec<Registration>,
    pub removed: Vec<TargetId>,
}

/// What happened to an entry of the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Delivery {
    /// About to be tried: `alert.begun` is set and kept, so that a crash is known afterwards.
    Begun(Alert),
    Sent {
        alert: Alert,
        receipt: Option<Receipt>,
    },
    /// To be tried again at `alert.due`.
    Postponed(Alert),
    /// Never to be delivered by this notifier.
    Dead(Alert),
}

/// Which incidents are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub open_only: bool,
    /// Ended after this, or not ended.
    pub since: Option<Timestamp>,
    pub target: Option<TargetId>,
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

/// The verbs of the store. A commit that returned is on disk where it matters (see [`Commit`]).
#[async_trait]
pub trait Store: Send + Sync {
    async fn dossier(&self, target: &TargetId) -> Result<Option<Dossier>>;
    /// All that are readable.
    async fn dossiers(&self) -> Result<Vec<Dossier>>;
    /// What of all dossiers fits on a line, and the last look at each.
    async fn glances(&self) -> Result<Vec<Glance>>;
    async fn mask(&self, target: &TargetId) -> Result<Option<Arc<Mask>>>;
    async fn commit(&self, commit: Commit) -> Result<()>;
    async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>>;
    /// Oldest first.
    async fn incidents(&self, wanted: &Wanted) -> Result<Vec<Incident>>;
    /// A number nobody had before in that year.
    async fn incident_id(&self, year: i16) -> Result<IncidentId>;
    /// All waiting alerts, oldest first.
    async fn outbox(&self) -> Result<Vec<Alert>>;
    /// Alerts that a notifier refused for good, of one incident.
    async fn undelivered(&self, incident: &IncidentId) -> Result<Vec<Alert>>;
    /// Returns the entry as it waits now; `about` and `merged` may be newer than what was given.
    async fn delivery(&self, delivery: Delivery) -> Result<Option<Alert>>;
    /// Where the message of an incident or a request lies at a notifier.
    async fn receipt(&self, notifier: &str, subject: &str) -> Result<Option<Receipt>>;
    async fn history(&self, target: &TargetId, from: Timestamp, to: Timestamp) -> Result<History>;
    /// The same of several targets, in their order.
    async fn histories(
        &self,
        targets: &[TargetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<History>>;
    async fn registry(&self) -> Result<Vec<Registration>>;
    /// Counts its changes. To be read before the registry, so that what is decided is not older than it.
    async fn registry_revision(&self) -> Result<u64>;
    async fn request(&self, id: &RequestId) -> Result<Option<Request>>;
    /// Oldest first.
    async fn requests(&self) -> Result<Vec<Request>>;
    /// A number no request had before in that year.
    async fn request_id(&self, year: i16) -> Result<RequestId>;
    async fn plan(&self, id: &PlanId) -> Result<Option<Plan>>;
    /// By their beginnings.
    async fn plans(&self) -> Result<Vec<Plan>>;
    /// A number no plan had before in that year.
    async fn plan_id(&self, year: i16) -> Result<PlanId>;
    /// The registry's history: of one target, or all of it. Oldest first.
    async fn entries(&self, of: Option<&TargetId>) -> Result<Vec<Entry>>;
    async fn milestone(&self, name: &str) -> Result<Option<String>>;
    /// Alerts that a notifier refused for good, oldest first.
    async fn dead_letters(&self) -> Result<Vec<Alert>>;
    /// Alerts of the same notifier give way to one of a storm: they leave the outbox, their incidents' messages
    /// are the storm's from now on, and one alert of it waits, all in one batch.
    async fn gather(&self, alerts: Vec<Alert>, storm: Storm, told: Alert) -> Result<()>;
    async fn storms(&self, notifier: &str) -> Result<Vec<Storm>>;
    async fn put_storm(&self, storm: Storm) -> Result<()>;
    /// Incidents whose message at a notifier is that storm's.
    async fn members(&self, storm: &Storm) -> Result<Vec<Incident>>;
    async fn condition(&self) -> Result<Condition>;
    /// Looks at every record.
    async fn checkup(&self) -> Result<Checkup>;
    /// Writes every record to a file, as of one moment; returns how many.
    async fn backup(&self, to: PathBuf) -> Result<u64>;
    /// What was repaired since this was last asked.
    async fn remarks(&self) -> Result<Vec<String>>;
    /// Every few seconds, by the service.
    async fn upkeep(&self) -> Result<()>;
    /// Once a night, by the service: what is older than it need be is rolled up or goes.
    async fn nightly(&self, now: Timestamp) -> Result<()>;
    /// Changes as they are committed through this store.
    fn pulse(&self) -> watch::Receiver<Pulse>;
}

/// What one write changes: keys with their new records, `None` where they go.
pub type Batch = Vec<(String, Option<Vec<u8>>)>;

/// Ordered keys and values; the little that a backend must be able to do.
#[async_trait]
pub trait Engine: Send + Sync {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// Keys from `from` (inclusive) to `to` (exclusive), ascending.
    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>>;
    /// The first `most` of them.
    fn some(&self, from: &str, to: &str, most: usize) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = self.range(from, to)?;
        all.truncate(most);
        Ok(all)
    }
    /// The last key in the range.
    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>>;
    /// All or nothing; on disk soon after. `keep` marks what cannot be learnt again: it must survive the loss
    /// of the engine's own files.
    fn apply(&self, batch: &Batch, keep: bool) -> Result<()>;
    /// Returns when all that was applied with `keep` is on disk.
    async fn settle(&self) -> Result<()> {
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
