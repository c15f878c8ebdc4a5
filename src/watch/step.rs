//! A person's step with an incident: decided on the incident as it is, committed with the messages that show it to all, and
//! decided anew where somebody else was faster.

use jiff::Timestamp;

use super::World;
use crate::{
    incident::Voice,
    model::{Incident, IncidentId},
    store::{Commit, StoreError},
};

/// A commit that was overtaken is decided anew so many times.
const TRIES: u32 = 5;

/// Why nothing was done.
#[derive(Debug)]
pub enum NotDone {
    /// There is no such incident.
    Unknown,
    /// It cannot be, for the reason that the decision gave.
    Refused(String),
    Store(StoreError),
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Returns the incident as it is then. `milestone` is written in the same commit.
pub async fn step(
    world: &World,
    id: &IncidentId,
    milestone: Option<(String, String)>,
    decide: impl Fn(&Incident, Timestamp) -> Result<Incident, String>,
) -> Result<Incident, NotDone> {
    for _ in 0..TRIES {
        let known = world.store.incident(id).await?.ok_or(NotDone::Unknown)?;
        let now = world.clock.now();
        let next = decide(&known, now).map_err(NotDone::Refused)?;
        let alerts = match world.target(&known.target).await? {
            Some(target) => world.alerts(&target, &next, Voice::Plain, now),
            None => world.alerts_to_duty(&next, now),
        };
        let commit = Commit {
            incidents: vec![next.clone()],
            alerts,
            milestone: milestone.clone(),
            ..Commit::default()
        };
        match world.store.commit(commit).await {
            Ok(()) => return Ok(next),
            Err(StoreError::Conflict) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
