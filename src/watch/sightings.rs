//! Sightings of tampering, written before they are confirmed: what one look shows and the next does not is remembered for a
//! day, and adds up.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    detect::weigh::is_signed,
    incident,
    judge::Look,
    model::{
        IncidentId, Kind, Standing, Target, TargetState,
        sighting::{REMEMBERED, Shown, Sighting},
    },
    store::{Commit, StoreError},
    watch::{
        confirmed::{Confirmed, FirstLook},
        incidents,
        recorded::Recorded,
    },
    world::{
        World,
        decide::{Decision, TRIES, decide},
    },
};

/// The shortest pause between a sighting and the next look. A server that shows the honest page for a minute after each
/// request is caught by the later looks.
const SOONEST: Duration = Duration::from_secs(30);

/// The pause before the next look: the configured interval, or a random one for a while after a sighting.
pub(crate) fn interval(target_state: &TargetState, every: Duration, now: Timestamp) -> Duration {
    if !incident::is_restless(&target_state.sightings, now) {
        return every;
    }
    random_interval(every)
}

/// A random pause, which an attacker cannot foresee: [`SOONEST`] to `every`.
pub(crate) fn random_interval(every: Duration) -> Duration {
    let soonest = SOONEST.min(every / 2);
    soonest + (every - soonest).mul_f64(fastrand::f64())
}

/// Notes the tampering that a first look shows, before anything else: a process that is killed while it looks again must not
/// have forgotten it.
pub(crate) async fn note_first(
    world: &World,
    target: &Target,
    recorded: &Recorded,
    look: &Look,
) -> FirstLook {
    let now = world.clock.now();
    let open = recorded.open.as_ref();
    let lasts = incident::lasts(open, &recorded.target_state.sightings, look.class, now);
    let is_news = !lasts && incidents::is_news(open, look);
    let is_intermittent = open.is_some_and(|it| it.intermittent.is_some());
    let is_noted = is_tampered(look) && (is_news || is_intermittent);
    if is_noted {
        note(world, target, &[look]).await;
    }
    FirstLook {
        is_news,
        noted_at: is_noted.then_some(look.observation.at),
    }
}

/// Counts the looks of a check of a part that showed nothing, while a sighting of it is remembered or an incident is open.
pub(crate) async fn count_good(
    world: &World,
    part: &Target,
    target_state: &TargetState,
    seen: &Confirmed,
) {
    let good = |it: &&Look| it.class.standing() == Standing::Up;
    let good = u32::try_from(seen.looks().filter(good).count()).unwrap_or(u32::MAX);
    let now = world.clock.now();
    let last = target_state.sightings.last_at();
    let is_remembered = last.is_some_and(|it| now.duration_since(it) <= REMEMBERED);
    // a look that shows tampering is remembered from now on
    let is_new = good < u32::try_from(seen.looks().count()).unwrap_or(u32::MAX);
    if good > 0 && (is_remembered || is_new || target_state.open.is_some()) {
        commit_change(world, part, Change::CountGood(good)).await;
    }
}

/// Opens or updates an incident of sightings that the looks of a check do not confirm, where they add up to one.
pub(crate) async fn add_up(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    seen: &Confirmed,
) {
    if seen.agreed.is_some() && is_tampered(&seen.last) {
        return;
    }
    let first = seen.first;
    let is_more =
        |it: &&Look| first.is_news && is_tampered(it) && Some(it.observation.at) != first.noted_at;
    let more: Vec<&Look> = seen.looks().filter(is_more).collect();
    note(world, target, &more).await;
    if first.is_noted() || !more.is_empty() || target_state.sightings.is_pending() {
        let looks = seen.looks().count();
        commit_change(world, target, Change::AddUp(looks)).await;
    }
}

fn is_tampered(look: &Look) -> bool {
    look.class.standing() == Standing::Tampered
}

