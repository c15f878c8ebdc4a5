//! Memory that survives: what was learnt, what is open, what is still to be told.
//!
//! [`Store`] speaks in words of the domain. [`ledger::Ledger`] keeps its promises over any [`Engine`];
//! [`control::Client`] speaks to the service that holds the store, so that commands work beside it.

pub mod backends;
pub mod codec;
pub mod control;
pub mod evidence;
pub mod ledger;
pub mod lock;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use evidence::Evidence;
pub use ledger::Ledger;

use crate::model::{
    Alert, Dossier, Incident, IncidentId, Receipt, TargetId,
    history::{History, Mark},
    target::Target,
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
    /// (name, value), e.g. a report that went out.
    pub milestone: Option<(String, String)>,
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

/// A target that was registered beside targets.yaml.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    pub target: Target,
    pub by: String,
    pub at: Timestamp,
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
    /// Where an incident's message lies at a notifier.
    async fn receipt(&self, notifier: &str, incident: &IncidentId) -> Result<Option<Receipt>>;
    async fn history(&self, target: &TargetId, from: Timestamp, to: Timestamp) -> Result<History>;
    async fn registry(&self) -> Result<Vec<Registration>>;
    async fn register(&self, registration: Registration) -> Result<()>;
    /// Whether there was such a registration.
    async fn unregister(&self, target: &TargetId) -> Result<bool>;
    async fn milestone(&self, name: &str) -> Result<Option<String>>;
    /// Changes as they are committed through this store.
    fn pulse(&self) -> watch::Receiver<Pulse>;
}

/// Ordered keys and values; the little that a backend must be able to do.
#[async_trait]
pub trait Engine: Send + Sync {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// Keys from `from` (inclusive) to `to` (exclusive), ascending.
    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>>;
    /// The last key in the range.
    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>>;
    /// All or nothing. Returns after it is on disk when `durable`, else soon after.
    async fn apply(&self, batch: Vec<(String, Option<Vec<u8>>)>, durable: bool) -> Result<()>;
}
