//! One check, start to end: look, doubt ourselves, confirm, decide, commit.

use std::{net::IpAddr, time::Duration};

use jiff::Timestamp;

use super::{
    confirm::confirm,
    look::{Beside, look},
    sightings,
    teach::{grown, keep, keep_mask, learn_profile},
};
use crate::{
    incident::{self, Voice},
    judge::{
        self, Gravest, Look,
        learn::{mask_of, needs_approval, teaches},
        shows_mark,
    },
    model::{
        Class, Dossier, Incident, IncidentId, Profile, Standing, Target, TargetId, history::Mark,
        window,
    },
    store::{Commit, StoreError},
    watch::{
        announced, connectivity,
        connectivity::Sight,
        finding::{Agreed, finding, is_news},
        other_addresses, subpages,
    },
    world::{World, evicted},
};

/// Pause between looks at a target while our own network is gone.
const BLIND_PACE: Duration = Duration::from_secs(30);

/// Attempts at one decision: another task that commits first makes it start again.
const TRIES: u32 = 5;

/// What a check came to, and when the next one is due.
#[derive(Clone, Debug)]
pub struct Checked {
    /// `None` where our own network is gone.
    pub class: Option<Class>,
    pub next: Duration,
}

/// Something that is held until the first look is done. What follows is mostly waiting.
pub struct Place(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Place {
    /// `leave` is called when it is given up.
    pub fn new(leave: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(leave)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(leave) = self.0.take() {
            leave();
        }
    }
}

/// Checks a target once. Failures of the store are told and the watch goes on.
pub async fn check(world: &World, target: &Target) -> Checked {
    check_from(world, target, Place(None)).await
}

/// The same from a place that is given up after the first look.
pub async fn check_from(world: &World, target: &Target, place: Place) -> Checked {
    let now = world.clock.now();
    let every = window::interval(target.settings.every, &world.windows(now), now);
    let blind = Checked {
        class: None,
        next: every.min(BLIND_PACE),
    };
    let dossier = match world.store.dossier(&target.id).await {
        Ok(dossier) => dossier.unwrap_or_else(|| Dossier::new(target.id.clone())),
        Err(error) => {
            world.measure.stored(false);
            tracing::error!(target.id = %target.id, %error, "the dossier cannot be read; the target is looked at without it");
            Dossier::new(target.id.clone())
        }
    };
    let conditional = may_be_conditional(world, &dossier, now);
    let open = known(world, &dossier).await;
    let face = other_addresses::face(open.as_ref(), &dossier);
    let first = gravest_at(world, target, &dossier, conditional, face).await;
    drop(place);
    let first =
        other_addresses::look_at_other_addresses(world, target, &dossier, open.as_ref(), first)
            .await;
    let open = open.as_ref();
    if connectivity::sight(world, target, open, &first).await == Sight::Blind {
        return blind;
    }
    let sighted = sightings::first(world, target, &dossier, open, &first).await;
    let (looks, sure) = if sighted.news {
        let confirmed = confirm(world, target, &dossier, first).await;
        // the network may have gone while we looked again
        if let Some(last) = confirmed.looks.last()
            && connectivity::sight(world, target, open, last).await == Sight::Blind
        {
            return blind;
        }
        let looked = confirmed.looks.len() as u32;
        let sure = confirmed.sure.then_some((now, confirmed.agreed, looked));
        (confirmed.looks, sure)
    } else {
        (vec![first], None)
    };
    for look in &looks {
        mark(world, target, look, every).await;
    }
    sightings::add_up(world, target, &dossier, sighted, &looks, sure.is_some()).await;
    let Some(look) = looks.last() else {
        return blind;
    };
    if needs_approval(&dossier, look) {
        tracing::warn!(target.id = %target.id, score = look.verdict.score,
            "a page that is doubtful at first sight does not become a baseline by itself; look at it and run: gaccong approve {} --by NAME", target.id.portal());
    }
    let calm = sure.is_none() && dossier.open.is_none() && look.class.standing() == Standing::Up;
    if !calm || teaches(target, &dossier, look, every) {
        decide(world, target, look, sure, every).await;
    }
    if target.settings.pages > 1 && look.class.standing() == Standing::Up {
        subpages::round(world, target).await;
    }
    let learning = dossier.baseline.is_none() && look.class.standing() == Standing::Up;
    let next = match (learning, sighted.is_noted()) {
        (true, _) => target.settings.learn.every.min(every),
        (_, true) => sightings::unforeseen(every),
        _ => sightings::pace(&dossier, every, now),
    };
    Checked {
        class: Some(look.class),
        next,
    }
}

/// Looks at one part of a portal. A part that is gone, slow or in repair opens no incident and does not count towards the
/// portal's availability; an attacker's content in it opens one.
pub(crate) async fn part(world: &World, target: &Target) {
    let now = world.clock.now();
    let dossier = match world.store.dossier(&target.id).await {
        Ok(found) => found.unwrap_or_else(|| Dossier::new(target.id.clone())),
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "the dossier cannot be read; the part is left for the next round");
            return;
        }
    };
    let open = known(world, &dossier).await;
    let face = other_addresses::face(open.as_ref(), &dossier);
    let first = gravest_at(world, target, &dossier, false, face).await;
    let known = open.as_ref();
    let first =
        other_addresses::look_at_other_addresses(world, target, &dossier, known, first).await;
    tracing::debug!(target.id = %target.id, url = %target.url, class = %first.class, "looked at a part");
    match first.class.standing() {
        Standing::Up if known.is_some() || first.seen.is_some() => {
            let every = target.settings.every;
            let sighted = sightings::first(world, target, &dossier, known, &first).await;
            sightings::count_good(world, target, &dossier, std::slice::from_ref(&first)).await;
            sightings::add_up(world, target, &dossier, sighted, &[], false).await;
            decide(world, target, &first, Some((now, 1, 1)), every).await;
        }
        Standing::Tampered => tampered_part(world, target, &dossier, known, first).await,
        _ => (),
    }
}

