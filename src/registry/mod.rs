//! The registry's rules: requests, checks, approval and removal. Pure: bot and command line use these verbs alike; each
//! returns the next state and the lines for the registry's history.

pub mod limits;
pub mod listed;
pub mod names;
pub mod request;
pub mod rivals;
pub mod rows;

use jiff::Timestamp;
pub use request::{Wanted, approve, ask, expire, prove, proved, refuse, seen, withdraw};
pub use rivals::refuse_all;
pub use rows::{Row, targets};

use crate::model::{
    Target, TargetId,
    registration::{Deed, Entry, Registration, Request},
};

/// What there is already.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Of the file and registered ones.
    pub targets: &'a [Target],
    pub requests: &'a [Request],
    /// Ids used before: records kept under them must not go to a new portal.
    pub used: &'a [String],
}

/// A step and what is to be written for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub request: Option<Request>,
    /// Other requests that end with this step.
    pub others: Vec<Request>,
    pub registered: Vec<Registration>,
    pub removed: Vec<TargetId>,
    pub entries: Vec<Entry>,
}

/// Targets that a person registers without a request.
pub fn add(targets: Vec<Target>, by: &str, until: Option<Timestamp>, now: Timestamp) -> Step {
    let mut step = Step::default();
    for target in targets {
        step.entries.push(Entry {
            at: now,
            target: target.id.clone(),
            by: by.to_owned(),
            deed: Deed::Registered {
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

/// Takes a registered target out; `None` where there is none of that id.
pub fn remove(
    registered: &[Registration],
    id: &TargetId,
    by: &str,
    reason: Option<String>,
    now: Timestamp,
) -> Option<Step> {
    registered.iter().find(|it| it.target.id == *id)?;
    Some(gone(id, by, Deed::Removed { reason }, now))
}

/// Registrations with a watch window that is over.
pub fn ended(registered: &[Registration], now: Timestamp) -> Vec<Registration> {
    let over = registered
        .iter()
        .filter(|it| it.until.is_some_and(|until| until <= now));
    over.cloned().collect()
}

/// The end of one of them.
pub fn end(id: &TargetId, by: &str, now: Timestamp) -> Step {
    gone(id, by, Deed::Ended, now)
}

fn gone(id: &TargetId, by: &str, deed: Deed, now: Timestamp) -> Step {
    Step {
        removed: vec![id.clone()],
        entries: vec![Entry {
            at: now,
            target: id.clone(),
            by: by.to_owned(),
            deed,
        }],
        ..Step::default()
    }
}
