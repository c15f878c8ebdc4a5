//! What the store holds of a target before a check.

use std::net::IpAddr;

use crate::{
    model::{Dossier, Incident, Target},
    world::World,
};

/// The dossier of a target, and its open incident.
pub(crate) struct Recorded {
    pub dossier: Dossier,
    pub open: Option<Incident>,
}

impl Recorded {
    /// Reads both. A target with a dossier that cannot be read is looked at without it.
    pub async fn read(world: &World, target: &Target) -> Self {
        let dossier = match world.store.dossier(&target.id).await {
            Ok(dossier) => dossier.unwrap_or_else(|| Dossier::new(target.id.clone())),
            Err(error) => {
                world.metrics.record_write(false);
                tracing::error!(target.id = %target.id, %error, "the dossier cannot be read; the target is looked at without it");
                Dossier::new(target.id.clone())
            }
        };
        Self::with(world, dossier).await
    }

    /// Reads the open incident of a dossier.
    pub async fn with(world: &World, dossier: Dossier) -> Self {
        let open = open_incident(world, &dossier).await;
        Self { dossier, open }
    }

    /// The address that looks should use. An open incident may stand at one address, and is over when that one is well. A
    /// first baseline is learnt at one address, too: what a portal has in common with a stranger's page behind its other
    /// address would be next to nothing.
    pub fn address(&self) -> Option<IpAddr> {
        let dossier = &self.dossier;
        let is_learning = dossier.baseline.is_none() && !dossier.learning.is_empty();
        match &self.open {
            Some(open) => open.address,
            None => dossier.address.filter(|_| is_learning),
        }
    }
}

async fn open_incident(world: &World, dossier: &Dossier) -> Option<Incident> {
    let id = dossier.open.as_ref()?;
    match world.store.incident(id).await {
        Ok(found) => found.filter(|it| it.stage.is_open()),
        Err(error) => {
            tracing::error!(incident.id = %id, %error, "the open incident cannot be read");
            None
        }
    }
}
