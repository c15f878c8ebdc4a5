//! Incidents of a target: the open one, the next step, its alerts, the findings that it is made of and the pages that prove
//! them.

use jiff::{SignedDuration, Timestamp};

use crate::{
    incident::{self, Finding, plan, question},
    judge::{Look, shows_mark},
    model::{
        Baseline, Incident, IncidentId, Kind, LookRef, Part, Target, TargetId, TargetState,
        incident::{Evidence, Intermittent},
        sighting::{Shown, UNSEEN_INTERVALS},
    },
    store::{Commit, Result},
    watch::confirmed::Agreement,
    world::World,
};

/// The open incident of a target's state. Where a person ended it, the sightings behind it are forgotten.
pub(crate) async fn open(
    world: &World,
    target_state: &mut TargetState,
) -> Result<Option<Incident>> {
    let Some(id) = &target_state.open else {
        return Ok(None);
    };
    let known = world.store.incident(id).await?;
    if let Some(end) = known.as_ref().and_then(|it| it.ended_at) {
        target_state.sightings.forget(end);
    }
    let open = known.filter(|it| it.stage.is_open());
    target_state.open = open.as_ref().map(|it| it.id.clone());
    Ok(open)
}

/// Whether a look adds something to the open incident, or to its absence (see [`incident::is_news`]).
pub(crate) fn is_news(open: Option<&Incident>, look: &Look) -> bool {
    let signals = &look.verdict.signals;
    incident::is_news(open, look.class, signals, shows_mark(signals))
}

/// The incident that was open before, where none is open now.
pub(crate) async fn past(
    world: &World,
    target_state: &TargetState,
    open: Option<&Incident>,
) -> Result<Option<Incident>> {
    match (open, &target_state.past) {
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
    target_state: &mut TargetState,
    open: Option<&Incident>,
    finding: &Finding,
) -> Result<Vec<Incident>> {
    let kind = Kind::of(finding.class);
    let fresh = match kind {
        Some(_) => fresh_id(world, finding.seen_at).await?,
        None => IncidentId::new(year(world, finding.seen_at), 0),
    };
    let past = past(world, target_state, open).await?;
    let past = past.as_ref();
    if !kind.is_some_and(Kind::is_tampering) {
        return Ok(incident::step(open, past, target, finding, || fresh));
    }
    let known = open.is_some_and(|it| it.kind.is_tampering() && it.intermittent.is_none());
    let before = !known && incident::came_before(&target_state.sightings, finding.seen_at);
    let out = if before {
        let how = intermittent(world, target, target_state, finding.confirmed_at).await?;
        incident::sighted(open, past, target, finding, &how, || fresh)
    } else {
        incident::step(open, past, target, finding, || fresh)
    };
    target_state.sightings.tell();
    Ok(out)
}

/// The number of sightings, out of the number of looks since the first.
pub(crate) async fn intermittent(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    now: Timestamp,
) -> Result<Intermittent> {
    let seen = &target_state.sightings;
    let since = seen.since.unwrap_or(now);
    let until = now + SignedDuration::from_secs(1);
    let history = world.store.history(&target.id, since, until).await?;
    let spans = history.spans.iter().filter(|it| it.to >= since);
    let looks: u64 = spans.map(|it| it.looks).sum();
    let looks = match target.part {
        None => u32::try_from(looks).unwrap_or(u32::MAX).max(seen.times),
        Some(_) => seen.times.saturating_add(seen.unseen),
    };
    let every = target.settings.every * checks_a_turn(world, target).await?;
    Ok(Intermittent {
        times: seen.times,
        looks,
        last_at: seen.last_at().unwrap_or(now),
        told_at: now,
        unseen_s: u32::try_from((every * UNSEEN_INTERVALS).as_secs()).unwrap_or(u32::MAX),
    })
}

/// The number of the home page's checks from one look at the target to the next: one for a home page, and for a part all
/// that are in turn with it.
async fn checks_a_turn(world: &World, target: &Target) -> Result<u32> {
    let Some(part) = target.part else {
        return Ok(1);
    };
    let home: TargetId = target.id.portal().parse().unwrap_or(target.id.clone());
    let home = world.store.target_state(&home).await?;
    let parts = home.map_or(0, |it| it.beyond.parts.len()) + 1;
    let turns = match part {
        // an unlinked path with an open incident gets every second turn of them
        Part::Unlinked => parts * 2,
        _ => parts,
    };
    Ok(u32::try_from(turns).unwrap_or(u32::MAX))
}

/// A commit of changed incidents with their alerts; the target's state refers to the last of them from now on.
pub(crate) async fn commit_of(
    world: &World,
    target: &Target,
    target_state: &mut TargetState,
    mut incidents: Vec<Incident>,
    now: Timestamp,
) -> Result<Commit> {
    silence_announced(world, &mut incidents, now).await?;
    let hours = question::Hours {
        windows: &world.windows(now),
        times: world.config.questions,
        zone: &world.config.service.timezone,
    };
    incidents = incidents
        .into_iter()
        .map(|it| question::asked(it, hours))
        .collect();
    let mut alerts = Vec::new();
    for it in &mut incidents {
        tracing::info!(
            target.id = %target.id, incident.id = %it.id, kind = it.kind.as_str(), stage = it.stage.as_str(),
            class = %it.class, flaps = it.flaps, times = it.intermittent.as_ref().map(|it| it.times), "incident"
        );
        let loudness = incident::loudness(it, shows_mark(&it.signals), now);
        alerts.extend(world.alerts(target, it, loudness, now));
    }
    if let Some(last) = incidents.last() {
        target_state.open = last.stage.is_open().then(|| last.id.clone());
        target_state.past = Some(last.id.clone());
    }
    Ok(Commit {
        incidents,
        alerts,
        ..Commit::default()
    })
}

/// Silences new incidents of a portal during a change that its agency has announced. An incident with marks of an attack
/// stays loud (see [`plan::silenced`]).
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
        // an announced change is asked about when its time is over, and not before
        let change = match it.kind {
            Kind::Asked => question::as_change(it.clone()),
            _ => it.clone(),
        };
        if let Some(silent) =
            plan.and_then(|plan| plan::silenced(&change, shows_mark(&it.signals), plan, now))
        {
            *it = silent;
        }
    }
    Ok(())
}

