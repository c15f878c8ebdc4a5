//! The rules of the registry: requests, checks, approval and removal. They are pure: bot and command line both use
//! them, and each function returns the next state and the lines for the registry's history.

mod ends;
pub mod limits;
pub mod listed;
pub mod names;
pub mod request;
pub mod rivals;
pub mod rows;

pub use ends::{expire, refuse, withdraw};
use jiff::Timestamp;
pub use request::{Wanted, approve, ask, prove, proved, seen};
pub use rivals::refuse_all;
pub use rows::{Row, targets};

use crate::model::{
    Target, TargetId,
    registration::{AuditEntry, AuditEvent, Registration, Request},
};

/// The present state that decisions are based on.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Targets of targets.yaml, and registered ones.
    pub targets: &'a [Target],
    pub requests: &'a [Request],
    /// Ids used by earlier portals: a new portal must not get the records stored under them.
    pub used: &'a [String],
}

/// The records to write for one decision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub request: Option<Request>,
    /// Other requests that this step ends.
    pub others: Vec<Request>,
    pub registered: Vec<Registration>,
    pub removed: Vec<TargetId>,
    pub entries: Vec<AuditEntry>,
}

/// Registers targets without a request.
pub fn add(targets: Vec<Target>, by: &str, until: Option<Timestamp>, now: Timestamp) -> Step {
    let mut step = Step::default();
    for target in targets {
        step.entries.push(AuditEntry {
            at: now,
            target: target.id.clone(),
            by: by.to_owned(),
            deed: AuditEvent::Registered {
                request: None,
                url: target.url.clone(),
                agency: target.agency.clone(),
                until,
                notify: target.settings.notify.clone(),
            },
        });
        step.registered.push(Registration {
            target,
            by: by.to_owned(),
            at: now,
            until,
        });
    }
    step
}

/// Removes a registered target; `None` if there is none with this id.
pub fn remove(
    registered: &[Registration],
    id: &TargetId,
    by: &str,
    reason: Option<String>,
    now: Timestamp,
) -> Option<Step> {
    registered.iter().find(|it| it.target.id == *id)?;
    Some(gone(id, by, AuditEvent::Removed { reason }, now))
}

/// Registrations past their end.
pub fn ended(registered: &[Registration], now: Timestamp) -> Vec<Registration> {
    let over = registered
        .iter()
        .filter(|it| it.until.is_some_and(|until| until <= now));
    over.cloned().collect()
}

/// Ends one registration that is past its end.
pub fn end(id: &TargetId, by: &str, now: Timestamp) -> Step {
    gone(id, by, AuditEvent::Ended, now)
}

fn gone(id: &TargetId, by: &str, deed: AuditEvent, now: Timestamp) -> Step {
    Step {
        removed: vec![id.clone()],
        entries: vec![AuditEntry {
            at: now,
            target: id.clone(),
            by: by.to_owned(),
            deed,
        }],
        ..Step::default()
    }
}