/// Follows up a look at a part that shows tampering, if our own line did not cause it.
async fn tampered_part(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    known: Option<&Incident>,
    first: Look,
) {
    let seen_at = first.observation.at;
    if connectivity::sight(world, target, known, &first).await == Sight::Blind {
        return;
    }
    let sighted = sightings::first(world, target, dossier, known, &first).await;
    let (looks, sure) = if sighted.news {
        let confirmed = confirm(world, target, dossier, first).await;
        if let Some(last) = confirmed.looks.last()
            && last.class.standing() == Standing::Tampered
            && connectivity::sight(world, target, known, last).await == Sight::Blind
        {
            return;
        }
        let looked = confirmed.looks.len() as u32;
        let sure = confirmed
            .sure
            .then_some((seen_at, confirmed.agreed, looked));
        (confirmed.looks, sure)
    } else {
        (vec![first], None)
    };
    sightings::count_good(world, target, dossier, &looks).await;
    sightings::add_up(world, target, dossier, sighted, &looks, sure.is_some()).await;
    if let Some(look) = looks.last()
        && sure.is_some()
    {
        decide(world, target, look, sure, target.settings.every).await;
    }
}

/// Writes a look into history. Called only once our own sight is known to be good: a look that failed
/// because of us is no outage of the portal.
async fn mark(world: &World, target: &Target, look: &Look, every: Duration) {
    world
        .measure
        .looked(look.class, look.observation.elapsed_ms, look.observation.at);
    tracing::debug!(target.id = %target.id, class = %look.class, elapsed_ms = look.observation.elapsed_ms, "looked");
    let at = look.observation.at;
    // what lies before a blindness is not joined to what comes after it
    let since_blind = world
        .eyes
        .last_blind()
        .map(|it| at.duration_since(it).as_secs().max(0) as u64);
    let gap = since_blind.map_or(gap(every), |it| gap(every).min(it));
    let commit = Commit {
        mark: Some(Mark {
            target: target.id.clone(),
            at,
            class: look.class,
            elapsed_ms: look
                .observation
                .answer()
                .map(|_| look.observation.elapsed_ms),
            max_gap_s: u32::try_from(gap).unwrap_or(u32::MAX),
        }),
        ..Commit::default()
    };
    let written = world.store.commit(commit).await;
    world.measure.stored(written.is_ok());
    if let Err(error) = written {
        tracing::error!(target.id = %target.id, %error, "a look cannot be written");
    }
}

