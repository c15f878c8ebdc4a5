//! Intermittent tampering: which sightings make an incident, and when such an incident is over.

use jiff::{SignedDuration, Timestamp};

use super::{
    step::{Finding, step},
    timeline::{push, thin_evidence},
};
use crate::model::{
    Class, Incident, IncidentId, Standing,
    incident::{Intermittent, What},
    sighting::{REMEMBERED, Sighting, Sightings},
    target::Target,
};

/// Two sightings within this time, or three within a day, are not an error of a single look.
const CLOSE: SignedDuration = SignedDuration::from_hours(1);
const CLOSE_ENOUGH: usize = 2;
const DAY_ENOUGH: usize = 3;
/// Time after a sighting in which looks come at random moments, because an attacker may wait until a look is over.
const RESTLESS: SignedDuration = SignedDuration::from_hours(1);
/// The shortest time between two updates of an open incident's message.
const UPDATE_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Whether sightings that are not part of an incident yet make one, or belong to the open one (`known`).
pub fn amounts(seen: &Sightings, known: Option<&Incident>, now: Timestamp) -> bool {
    let remembered: Vec<&Sighting> = seen
        .seen
        .iter()
        .filter(|it| now.duration_since(it.at) <= REMEMBERED)
        .collect();
    let open = known.is_some_and(|it| it.stage.is_open() && it.kind.is_tampering());
    let before = |it: &Sighting, within: SignedDuration| {
        let near =
            |other: &&&Sighting| other.at <= it.at && it.at.duration_since(other.at) <= within;
        remembered.iter().filter(near).count()
    };
    remembered.iter().filter(|it| !it.told).any(|it| {
        open || it.signed
            || before(it, CLOSE) >= CLOSE_ENOUGH
            || before(it, REMEMBERED) >= DAY_ENOUGH
    })
}

/// Whether tampering that has just been confirmed is intermittent: there were sightings shortly before `first`, its
/// first look.
pub fn came_before(seen: &Sightings, first: Timestamp) -> bool {
    let within = |span: SignedDuration| {
        let before = seen.seen.iter().filter(|it| it.at < first);
        before
            .filter(|it| first.duration_since(it.at) <= span)
            .count()
    };
    within(CLOSE) + 1 >= CLOSE_ENOUGH || within(REMEMBERED) + 1 >= DAY_ENOUGH
}

/// Whether the next look must fetch the whole page, because tampering was sighted within a day.
pub fn is_doubted(seen: &Sightings, now: Timestamp) -> bool {
    let last = seen.last_at();
    last.is_some_and(|it| now.duration_since(it) <= REMEMBERED)
}

/// Whether the next look must come at a random moment, because tampering was sighted within an hour.
pub fn is_restless(seen: &Sightings, now: Timestamp) -> bool {
    let last = seen.last_at();
    last.is_some_and(|it| now.duration_since(it) <= RESTLESS)
}

/// Whether the open incident continues in spite of a normal look: it is intermittent, and the last sighting is
/// recent.
pub fn lasts(known: Option<&Incident>, seen: &Sightings, class: Class, now: Timestamp) -> bool {
    let known = known.filter(|it| it.kind.is_tampering() && class.standing() == Standing::Up);
    let Some(how) = known.and_then(|it| it.intermittent.as_ref()) else {
        return false;
    };
    let last = seen.last_at().unwrap_or(how.last_at).max(how.last_at);
    now.duration_since(last) < SignedDuration::from_secs(how.unseen_s.into())
}

/// Whether the message of an incident is out of date: there are twice as many sightings, or the last update was
/// `UPDATE_EVERY` ago.
pub fn is_stale(known: &Intermittent, times: u32, now: Timestamp) -> bool {
    times >= known.times.saturating_mul(2) || now.duration_since(known.told_at) >= UPDATE_EVERY
}

/// Applies sightings like [`step`], and marks the incident that is open afterwards as intermittent.
pub fn sighted(
    known: Option<&Incident>,
    past: Option<&Incident>,
    target: &Target,
    finding: &Finding,
    how: &Intermittent,
    id: impl FnOnce() -> IncidentId,
) -> Vec<Incident> {
    let mut out = step(known, past, target, finding, id);
    let note = Some(format!("{}/{}", how.times, how.looks));
    if let Some(opened) = out
        .last_mut()
        .filter(|it| it.revision == 0 && how.times > 1)
    {
        push(opened, finding.confirmed_at, What::Sighted, note);
    } else if let (None, Some(known)) = (out.last(), known) {
        let mut it = known.clone();
        push(&mut it, finding.confirmed_at, What::Sighted, note);
        let new = finding.evidence.iter();
        it.evidence.extend(
            new.filter(|it| known.evidence.iter().all(|old| old.digest != it.digest))
                .cloned(),
        );
        thin_evidence(&mut it);
        out.push(it);
    }
    if let Some(last) = out.last_mut().filter(|it| it.stage.is_open()) {
        last.intermittent = Some(how.clone());
    }
    out
}
