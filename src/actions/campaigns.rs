//! Campaigns of an attacker over several portals: each is told to the operators once.

use jiff::Timestamp;

use crate::{
    incident::campaign::{self, Campaign, WITHIN},
    model::{About, Incident, Urgency, incident::Trace},
    store::{Commit, Put, StoreError, Wanted, tables},
    world::World,
};

/// Tells the operators of the campaigns among the incidents of the last days that they were not told of.
///
/// # Errors
///
/// The store's.
pub(crate) async fn tell(world: &World) -> Result<(), StoreError> {
    let now = world.clock.now();
    let incidents = recent(world, now).await?;
    for it in campaign::campaigns(&incidents, now) {
        if world.store.marker(&marker(&it.trace)).await?.is_some() {
            continue;
        }
        let (count, trace) = (it.incidents.len(), &it.trace);
        tracing::warn!(
            name = %trace.name,
            role = trace.role.as_str(),
            portals = count,
            "one campaign"
        );
        let about = About::Campaign(it.trace.clone());
        let commit = Commit {
            alerts: world.config.operators().alerts(&about, Urgency::Grave, now),
            puts: told(&it, now),
            ..Commit::default()
        };
        world.store.commit(commit).await?;
    }
    Ok(())
}

/// The incidents with a trace, oldest first, one a portal.
///
/// # Errors
///
/// The store's.
pub async fn incidents_of(world: &World, trace: &Trace) -> Result<Vec<Incident>, StoreError> {
    let now = world.clock.now();
    let incidents = recent(world, now).await?;
    let of = campaign::of(trace, &incidents, now);
    Ok(of.incidents.into_iter().cloned().collect())
}

/// Incidents that are open, or ended within the time of a campaign.
async fn recent(world: &World, now: Timestamp) -> Result<Vec<Incident>, StoreError> {
    let wanted = Wanted {
        since: Some(now - WITHIN),
        ..Wanted::default()
    };
    world.store.incidents(&wanted).await
}

/// A marker for each trace of the campaign: what was told with one is not told again with another.
fn told(it: &Campaign<'_>, now: Timestamp) -> Vec<Put> {
    let traces = std::iter::once(&it.trace).chain(&it.beside);
    let put = |trace: &Trace| Put {
        table: tables::MARKERS,
        id: marker(trace),
        revision: None,
        record: now.to_string().into(),
    };
    traces.map(put).collect()
}

fn marker(trace: &Trace) -> String {
    format!("campaign/{}", trace.key())
}
