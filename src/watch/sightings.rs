//! Sightings of tampering: written down before they are confirmed, and added up. What one look shows and the next does
//! not is remembered for a day.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    detect::weigh::is_signed,
    incident::{self, Finding},
    judge::{Look, shows_mark},
    model::{
        Dossier, Incident, IncidentId, Kind, Standing, Target,
        incident::Intermittent,
        sighting::{REMEMBERED, Shown, Sighting, UNSEEN_INTERVALS},
    },
    store::{Commit, StoreError},
    watch::{
        announced,
        finding::{before, evidence, identity, is_news},
        subpages,
    },
    world::World,
};

/// How often a commit is decided anew after another one overtook it.
const TRIES: u32 = 5;
/// The least pause between a sighting and the next look. An attacker who shows the honest page for a minute after each
/// of our requests is caught by the later looks.
const SOONEST: Duration = Duration::from_secs(30);

/// The pause before the next look: the interval as ever, or a random one after a sighting.
pub(crate) fn pace(dossier: &Dossier, every: Duration, now: Timestamp) -> Duration {
    if !incident::is_restless(&dossier.sightings, now) {
        return every;
    }
    unforeseen(every)
}

pub(crate) fn unforeseen(every: Duration) -> Duration {
    let soonest = SOONEST.min(every / 2);
    soonest + (every - soonest).mul_f64(fastrand::f64())
}

/// The first look of a check, compared with what is known.
#[derive(Clone, Copy)]
pub(crate) struct First {
    /// Whether it says something that is worth more looks.
    pub news: bool,
    /// When it showed tampering, which is written down then.
    noted: Option<Timestamp>,
}

impl First {
    pub fn is_noted(self) -> bool {
        self.noted.is_some()
    }
}

/// Writes down the tampering that a first look shows, before anything else: a process that is killed while it looks
/// again must not have forgotten it.
pub(crate) async fn first(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    known: Option<&Incident>,
    look: &Look,
) -> First {
    let now = world.clock.now();
    let lasts = incident::lasts(known, &dossier.sightings, look.class, now);
    let news = !lasts && is_news(known, look);
    let comes_and_goes = known.is_some_and(|it| it.intermittent.is_some());
    let noted = is_tampered(look) && (news || comes_and_goes);
    if noted {
        note(world, target, &[look]).await;
    }
    First {
        news,
        noted: noted.then_some(look.observation.at),
    }
}

/// Counts those of the looks at a part of a portal that showed nothing, while a sighting of it is remembered or an incident
/// is open.
pub(crate) async fn count_good(world: &World, target: &Target, dossier: &Dossier, looks: &[Look]) {
    let good = looks
        .iter()
        .filter(|it| it.class.standing() == Standing::Up);
    let good = u32::try_from(good.count()).unwrap_or(u32::MAX);
    let now = world.clock.now();
    let last = dossier.sightings.last_at();
    let is_remembered = last.is_some_and(|it| now.duration_since(it) <= REMEMBERED);
    // a look that shows tampering is remembered from now on
    let is_new = good < u32::try_from(looks.len()).unwrap_or(u32::MAX);
    if good > 0 && (is_remembered || is_new || dossier.open.is_some()) {
        again(world, target, Deed::CountGood(good)).await;
    }
}

/// Tells of sightings that the looks of a check do not confirm, where they add up to an incident all the same.
pub(crate) async fn add_up(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    first: First,
    looks: &[Look],
    sure: bool,
) {
    if sure && looks.last().is_some_and(is_tampered) {
        return;
    }
    let more = looks
        .iter()
        .filter(|it| first.news && is_tampered(it) && Some(it.observation.at) != first.noted);
    let more: Vec<&Look> = more.collect();
    note(world, target, &more).await;
    if first.noted.is_some() || !more.is_empty() || dossier.sightings.is_pending() {
        again(world, target, Deed::Tell(looks.len())).await;
    }
}

fn is_tampered(look: &Look) -> bool {
    look.class.standing() == Standing::Tampered
}

