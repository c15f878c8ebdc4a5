//! How loudly a step of an incident is reported, and when an open incident rings again.

use jiff::{SignedDuration, Timestamp};

use super::{
    plan::{is_attack, unmuted},
    timeline::push,
};
use crate::model::{Incident, Kind, incident::What};

/// The shortest time between two reminders of an incident that keeps coming back (reliability goal: one an hour).
const REMIND_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Number of times that an incident may ring when it comes back; after that it is damped.
const RINGS_FREELY: u32 = 1;
/// Number of changes of kind (down, blocked, down …) after which further ones are reported silently.
const CHANGES: usize = 3;
/// Time after which a portal that refuses the service's looks rings: the service does not see what visitors see.
const BLIND_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Time after which a page that was served in the place of the portal's own rings: visitors may see it, too. A browser
/// check takes seconds.
const CHECKED_FOR: SignedDuration = SignedDuration::from_mins(15);
/// Causes of such pages.
const IN_PLACE: [&str; 3] = ["cause-challenge", "cause-login", "cause-shell"];
/// Time after which maintenance that no plan announced rings.
const CLOSED_FOR: SignedDuration = SignedDuration::from_mins(30);

/// How loudly the change of an incident is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loudness {
    /// Like any news.
    Normal,
    /// As a new message: the incident came back, and an edit of the old message makes no sound.
    Ring,
    /// Only by editing the earlier message, where that makes no sound.
    Silent,
}

/// Decides how loudly the last change is reported, and records in the incident if it rings. `is_marked`: whether its
/// signals show a mark of an attack.
pub fn loudness(it: &mut Incident, is_marked: bool, now: Timestamp) -> Loudness {
    // its messages are silent, so it has not rung when it turns into an alarm
    if it.kind == Kind::Asked {
        return Loudness::Normal;
    }
    let last = it.timeline.last().map(|it| it.what);
    // a person muted the state of that time, not a worse one; after a plan, only an attack is worse
    let worse = last == Some(What::Changed)
        && (it.kind.is_tampering() || it.is_unread())
        && (it.planned.is_none() || is_attack(it.kind, is_marked));
    if worse {
        it.muted_in.clear();
    }
    if it.is_muted(now) && it.stage.is_open() && !worse {
        return Loudness::Silent;
    }
    let changes = it.timeline.iter().filter(|it| it.what == What::Changed);
    let to_and_fro = last == Some(What::Changed) && changes.count() > CHANGES;
    // the first time that the page cannot be seen is reported; repetitions are not
    let unseen = it.timeline.iter().filter(|it| it.what == What::Unseen);
    let seen_before = last == Some(What::Unseen) && unseen.count() > 1;
    // that the incident is intermittent is reported once, if it was reported as lasting or as seen once
    let sighted = it.timeline.iter().filter(|it| it.what == What::Sighted);
    let said = last == Some(What::Sighted) && (sighted.count() > 1 || it.flaps > 0);
    if to_and_fro || seen_before || said || last == Some(What::Visible) {
        return Loudness::Silent;
    }
    // an edit of the message "not reachable" would make no sound
    if last == Some(What::Changed) && it.is_unread() && it.stage.is_open() {
        it.rung_at = Some(now);
        return Loudness::Ring;
    }
    // its message was silent so far, and an edit of it would make no sound
    let is_open = it.stage.is_open();
    if is_open && it.rung_at.is_none() && matches!(last, Some(What::Changed | What::Again)) {
        it.rung_at = Some(now);
        return Loudness::Ring;
    }
    if it.flaps == 0 {
        if is_open {
            it.rung_at = it.rung_at.or(Some(now));
        }
        return Loudness::Normal;
    }
    let damped = it.flaps > RINGS_FREELY;
    if !it.stage.is_open() {
        return if damped {
            Loudness::Silent
        } else {
            Loudness::Normal
        };
    }
    // changes of an open incident, other than coming back, are ordinary news
    if last != Some(What::Again) {
        return Loudness::Normal;
    }
    if damped && !may_ring(it, now) {
        return Loudness::Silent;
    }
    it.rung_at = Some(now);
    Loudness::Ring
}

fn may_ring(it: &Incident, now: Timestamp) -> bool {
    it.rung_at
        .is_none_or(|at| now.duration_since(at) >= REMIND_EVERY)
}

/// Lets an incident ring that came back silently and is still open when the time between reminders is over. `None` if
/// it need not ring.
pub fn remind(known: &Incident, now: Timestamp) -> Option<Incident> {
    if known.kind == Kind::Asked {
        return None;
    }
    if let Some(blind) = blind(known, now) {
        return Some(blind);
    }
    let back = known
        .timeline
        .iter()
        .rev()
        .find(|it| it.what == What::Again)?;
    let unheard = known.rung_at.is_none_or(|rung| back.at > rung);
    let silent = known.is_muted(now);
    (known.stage.is_open() && !silent && unheard && may_ring(known, now)).then(|| {
        let mut it = known.clone();
        it.rung_at = Some(now);
        push(&mut it, now, What::Reminded, None);
        it
    })
}

/// Lets an incident ring once when a portal has blocked the service's looks, or shown nothing but a notice of
/// maintenance, for too long: neither is an attack, but either may hide one. A block rings even during a plan, maintenance
/// only if none announced it; a mute by a person since then holds.
fn blind(known: &Incident, now: Timestamp) -> Option<Incident> {
    let has = |what| known.timeline.iter().any(|it| it.what == what);
    let cause = known.cause.as_ref().map_or("", |it| it.key.as_str());
    let most = match known.kind {
        Kind::Blocked if IN_PLACE.contains(&cause) => CHECKED_FOR,
        Kind::Blocked => BLIND_FOR,
        Kind::Maintenance if !has(What::Planned) => CLOSED_FOR,
        _ => return None,
    };
    let long = now.duration_since(known.seen_at) >= most;
    let muted = known.planned.is_none() && known.is_muted(now);
    if !known.stage.is_open() || has(What::Blind) || !long || muted {
        return None;
    }
    let mut it = match known.planned {
        Some(_) => unmuted(known, now),
        None => known.clone(),
    };
    it.rung_at = Some(now);
    push(&mut it, now, What::Blind, None);
    Some(it)
}
