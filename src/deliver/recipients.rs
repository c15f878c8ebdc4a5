//! Who is told of an alert: the notifiers that have it, each by an alert of its own.

use crate::{model::IncidentId, world::World};

/// The notifiers that are told of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience<'a> {
    /// All notifiers of the configuration.
    Everybody,
    /// The people who run the service.
    Operators,
    /// The notifiers of an incident's target, and the operator's where `operators` is set.
    OfIncident { id: &'a IncidentId, operators: bool },
}

impl<'a> Audience<'a> {
    /// The incident in whose time line deliveries that fail are noted.
    pub fn incident(self) -> Option<&'a IncidentId> {
        match self {
            Self::OfIncident { id, .. } => Some(id),
            Self::Everybody | Self::Operators => None,
        }
    }
}

/// The names of the notifiers. An incident whose target is not watched any more is told to the operator.
pub(super) async fn recipients(world: &World, of: Audience<'_>) -> Vec<String> {
    let duty = world.config.operators().names();
    let (id, more) = match of {
        Audience::Everybody => return world.everybody(),
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