/// Writes sightings into the dossier, and their pages into evidence.
async fn note(world: &World, target: &Target, looks: &[&Look]) {
    if looks.is_empty() {
        return;
    }
    let mut found: Vec<Noted> = Vec::new();
    for look in looks {
        let page = evidence(world, target, look).await;
        let sighting = Sighting {
            at: look.observation.at,
            class: look.class,
            score: look.verdict.score,
            digest: page.as_ref().map(|it| it.digest),
            signed: is_signed(&look.verdict),
            told: false,
        };
        let shown = Shown {
            at: look.observation.at,
            class: look.class,
            score: look.verdict.score,
            signals: look.verdict.signals.clone(),
            cause: look.cause.clone(),
            title: look.title.clone(),
            changes: look.changes.clone(),
            page,
            address: look.observation.face.address,
            one_of: look.observation.face.others,
        };
        found.push(Noted {
            sighting,
            shown,
            against: look.baseline_at,
        });
    }
    again(world, target, Deed::Note(&found)).await;
    for Noted { sighting: it, .. } in &found {
        tracing::info!(target.id = %target.id, class = %it.class, score = it.score, signed = it.signed, "sighted");
    }
}

/// A sighting to write down, and the baseline that the page was judged against.
struct Noted {
    sighting: Sighting,
    shown: Shown,
    against: Option<Timestamp>,
}

/// A change to a dossier in one commit.
#[derive(Clone, Copy)]
enum Deed<'a> {
    Note(&'a [Noted]),
    /// Counts looks at a part that showed nothing, while there are sightings of it.
    CountGood(u32),
    /// Opens an incident of the sightings, or brings the open one up to date, where they amount to one; with the number
    /// of looks made just now.
    Tell(usize),
}

/// Decides and commits, anew where another task committed first.
async fn again(world: &World, target: &Target, deed: Deed<'_>) {
    for _ in 0..TRIES {
        match attempt(world, target, deed).await {
            Ok(()) => return,
            Err(StoreError::Conflict) => (),
            Err(error) => {
                world.measure.stored(false);
                tracing::error!(target.id = %target.id, %error, "what was sighted cannot be written");
                return;
            }
        }
    }
    tracing::error!(target.id = %target.id, "what was sighted was overtaken {TRIES} times; the next look tells it");
}

async fn attempt(world: &World, target: &Target, deed: Deed<'_>) -> Result<(), StoreError> {
    let dossier = world.store.dossier(&target.id).await?;
    let mut dossier = dossier.unwrap_or_else(|| Dossier::new(target.id.clone()));
    let commit = match deed {
        Deed::Note(found) => {
            // a person moved the baseline meanwhile: perhaps to the very page that looked tampered with
            let baseline = dossier.baseline.as_ref().map(|it| it.at);
            let valid = found.iter().filter(|it| it.against == baseline);
            let before = dossier.sightings.clone();
            for it in valid {
                dossier.sightings.add(it.sighting.clone(), it.shown.clone());
            }
            (dossier.sightings != before).then(|| Commit {
                dossier: Some(dossier),
                ..Commit::default()
            })
        }
        Deed::CountGood(looks) if dossier.sightings.since.is_some() => {
            dossier.sightings.unseen = dossier.sightings.unseen.saturating_add(looks);
            Some(Commit {
                dossier: Some(dossier),
                ..Commit::default()
            })
        }
        Deed::CountGood(_) => None,
        Deed::Tell(looked) => told(world, target, dossier, looked).await?,
    };
    match commit {
        Some(commit) => world.store.commit(commit).await,
        None => Ok(()),
    }
}