/// The finding of a look that others agree with.
pub(crate) async fn finding_of_look(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    look: &Look,
    how: &Agreement,
) -> Finding {
    Finding {
        class: look.class,
        seen_at: how.seen_at,
        confirmed_at: world.clock.now(),
        agreed: how.agreed,
        looked: how.looked,
        vantage: look.observation.vantage.clone(),
        cause: look.cause.clone(),
        score: look.verdict.score,
        is_marked: shows_mark(&look.verdict.signals),
        signals: look.verdict.signals.clone(),
        title_before: world.norm(target, target_state).await.title.clone(),
        title_now: look.title.clone(),
        changes: look.changes.clone(),
        before: page_before(target_state),
        evidence: keep_evidence(world, target, look).await,
        led: look.led.clone(),
        traces: look.traces.clone(),
        address: look.observation.face.address.or(target_state.address),
        one_of: look.observation.face.others,
    }
}

/// The finding of several sightings, with the page that was shown last.
pub(crate) async fn finding_of_sightings(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    shown: &Shown,
    how: &Intermittent,
) -> Finding {
    let pending = target_state.sightings.seen.iter().find(|it| !it.told);
    Finding {
        class: shown.class,
        seen_at: pending.map_or(shown.at, |it| it.at),
        confirmed_at: world.clock.now(),
        agreed: how.times,
        looked: how.looks,
        vantage: world.config.service.vantage.clone(),
        cause: shown.cause.clone(),
        score: shown.score,
        is_marked: shows_mark(&shown.signals),
        signals: shown.signals.clone(),
        title_before: world.norm(target, target_state).await.title.clone(),
        title_now: shown.title.clone(),
        changes: shown.changes.clone(),
        before: page_before(target_state),
        evidence: shown.page.clone(),
        led: Vec::new(),
        traces: Vec::new(),
        address: shown.address.or(target_state.address),
        one_of: shown.one_of,
    }
}

/// Keeps the page of a look as evidence; `None` where the look has no page, or it cannot be kept.
pub(crate) async fn keep_evidence(world: &World, target: &Target, look: &Look) -> Option<Evidence> {
    let body = look.body.clone()?;
    match world.evidence.keep_body(body).await {
        Ok(_) => look.seen.as_ref().map(reference),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "evidence cannot be kept; the alert goes out without it");
            None
        }
    }
}

/// The page that officers see as "before".
fn page_before(target_state: &TargetState) -> Option<Evidence> {
    let baseline = target_state.baseline.as_ref();
    baseline.and_then(Baseline::latest).map(reference)
}

fn reference(look: &LookRef) -> Evidence {
    Evidence {
        at: look.at,
        digest: look.digest,
        url: look.url.clone(),
        content_type: look.content_type.clone(),
    }
}