/// Writes sightings to the target's state, and keeps their pages as evidence.
async fn note(world: &World, target: &Target, looks: &[&Look]) {
    if looks.is_empty() {
        return;
    }
    let mut found: Vec<Noted> = Vec::new();
    for look in looks {
        let page = incidents::keep_evidence(world, target, look).await;
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
    commit_change(world, target, Change::Note(&found)).await;
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

/// A change to a target's state in one commit.
#[derive(Clone, Copy)]
enum Change<'a> {
    Note(&'a [Noted]),
    /// Counts looks at a part that showed nothing, while there are sightings of it.
    CountGood(u32),
    /// Opens an incident of the sightings, or brings the open one up to date, where they amount to one; with the number
    /// of looks made just now.
    AddUp(usize),
}

/// Decides a change and commits it. Another task may commit first: then it is decided anew.
async fn commit_change(world: &World, target: &Target, change: Change<'_>) {
    match decide(world, |now| decision(world, target, change, now)).await {
        Ok(()) => (),
        Err(StoreError::Conflict) => {
            tracing::error!(target.id = %target.id, "what was sighted was overtaken {TRIES} times; the next look tells it");
        }
        Err(error) => {
            world.metrics.record_write(false);
            tracing::error!(target.id = %target.id, %error, "what was sighted cannot be written");
        }
    }
}

async fn decision(
    world: &World,
    target: &Target,
    change: Change<'_>,
    now: Timestamp,
) -> Result<Decision<()>, StoreError> {
    let target_state = world.store.target_state(&target.id).await?;
    let mut target_state = target_state.unwrap_or_else(|| TargetState::new(target.id.clone()));
    match change {
        Change::Note(found) => {
            // a person moved the baseline meanwhile: perhaps to the very page that looked tampered with
            let baseline = target_state.baseline.as_ref().map(|it| it.at);
            let valid = found.iter().filter(|it| it.against == baseline);
            let before = target_state.sightings.clone();
            for it in valid {
                target_state
                    .sightings
                    .add(it.sighting.clone(), it.shown.clone());
            }
            if target_state.sightings == before {
                return Ok(Decision::nothing(()));
            }
        }
        Change::CountGood(looks) if target_state.sightings.since.is_some() => {
            target_state.sightings.unseen = target_state.sightings.unseen.saturating_add(looks);
        }
        Change::CountGood(_) => return Ok(Decision::nothing(())),
        Change::AddUp(looked) => return added_up(world, target, target_state, looked, now).await,
    }
    let commit = Commit {
        target_state: Some(target_state),
        ..Commit::default()
    };
    Ok(Decision::write(commit, ()))
}

async fn added_up(
    world: &World,
    target: &Target,
    mut target_state: TargetState,
    looked: usize,
    now: Timestamp,
) -> Result<Decision<()>, StoreError> {
    let open = incidents::open(world, &mut target_state).await?;
    let open = open.as_ref();
    let Some(shown) = target_state.sightings.shown.clone() else {
        return Ok(Decision::nothing(()));
    };
    if !incident::amounts(&target_state.sightings, open, now) {
        return Ok(Decision::nothing(()));
    }
    let times = target_state.sightings.times;
    let mut commit = Commit::default();
    let shows = open.and_then(|it| it.intermittent.as_ref());
    let worse = Kind::of(shown.class)
        .zip(open)
        .is_some_and(|(kind, open)| incident::is_graver(kind, open.kind));
    if worse || shows.is_none_or(|it| incident::is_stale(it, times, now)) {
        let mut how = incidents::intermittent(world, target, &target_state, now).await?;
        how.looks = how.looks.max(u32::try_from(looked).unwrap_or(u32::MAX));
        let finding =
            incidents::finding_of_sightings(world, target, &target_state, &shown, &how).await;
        let fresh = match open.filter(|it| it.kind.is_tampering()) {
            Some(_) => IncidentId::new(0, 0),
            None => incidents::fresh_id(world, now).await?,
        };
        let past = incidents::past(world, &target_state, open).await?;
        let step = incident::sighted(open, past.as_ref(), target, &finding, &how, || fresh);
        commit = incidents::commit_of(world, target, &mut target_state, step, now).await?;
    }
    target_state.sightings.tell();
    commit.target_state = Some(target_state);
    Ok(Decision::write(commit, ()))
}
