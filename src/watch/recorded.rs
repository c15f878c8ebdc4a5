//! What the store holds of a target before a check.

use std::net::IpAddr;

use crate::{
    model::{Incident, Target, TargetState},
    world::World,
};

/// The target's state, and its open incident.
pub(crate) struct Recorded {
    pub target_state: TargetState,
    pub open: Option<Incident>,
}

impl Recorded {
    /// Reads both from the store. If the state cannot be read, the check goes on with an empty one.
    pub async fn read(world: &World, target: &Target) -> Self {
        let target_state = match world.store.target_state(&target.id).await {
            Ok(target_state) => target_state.unwrap_or_else(|| TargetState::new(target.id.clone())),
            Err(error) => {
                world.metrics.record_write(false);
                tracing::error!(target.id = %target.id, %error, "the target's state cannot be read; the target is looked at without it");
                TargetState::new(target.id.clone())
            }
        };
        Self::with(world, target_state).await
    }

    /// Reads the open incident of a target's state.
    pub async fn with(world: &World, target_state: TargetState) -> Self {
        let open = open_incident(world, &target_state).await;
        Self { target_state, open }
    }

    /// The address that looks should use. An open incident may stand at one address, and is over when that one is well. A
    /// first baseline is learnt at one address, too: what a portal has in common with a stranger's page behind its other
    /// address would be next to nothing.
    pub fn address(&self) -> Option<IpAddr> {
        let target_state = &self.target_state;
        let is_learning = target_state.baseline.is_none() && !target_state.learning.is_empty();
        match &self.open {
            Some(open) => open.address,
            None => target_state.address.filter(|_| is_learning),
        }
    }
}

async fn open_incident(world: &World, target_state: &TargetState) -> Option<Incident> {
    let id = target_state.open.as_ref()?;
    match world.store.incident(id).await {
        Ok(found) => found.filter(|it| it.stage.is_open()),
        Err(error) => {
            tracing::error!(incident.id = %id, %error, "the open incident cannot be read");
            None
        }
    }
}
