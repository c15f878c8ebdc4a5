//! Store queries that several kinds of alerts share.

use std::collections::HashSet;

use super::Unsent;
use crate::{
    model::{Incident, IncidentId, Storm, incident::Taken},
    store::Wanted,
    world::World,
};

pub(super) async fn incident(world: &World, id: &IncidentId) -> Result<Incident, Unsent> {
    let known = world.store.incident(id).await?;
    known.ok_or_else(|| Unsent::Gone(format!("there is no incident {id}")))
}

/// A storm of a notifier, and its member incidents. A storm without members needs no message: its incidents have
/// moved elsewhere.
pub(super) async fn storm(
    world: &World,
    notifier: &str,
    id: &str,
) -> Result<(Storm, Vec<Incident>), Unsent> {
    let all = world.store.storms(notifier).await?;
    let known = all.into_iter().find(|it| it.id == id);
    let known = known.ok_or_else(|| Unsent::Gone(format!("there is no storm {id}")))?;
    let members = world.store.members(&known).await?;
    if members.is_empty() {
        return Err(Unsent::Moot);
    }
    Ok((known, members))
}

/// All open incidents.
pub(super) async fn open(world: &World) -> Result<Vec<Incident>, Unsent> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    Ok(world.store.incidents(&wanted).await?)
}

/// Open incidents that a notifier gets alerts of and has not muted; for the operator's notifiers, those of all
/// targets.
pub(super) async fn open_at(world: &World, notifier: &str) -> Result<Vec<Incident>, Unsent> {
    let now = world.clock.now();
    let mut all = open(world).await?;
    if !world.config.operators().include(notifier) {
        let targets = world.targets().await?;
        let ours: HashSet<&str> = targets
            .iter()
            .filter(|it| it.settings.notify.iter().any(|it| it == notifier))
            .map(|it| it.id.as_str())
            .collect();
        all.retain(|it| ours.contains(it.target.portal()));
    }
    all.retain(|it| !it.is_muted_for(notifier, now));
    Ok(all)
}

/// Whether a notifier's people should still take an incident. Once one of the agency's people has taken it, only the
/// operator's people are still asked to.
pub(super) fn waits_for(world: &World, notifier: &str, it: &Incident) -> bool {
    it.led().is_none() && (it.taken.is_none() || world.config.operators().include(notifier))
}

/// The holder that a reminder at this notifier addresses. If an operator's officer has taken the incident: that
/// officer, and only in the operator's chats. Otherwise the agency's holder.
pub(super) fn held<'a>(world: &World, notifier: &str, it: &'a Incident) -> Option<&'a Taken> {
    match it.led() {
        Some(led) => Some(led).filter(|_| world.config.operators().include(notifier)),
        None => it.taken.as_ref(),
    }
}
