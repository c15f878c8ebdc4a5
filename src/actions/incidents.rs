//! A person's step with an incident, or with many: decided on each as it is, committed with the messages that show it to
//! all, and decided anew where somebody else was faster.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    incident::Voice,
    model::{Alert, Incident, IncidentId, Target},
    store::{Commit, StoreError},
    world::{
        World,
        decide::{Decision, decide},
    },
};

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
    change: impl Fn(&Incident, Timestamp) -> Result<Incident, String> + Sync,
) -> Result<Incident, NotDone> {
    let (milestone, change) = (&milestone, &change);
    decide(world, |now| async move {
        let known = world.store.incident(id).await?.ok_or(NotDone::Unknown)?;
        let next = change(&known, now).map_err(NotDone::Refused)?;
        let target = world.target(&known.target).await?;
        let commit = Commit {
            incidents: vec![next.clone()],
            alerts: shown(world, target.as_ref(), &next, now),
            milestone: milestone.clone(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, next))
    })
    .await
}

/// What a step with many came to: those that it moved, as they are then, and those that stayed as they were.
#[derive(Debug, Default)]
pub struct Many {
    pub moved: Vec<Incident>,
    pub left: Vec<Incident>,
}

/// The same with many at once: all that `change` moves go into one commit, so that a crash leaves all of it or nothing.
pub async fn step_all(
    world: &World,
    ids: &[IncidentId],
    milestone: Option<(String, String)>,
    change: impl Fn(&Incident, Timestamp) -> Option<Incident> + Sync,
) -> Result<Many, NotDone> {
    let targets = world.targets().await?;
    let targets: HashMap<&str, &Target> = targets.iter().map(|it| (it.id.as_str(), it)).collect();
    let (targets, milestone, change) = (&targets, &milestone, &change);
    decide(world, |now| async move {
        let mut out = Many::default();
        let mut alerts = Vec::new();
        for id in ids {
            let Some(known) = world.store.incident(id).await? else {
                continue;
            };
            let Some(next) = change(&known, now) else {
                out.left.push(known);
                continue;
            };
            // a part is told to whom its portal is
            let target = targets.get(next.target.portal()).copied();
            alerts.extend(shown(world, target, &next, now));
            out.moved.push(next);
        }
        if out.moved.is_empty() {
            return Ok(Decision::nothing(out));
        }
        let commit = Commit {
            incidents: out.moved.clone(),
            alerts,
            milestone: milestone.clone(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, out))
    })
    .await
}

fn shown(world: &World, target: Option<&Target>, it: &Incident, now: Timestamp) -> Vec<Alert> {
    match target {
        Some(target) => world.alerts(target, it, Voice::Plain, now),
        None => world.alerts_to_duty(it, now),
    }
}
