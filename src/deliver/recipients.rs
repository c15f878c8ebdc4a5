//! The notifiers that get an alert, each as an alert of its own.

use crate::{model::IncidentId, world::World};

/// The notifiers that an alert is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience<'a> {
    /// The notifiers of all targets of targets.yaml, and the operator's.
    Everybody,
    /// The operator's notifiers.
    Operators,
    /// The notifiers of an incident's target, and also the operator's if `operators` is set.
    OfIncident { id: &'a IncidentId, operators: bool },
}

impl<'a> Audience<'a> {
    /// The incident that gets failed deliveries noted in its time line.
    pub fn incident(self) -> Option<&'a IncidentId> {
        match self {
            Self::OfIncident { id, .. } => Some(id),
            Self::Everybody | Self::Operators => None,
        }
    }
}

/// The names of the notifiers. If the incident's target is no longer watched: the operator's.
pub(super) async fn recipients(world: &World, of: Audience<'_>) -> Vec<String> {
    let duty = world.config.operators().names();
    let (id, more) = match of {
        Audience::Everybody => return world.all_notifiers(),
        Audience::Operators => return duty.to_vec(),
        Audience::OfIncident { id, operators } => (id, operators),
    };
    let incident = world.store.incident(id).await.ok().flatten();
    let mut names = match incident {
        Some(incident) => match world.target(&incident.target).await.ok().flatten() {
            Some(target) => target.settings.notify,
            None => duty.to_vec(),
        },
        None => Vec::new(),
    };
    if more {
        names.extend_from_slice(duty);
    }
    names
}