/// The longest gap between two looks, in seconds, that still counts as watched: twice the interval, and 60 s for a look.
fn gap(every: Duration) -> u64 {
    (every * 2).as_secs() + 60
}

/// One look a profile; the gravest counts. The first profile's is the portal's availability; the others have a history
/// of their own, and what only some visitors are shown is said to be so.
pub(crate) async fn gravest(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    conditional: bool,
) -> Look {
    gravest_at(world, target, dossier, conditional, None).await
}

/// Like [`gravest`], at the address `face` where the portal still has it. All profiles look at one address, so that a
/// difference is the visitor's and not the address's.
pub(crate) async fn gravest_at(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    conditional: bool,
    face: Option<IpAddr>,
) -> Look {
    let profiles = &target.settings.profiles;
    // the configuration holds at least one profile
    let first = profiles.first().copied().unwrap_or(Profile::Desktop);
    let beside = Beside {
        validators: dossier
            .validators
            .as_ref()
            .filter(|_| conditional && !dossier.faces),
        first: None,
        face,
    };
    let first = look(world, target, first, dossier, beside).await;
    took(world, &dossier.target, &first).await;
    if !judge::goes_on(&first) {
        return first;
    }
    let address = first.observation.face.address;
    let mut gravest = Gravest::of(first);
    for profile in profiles.iter().skip(1) {
        let own = profile_dossier(world, target, *profile).await;
        let beside = Beside {
            validators: None,
            first: Some(dossier),
            // a difference is to be the visitor's and not the address's
            face: address,
        };
        let seen = look(world, target, *profile, &own, beside).await;
        took(world, &own.target, &seen).await;
        if seen.class.standing() == Standing::Tampered {
            gravest.add(seen);
        } else {
            learn_profile(world, target, own, &seen).await;
        }
    }
    gravest.into_look()
}

async fn took(world: &World, of: &TargetId, look: &Look) {
    world.measure.decided(look.decided_by.as_str());
    keep_mask(world, of, look).await;
}

/// What is remembered of what another visitor than the first is shown.
pub async fn profile_dossier(world: &World, target: &Target, profile: Profile) -> Dossier {
    let id = target.id.beside(profile.as_str());
    match world.store.dossier(&id).await {
        Ok(found) => found.unwrap_or_else(|| Dossier::new(id)),
        Err(error) => {
            tracing::error!(target.id = %id, %error, "the dossier cannot be read; the visitor is taken for a new one");
            Dossier::new(id)
        }
    }
}

/// Whether a portal may answer that nothing changed: never while it is doubted or in a watch window, and never twice in
/// a row, since a portal in an attacker's hands could answer so for ever.
fn may_be_conditional(world: &World, dossier: &Dossier, now: Timestamp) -> bool {
    let windows = world.windows(now);
    let watched = windows.iter().any(|it| it.from <= now && now < it.to);
    let doubted = incident::is_doubted(&dossier.sightings, now);
    let calm = dossier.baseline.is_some() && dossier.open.is_none() && !watched && !doubted;
    world.may_spare(&dossier.target, calm)
}

async fn known(world: &World, dossier: &Dossier) -> Option<Incident> {
    let id = dossier.open.as_ref()?;
    match world.store.incident(id).await {
        Ok(found) => found.filter(|it| it.stage.is_open()),
        Err(error) => {
            tracing::error!(incident.id = %id, %error, "the open incident cannot be read");
            None
        }
    }
}

