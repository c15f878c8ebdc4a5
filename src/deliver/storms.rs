//! What is recorded about a storm after its messages were sent.

use std::collections::HashSet;

use jiff::SignedDuration;

use super::timeline;
use crate::{
    model::{About, Alert, Incident, IncidentId, Storm, Urgency, storm::Family},
    notify::common::{Common, StormContext, common},
    store::Commit,
    world::World,
};

/// The list of incidents waits this long after a storm's begin, for incidents that are still being confirmed. It is
/// made again whenever the storm has doubled.
const LIST_AFTER: SignedDuration = SignedDuration::from_secs(45);

/// Records that the message about joiners was sent, so that they do not ring again.
pub(super) async fn joined_sent(world: &World, name: &str, id: &str, members: &[Incident]) {
    let Some(mut storm) = known(world, name, id).await else {
        return;
    };
    let told: HashSet<&IncidentId> = members.iter().map(|it| &it.id).collect();
    storm.joiners.retain(|it| !told.contains(it));
    storm.more_joiners = 0;
    storm.rung = Some(world.clock.now());
    if let Err(error) = world.store.put_storm(storm).await {
        tracing::error!(%error, "a storm cannot be written");
    }
}

async fn known(world: &World, name: &str, id: &str) -> Option<Storm> {
    match world.store.storms(name).await {
        Ok(all) => all.into_iter().find(|it| it.id == id),
        Err(error) => {
            tracing::error!(%error, "a storm cannot be read");
            None
        }
    }
}

/// Records in the members' time lines that a storm's message was sent, and queues a list if one is due.
pub(super) async fn sent(world: &World, name: &str, id: &str, members: Vec<Incident>) {
    let now = world.clock.now();
    let Some(mut storm) = known(world, name, id).await else {
        return;
    };
    storm.told = Some(now);
    storm.size = members.len();
    storm.rung = storm.rung.or(Some(now));
    storm.shared = common(&members, &StormContext::default()).map(Common::shared);
    // a list is a message with sound, and questions have none
    if storm.family != Family::Questions && members.len() >= 2 * storm.listed.max(1) {
        storm.listed = members.len();
        let about = About::StormList(storm.id.clone());
        let mut roll = Alert::new(name, about, Urgency::Low, now);
        roll.due = storm.begun.checked_add(LIST_AFTER).unwrap_or(now).max(now);
        let commit = Commit {
            alerts: vec![roll],
            ..Commit::default()
        };
        if let Err(error) = world.store.commit(commit).await {
            tracing::error!(%error, "the list of a storm cannot be asked for");
        }
    }
    if let Err(error) = world.store.put_storm(storm).await {
        tracing::error!(%error, "a storm cannot be written");
    }
    timeline::note_all_told(world, members, name).await;
}
