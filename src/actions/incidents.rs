//! A person's step with an incident, or with many: decided on each as it is, committed with the messages that show it to
//! all, and decided anew where somebody else was faster.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    incident::Voice,
    model::{Alert, Incident, IncidentId, Target},
    store::{Commit, StoreError},
    world::World,
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
        let target = world.target(&known.target).await?;
        let alerts = shown(world, target.as_ref(), &next, now);
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

/// What a step with many came to: those that it moved, as they are then, and those that stayed as they were.
#[derive(Debug, Default)]
pub struct Many {
    pub moved: Vec<Incident>,
    pub left: Vec<Incident>,
}

/// The same with many at once: all that `decide` moves go into one commit, so that a crash leaves all of it or nothing.
pub async fn step_all(
    world: &World,
    ids: &[IncidentId],
    milestone: Option<(String, String)>,
    decide: impl Fn(&Incident, Timestamp) -> Option<Incident>,
) -> Result<Many, NotDone> {
    let targets = world.targets().await?;
    let targets: HashMap<&str, &Target> = targets.iter().map(|it| (it.id.as_str(), it)).collect();
    for _ in 0..TRIES {
        let now = world.clock.now();
        let mut out = Many::default();
        let mut alerts = Vec::new();
        for id in ids {
            let Some(known) = world.store.incident(id).await? else {
                continue;
            };
            let Some(next) = decide(&known, now) else {
                out.left.push(known);
                continue;
            };
            // a part is told to whom its portal is
            let target = targets.get(next.target.portal()).copied();
            alerts.extend(shown(world, target, &next, now));
            out.moved.push(next);
        }
        if out.moved.is_empty() {
            return Ok(out);
        }
        let commit = Commit {
            incidents: out.moved.clone(),
            alerts,
            milestone: milestone.clone(),
            ..Commit::default()
        };
        match world.store.commit(commit).await {
            Ok(()) => return Ok(out),
            Err(StoreError::Conflict) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn shown(world: &World, target: Option<&Target>, it: &Incident, now: Timestamp) -> Vec<Alert> {
    match target {
        Some(target) => world.alerts(target, it, Voice::Plain, now),
        None => world.alerts_to_duty(it, now),
    }
}