/// Takes a look into the dossier and, where it is `sure` (first seen, agreed, looked), into incidents;
/// all of it in one commit, decided anew where another task committed first.
async fn decide(
    world: &World,
    target: &Target,
    look: &Look,
    sure: Option<(Timestamp, u32, u32)>,
    every: Duration,
) {
    for _ in 0..TRIES {
        match attempt(world, target, look, sure, every).await {
            Ok(()) => {
                world.measure.stored(true);
                return;
            }
            Err(StoreError::Conflict) => continue,
            Err(error) => {
                world.measure.stored(false);
                tracing::error!(target.id = %target.id, %error, "a decision cannot be written");
                return;
            }
        }
    }
    tracing::error!(target.id = %target.id, "a decision was overtaken {TRIES} times; the next look decides");
}

async fn attempt(
    world: &World,
    target: &Target,
    look: &Look,
    sure: Option<(Timestamp, u32, u32)>,
    every: Duration,
) -> Result<(), StoreError> {
    let mut dossier = world
        .store
        .dossier(&target.id)
        .await?
        .unwrap_or_else(|| Dossier::new(target.id.clone()));
    let before = dossier.clone();
    if dossier.baseline.as_ref().map(|it| it.at) != look.baseline_at && look.seen.is_some() {
        tracing::info!(target.id = %target.id, "the baseline was moved while the page was judged; the next look decides");
        return Ok(());
    }
    // one that a person ended is not open any more: what is still wrong opens another
    let open = sightings::opened(world, &mut dossier).await?;
    let mut commit = Commit::default();
    let now = world.clock.now();
    let lasts = incident::lasts(open.as_ref(), &dossier.sightings, look.class, now);
    if let Some((seen_at, agreed, looked)) = sure
        && !lasts
        && is_news(open.as_ref(), look)
    {
        let how = Agreed {
            seen_at,
            agreed,
            looked,
        };
        let finding = finding(world, target, &dossier, look, &how).await;
        let year = seen_at
            .to_zoned(world.config.service.timezone.clone())
            .year();
        // reserved only where an incident may open; an unused number leaves a harmless gap
        let fresh = match crate::model::Kind::of(look.class) {
            Some(_) => world.store.incident_id(year).await?,
            None => IncidentId::new(year, 0),
        };
        let past = match (&open, &dossier.past) {
            (None, Some(id)) => world.store.incident(id).await?,
            _ => None,
        };
        let known = (open.as_ref(), past.as_ref());
        commit.incidents =
            sightings::stepped(world, target, &mut dossier, known, &finding, fresh).await?;
        announced::silence(world, &mut commit.incidents, now).await?;
        for it in &mut commit.incidents {
            tracing::info!(
                target.id = %target.id, incident.id = %it.id, kind = it.kind.as_str(), stage = it.stage.as_str(),
                class = %look.class, score = look.verdict.score, flaps = it.flaps, "incident"
            );
            let voice = incident::voice(it, shows_mark(&it.signals), now);
            commit.alerts.extend(world.alerts(target, it, voice, now));
        }
        if let Some(last) = commit.incidents.last() {
            dossier.open = last.stage.is_open().then(|| last.id.clone());
            dossier.past = Some(last.id.clone());
        }
    } else if let Some(reminded) = open
        .as_ref()
        .filter(|it| crate::model::Kind::of(look.class) == Some(it.kind))
        .and_then(|it| incident::remind(it, now))
    {
        commit.alerts = world.alerts(target, &reminded, Voice::Reminder, now);
        commit.incidents = vec![reminded];
    }
    let after = grown(world, target, &dossier, look, every).await;
    // a look that saw nothing new is a line of history and no more
    if after == before {
        return world.store.commit(commit).await;
    }
    commit.mask = mask_of(look, target, &after);
    commit.dossier = Some(after.clone());
    world.store.commit(commit).await?;
    evicted::remember(world, &before, &after).await;
    keep(world, target, &after, look);
    Ok(())
}
