//! Incidents of a target: the open one, the next step, and its alerts.

use jiff::{SignedDuration, Timestamp};

use crate::{
    incident::{self, Finding, plan},
    model::{
        Dossier, Incident, IncidentId, Kind, Target, incident::Intermittent,
        sighting::UNSEEN_INTERVALS,
    },
    store::{Commit, Result},
    watch::subpages,
    world::World,
};

/// The open incident of a dossier. Where a person ended it, the sightings behind it are forgotten.
pub(crate) async fn open(world: &World, dossier: &mut Dossier) -> Result<Option<Incident>> {
    let Some(id) = &dossier.open else {
        return Ok(None);
    };
    let known = world.store.incident(id).await?;
    if let Some(end) = known.as_ref().and_then(|it| it.ended_at) {
        dossier.sightings.forget(end);
    }
    let open = known.filter(|it| it.stage.is_open());
    dossier.open = open.as_ref().map(|it| it.id.clone());
    Ok(open)
}

/// The incident that was open before, where none is open now.
pub(crate) async fn past(
    world: &World,
    dossier: &Dossier,
    open: Option<&Incident>,
) -> Result<Option<Incident>> {
    match (open, &dossier.past) {
        (None, Some(id)) => world.store.incident(id).await,
        _ => Ok(None),
    }
}

/// A new number for an incident of the year of `at`. A number that is not used leaves a harmless gap.
pub(crate) async fn fresh_id(world: &World, at: Timestamp) -> Result<IncidentId> {
    world.store.incident_id(year(world, at)).await
}

fn year(world: &World, at: Timestamp) -> i16 {
    let zone = world.config.service.timezone.clone();
    at.to_zoned(zone).year()
}

/// The incidents that confirmed looks change. Tampering that was seen before and was gone in between is intermittent.
pub(crate) async fn step(
    world: &World,
    target: &Target,
    dossier: &mut Dossier,
    open: Option<&Incident>,
    finding: &Finding,
) -> Result<Vec<Incident>> {
    let kind = Kind::of(finding.class);
    let fresh = match kind {
        Some(_) => fresh_id(world, finding.seen_at).await?,
        None => IncidentId::new(year(world, finding.seen_at), 0),
    };
    let past = past(world, dossier, open).await?;
    let past = past.as_ref();
    if !kind.is_some_and(Kind::is_tampering) {
        return Ok(incident::step(open, past, target, finding, || fresh));
    }
    let known = open.is_some_and(|it| it.kind.is_tampering() && it.intermittent.is_none());
    let before = !known && incident::came_before(&dossier.sightings, finding.seen_at);
    let out = if before {
        let how = intermittent(world, target, dossier, finding.confirmed_at).await?;
        incident::sighted(open, past, target, finding, &how, || fresh)
    } else {
        incident::step(open, past, target, finding, || fresh)
    };
    dossier.sightings.tell();
    Ok(out)
}

/// The number of sightings, out of the number of looks since the first.
pub(crate) async fn intermittent(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    now: Timestamp,
) -> Result<Intermittent> {
    let seen = &dossier.sightings;
    let since = seen.since.unwrap_or(now);
    let until = now + SignedDuration::from_secs(1);
    let history = world.store.history(&target.id, since, until).await?;
    let spans = history.spans.iter().filter(|it| it.to >= since);
    let looks: u64 = spans.map(|it| it.looks).sum();
    let looks = match target.part {
        None => u32::try_from(looks).unwrap_or(u32::MAX).max(seen.times),
        Some(_) => seen.times.saturating_add(seen.unseen),
    };
    let every = target.settings.every * subpages::checks_a_turn(world, target).await?;
    Ok(Intermittent {
        times: seen.times,
        looks,
        last_at: seen.last_at().unwrap_or(now),
        told_at: now,
        unseen_s: u32::try_from((every * UNSEEN_INTERVALS).as_secs()).unwrap_or(u32::MAX),
    })
}

/// A commit of changed incidents with their alerts; the dossier refers to the last of them from now on.
pub(crate) async fn commit_of(
    world: &World,
    target: &Target,
    dossier: &mut Dossier,
    mut incidents: Vec<Incident>,
    now: Timestamp,
) -> Result<Commit> {
    silence_announced(world, &mut incidents, now).await?;
    let mut alerts = Vec::new();
    for it in &mut incidents {
        tracing::info!(
            target.id = %target.id, incident.id = %it.id, kind = it.kind.as_str(), stage = it.stage.as_str(),
            class = %it.class, flaps = it.flaps, times = it.intermittent.as_ref().map(|it| it.times), "incident"
        );
        let voice = incident::voice(it, now);
        alerts.extend(world.alerts(target, it, voice, now));
    }
    if let Some(last) = incidents.last() {
        dossier.open = last.stage.is_open().then(|| last.id.clone());
        dossier.past = Some(last.id.clone());
    }
    Ok(Commit {
        incidents,
        alerts,
        ..Commit::default()
    })
}

/// Silences incidents that have just opened on a portal whose agency has announced changes for now. An incident with marks
/// of an attack stays loud (see [`plan::quieted`]).
async fn silence_announced(
    world: &World,
    incidents: &mut [Incident],
    now: Timestamp,
) -> Result<()> {
    if !incidents.iter().any(|it| it.stage.is_open()) {
        return Ok(());
    }
    let plans = world.store.plans().await?;
    for it in incidents {
        let plan = plans.iter().find(|plan| plan.covers(&it.target, now));
        if let Some(silent) = plan.and_then(|plan| plan::quieted(it, plan, now)) {
            *it = silent;
        }
    }
    Ok(())
}
