//! Atomic commits, and the outcomes of deliveries.

use serde::{Deserialize, Serialize};

use super::{
    Result, StoreError,
    tables::{self, Table},
};
use crate::model::{
    Alert, Incident, Mask, Receipt, TargetId, TargetState,
    history::Mark,
    plan::Plan,
    record::Record,
    registration::{AuditEntry, Registration, Request},
};

/// Everything that one decision changes. It is written in one atomic batch, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// The state of a target. The commit fails with [`StoreError::Conflict`] unless its revision is the stored one.
    pub target_state: Option<TargetState>,
    /// One look for the history.
    pub mark: Option<Mark>,
    /// Changed incidents; their revisions are checked like the target state's.
    pub incidents: Vec<Incident>,
    /// Alerts to add to the outbox.
    pub alerts: Vec<Alert>,
    /// The mask that was learnt for a target.
    pub mask: Option<(TargetId, Mask)>,
    /// Name and value of a marker, e.g. of a report that was sent.
    pub marker: Option<(String, String)>,
    /// Changed requests; their revisions are checked like the target state's.
    #[serde(default)]
    pub requests: Vec<Request>,
    #[serde(default)]
    pub registry: Option<RegistryUpdate>,
    /// Changed plans; their revisions are checked like the target state's.
    #[serde(default)]
    pub plans: Vec<Plan>,
    /// Lines to add to the registry's history.
    #[serde(default)]
    pub entries: Vec<AuditEntry>,
    /// Records of other tables.
    #[serde(default)]
    pub puts: Vec<Put>,
}

/// A record of any table, as part of a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Put {
    pub table: &'static Table,
    pub id: String,
    /// The revision that it was decided from; checked like the target state's. `None` to overwrite.
    pub revision: Option<u64>,
    /// The JSON of the record, with its new revision if it has one.
    pub record: serde_json::Value,
}

impl Put {
    /// The record as part of a commit, with its revision incremented.
    pub fn of<T: Record>(mut record: T) -> Result<Self> {
        let (id, table) = (record.id(), const { tables::of::<T>() });
        let revision = record.revision().map(|it| {
            *it += 1;
            *it - 1
        });
        let record = serde_json::to_value(&record).map_err(|error| {
            StoreError::Failed(format!("{} cannot be written: {error}", table.key(&id)))
        })?;
        Ok(Self {
            table,
            id,
            revision,
            record,
        })
    }
}

/// Registrations to add, and portals to remove, in one commit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RegistryUpdate {
    /// Revision of the registry that the decision is based on. The commit fails with [`StoreError::Conflict`] if it
    /// has changed.
    pub revision: u64,
    pub registered: Vec<Registration>,
    pub removed: Vec<TargetId>,
}

/// What happened to an entry of the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Delivery {
    /// An attempt begins: `alert.begun` is set and stored, so that it is known after a crash.
    Begun(Alert),
    Sent {
        alert: Alert,
        receipt: Option<Receipt>,
    },
    /// The next attempt is at `alert.due`.
    Postponed(Alert),
    /// This notifier will never deliver it: it becomes a dead letter.
    Dead(Alert),
}
