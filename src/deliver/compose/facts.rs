//! What several kinds of alerts read.

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

/// A storm of a notifier and its incidents; there is nothing to say of one without any, since they are told elsewhere.
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

/// Open incidents that a notifier is told of and has not muted; at the operator's notifiers, of all targets.
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

/// Whether an incident still needs a taker among a notifier's people. Where one of the agency's people has it, only the
/// operator's people are still wanted.
pub(super) fn waits_for(world: &World, notifier: &str, it: &Incident) -> bool {
    it.led().is_none() && (it.taken.is_none() || world.config.operators().include(notifier))
}

/// The holder that a notifier's people remind: in the operator's chats the operator's; where there is none, the
/// agency's.
pub(super) fn held<'a>(world: &World, notifier: &str, it: &'a Incident) -> Option<&'a Taken> {
    match it.led() {
        Some(led) => Some(led).filter(|_| world.config.operators().include(notifier)),
        None => it.taken.as_ref(),
    }
}