async fn told(
    world: &World,
    target: &Target,
    mut dossier: Dossier,
    looked: usize,
) -> Result<Option<Commit>, StoreError> {
    let now = world.clock.now();
    let open = opened(world, &mut dossier).await?;
    let known = open.as_ref();
    let Some(shown) = dossier.sightings.shown.clone() else {
        return Ok(None);
    };
    if !incident::amounts(&dossier.sightings, known, now) {
        return Ok(None);
    }
    let times = dossier.sightings.times;
    let mut commit = Commit::default();
    let shows = known.and_then(|it| it.intermittent.as_ref());
    let worse = Kind::of(shown.class)
        .zip(known)
        .is_some_and(|(kind, known)| incident::is_graver(kind, known.kind));
    if worse || shows.is_none_or(|it| incident::is_stale(it, times, now)) {
        let mut how = intermittent(world, target, &dossier, now).await?;
        how.looks = how.looks.max(u32::try_from(looked).unwrap_or(u32::MAX));
        let finding = finding(world, target, &dossier, &shown, &how).await;
        let zone = world.config.service.timezone.clone();
        let fresh = match known.filter(|it| it.kind.is_tampering()) {
            Some(_) => IncidentId::new(0, 0),
            None => {
                let year = now.to_zoned(zone).year();
                world.store.incident_id(year).await?
            }
        };
        let past = match (known, &dossier.past) {
            (None, Some(id)) => world.store.incident(id).await?,
            _ => None,
        };
        let step = incident::sighted(known, past.as_ref(), target, &finding, &how, || fresh);
        commit.incidents = step;
        announced::silence(world, &mut commit.incidents, now).await?;
        for it in &mut commit.incidents {
            tracing::info!(
                target.id = %target.id, incident.id = %it.id, kind = it.kind.as_str(), stage = it.stage.as_str(),
                class = %it.class, times = how.times, looks = how.looks, "incident of sightings"
            );
            let voice = incident::voice(it, shows_mark(&it.signals), now);
            commit.alerts.extend(world.alerts(target, it, voice, now));
        }
        if let Some(last) = commit.incidents.last() {
            dossier.open = last.stage.is_open().then(|| last.id.clone());
            dossier.past = Some(last.id.clone());
        }
    }
    dossier.sightings.tell();
    commit.dossier = Some(dossier);
    Ok(Some(commit))
}

/// Takes confirmed looks into incidents. Tampering that was seen before and was gone in between comes and goes.
pub(crate) async fn stepped(
    world: &World,
    target: &Target,
    dossier: &mut Dossier,
    (open, past): (Option<&Incident>, Option<&Incident>),
    finding: &Finding,
    fresh: IncidentId,
) -> Result<Vec<Incident>, StoreError> {
    let tampering = Kind::of(finding.class).is_some_and(Kind::is_tampering);
    if !tampering {
        return Ok(incident::step(open, past, target, finding, || fresh));
    }
    let known = open.is_some_and(|it| it.kind.is_tampering() && it.intermittent.is_none());
    let before = !known && incident::came_before(&dossier.sightings, finding.seen_at);
    let out = if before {
        let now = world.clock.now();
        let how = intermittent(world, target, dossier, now).await?;
        incident::sighted(open, past, target, finding, &how, || fresh)
    } else {
        incident::step(open, past, target, finding, || fresh)
    };
    dossier.sightings.tell();
    Ok(out)
}

/// The open incident of a dossier. Where a person ended it, the sightings that it was made of are forgotten.
pub(crate) async fn opened(
    world: &World,
    dossier: &mut Dossier,
) -> Result<Option<Incident>, StoreError> {
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

/// The number of sightings, out of the number of looks since the first.
pub(crate) async fn intermittent(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    now: Timestamp,
) -> Result<Intermittent, StoreError> {
    let seen = &dossier.sightings;
    let since = seen.since.unwrap_or(now);
    let history = world
        .store
        .history(&target.id, since, now + SignedDuration::from_secs(1))
        .await?;
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

async fn finding(
    world: &World,
    target: &Target,
    dossier: &Dossier,
    shown: &Shown,
    how: &Intermittent,
) -> Finding {
    let now = world.clock.now();
    let pending = dossier.sightings.seen.iter().find(|it| !it.told);
    Finding {
        class: shown.class,
        seen_at: pending.map_or(shown.at, |it| it.at),
        confirmed_at: now,
        agreed: how.times,
        looked: how.looks,
        vantage: world.config.service.vantage.clone(),
        cause: shown.cause.clone(),
        score: shown.score,
        is_marked: shows_mark(&shown.signals),
        signals: shown.signals.clone(),
        title_before: world.norm(target, dossier).await.title.clone(),
        title_now: shown.title.clone(),
        changes: shown.changes.clone(),
        before: before(dossier).map(identity),
        evidence: shown.page.clone(),
        address: shown.address.or(dossier.address),
        one_of: shown.one_of,
    }
}
