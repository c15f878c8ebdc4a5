//! What is written at once, and what was delivered.

use serde::{Deserialize, Serialize};

use super::{
    Result, StoreError,
    tables::{self, Table},
};
use crate::model::{
    Alert, Dossier, Incident, Mask, Receipt, TargetId,
    history::Mark,
    plan::Plan,
    record::Record,
    registration::{Entry, Registration, Request},
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
    /// Records of any other table.
    #[serde(default)]
    pub puts: Vec<Put>,
}

/// A record of any kind, as part of a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Put {
    pub table: &'static Table,
    pub id: String,
    /// Refused like the dossier where it is not the stored one.
    pub revision: Option<u64>,
    /// Its JSON, with the stored revision where it has one.
    pub record: serde_json::Value,
}

impl Put {
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

/// Portals that are watched from now on, and portals that are not any more.
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
